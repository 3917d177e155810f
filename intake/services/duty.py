"""What a firm chooses about alerts: who is on call, its webhook, its country; and trying the ways out."""

from __future__ import annotations

import json
import secrets
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import available_timezones

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from intake import audit
from intake.errors import BadSetting
from intake.models import DutySettings, OnCall
from intake.paging import webhook
from intake.paging.plan import MOST_PEOPLE
from intake.paging.sending import NotSent, firm_name, send_email, send_webhook
from intake.paging.wording import stamp, words
from intake.safety.helping import countries

if TYPE_CHECKING:
    from uuid import UUID

    from tenants.accounts.models import User

SECRET_BYTES: Final = 32


@transaction.atomic
def save_settings(*, chosen: DutySettings, url: str | None, user: User) -> str | None:
    """Keep the firm's choices. `url`: the webhook's address, empty for none, None to leave it. Returns the webhook's
    new secret when one was made, to be shown once. Raises BadSetting."""
    if chosen.country not in countries():
        raise BadSetting(f"There are no help lines for this country. Choose one of {', '.join(countries())}.")
    made = None
    changed = url is not None and url != (chosen.webhook_url or "")
    if url is not None and changed:
        if url:
            check_url(url)
            made = secrets.token_urlsafe(SECRET_BYTES)
        chosen.webhook_url, chosen.webhook_secret = url or None, made
    chosen.save()
    _record("safety.settings", "settings", chosen.pk, user, country=chosen.country, webhook=bool(chosen.webhook_url))
    return made


def check_url(url: str) -> None:
    """Whether a webhook may go there, as far as can be told now; each message checks again. Raises BadSetting."""
    try:
        target = webhook.parsed(url)
        webhook.reachable(target, webhook.networks(settings.WEBHOOK_NETWORKS))
    except webhook.Refused as refused:
        raise BadSetting(WEBHOOK_PROBLEMS.get(refused.code, "This address cannot be used.")) from None


WEBHOOK_PROBLEMS: Final = {
    "bad_address": "This is not an address that a webhook can go to. It looks like https://host/path, with no name or "
    "password in it.",
    "unknown_host": "Nobody knows this host. Check its name.",
    "private_address": "This host is inside a private network. Ask whoever runs this service to allow it "
    "(WEBHOOK_NETWORKS).",
    "not_https": "The address must begin with https://.",
}


@transaction.atomic
def save_on_call(*, row: OnCall, user: User) -> None:
    """Put somebody on the list, or change their place and hours. Raises BadSetting."""
    check_on_call(pk=row.pk, zone=row.zone, days=row.days, active=row.active)
    row.days = "".join(sorted(set(row.days)))
    row.save()
    _record("oncall.changed", "oncall", row.pk, user, person=str(row.user_id), position=row.position, active=row.active)


def check_on_call(*, pk: UUID, zone: str, days: str, active: bool) -> None:
    """Whether a place on the list is possible. Raises BadSetting."""
    if zone not in available_timezones():
        raise BadSetting("There is no such time zone. They look like America/Chicago.")
    if not days or set(days) - set("1234567"):
        raise BadSetting("Days are digits: 1 is Monday, 7 is Sunday, such as 12345.")
    if active and OnCall.objects.filter(active=True).exclude(pk=pk).count() >= MOST_PEOPLE:
        raise BadSetting(f"The list may have {MOST_PEOPLE} people.")


def send_test(*, user: User) -> list[tuple[str, str]]:
    """Send a test page to `user` and the webhook: (way, why it failed or "") for each. Says nothing of any client."""
    texts = words()
    said = {"firm": firm_name(), "sender": user.get_full_name() or user.email, "at": stamp(timezone.now())}
    done = [
        ("e-mail", _tried(lambda: send_email(user.email, texts["test_subject"], texts["test_email"].format(**said))))
    ]
    chosen = DutySettings.objects.first()
    if chosen is not None and chosen.webhook_url and chosen.webhook_secret:
        address, secret = chosen.webhook_url, chosen.webhook_secret
        at = timezone.now().astimezone(UTC).isoformat(timespec="seconds")
        body = json.dumps({"type": "test", "at": at}).encode()
        done.append(("webhook", _tried(lambda: send_webhook(address, body, secret))))
    with transaction.atomic():
        _record("oncall.tested", "settings", user.pk, user, failed=[way for way, code in done if code])
    return done


def _tried(act: Any) -> str:
    try:
        act()
    except NotSent as error:
        return error.code
    return ""


def _record(action: str, target: str, target_id: Any, user: User, **data: Any) -> None:
    audit.record(
        action=action, chain=None, target_type=target, target_id=target_id, actor=audit.staff(user.pk), data=data
    )
