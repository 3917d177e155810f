"""Voice sessions: how a page gets the ticket that a socket needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import redis
from django.db import Error as DatabaseError
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from audio import services
from audio.errors import AudioError
from audio.live import RATE, WINDOW
from audio.metrics import SESSIONS
from audio.selectors import session_of
from audio.session import MAX_JSON
from audio.sockets import PROTOCOL, TICKET_PREFIX
from intake.api.base import ClientView, own_intake

if TYPE_CHECKING:
    from uuid import UUID

    from rest_framework.request import Request

    from intake.models import Intake

WS_PATH: Final = "/ws/v1/intake"


class SessionIn(serializers.Serializer[Any]):
    """Which conversation the microphone is for: the cookie's."""

    intake = serializers.UUIDField()


class TicketOut(serializers.Serializer[Any]):
    """What opens one socket. Offer `protocols` as they are; a ticket never stands in an address."""

    ticket = serializers.CharField()
    protocols = serializers.ListField(child=serializers.CharField())
    expires_in = serializers.IntegerField(help_text="Seconds.")


class SessionOut(TicketOut):
    """A new voice session."""

    session_id = serializers.UUIDField()
    ws_path = serializers.CharField()
    resume_token = serializers.CharField(help_text="Proves on a new socket that this client goes on.")
    limits = serializers.DictField()


class SessionsView(ClientView):
    """`POST /api/voice/sessions`."""

    @extend_schema(request=SessionIn, responses={201: SessionOut}, operation_id="voice_session_open")
    def post(self, request: Request) -> Response:
        """Open a voice session for this browser's conversation."""
        asked = SessionIn(data=request.data)
        asked.is_valid(raise_exception=True)
        intake = own_intake(request, asked.validated_data["intake"])
        opened = _opened(intake)
        body = {
            "session_id": str(opened.session_id),
            "ws_path": WS_PATH,
            "resume_token": opened.resume_token,
            "limits": {"max_frame_bytes": 65_536, "max_json_bytes": MAX_JSON, "window": WINDOW, "rate": RATE},
            **_ticket(opened.ticket),
        }
        return Response(body, status=201)


class TicketView(ClientView):
    """`POST /api/voice/sessions/{id}/ticket`."""

    @extend_schema(request=None, responses={200: TicketOut}, operation_id="voice_session_ticket")
    def post(self, request: Request, session_id: UUID) -> Response:
        """A fresh ticket, to come back to a session of this browser's conversation."""
        session = session_of(own_intake(request).id, session_id)
        return Response(_ticket(services.ticket_for(session_id=session.id, intake_id=session.intake_id)))


def _opened(intake: Intake) -> services.Opened:
    """Open, and count: what a client may not do is no failure of ours."""
    try:
        opened = services.open_session(intake=intake)
    except (DatabaseError, redis.RedisError, OSError):
        SESSIONS.labels("refused_unavailable").inc()
        raise
    except AudioError as error:
        if getattr(error, "status", 500) >= 500:
            SESSIONS.labels(f"refused_{error.code}").inc()
        raise
    SESSIONS.labels("opened").inc()
    return opened


def _ticket(ticket: str) -> dict[str, Any]:
    return {
        "ticket": ticket,
        "protocols": [PROTOCOL, f"{TICKET_PREFIX}{ticket}"],
        "expires_in": services.TICKET_SECONDS,
    }
