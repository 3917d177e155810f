"""Conflict checks with what waits for a decision, and the firm's rules of the check."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, Final

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.timesince import timesince

from intake import roles
from intake.admin.base import ReadOnlyAdmin, staff_member
from intake.admin.records import WordsAdmin
from intake.admin.site import firm_admin
from intake.conflicts.tables import thresholds
from intake.models import ConflictCheck, ConflictRules
from intake.services.conflict_rules import MOST_INSTITUTIONS, current_rules, institutions, set_rules
from intake.understanding.states import state_code

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

#: Threshold -> (label, least, most, what it means).
_THRESHOLDS: Final = {
    "hit": ("Stops from", 0.5, 1.0, "How alike two names have to be before a person looks."),
    "note": ("Note from", 0.3, 1.0, "From there staff see a name as a note. Not above the one before."),
    "namesakes": (
        "Namesakes", 0.0, 100.0,
        "Unrelated people of a name to expect among your parties, above which the name alone stops nobody.",
    ),
    "namesakes_with_city": ("Namesakes, where the city agrees", 0.0, 100.0, "The same where the city agrees."),
    "namesakes_with_year": ("Namesakes, where the year agrees", 0.0, 1000.0, "And where the year of birth does."),
    "affiliates": (
        "Affiliates", 0.0, 100.0,
        "Organisations that share only a part of their name, above which that part says nothing.",
    ),
}  # fmt: skip
_LONGEST_NAME: Final = 200


class UndecidedFilter(admin.SimpleListFilter):
    """Whether a person still has to decide."""

    title = "decision"
    parameter_name = "waits"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "waits for a decision"), ("no", "decided")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "yes":
            return queryset.filter(result=ConflictCheck.Result.HIT, decision="").order_by("at")
        return queryset.exclude(decision="") if self.value() == "no" else queryset


@admin.register(ConflictCheck, site=firm_admin)
class ConflictCheckAdmin(WordsAdmin):
    """Runs of the conflict gate, and how long each has waited. They are decided on the intake's page."""

    list_display = ("intake", "result", "why", "decision", "waiting", "page", "decided_by", "at", "decided_at")
    list_filter = (UndecidedFilter, "result", "why")
    list_select_related = ("intake", "decided_by")
    fields: ClassVar[list[str]] = ["intake", "result", "why", "decision", "reason", "decided_by", "decided_at", "at"]
    readonly_fields = ("reason",)

    @admin.display(description="waiting", ordering="at")
    def waiting(self, check: ConflictCheck) -> str:
        """For how long, where nobody has decided."""
        return timesince(check.at) if check.result == ConflictCheck.Result.HIT and not check.decision else "-"

    @admin.display(description="decide")
    def page(self, check: ConflictCheck) -> str:
        """The way to the intake's page."""
        address = reverse("admin:intake_intake_change", args=[check.intake_id])
        return format_html('<a href="{}">open</a>', address)


class RulesForm(forms.Form):
    """The firm's rules. A threshold left empty is the project's own."""

    hold_everyone = forms.BooleanField(
        required=False, label="Hold everyone",
        help_text="Everybody waits for a person after the check, whatever it finds.",
    )  # fmt: skip
    stop_common = forms.BooleanField(
        required=False, label="Stop common names",
        help_text="A common name that matches stops too when the client does not know what tells it apart. "
        "Otherwise the client goes on, staff see a note, and an alert is raised.",
    )  # fmt: skip
    alert_hours = forms.IntegerField(
        min_value=1, max_value=720, label="Hours until staff are alerted",
        help_text="A stop that nobody has decided about for so long raises an alert.",
    )  # fmt: skip
    states = forms.CharField(
        required=False, label="States that you take matters from", max_length=2_000,
        help_text="Names or two letters, with commas between: TX, New Mexico. Who has a matter in another state waits "
        "for a person. Holds for conversations begun from then on. Empty: all states.",
    )  # fmt: skip
    institutions = forms.CharField(
        required=False, widget=forms.Textarea, label="Institutions, one on each line", max_length=1_000_000,
        help_text="Banks, insurers and agencies that many people are up against: they stop a new client only where "
        "they are your own client.",
    )  # fmt: skip

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        for key, (label, least, most, meaning) in _THRESHOLDS.items():
            help_text = f"{meaning} From {least:g} to {most:g}; empty: {thresholds()[key]:g}."
            self.fields[key] = forms.FloatField(
                required=False, min_value=least, max_value=most, label=label, help_text=help_text
            )

    def clean_states(self) -> list[str]:
        """Two letters of each, once."""
        named = [one.strip() for one in re.split(r"[,;\n]", self.cleaned_data["states"]) if one.strip()]
        for one in named:
            if not state_code(one):
                raise forms.ValidationError(f"This is no state of the United States: {one[:60]}")
        return sorted({state_code(one) for one in named})

    def clean_institutions(self) -> list[str]:
        """Lines with a name in each."""
        names = list(dict.fromkeys(line.strip() for line in self.cleaned_data["institutions"].splitlines()))
        names = [name for name in names if name]
        if len(names) > MOST_INSTITUTIONS:
            raise forms.ValidationError(
                f"More than {MOST_INSTITUTIONS} names. Import longer lists with `manage.py conflicts import`."
            )
        for name in names:
            if len(name) > _LONGEST_NAME or not any(map(str.isalpha, name)):
                raise forms.ValidationError(f"This is no name of an institution: {name[:60]}")
        return names

    def clean(self) -> dict[str, Any]:
        """A note comes before a stop."""
        data: dict[str, Any] = super().clean() or {}
        own = {key: data[key] for key in _THRESHOLDS if data.get(key) is not None}
        told = {**thresholds(), **own}
        if told["note"] > told["hit"]:
            self.add_error("note", f'Not above "Stops from", which is {told["hit"]:g}.')
        data["thresholds"] = own
        return data


@admin.register(ConflictRules, site=firm_admin)
class ConflictRulesAdmin(ReadOnlyAdmin):
    """One page, for every member of staff to read and for administrators to change."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """There is one row: the page itself."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        may_change = roles.may_set_rules(request.user)
        if request.method != "POST":
            return self._page(request, RulesForm(initial=_initial()), may_change=may_change)
        if not may_change:
            raise PermissionDenied
        form = RulesForm(request.POST)
        if not form.is_valid():
            return self._page(request, form, may_change=True, status=400)
        data = form.cleaned_data
        set_rules(
            thresholds=data["thresholds"],
            hold_everyone=data["hold_everyone"],
            stop_common=data["stop_common"],
            alert_hours=data["alert_hours"],
            names=data["institutions"],
            states=data["states"],
            user=staff_member(request),
        )
        messages.success(request, "The rules are saved. They hold from the next check on.")
        return HttpResponseRedirect(reverse("admin:intake_conflictrules_changelist"))

    def _page(self, request: HttpRequest, form: RulesForm, *, may_change: bool, status: int = 200) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": "Rules of the conflict check",
            "opts": self.opts,
            "form": form,
            "may_change": may_change,
        }
        return TemplateResponse(request, "intake/admin/conflict_rules.html", context, status=status)


def _initial() -> dict[str, Any]:
    rules = current_rules()
    return {
        "hold_everyone": rules.hold_everyone,
        "stop_common": rules.stop_common,
        "alert_hours": rules.alert_hours,
        "states": ", ".join(rules.states),
        "institutions": "\n".join(institutions()),
        **{key: value for key, value in rules.thresholds.items() if key in _THRESHOLDS},
    }
