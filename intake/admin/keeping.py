"""What staff do about deletions on an intake's page: a legal hold, and another try at what could not be deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.http import Http404

from intake import services
from intake.admin.base import staff_member
from intake.models import Erasure

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse


class HoldForm(forms.Form):
    """A legal hold placed or released, with its reason."""

    hold = forms.ChoiceField(choices=[("place", "Place"), ("release", "Release")])
    reason = forms.CharField(max_length=2000)


class KeepingViews:
    """Views of IntakeAdmin."""

    if TYPE_CHECKING:

        def _done(
            self, request: HttpRequest, intake_id: UUID, form: forms.Form, act: Callable[[], object], said: str
        ) -> HttpResponse: ...

    def hold_view(self, request: HttpRequest, intake_id: UUID) -> HttpResponse:
        """Place a legal hold, or release it."""
        form = HoldForm(request.POST)
        places = form.data.get("hold") == "place"

        def act() -> None:
            change = services.place_hold if places else services.release_hold
            change(intake_id=intake_id, reason=form.cleaned_data["reason"], user=staff_member(request))

        said = "Nothing of this intake is deleted from now on." if places else "The legal hold is released."
        return self._done(request, intake_id, form, act, said)

    def erasure_view(self, request: HttpRequest, intake_id: UUID, erasure_id: UUID) -> HttpResponse:
        """Try again to delete what could not be deleted."""
        if not Erasure.objects.filter(pk=erasure_id, intake_id=intake_id).exists():
            raise Http404
        return self._done(
            request,
            intake_id,
            forms.Form(request.POST),
            lambda: services.retry_erasure(erasure_id=erasure_id, user=staff_member(request)),
            "It is tried again now. Look at this page in a minute.",
        )
