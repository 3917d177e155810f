"""The list of conversations, and the page of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse

from intake import roles, services, staff_selectors
from intake.admin.base import ReadOnlyAdmin, staff_member
from intake.admin.keeping import KeepingViews
from intake.admin.panels import panels
from intake.admin.site import firm_admin
from intake.briefs import Brief, brief_of
from intake.errors import IntakeError
from intake.interview.stages import Stage
from intake.interviews import is_guided
from intake.models import ConflictCheck, Declination, Intake, SafetyAlert
from intake.services.decisions import note_viewed
from intake.urgency.judging import bounds, label_of, level_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from django.db.models import QuerySet
    from django.http import HttpRequest
    from django.urls import URLPattern


class DecisionForm(forms.Form):
    """A decision about a hit, with its reason."""

    decision = forms.ChoiceField(choices=[("cleared", "Clear"), ("confirmed", "Confirm")])
    reason = forms.CharField(max_length=2000, widget=forms.Textarea)


class PersonForm(forms.Form):
    """A decision about a client who waits for a person, with its reason."""

    decision = forms.ChoiceField(choices=[("continue", "Go on"), ("decline", "Decline")])
    reason = forms.CharField(max_length=2000)


class ToldForm(forms.Form):
    """How a declined client was told."""

    reason = forms.CharField(max_length=2000)


class FactForm(forms.Form):
    """An answer that staff write down."""

    key = forms.SlugField(max_length=60)
    text = forms.CharField(max_length=2000)


class ConflictFilter(admin.SimpleListFilter):
    """Whether a person has to decide."""

    title = "conflict"
    parameter_name = "conflict"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("open", "waits for a decision"), ("decided", "decided"), ("none", "no conflict")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        hit = ConflictCheck.Result.HIT
        if self.value() == "open":
            return queryset.filter(conflict_state="open")
        if self.value() == "decided":
            return queryset.filter(conflict_state__in=["cleared", "confirmed"])
        if self.value() == "none":
            return queryset.exclude(conflict_checks__result=hit)
        return queryset


class StageFilter(admin.SimpleListFilter):
    """By where a conversation stands, in the words of the list."""

    title = "stage"
    parameter_name = "stage"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(words.replace(" ", "_"), words) for words in dict.fromkeys(staff_selectors.STAGE_WORDS.values())]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() is None:
            return queryset
        wanted = [
            stage for stage, words in staff_selectors.STAGE_WORDS.items() if words.replace(" ", "_") == self.value()
        ]
        return queryset.filter(stage__in=wanted)


class UrgencyFilter(admin.SimpleListFilter):
    """By level; the levels are ranges of points."""

    title = "urgency"
    parameter_name = "urgency"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(level, label_of(level)) for level, _from, _below in bounds()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        for level, first, below in bounds():
            if level == self.value():
                queryset = queryset.filter(urgency__gte=first)
                return queryset if below is None else queryset.filter(urgency__lt=below)
        return queryset


@admin.register(Intake, site=firm_admin)
class IntakeAdmin(KeepingViews, ReadOnlyAdmin):
    """Conversations. Only the reference can be searched: a client's words stand nowhere in the clear."""

    list_display = ("__str__", "urgency_words", "stage_words", "created_at", "sent_at", "conflict")
    list_filter = (UrgencyFilter, StageFilter, ConflictFilter)
    search_fields = ("reference",)
    search_help_text = "Reference number"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Intake]:
        return staff_selectors.intakes_with_conflict_state()

    @admin.display(description="urgency", ordering="urgency")
    def urgency_words(self, intake: Intake) -> str:
        """Level and points, as they were kept; the conversation's page has the reasons."""
        if not is_guided(intake):
            return "not reckoned"
        return f"{label_of(level_of(intake.urgency))} ({intake.urgency})"

    @admin.display(description="stage", ordering="stage")
    def stage_words(self, intake: Intake) -> str:
        """Where the conversation stands, in words."""
        return staff_selectors.STAGE_WORDS[Stage(intake.stage)]

    @admin.display(description="conflict", ordering="conflict_state")
    def conflict(self, intake: Any) -> str:
        """In words, not by colour."""
        return staff_selectors.CONFLICT_WORDS.get(intake.conflict_state, "-")

    def get_urls(self) -> list[URLPattern]:
        decide = path(
            "<uuid:intake_id>/conflict/<uuid:check_id>/",
            self.admin_site.admin_view(self.decide_view),
            name="intake_intake_decide",
        )
        own = [
            path(f"<uuid:intake_id>/{address}", self.admin_site.admin_view(view), name=f"intake_intake_{name}")
            for address, view, name in (
                ("person/", self.person_view, "person"),
                ("fact/", self.fact_view, "fact"),
                ("told/", self.told_view, "told"),
                ("alert/<uuid:alert_id>/", self.alert_view, "alert"),
                ("print/", self.print_view, "print"),
                ("summary.<slug:form>", self.export_view, "export"),
                ("hold/", self.hold_view, "hold"),
                ("erasure/<uuid:erasure_id>/", self.erasure_view, "erasure"),
            )
        ]
        urls: list[URLPattern] = [decide, *own, *super().get_urls()]
        return urls

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One conversation: turns, facts, parties, consents, conflicts, panels of other apps, audit trail."""
        found = self.get_object(request, object_id)
        if found is None:
            raise Http404
        if not self.has_view_permission(request, found):
            raise PermissionDenied
        note_viewed(intake=found, user=staff_member(request))
        return self._page(request, found.pk, DecisionForm())

    def decide_view(self, request: HttpRequest, intake_id: UUID, check_id: UUID) -> HttpResponse:
        """Clear or confirm a hit."""
        if not roles.may_decide(request.user):
            raise PermissionDenied
        if not ConflictCheck.objects.filter(pk=check_id, intake_id=intake_id).exists():
            raise Http404
        form = DecisionForm(request.POST)
        page = reverse("admin:intake_intake_change", args=[intake_id])
        if request.method != "POST":
            return HttpResponseRedirect(page)
        if not form.is_valid():
            return self._page(request, intake_id, form, status=400)
        try:
            check = services.decide_conflict(check_id=check_id, user=staff_member(request), **form.cleaned_data)
        except IntakeError as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, f"The conflict is {check.get_decision_display()}.")
        return HttpResponseRedirect(page)

    def person_view(self, request: HttpRequest, intake_id: UUID) -> HttpResponse:
        """Let a client go on whom the interview left to a person, or decline."""
        form = PersonForm(request.POST)
        return self._done(
            request,
            intake_id,
            form,
            lambda: services.decide_person(intake_id=intake_id, user=staff_member(request), **form.cleaned_data),
            "The client may go on." if form.data.get("decision") == "continue" else "Declined.",
        )

    def fact_view(self, request: HttpRequest, intake_id: UUID) -> HttpResponse:
        """Write down what an answer is, beside what the client said."""
        form = FactForm(request.POST)

        def write() -> None:
            key, text = form.cleaned_data["key"], form.cleaned_data["text"]
            services.write_fact(intake_id=intake_id, key=key, text=text, user=staff_member(request))

        return self._done(request, intake_id, form, write, "Written down.")

    def told_view(self, request: HttpRequest, intake_id: UUID) -> HttpResponse:
        """Write down how a client was told for whom there was no safe way."""
        row = Declination.objects.filter(intake_id=intake_id).first()
        if row is None:
            raise Http404
        form = ToldForm(request.POST)

        def write() -> None:
            note = form.cleaned_data["reason"]
            services.told_otherwise(declination_id=row.id, note=note, user=staff_member(request))

        return self._done(request, intake_id, form, write, "Written down.")

    def alert_view(self, request: HttpRequest, intake_id: UUID, alert_id: UUID) -> HttpResponse:
        """Take an alert up."""
        if not SafetyAlert.objects.filter(pk=alert_id, intake_id=intake_id).exists():
            raise Http404
        return self._done(
            request,
            intake_id,
            forms.Form(request.POST),
            lambda: services.acknowledge_alert(alert_id=alert_id, user=staff_member(request)),
            "You have taken this alert up.",
        )

    def print_view(self, request: HttpRequest, intake_id: UUID) -> HttpResponse:
        """The summary on one page, for paper."""
        return TemplateResponse(request, "intake/admin/print.html", {"brief": self._brief(request, intake_id)})

    def export_view(self, request: HttpRequest, intake_id: UUID, form: str) -> HttpResponse:
        """The same for another system: JSON, or plain text."""
        if form not in {"json", "txt"}:
            raise Http404
        brief = self._brief(request, intake_id)
        kind = "application/json" if form == "json" else "text/plain"
        response = HttpResponse(
            brief.as_json() if form == "json" else brief.as_text(), content_type=f"{kind}; charset=utf-8"
        )
        response.headers["Content-Disposition"] = f'attachment; filename="summary-{brief.name}.{form}"'
        response.headers["Cache-Control"] = "no-store"
        return response

    def _brief(self, request: HttpRequest, intake_id: UUID) -> Brief:
        """Reading it is audited, as on the page."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        intake = Intake.objects.filter(pk=intake_id).first()
        if intake is None:
            raise Http404
        note_viewed(intake=intake, user=staff_member(request))
        return brief_of(staff_selectors.record_for_staff(intake_id))

    def _done(
        self, request: HttpRequest, intake_id: UUID, form: forms.Form, act: Callable[[], object], said: str
    ) -> HttpResponse:
        """Do what a form asks for, once it is sound, and show the page again."""
        if not roles.may_decide(request.user):
            raise PermissionDenied
        if not Intake.objects.filter(pk=intake_id).exists():
            raise Http404
        page = HttpResponseRedirect(reverse("admin:intake_intake_change", args=[intake_id]))
        if request.method != "POST":
            return page
        if not form.is_valid():
            messages.error(request, "Please fill in every field.")
            return page
        try:
            act()
        except IntakeError as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, said)
        return page

    def _page(self, request: HttpRequest, intake_id: UUID, form: DecisionForm, status: int = 200) -> HttpResponse:
        record = staff_selectors.record_for_staff(intake_id)
        shown = panels()
        context = {
            **self.admin_site.each_context(request),
            "title": str(record.intake),
            "opts": self.opts,
            "record": record,
            "privileged": staff_selectors.PRIVILEGED,
            "form": form,
            "stage": staff_selectors.STAGE_WORDS[Stage(record.intake.stage)],
            "alerts": [(alert, ", ".join(map(staff_selectors.kind_words, alert.kinds))) for alert in record.alerts],
            "may_decide": roles.may_decide(request.user),
            "panels": [html for panel in shown if (html := panel.render(request, record.intake)) is not None],
            # Not "scripts" and "styles": the theme has those, and writes them as they are.
            "panel_scripts": [script for panel in shown for script in panel.scripts],
            "panel_styles": [style for panel in shown for style in panel.styles],
        }
        return TemplateResponse(request, "intake/admin/intake.html", context, status=status)
