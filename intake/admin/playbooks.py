"""Playbooks in the firm's admin: what clients are asked, its history, publishing, rolling back, switching off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse

from intake import playbook_selectors, roles
from intake.admin.base import ReadOnlyAdmin, staff_member
from intake.admin.playbook_drafts import DraftPages
from intake.admin.playbook_questions import QuestionPages
from intake.admin.playbook_trial import TrialPage
from intake.admin.site import firm_admin
from intake.classify import areas
from intake.errors import IntakeError, NoPlaybook, PlaybookInvalid
from intake.interviews import GENERAL
from intake.models import PlaybookVersion
from intake.playbooks.editing import new_key
from intake.playbooks.problems import PlaybookError
from intake.services import playbooks

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.urls import URLPattern

    from tenants.accounts.models import User


@admin.register(PlaybookVersion, site=firm_admin)
class PlaybookAdmin(DraftPages, QuestionPages, TrialPage, ReadOnlyAdmin):
    """What the firm's clients are asked, subject by subject."""

    def get_urls(self) -> list[URLPattern]:
        own = (
            ("new-playbook/", self.new_view, "new"),
            ("<slug:key>/", self.page_view, "page"),
            ("<slug:key>/do/", self.do_view, "do"),
            ("<slug:key>/compare/", self.compare_view, "compare"),
            ("<slug:key>/export/", self.export_view, "export"),
            ("<slug:key>/try/", self.try_view, "try"),
            ("<slug:key>/draft/", self.draft_view, "draft"),
            ("<slug:key>/draft/text/", self.text_view, "text"),
            ("<slug:key>/draft/question/<slug:question>/", self.question_view, "question"),
            ("<slug:key>/draft/new-question/", self.add_view, "add"),
        )
        urls: list[URLPattern] = [
            path(address, self.admin_site.admin_view(view), name=f"intake_playbook_{name}")
            for address, view, name in own
        ]
        return [*urls, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """All playbooks, with what new clients are asked."""
        return self.show(request, "list", "Playbooks", {"found": playbook_selectors.all_kept(), "first": GENERAL})

    def page_view(self, request: HttpRequest, key: str) -> HttpResponse:
        """One playbook: what is asked now, what can be done, and its history."""
        found = self.kept(key)
        context = {"kept": found, "choices": playbook_selectors.choices_of(found), "first": GENERAL}
        return self.show(request, "page", found.title, context)

    def new_view(self, request: HttpRequest) -> HttpResponse:
        """Begin a playbook of the firm's own."""
        user = self.editor(request)
        given = request.POST
        titles = {language: " ".join(given.get(f"title_{language}", "").split()) for language in ("en", "es")}
        context = {"areas": areas().values(), "titles": titles, "chosen": given.getlist("codes"), "problems": ()}
        if request.method != "POST":
            return self.show(request, "new", "A new playbook", context)
        taken = {one.key for one in playbook_selectors.all_kept()}
        try:
            key = new_key(titles["en"], taken)
            playbooks.new_playbook(key=key, titles=titles, codes=given.getlist("codes"), user=user)
        except PlaybookInvalid as refused:
            context["problems"] = refused.problems
            return self.show(request, "new", "A new playbook", context, status=400)
        messages.success(request, "Begun with the general questions. Nobody is asked it before you publish it.")
        return HttpResponseRedirect(reverse("admin:intake_playbook_draft", args=[key]))

    def do_view(self, request: HttpRequest, key: str) -> HttpResponse:
        """What a button on a playbook's page does."""
        user = self.editor(request)
        found = self.kept(key)
        page = reverse("admin:intake_playbook_page", args=[found.key])
        if request.method != "POST":
            return HttpResponseRedirect(page)
        draft = reverse("admin:intake_playbook_draft", args=[found.key])
        try:
            said, onward = self._do(request, found.key, user)
        except PlaybookInvalid as refused:
            messages.error(request, f"{refused} {len(refused.problems)} places are wrong; they are listed here.")
            return HttpResponseRedirect(draft if found.draft else page)
        except IntakeError as refused:
            messages.error(request, str(refused))
            return HttpResponseRedirect(page)
        messages.success(request, said)
        return HttpResponseRedirect(draft if onward else page)

    def _do(self, request: HttpRequest, key: str, user: User) -> tuple[str, bool]:
        """What to say afterwards, and whether the draft is where to go. Raises IntakeError."""
        act, note = request.POST.get("act", ""), request.POST.get("note", "")
        version = _number(request.POST.get("version", ""))
        if act == "draft":
            playbooks.start_draft(key=key, user=user, version=version)
            return "This is a draft. Clients meet nothing of it before you publish it.", True
        if act == "publish":
            row = playbooks.publish(
                key=key, user=user, revision=_number(request.POST.get("revision", "")), note=note or None
            )
            return f"Version {row.version} is published. Conversations that began go on as they were.", False
        if act == "discard":
            playbooks.discard_draft(key=key, user=user)
            return "The draft is gone.", False
        if act == "off":
            playbooks.switch_off(key=key, user=user, note=note)
            return "Switched off. Its subjects get another playbook that fits, or the general questions.", False
        if act == "shipped":
            playbooks.use_shipped(key=key, user=user)
            return "New clients are asked the questions that ship again.", False
        if act == "rollback" and version is not None:
            row = playbooks.roll_back(key=key, version=version, user=user, note=note)
            return f"The text of version {version} is in use again, as version {row.version}.", False
        raise NoPlaybook

    def compare_view(self, request: HttpRequest, key: str) -> HttpResponse:
        """What differs between two versions, in terms of what people would notice."""
        found = self.kept(key)
        choices = playbook_selectors.choices_of(found)
        names = [name for name, _words in choices]
        old = request.GET.get("old") or (names[1] if len(names) > 1 else names[0] if names else "")
        new = request.GET.get("new") or (names[0] if names else "")
        changes: list[tuple[str, str, str, str]] = []
        problems: tuple[Any, ...] = ()
        try:
            changes = playbook_selectors.differences(found, old, new)
        except NoPlaybook:
            raise Http404 from None
        except PlaybookError as error:
            problems = error.problems
        context = {
            "kept": found, "choices": choices, "old": old, "new": new, "changes": changes, "problems": problems,
        }  # fmt: skip
        return self.show(request, "compare", f"{found.title}: compare", context)

    def export_view(self, request: HttpRequest, key: str) -> HttpResponse:
        """A version's text as a file."""
        del request
        found = self.kept(key)
        try:
            text, name = playbooks.text_of(key=found.key)
        except NoPlaybook:
            raise Http404 from None
        response = HttpResponse(text, content_type="application/yaml; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{name.replace("@", "-")}.yaml"'
        return response

    # -- what the pages share

    def kept(self, key: str) -> playbook_selectors.Kept:
        """The playbook of this key. Raises Http404."""
        try:
            return playbook_selectors.kept(key)
        except NoPlaybook:
            raise Http404 from None

    def editor(self, request: HttpRequest) -> User:
        """Who is logged in, if they may change playbooks. Raises PermissionDenied."""
        if not roles.may_edit_playbooks(request.user):
            raise PermissionDenied
        return staff_member(request)

    def show(
        self, request: HttpRequest, name: str, title: str, context: dict[str, Any], status: int = 200
    ) -> HttpResponse:
        """A page of this part of the admin."""
        whole = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "may_edit": roles.may_edit_playbooks(request.user),
            **context,
        }
        return TemplateResponse(request, f"intake/admin/playbooks/{name}.html", whole, status=status)


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 10 else None
