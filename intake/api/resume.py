"""Going on later, over HTTP: a way back for a conversation, and the way back in.

What comes in is in the body and never in an address; an answer is kept by no cache and told to no other page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from intake import selectors, services
from intake.api.base import ClientView, offer_csrf, own_intake, set_cookie
from intake.api.serializers import SnapshotOut
from intake.contact import ways

if TYPE_CHECKING:
    from uuid import UUID

    from rest_framework.request import Request

#: Longer than any code or token; what is longer is none.
_LONGEST = 100


class PinField(serializers.RegexField):
    """Six digits."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(r"^[0-9]{6}\Z", max_length=6, **kwargs)


class SafeWayOut(serializers.Serializer[Any]):
    """A way that the client marked safe, with enough of the address to know it by."""

    way = serializers.ChoiceField(choices=ways.WAYS)
    shown = serializers.CharField()


class LaterOut(serializers.Serializer[Any]):
    """What can be chosen from. Without a safe way a PIN is needed."""

    ways = SafeWayOut(many=True)
    days = serializers.IntegerField(help_text="For how many days one can come back.")


class LaterIn(serializers.Serializer[Any]):
    """`pin`: six digits to come back with. `link`: also send a link this way, which must be a safe one."""

    pin = PinField(required=False, allow_blank=True, default="")
    link = serializers.ChoiceField(choices=ways.WAYS, required=False, allow_null=True, default=None)


class OfferOut(serializers.Serializer[Any]):
    """The code to come back with: shown now and never again."""

    code = serializers.CharField()
    expires_at = serializers.DateTimeField()
    pin = serializers.BooleanField()
    link = serializers.ChoiceField(choices=ways.WAYS, allow_null=True)


class WaysOut(serializers.Serializer[Any]):
    """By which ways this firm sends codes at all; of one conversation it says nothing."""

    ways = serializers.ListField(child=serializers.ChoiceField(choices=ways.WAYS))


class BackIn(serializers.Serializer[Any]):
    """The code that was noted, or the token of a link; one of them."""

    code = serializers.CharField(max_length=_LONGEST, required=False, allow_blank=True, default="")
    token = serializers.CharField(max_length=_LONGEST, required=False, allow_blank=True, default="")

    def back(self) -> services.WayBack:
        """For the services."""
        return services.WayBack(self.validated_data["code"], self.validated_data["token"])


class BackCodeIn(BackIn):
    """Send a one-time code by `way`."""

    way = serializers.ChoiceField(choices=ways.WAYS)


class ResumeIn(BackIn):
    """With the PIN, or with the one-time code that was sent."""

    pin = PinField(required=False, allow_blank=True, default="")
    one_time_code = PinField(required=False, allow_blank=True, default="")


class ResumeOut(serializers.Serializer[Any]):
    """The conversation, or of one that was sent its reference and nothing else."""

    sent = serializers.BooleanField()
    reference = serializers.CharField(allow_null=True)
    snapshot = SnapshotOut(allow_null=True)


class PrivateView(ClientView):
    """Nothing of it is told to any other page."""

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Over what is set for every page."""
        response = super().finalize_response(request, response, *args, **kwargs)
        response.headers["Referrer-Policy"] = "no-referrer"
        return response


class LaterView(PrivateView):
    """Stop here, and come back."""

    @extend_schema(responses=LaterOut)
    def get(self, request: Request, intake_id: UUID) -> Response:
        """The ways that this client marked safe."""
        found = services.later(own_intake(request, intake_id))
        return Response(
            {"ways": [{"way": way, "shown": shown} for way, shown in found.ways.items()], "days": found.days}
        )

    @extend_schema(request=LaterIn, responses={201: OfferOut})
    def post(self, request: Request, intake_id: UUID) -> Response:
        """A new way back; the one from before is closed. 400 `pin_too_easy`, `second_factor_needed`, `way_not_safe`;
        409 `stage_closed` for what was sent; 429 `too_many_tries`."""
        intake = own_intake(request, intake_id)
        asked = LaterIn(data=request.data)
        asked.is_valid(raise_exception=True)
        page = request.build_absolute_uri("/")
        made = services.offer(intake_id=intake.id, page=page, **asked.validated_data)
        body = {"code": made.code, "expires_at": made.expires_at, "pin": made.has_pin, "link": made.link}
        return Response(body, status=201)


class ResumeView(PrivateView):
    """Come back."""

    @extend_schema(responses=WaysOut)
    def get(self, request: Request) -> Response:
        """The same for everybody. Sets the CSRF cookie."""
        offer_csrf(request)
        return Response({"ways": list(ways.configured())})

    @extend_schema(request=ResumeIn, responses=ResumeOut)
    def post(self, request: Request) -> Response:
        """The conversation goes on in this browser, and in no other. 400 `code_mistyped`; 403 `resume_refused`,
        whatever was wrong; 429 `resume_locked`, `too_many_tries` with Retry-After."""
        asked = ResumeIn(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        returned = services.come_back(
            back=asked.back(), pin=given["pin"], one_time_code=given["one_time_code"], device=_device(request)
        )
        if returned.secret is None:
            return Response({"sent": True, "reference": returned.intake.reference, "snapshot": None})
        snapshot = selectors.snapshot_of(returned.intake)
        response = Response({"sent": False, "reference": None, "snapshot": snapshot})
        set_cookie(response, returned.secret)
        return response


class ResumeCodeView(PrivateView):
    """A one-time code for coming back."""

    @extend_schema(request=BackCodeIn, responses={202: None})
    def post(self, request: Request) -> Response:
        """202 whether or not there is such a conversation: a code goes out when there is and the way was marked
        safe. 400 `code_mistyped`; `way_not_safe` where this firm sends nothing by it; 429 `too_many_tries`."""
        asked = BackCodeIn(data=request.data)
        asked.is_valid(raise_exception=True)
        services.ask_for_code(back=asked.back(), way=asked.validated_data["way"], device=_device(request))
        return Response(status=202)


def _device(request: Request) -> str:
    return request.META.get("REMOTE_ADDR") or ""
