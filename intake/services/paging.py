"""Telling people of a safety alert until one of them takes it up, or the list is at its end.

What is to be sent is written down first, with the step that wants it, in one transaction; then it is sent, and what
became of it is noted. A worker that dies in between leaves rows that the sweep finds. A message may so go out twice;
none is lost.
"""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import redis
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from dramatiq.errors import BrokerError

from intake import audit, roles
from intake.metrics import GIVEN_UP, PAGES
from intake.models import DutySettings, OnCall, Page, Paging, SafetyAlert
from intake.paging.plan import Duty, told_at
from intake.paging.sending import NotSent, notice_of, send_email, send_webhook
from tenants.accounts.models import User

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from intake.paging.wording import Notice

logger = logging.getLogger(__name__)

MAX_TRIES: Final = 5
#: After a try that began: when the next may. It also bounds how long a message of a dead worker waits.
_BACKOFF_SECONDS: Final = (30, 60, 120, 300)
#: Messages that one call sends.
_AT_A_TIME: Final = 50


def duty_settings() -> DutySettings:
    """The firm's choices, or the defaults where it has made none."""
    return DutySettings.objects.first() or DutySettings()


def begin(alerts: Sequence[SafetyAlert]) -> None:
    """Start telling people of these alerts, once the transaction commits. Call in that transaction."""
    chosen = duty_settings()
    paged = [alert for alert in alerts if chosen.pages(alert.level)]
    Paging.objects.bulk_create([Paging(alert=alert, next_at=alert.at) for alert in paged])
    for alert in paged:
        transaction.on_commit(lambda alert_id=alert.id: enqueue(alert_id))  # type: ignore[misc]


def enqueue(alert_id: UUID, delay_seconds: float = 0) -> None:
    """Send the job that goes on with this alert. A broker that is away is no loss: the sweep finds it."""
    from intake.actors import tell_of_alert

    try:
        tell_of_alert.send_with_options(args=(str(alert_id),), delay=int(delay_seconds * 1000) or None)
    except (redis.RedisError, BrokerError) as error:
        logger.warning("alert_job_not_sent", extra={"alert": str(alert_id), "error": type(error).__name__})


def carry_on(alert_id: UUID) -> float | None:
    """Take the step that is due, and send what waits. The seconds until there is more to do; None: it has ended."""
    _take_step(alert_id)
    waiting = Page.objects.filter(paging_id=alert_id, status=Page.Status.WAITING, try_at__lte=timezone.now())
    for page_id in list(waiting.order_by("id").values_list("id", flat=True)[:_AT_A_TIME]):
        deliver(page_id)
    return _seconds_left(alert_id)


def _take_step(alert_id: UUID) -> None:
    with transaction.atomic():
        now = timezone.now()
        paging = Paging.objects.select_for_update(skip_locked=True).filter(pk=alert_id, next_at__lte=now).first()
        if paging is None:
            return
        alert = SafetyAlert.objects.get(pk=alert_id)
        chosen = duty_settings()
        if alert.acknowledged_at is not None:
            _end(paging, Paging.Outcome.ACKNOWLEDGED)
        elif paging.round >= chosen.max_rounds:
            _give_up(paging, alert)
        else:
            told = told_at(people(), paging.step, now)
            _write_pages(paging, alert, told.users, chosen)
            paging.next_at = now + timedelta(minutes=chosen.wait_minutes(alert.level))
            if told.is_last:
                paging.round, paging.step = paging.round + 1, 0
            else:
                paging.step += 1
            paging.save(update_fields=["round", "step", "next_at"])


def _write_pages(paging: Paging, alert: SafetyAlert, users: Sequence[UUID], chosen: DutySettings) -> None:
    place = {"paging": paging, "round": paging.round, "step": paging.step}
    pages = [Page(channel=Page.Channel.EMAIL, user_id=user, **place) for user in users]
    if chosen.webhook_url:
        pages.append(Page(channel=Page.Channel.WEBHOOK, **place))
    Page.objects.bulk_create(pages)
    audit.record(
        action="alert.paged",
        chain=alert.intake_id,
        target_type="alert",
        target_id=alert.id,
        actor=audit.SYSTEM,
        data={
            "level": alert.level, "round": paging.round, "step": paging.step, "to": [str(user) for user in users],
            "webhook": bool(chosen.webhook_url),
        },
    )  # fmt: skip


def people() -> list[Duty]:
    """The firm's list; where it is empty, its administrators at any hour: somebody is always told."""
    listed = OnCall.objects.filter(active=True, user__is_active=True)
    duties = [
        Duty(one.user_id, one.position, one.zone, one.days, one.begins, one.ends) for one in listed.order_by("position")
    ]
    if duties:
        return duties
    staff = User.objects.filter(is_active=True, is_staff=True).order_by("id")
    return [Duty(user.pk) for user in staff if roles.may_manage_users(user)]


def _end(paging: Paging, outcome: Paging.Outcome) -> None:
    paging.next_at, paging.outcome = None, outcome
    paging.save(update_fields=["next_at", "outcome"])


def _give_up(paging: Paging, alert: SafetyAlert) -> None:
    """Everybody was told as often as the firm wants. It stays on the staff's list, and the operator sees it."""
    _end(paging, Paging.Outcome.UNACKNOWLEDGED)
    audit.record(
        action="alert.unacknowledged",
        chain=alert.intake_id,
        target_type="alert",
        target_id=alert.id,
        actor=audit.SYSTEM,
        data={"level": alert.level, "rounds": paging.round},
    )
    level = alert.level
    transaction.on_commit(lambda: GIVEN_UP.labels(level).inc())
    logger.warning("alert_unacknowledged", extra={"alert": str(alert.id), "level": level})


def end_for(alert: SafetyAlert) -> None:
    """Somebody took this alert up: nobody else is told."""
    Paging.objects.filter(pk=alert.id, outcome=Paging.Outcome.OPEN).update(
        next_at=None, outcome=Paging.Outcome.ACKNOWLEDGED
    )


def deliver(page_id: UUID) -> None:
    """Send one message, outside every transaction; claimed first, so that two workers do not both send it."""
    now = timezone.now()
    page = Page.objects.select_related("paging__alert__intake", "user").filter(pk=page_id).first()
    if page is None or page.status != Page.Status.WAITING:
        return
    if page.paging.alert.acknowledged_at is not None:
        _note(page, Page.Status.DROPPED, "")
        return
    backoff = _BACKOFF_SECONDS[min(page.tries, len(_BACKOFF_SECONDS) - 1)]
    claimed = Page.objects.filter(pk=page_id, status=Page.Status.WAITING, try_at__lte=now).update(
        tries=F("tries") + 1, try_at=now + timedelta(seconds=backoff)
    )
    if not claimed:
        return
    page.tries += 1
    try:
        _send(page)
    except NotSent as error:
        _note(page, Page.Status.FAILED if page.tries >= MAX_TRIES else Page.Status.WAITING, error.code)
        logger.warning("page_not_sent", extra={"page": str(page.id), "channel": page.channel, "code": error.code})
        return
    _note(page, Page.Status.SENT, "")


def _send(page: Page) -> None:
    notice: Notice = notice_of(page.paging.alert, page.round, page.step, duty_settings().max_rounds)
    if page.channel == Page.Channel.WEBHOOK:
        chosen = duty_settings()
        if not chosen.webhook_url or not chosen.webhook_secret:
            raise NotSent("webhook_off")
        send_webhook(chosen.webhook_url, json.dumps(notice.as_json()).encode(), chosen.webhook_secret)
    else:
        if page.user is None or not page.user.is_active:
            raise NotSent("nobody")
        send_email(page.user.email, notice.subject, notice.text)


def _note(page: Page, status: Page.Status, code: str) -> None:
    Page.objects.filter(pk=page.pk, status=Page.Status.WAITING).update(status=status, code=code[:40])
    PAGES.labels(page.channel, str(status) if status != Page.Status.WAITING else "tried").inc()


def _seconds_left(alert_id: UUID) -> float | None:
    """Until the next step, or the next try of a message."""
    moments = [
        *Paging.objects.filter(pk=alert_id, next_at__isnull=False).values_list("next_at", flat=True),
        *Page.objects.filter(paging_id=alert_id, status=Page.Status.WAITING).values_list("try_at", flat=True),
    ]
    now = timezone.now()
    return max(0.5, min((moment - now).total_seconds() for moment in moments if moment)) if moments else None


def sweep() -> int:
    """In the current firm: go on with everything that is due, whoever should have. Returns how many alerts."""
    now = timezone.now() - timedelta(seconds=settings.PAGES_GRACE_SECONDS)
    due = set(Paging.objects.filter(next_at__lte=now).order_by("next_at").values_list("pk", flat=True)[:_AT_A_TIME])
    waiting = Page.objects.filter(status=Page.Status.WAITING, try_at__lte=now).order_by("try_at")
    due |= set(waiting.values_list("paging_id", flat=True)[:_AT_A_TIME])
    for alert_id in sorted(due):
        carry_on(alert_id)
    return len(due)
