"""Sending one page by mail or webhook, and the links in it."""

from __future__ import annotations

import smtplib
import time
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.urls import reverse

from intake.paging import webhook
from intake.paging.wording import Notice
from tenants import directory, tokens
from tenants.context import current_firm, public_scope
from tenants.management.base import address
from tenants.models import Domain

if TYPE_CHECKING:
    from intake.models import SafetyAlert

TAKE_UP: Final = "alert.take-up"
#: How long the link to take an alert up works; the conversation's page has the same button for ever.
TAKE_UP_SECONDS: Final = 7 * 24 * 3600
MAIL_SECONDS: Final = 10


class NotSent(Exception):
    """A page was not sent. `code` says why; it holds no address and no word."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def notice_of(alert: SafetyAlert, round_: int, step: int, rounds: int) -> Notice:
    """What is said of this alert."""
    host = firm_host()
    token = tokens.sign(str(alert.id), TAKE_UP, TAKE_UP_SECONDS)
    conversation = reverse("admin:intake_intake_change", args=[alert.intake_id], urlconf="legal_intake.urls.firm")
    take_up = reverse("admin:intake_safetyalert_take_up", args=[token], urlconf="legal_intake.urls.firm")
    return Notice(
        alert=str(alert.id),
        level=alert.level,
        kinds=tuple(str(kind) for kind in alert.kinds),
        at=alert.at,
        firm=firm_name(),
        page=address(host, conversation),
        take_up=address(host, take_up),
        round=round_,
        step=step,
        rounds=rounds,
    )


def alert_of(token: str) -> UUID:
    """The alert that a link names. Raises InvalidToken, ExpiredToken."""
    return UUID(str(tokens.unsign(token, TAKE_UP)))


def firm_name() -> str:
    """The firm's own name."""
    return directory.resolve_firm(current_firm().id).name


def firm_host() -> str:
    """The host that the firm's links name: its primary one."""
    ref = current_firm()
    with public_scope():
        domains = Domain.objects.filter(tenant_id=ref.id).order_by("-is_primary", "domain")
        host = domains.values_list("domain", flat=True).first()
    return host or str(settings.BASE_DOMAIN)


def mail_is_set_up() -> bool:
    """Whether this installation can send mail at all."""
    return bool(settings.EMAIL_HOST) or not settings.EMAIL_BACKEND.endswith("smtp.EmailBackend")


def send_email(to: str, subject: str, text: str) -> None:
    """Send one mail by Django's backend. Raises NotSent."""
    if not mail_is_set_up():
        raise NotSent("mail_off")
    try:
        connection: Any = get_connection(timeout=MAIL_SECONDS)
        message = EmailMessage(subject, text, settings.DEFAULT_FROM_EMAIL, [to], connection=connection)
        message.extra_headers = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
        sent = message.send(fail_silently=False)
    except (OSError, smtplib.SMTPException, ValueError) as error:
        raise NotSent(f"mail_{type(error).__name__}"[:40]) from None
    if not sent:
        raise NotSent("mail_not_taken")


def send_webhook(url: str, body: bytes, secret: str) -> None:
    """Post one message. Raises NotSent."""
    try:
        allowed = webhook.networks(settings.WEBHOOK_NETWORKS)
        webhook.post(url, body, secret=secret, stamp=int(time.time()), allowed=allowed)
    except webhook.Refused as refused:
        raise NotSent(refused.code) from None
