"""The operators' admin, on the operator host: firms, hosts, migrations, acts. It reads; services write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.decorators import csp_update
from django import forms
from django.contrib import admin, messages
from django.db.models import Prefetch
from unfold.admin import ModelAdmin
from unfold.forms import ActionForm
from unfold.sites import UnfoldAdminSite

from tenants import services, window
from tenants.errors import WrongState
from tenants.models import Domain, Firm, OperatorEvent, SchemaState

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

# What the theme (django-unfold 0.91) needs beyond our policy: Alpine compiles expressions of its
# templates, and it writes its colours into a style element. No inline script, no other host.
ADMIN_POLICY: Final = {"script-src": [SELF, UNSAFE_EVAL], "style-src": [SELF, UNSAFE_INLINE]}
_with_policy: Any = csp_update(ADMIN_POLICY)


class OperatorAdminSite(UnfoldAdminSite):
    """Runs in public scope: its accounts and sessions are the operators', and no firm's rows are in reach."""

    site_header = "Legal Intake, operators"
    site_title = "Legal Intake, operators"
    index_title = "Firms and their state"
    settings_name = "UNFOLD_OPERATOR"

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Callable[..., Any]:
        """Every page of the admin, under its policy."""
        decorated: Callable[..., Any] = _with_policy(super().admin_view(view, cacheable))
        return decorated

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Under the same policy, though nobody is logged in yet."""
        response: HttpResponse = _with_policy(super().login)(request, extra_context)
        return response


operator_admin = OperatorAdminSite(name="operator")


class ReadOnly(ModelAdmin):
    """Whoever may view reads; writing goes through services."""

    list_per_page = 50
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReasonForm(ActionForm):
    """The action's form, with why."""

    reason = forms.CharField(
        required=False, max_length=500, widget=forms.TextInput(attrs={"placeholder": "Reason (for suspending)"})
    )


@admin.register(Firm, site=operator_admin)
class FirmAdmin(ReadOnly):
    """Firms are made and deleted with `manage.py firm`; here they are seen, suspended and resumed."""

    list_display = ("name", "hosts", "status", "status_reason", "migrations", "created_at")
    list_filter = ("status", "schema_state__state")
    search_fields = ("name", "domains__domain", "schema_name")
    actions = ("suspend", "resume")
    action_form = ReasonForm
    fields = ("name", "hosts", "status", "status_reason", "migrations", "lacks", "schema_name", "shard", "created_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Firm]:
        firms: QuerySet[Firm] = super().get_queryset(request)
        return firms.select_related("schema_state").prefetch_related(
            Prefetch("domains", Domain.objects.order_by("-is_primary", "domain"))
        )

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Suspending and resuming: those who may change firms."""
        return request.user.has_perm("tenants.change_firm")

    @admin.display(description="hosts")
    def hosts(self, firm: Firm) -> str:
        """Primary first."""
        return ", ".join(domain.domain for domain in firm.domains.all())

    @admin.display(description="migrations", ordering="schema_state__state")
    def migrations(self, firm: Firm) -> str:
        """The state of its schema."""
        state = getattr(firm, "schema_state", None)
        return state.get_state_display() if state else "-"

    @admin.display(description="lacks, to be served")
    def lacks(self, firm: Firm) -> str:
        """What this release's window asks for and the schema has not."""
        state = getattr(firm, "schema_state", None)
        return ", ".join(window.missing(state.applied)) or "nothing" if state else "-"

    @admin.action(description="Suspend (with the reason given)", permissions=["act"])
    def suspend(self, request: HttpRequest, firms: QuerySet[Firm]) -> None:
        """Stop serving them within a second."""
        reason = request.POST.get("reason", "").strip()
        for firm in firms:
            _told(self, request, firm, lambda f: services.suspend_firm(firm=f, reason=reason, actor=_actor(request)))

    @admin.action(description="Resume", permissions=["act"])
    def resume(self, request: HttpRequest, firms: QuerySet[Firm]) -> None:
        """Serve them again."""
        for firm in firms:
            _told(self, request, firm, lambda f: services.resume_firm(firm=f, actor=_actor(request)))


@admin.register(Domain, site=operator_admin)
class DomainAdmin(ReadOnly):
    """Hosts are added, verified and removed with `manage.py firm domain`."""

    list_display = ("domain", "tenant", "is_primary", "verified_at")
    list_select_related = ("tenant",)
    search_fields = ("domain", "tenant__name")


@admin.register(SchemaState, site=operator_admin)
class SchemaStateAdmin(ReadOnly):
    """Where each firm's schema stands; quarantined ones with the reason."""

    list_display = ("firm", "state", "wave", "in_window", "attempts", "seconds", "checked_at", "error")
    list_filter: ClassVar[tuple[str, ...]] = ("state", "wave")
    list_select_related = ("firm",)
    search_fields = ("firm__name", "firm__schema_name")

    @admin.display(description="in window", boolean=True)
    def in_window(self, state: SchemaState) -> bool:
        """Whether this release serves it."""
        return window.serves(state.applied)


@admin.register(OperatorEvent, site=operator_admin)
class OperatorEventAdmin(ReadOnly):
    """Append-only."""

    list_display = ("at", "actor", "action", "firm_id", "detail")
    list_filter = ("action",)
    search_fields = ("actor", "action", "firm_id")
    date_hierarchy = "at"


def _told(page: ModelAdmin, request: HttpRequest, firm: Firm, act: Callable[[Firm], None]) -> None:
    try:
        act(firm)
    except WrongState as error:
        page.message_user(request, str(error), messages.ERROR)
    else:
        page.message_user(request, f"{firm.name} is now {firm.status}.", messages.SUCCESS)


def _actor(request: HttpRequest) -> str:
    return str(getattr(request.user, "email", "operator"))
