"""Whether a domain is the firm's: a token that only its holder can have put there.

A host under BASE_DOMAIN is ours and needs no proof. For any other, one of two must answer its token:

* a TXT record at `_legal-intake.HOST`, which works before the domain points to us;
* `http(s)://HOST/.well-known/legal-intake-verification`, which we answer ourselves as soon as it does.

The token is made from the firm, the host and SECRET_KEY, so there is nothing to store, and a token for
one firm is none for another.
"""

from __future__ import annotations

import hmac
import http.client
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.utils.crypto import salted_hmac

from tenants.dns import LookupFailed, txt_records
from tenants.hosts import normalise_host

if TYPE_CHECKING:
    from uuid import UUID

PATH: Final = "/.well-known/legal-intake-verification"
RECORD_PREFIX: Final = "_legal-intake."
VALUE_PREFIX: Final = "legal-intake-verification="
TIMEOUT_SECONDS: Final = 5.0
MAX_BYTES: Final = 256


@dataclass(frozen=True)
class Proof:
    """What was found: `method` is "base", "txt", "http", "https", or empty with the reasons in `problems`."""

    method: str
    problems: tuple[str, ...] = ()


def is_base_host(host: str) -> bool:
    """Whether a host lies under BASE_DOMAIN, which is the operator's own."""
    base = normalise_host(settings.BASE_DOMAIN)
    return bool(base) and (host == base or host.endswith(f".{base}"))


def token(firm_id: UUID, host: str) -> str:
    """What a domain must answer to be this firm's."""
    return salted_hmac("tenants.verification", f"{firm_id}:{host}", algorithm="sha256").hexdigest()[:40]


def record_name(host: str) -> str:
    """The name of the TXT record."""
    return f"{RECORD_PREFIX}{host}"


def record_value(firm_id: UUID, host: str) -> str:
    """The text of the TXT record."""
    return f"{VALUE_PREFIX}{token(firm_id, host)}"


def look(firm_id: UUID, host: str) -> Proof:
    """Ask the network for the token. Never raises: what went wrong stands in the proof."""
    if is_base_host(host):
        return Proof("base")
    problems: list[str] = []
    try:
        texts = txt_records(record_name(host))
    except LookupFailed as error:
        problems.append(f"TXT {record_name(host)}: {error}")
    else:
        wanted = record_value(firm_id, host)
        if any(_same(text.strip(), wanted) for text in texts):
            return Proof("txt")
        problems.append(f"TXT {record_name(host)}: {'another value' if texts else 'no such record'}")
    for scheme in ("http", "https"):
        problem = _ask(scheme, host, token(firm_id, host))
        if not problem:
            return Proof(scheme)
        problems.append(f"{scheme}://{host}{PATH}: {problem}")
    return Proof("", tuple(problems))


def _ask(scheme: str, host: str, wanted: str) -> str:
    """Empty when the address answers the token, else what it did. Redirects are not followed."""
    kind = http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection
    connection = kind(host, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", PATH, headers={"User-Agent": "legal-intake-verification"})
        answer = connection.getresponse()
        body = answer.read(MAX_BYTES)
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        return f"{type(error).__name__}: {error}".rstrip(": ")
    finally:
        connection.close()
    if answer.status != http.client.OK:
        return f"answers {answer.status}"
    return "" if _same(body.decode("utf-8", "replace").strip(), wanted) else "answers something else"


def _same(found: str, wanted: str) -> bool:
    return hmac.compare_digest(found.encode(), wanted.encode())
