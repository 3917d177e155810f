"""Where settings come from: the environment, then `.env`, then what `make run` wrote down."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from legal_intake.process_number import start_time
from tenants.redis_address import BadAddress, parse

BASE_DIR = Path(__file__).resolve().parent.parent.parent
env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env", overwrite=False)

DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / ".data")))


def secret(name: str, default: str = "", *, may_be_empty: bool = False) -> str:
    """A secret from `NAME`, or from the file that `NAME_FILE` names (what containers are given).

    `may_be_empty`: an empty file stands for none (deploy/lib/secrets.table: given).

    Raises:
        ImproperlyConfigured: both are set, or the file cannot be read or is empty.
    """
    path = env.str(f"{name}_FILE", default="")
    if not path:
        return str(env.str(name, default=default))
    if env.str(name, default=""):
        message = f"{name} and {name}_FILE are both set: keep one of them."
        raise ImproperlyConfigured(message)
    try:
        found = Path(path).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        message = f"{name}_FILE is {path}, which cannot be read ({type(error).__name__}): is it there, and ours?"
        raise ImproperlyConfigured(message) from None
    if not found and not may_be_empty:
        message = f"{name}_FILE is {path}, which is empty: put the secret into it."
        raise ImproperlyConfigured(message)
    return found


def with_password(url: str, password: str) -> str:
    """A URL with this password, unless it has one already or there is none to add."""
    parts = urlsplit(url)
    if not password or parts.password is not None:
        return url
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"{quote(parts.username or '')}:{quote(password, safe='')}@{host}").geturl()


def redis_url(name: str, url: str, password: str) -> str:
    """The address in the setting `name`, with its password.

    Raises:
        ImproperlyConfigured: it is no address that tenants.redis_address knows.
    """
    url = with_password(url, password)
    try:
        parse(url)
    except BadAddress as error:
        message = f"{name}: {error}"
        raise ImproperlyConfigured(message) from None
    return url


def running_addresses() -> dict[str, Any]:
    """What a living `make run` wrote to `DATA_DIR/addresses.json`; empty when none runs here.

    The file outlives a runner that was killed; its process number with its start time tells.
    """
    try:
        loaded: dict[str, Any] = json.loads((DATA_DIR / "addresses.json").read_text())
        runner = loaded["runner"]
    except (OSError, ValueError, KeyError):
        return {}
    return loaded if start_time(runner["pid"]) == runner["started"] else {}
