"""The conversation over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from intake import agreed, selectors, services
from intake.api import serializers
from intake.api.base import ClientView, forget_cookie, offer_csrf, own_intake, set_cookie
from intake.errors import NoIntake
from intake.interview.agreeing import CONSENT_KINDS, current
from intake.interview.stages import Stage
from intake.interview.wordings import DEFAULT_LOCALE, LOCALES
from intake.services.conversation import language_for
from tenants import directory
from tenants.context import current_firm

if TYPE_CHECKING:
    from uuid import UUID

    from rest_framework.request import Request
    from rest_framework.serializers import BaseSerializer

_OVER = frozenset({Stage.SENT, Stage.STOPPED, Stage.DECLINED})


def _parsed(serializer: BaseSerializer[Any]) -> dict[str, Any]:
    serializer.is_valid(raise_exception=True)
    data: dict[str, Any] = serializer.validated_data
    return data


def _added(intake_id: UUID, result: services.TurnResult) -> Response:
    body = {"turns": [turn.as_dict() for turn in result.turns], "snapshot": selectors.snapshot(intake_id)}
    return Response(body, status=201)


class FirmView(ClientView):
    """Whose page this is, and what is said before any input."""

    @extend_schema(
        parameters=[OpenApiParameter("locale", str, description="The language of the notice; English without it.")],
        responses=serializers.FirmOut,
    )
    def get(self, request: Request) -> Response:
        """Sets the CSRF cookie, so that a program can begin here."""
        entry = directory.resolve_firm(current_firm().id)
        offer_csrf(request)
        locale = language_for(request.query_params.get("locale", DEFAULT_LOCALE))
        return Response(
            {
                "name": entry.name,
                "accent": entry.accent,
                "locales": list(LOCALES),
                "notice": {"version": current().version, "paragraphs": list(current().paragraphs(locale))},
                "agreements": {
                    "version": current().version,
                    "items": [{"kind": kind, **agreed.words_for(kind, locale)} for kind in CONSENT_KINDS],
                },
            }
        )


class IntakesView(ClientView):
    """Start a conversation."""

    @extend_schema(request=serializers.StartIn, responses={201: serializers.SnapshotOut, 200: serializers.SnapshotOut})
    def post(self, request: Request) -> Response:
        """201 and the cookie; 200 with the conversation that this browser has open already, so that a
        second tab, or a second press, does not begin another."""
        data = _parsed(serializers.StartIn(data=request.data))
        try:
            existing = own_intake(request)
        except NoIntake:
            existing = None
        if existing is not None and existing.stage not in _OVER:
            return Response(selectors.snapshot_of(existing))
        intake, secret = services.start_intake(
            consents=data["consents"],
            wording=data.get("wording"),
            locale=data["locale"],
            zone=data["zone"],
            address=request.META.get("REMOTE_ADDR", ""),
            agent=request.headers.get("User-Agent", ""),
        )
        response = Response(selectors.snapshot_of(intake), status=201)
        set_cookie(response, secret)
        return response


class CurrentView(ClientView):
    """The conversation of this browser."""

    @extend_schema(responses=serializers.SnapshotOut)
    def get(self, request: Request) -> Response:
        """404 `no_intake` when this browser has none here."""
        offer_csrf(request)
        return Response(selectors.snapshot_of(own_intake(request)))


class LeaveView(ClientView):
    """The quick exit: whoever uses this browser next does not find the conversation."""

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        """Forgets the cookie. What was said stays with the firm; going on from here means beginning anew."""
        response = Response(status=204)
        forget_cookie(response)
        return response


class TurnsView(ClientView):
    """The turns of a conversation."""

    @extend_schema(
        parameters=[OpenApiParameter("after", int, description="Only turns numbered above this.")],
        responses=serializers.TurnsOut,
    )
    def get(self, request: Request, intake_id: UUID) -> Response:
        """What a page that lost its socket polls."""
        intake = own_intake(request, intake_id)
        after = request.query_params.get("after", "0")
        number = int(after) if after.isascii() and after.isdigit() and len(after) < 10 else 0
        return Response(
            {
                "turns": [turn.as_dict() for turn in selectors.turns_after(intake.id, number)],
                "stage": selectors.client_stage(Stage(intake.stage)),
                "question": selectors.question_of(intake),
                "last_turn": intake.last_turn,
            }
        )

    @extend_schema(request=serializers.TurnIn, responses={201: serializers.AddedOut})
    def post(self, request: Request, intake_id: UUID) -> Response:
        """Say something, or correct turn `supersedes`. 409 `stage_closed`; 400 `text_empty`, `text_too_long`."""
        intake = own_intake(request, intake_id)
        data = _parsed(serializers.TurnIn(data=request.data))
        result = services.add_turn(
            intake_id=intake.id,
            text=data["text"],
            modality="typed",
            client_ref=data["client_ref"],
            supersedes=data.get("supersedes"),
            about=data.get("about"),
        )
        return _added(intake.id, result)


class ChoicesView(ClientView):
    """Buttons."""

    @extend_schema(request=serializers.ChoiceIn, responses={201: serializers.AddedOut})
    def post(self, request: Request, intake_id: UUID) -> Response:
        """Press one; the turn says what stood on it. 409 `stage_closed` for one that is not there now."""
        intake = own_intake(request, intake_id)
        data = _parsed(serializers.ChoiceIn(data=request.data))
        return _added(intake.id, services.choose(intake_id=intake.id, **data))


class BackView(ClientView):
    """Going back."""

    @extend_schema(request=None, responses=serializers.SnapshotOut)
    def post(self, request: Request, intake_id: UUID) -> Response:
        """The question before this one, again. 409 `stage_closed` where there is none."""
        intake = services.go_back(intake_id=own_intake(request, intake_id).id)
        return Response(selectors.snapshot_of(intake))


class LocaleView(ClientView):
    """The language of the conversation."""

    @extend_schema(request=serializers.LocaleIn, responses=serializers.SnapshotOut)
    def post(self, request: Request, intake_id: UUID) -> Response:
        """Go on in another language; what was said stays as it is."""
        intake = own_intake(request, intake_id)
        data = _parsed(serializers.LocaleIn(data=request.data))
        intake = services.switch_language(intake_id=intake.id, locale=data["locale"])
        return Response(selectors.snapshot_of(intake))


class ConfirmView(ClientView):
    """One answer of the review."""

    @extend_schema(request=None, responses=serializers.SnapshotOut)
    def post(self, request: Request, intake_id: UUID, key: str) -> Response:
        """It is right. 409 `stage_closed` outside the review, or where there is no such answer."""
        intake = services.confirm_fact(intake_id=own_intake(request, intake_id).id, key=key)
        return Response(selectors.snapshot_of(intake))


class ConsentsView(ClientView):
    """Consents given or withdrawn after the start."""

    @extend_schema(request=serializers.ConsentIn, responses=serializers.SnapshotOut)
    def post(self, request: Request, intake_id: UUID) -> Response:
        """Withdrawing `service` ends the conversation, `transcription` the listening. 400 `no_such_wording`; 409
        `stage_closed` for `service` once the conversation has stopped."""
        intake = own_intake(request, intake_id)
        data = _parsed(serializers.ConsentIn(data=request.data))
        intake = services.give_consent(
            intake_id=intake.id, kind=data["kind"], granted=data["granted"], place=data["place"],
            wording=data.get("wording"),
        )  # fmt: skip
        return Response(selectors.snapshot_of(intake))


class DoneView(ClientView):
    """The end of the story."""

    @extend_schema(request=None, responses=serializers.SnapshotOut)
    def post(self, request: Request, intake_id: UUID) -> Response:
        """On to the review. 409 `stage_closed` before anything was told."""
        intake = services.finish_story(intake_id=own_intake(request, intake_id).id)
        return Response(selectors.snapshot_of(intake))


class SendView(ClientView):
    """Send it to the firm."""

    @extend_schema(request=None, responses=serializers.SentOut)
    def post(self, request: Request, intake_id: UUID) -> Response:
        """The reference number. Pressing twice gives the same one."""
        intake = services.send_intake(intake_id=own_intake(request, intake_id).id)
        return Response({"reference": intake.reference})
