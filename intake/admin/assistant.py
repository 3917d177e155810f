"""The page of the firm's language model, and what a model did on a conversation's page."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar, Final

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import path, reverse

from intake import roles
from intake.admin.base import ReadOnlyAdmin, staff_member
from intake.admin.panels import Panel, register_panel
from intake.admin.site import firm_admin
from intake.assistant import asking, firm
from intake.errors import AssistantUnusable
from intake.interview.wordings import LOCALES
from intake.models import AssistantSettings, ModelUse
from intake.services import assistant
from intake.services.assistant import CANNED, LONGEST_MS, SHORTEST_MS, Wanted

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from django.urls import URLPattern
    from django.utils.safestring import SafeString

    from intake.models import Intake
    from intake.services.assistant import Trial


class AssistantForm(forms.Form):
    """The settings. The key's field is always empty: what is stored is shown to nobody."""

    base_url = forms.CharField(
        max_length=300, required=False, label="Address",
        help_text="Of the server, up to and with /v1: https://models.example.org/v1. It speaks as OpenAI's does.",
    )  # fmt: skip
    models = forms.CharField(
        max_length=600, required=False, widget=forms.Textarea(attrs={"rows": 3}), label="Models",
        help_text="One a line: its name, and what its vote weighs (1 when left out). The first one words and reads.",
    )  # fmt: skip
    key = forms.CharField(
        max_length=400, required=False, widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "off"}),
        label="Key", help_text="Leave it empty to keep the one that is stored. With another address, give it anew.",
    )  # fmt: skip
    forget_key = forms.BooleanField(required=False, label="Take the stored key away")
    timeout_ms = forms.IntegerField(
        min_value=SHORTEST_MS, max_value=LONGEST_MS, label="Longest answer, in milliseconds",
        help_text="First words later than 1.2 seconds are never waited for.",
    )  # fmt: skip
    no_train_note = forms.CharField(
        max_length=500, required=False, label="Where it says that it does not train",
        help_text="The contract or page in which the provider says that it keeps and learns nothing. Needed for any "
        "server that is not your operator's own.",
    )  # fmt: skip
    phrases = forms.BooleanField(required=False, label="It may word thanks and encouragement, after the conflict check")
    proposes = forms.BooleanField(
        required=False, label="It may propose facts from what a client tells, after the check"
    )
    votes = forms.BooleanField(
        required=False, label="It may vote on the area",
        help_text="This sends the subject line (fewer than twelve words) before the conflict check. A longer line is "
        "never sent.",
    )  # fmt: skip
    enabled = forms.BooleanField(
        required=False, label="On",
        help_text="Only for clients who agree to processing by AI. Off, or not answering, the guided words go out.",
    )  # fmt: skip

    def clean_models(self) -> list[tuple[str, float]]:
        """Names and weights."""
        found = []
        for line in self.cleaned_data["models"].splitlines():
            name, _, weight = line.strip().rpartition(" ")
            try:
                worth = float(weight) if name else 1.0
            except ValueError:
                name, worth = line.strip(), 1.0
            if line.strip():
                if not math.isfinite(worth):
                    raise forms.ValidationError("A weight is a number.")
                found.append(((name or weight).strip(), worth))
        return found

    def wanted(self) -> Wanted:
        """For the service."""
        given = self.cleaned_data
        return Wanted(
            enabled=given["enabled"],
            base_url=given["base_url"],
            weights=given["models"],
            key="" if given["forget_key"] else given["key"] or None,
            timeout_ms=given["timeout_ms"],
            no_train_note=given["no_train_note"],
            phrases=given["phrases"],
            proposes=given["proposes"],
            votes=given["votes"],
        )


class TryForm(forms.Form):
    """In which language to try."""

    locale = forms.ChoiceField(choices=[(locale, locale) for locale in LOCALES])


@admin.register(AssistantSettings, site=firm_admin)
class AssistantAdmin(ReadOnlyAdmin):
    """One page in place of a list: the settings, and a button to try them."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return roles.may_set_assistant(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return roles.may_set_assistant(request.user)

    def get_urls(self) -> list[URLPattern]:
        """No page for a row: it would show what is stored."""
        return [
            path("", self.admin_site.admin_view(self.settings_view), name="intake_assistantsettings_changelist"),
            path("try/", self.admin_site.admin_view(self.try_view), name="intake_assistantsettings_try"),
        ]

    def settings_view(self, request: HttpRequest) -> HttpResponse:
        """Show, or set."""
        user = self._allowed(request)
        if request.method != "POST":
            return self._page(request, AssistantForm(initial=_shown()))
        form = AssistantForm(request.POST)
        if form.is_valid():
            try:
                row = assistant.save_settings(wanted=form.wanted(), user=user)
            except AssistantUnusable as refused:
                form.add_error(None, str(refused))
            else:
                had_key = "with a key" if row.key_ct else "without a key"
                messages.success(request, f"Saved, {had_key}. The model is {'on' if row.enabled else 'off'}.")
                return HttpResponseRedirect(reverse("admin:intake_assistantsettings_changelist"))
        return self._page(request, form, status=400)

    def try_view(self, request: HttpRequest) -> HttpResponse:
        """Ask it once, past the breaker, and show what came."""
        user = self._allowed(request)
        form = TryForm(request.POST)
        if request.method != "POST" or not form.is_valid():
            return HttpResponseRedirect(reverse("admin:intake_assistantsettings_changelist"))
        try:
            trial = assistant.try_out(user=user, locale=form.cleaned_data["locale"])
        except AssistantUnusable as refused:
            messages.error(request, str(refused))
            return HttpResponseRedirect(reverse("admin:intake_assistantsettings_changelist"))
        return self._page(request, AssistantForm(initial=_shown()), trial=trial)

    def _allowed(self, request: HttpRequest) -> Any:
        if not roles.may_set_assistant(request.user):
            raise PermissionDenied
        return staff_member(request)

    def _page(
        self, request: HttpRequest, form: AssistantForm, *, trial: Trial | None = None, status: int = 200
    ) -> HttpResponse:
        row = assistant.current()
        model = firm.model_of(row)
        context = {
            **self.admin_site.each_context(request),
            "title": "Language model",
            "opts": self.opts,
            "form": form,
            "trial": trial,
            "has_key": bool(row.key_ct),
            "is_on": row.enabled,
            "state": _STATES[asking.state_of(model)] if model is not None else "",
            "canned": CANNED["en"],
            "locales": LOCALES,
        }
        return TemplateResponse(request, "intake/admin/assistant.html", context, status=status)


_STATES: Final = {
    "closed": "This process asks it.",
    "open": "It failed a moment ago: this process does not ask it now, and tries again by itself.",
    "half_open": "It failed a moment ago: the next turn is a try.",
}


def _shown() -> dict[str, Any]:
    row = assistant.current()
    return {
        "base_url": row.base_url,
        "models": "\n".join(f"{name} {weight:g}" for name, weight in row.weights),
        "timeout_ms": row.timeout_ms,
        "no_train_note": row.no_train_note,
        "phrases": row.phrases,
        "proposes": row.proposes,
        "votes": row.votes,
        "enabled": row.enabled,
    }


@admin.register(ModelUse, site=firm_admin)
class ModelUseAdmin(ReadOnlyAdmin):
    """What models did, turn by turn. No words: those stand in the turns."""

    list_display = ("intake", "turn", "task", "model", "prompt", "first_ms", "total_ms", "at")
    list_filter = ("task", "model")
    list_select_related = ("intake", "turn")
    fields: ClassVar[list[str]] = ["intake", "turn", "task", "model", "prompt", "keys", "first_ms", "total_ms", "at"]


def _panel(_request: HttpRequest, intake: Intake) -> SafeString | None:
    """Which turns a model worded or read."""
    uses = list(ModelUse.objects.filter(intake=intake).select_related("turn").order_by("turn__number", "id"))
    return render_to_string("intake/admin/models.html", {"uses": uses}) if uses else None


register_panel(Panel("models", _panel))
