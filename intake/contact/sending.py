"""Handing a message over: mail by Django's backend, texts by a signed request to the operator's own address."""

from __future__ import annotations

import hashlib
import hmac
import json
import smtplib
from email.utils import formataddr
from typing import TYPE_CHECKING, Final, Protocol

import httpx
from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import timezone

if TYPE_CHECKING:
    from uuid import UUID

    from intake.contact.messages import Composed

#: What may pass when tried again; everything else is final.
_AGAIN: Final = frozenset({408, 425, 429})
_TIMEOUT: Final = httpx.Timeout(10.0, connect=5.0)
_SERVER_ERROR: Final = 500
_PERMANENT: Final = 500


class NotSent(Exception):
    """A message did not go. `again`: trying once more may help. `code` says why, without an address."""

    def __init__(self, code: str, *, again: bool) -> None:
        super().__init__(code)
        self.code = code
        self.again = again


class Sender(Protocol):
    """Hands one message over. Raises NotSent."""

    def __call__(self, message_id: UUID, composed: Composed) -> None: ...


def by_mail(message_id: UUID, composed: Composed) -> None:
    """Plain text, no copy, and no answer from a machine wanted."""
    mail = EmailMessage(
        subject=composed.subject,
        body=composed.text,
        from_email=formataddr((composed.sender, settings.DEFAULT_FROM_EMAIL)),
        to=[composed.to],
        headers={"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"},
    )
    try:
        mail.send()
    except smtplib.SMTPRecipientsRefused as refused:
        codes = [answer[0] for answer in refused.recipients.values()]
        raise NotSent("recipient_refused", again=all(code < _PERMANENT for code in codes)) from None
    except smtplib.SMTPResponseException as refused:
        raise NotSent(f"smtp_{refused.smtp_code}", again=refused.smtp_code < _PERMANENT) from None
    except (smtplib.SMTPException, OSError) as error:
        raise NotSent(type(error).__name__, again=True) from None
    except ValueError:  # an address that no mail can have
        raise NotSent("bad_address", again=False) from None


def by_webhook(message_id: UUID, composed: Composed) -> None:
    """POST {"id", "to", "text"}, signed. The same id is the same message, also when it comes twice."""
    if not settings.SMS_GATEWAY_SECRET:
        raise NotSent("no_gateway_secret", again=False)
    body = json.dumps({"id": str(message_id), "to": composed.to, "text": composed.text}, ensure_ascii=False).encode()
    stamp = str(int(timezone.now().timestamp()))
    headers = {"Content-Type": "application/json", **signed(body, stamp, settings.SMS_GATEWAY_SECRET)}
    try:
        # Streamed: whatever is answered, its body is not read.
        with httpx.stream(
            "POST", settings.SMS_GATEWAY_URL, content=body, headers=headers, timeout=_TIMEOUT, follow_redirects=False
        ) as response:
            status = response.status_code
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NotSent(type(error).__name__, again=True) from None
    if not 200 <= status < 300:
        raise NotSent(f"http_{status}", again=status in _AGAIN or status >= _SERVER_ERROR)


def signed(body: bytes, stamp: str, secret: str) -> dict[str, str]:
    """The headers that prove who sent `body`, and when: HMAC-SHA256 of `stamp.body`, in hexadecimal."""
    digest = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {"X-Timestamp": stamp, "X-Signature": f"sha256={digest}"}


SENDERS: Final[dict[str, Sender]] = {"email": by_mail, "phone": by_webhook}
