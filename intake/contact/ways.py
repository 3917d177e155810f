"""By which ways this installation and this firm can send, and which of them a client called safe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.conf import settings

from intake.interview.guided import verifying
from intake.interviews import talk_of
from intake.models import Consent, ContactSettings
from tenants.crypto import blind_index

if TYPE_CHECKING:
    from collections.abc import Mapping

    from intake.interview.events import Way
    from intake.models import Intake


WAYS: Final[tuple[Way, ...]] = ("email", "phone")


def firm_settings() -> ContactSettings:
    """The firm's wishes, or the defaults."""
    return ContactSettings.objects.first() or ContactSettings()


def configured() -> tuple[Way, ...]:
    """What can be sent at all. Costs no query where this installation sends nothing."""
    mail, texts = bool(settings.MAIL_READY), bool(settings.SMS_GATEWAY_URL)
    ways: list[Way] = ["email"] if mail else []
    if texts and firm_settings().text_messages:
        ways.append("phone")
    return tuple(ways)


def to_verify() -> tuple[Way, ...]:
    """By what a new conversation's client is asked for a code before the conflict check; empty: not at all."""
    ways = configured()
    return ways if ways and firm_settings().verify != ContactSettings.Verify.OFF else ()


def safe_ways(intake: Intake) -> tuple[Way, ...]:
    """The ways that can be used and that the client marked safe, with an address for each."""
    talk = talk_of(intake)
    if talk is None:
        return ()
    ways = verifying.safe_among(configured(), talk.answers)
    return tuple(way for way in ways if way != "phone" or not refuses_texts(intake))


def refuses_texts(intake: Intake) -> bool:
    """Whether the client's latest word about text messages is no. To ask for one is to agree to that one."""
    latest = Consent.objects.filter(intake=intake, kind=Consent.Kind.SMS).order_by("-id").first()
    return latest is not None and not latest.granted


def address_of(intake: Intake, way: Way) -> str:
    """The client's address for `way`, as they gave it last; empty without one."""
    talk = talk_of(intake)
    return address_among(talk.answers, way) if talk is not None else ""


def address_among(answers: Mapping[str, Any], way: Way) -> str:
    """The address for `way` among a conversation's answers; empty without one."""
    return str(answers.get(way) or "")


def hashes_among(answers: Mapping[str, Any]) -> frozenset[bytes]:
    """The hashes of the addresses that a client has given."""
    return frozenset(address_hash(way, str(answers[way])) for way in WAYS if answers.get(way))


def address_hash(way: Way, address: str) -> bytes:
    """32 bytes, equal for one address of this firm's clients however it is written."""
    return blind_index(f"{way}:{address.strip().casefold()}", purpose="contact.address")


def device_hash(remote: str) -> bytes:
    """32 bytes for one household: of an IPv6 address its /64."""
    network = ":".join(remote.split(":")[:4]) if remote.count(":") > 1 else remote
    return blind_index(network, purpose="contact.device")
