"""The firm's table of limitation periods: imported, looked at row by row, confirmed. For staff alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse

from intake import audit, roles
from intake.admin.base import ReadOnlyAdmin, staff_member
from intake.admin.site import firm_admin
from intake.limits.reckoning import SHORTER
from intake.limits.table import COLUMNS, EXAMPLES, MAX_BYTES
from intake.models import LimitationPeriod
from intake.services import periods
from tenants.errors import InvalidInput

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest
    from django.urls import URLPattern

_TOLD = 20


class RowFilter(admin.SimpleListFilter):
    """Whether a row counts."""

    title = "row"
    parameter_name = "row"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("waits", "waits to be confirmed"), ("counts", "confirmed"), ("example", "example"), ("old", "retired")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "old":
            return queryset.filter(retired_at__isnull=False)
        current = queryset.filter(retired_at__isnull=True)
        if self.value() == "example":
            return current.filter(example=True)
        if self.value() in {"waits", "counts"}:
            return current.filter(example=False, confirmed_at__isnull=self.value() == "waits")
        return current


@admin.register(LimitationPeriod, site=firm_admin)
class LimitationPeriodAdmin(ReadOnlyAdmin):
    """Staff read; attorneys and administrators import, confirm and retire. Nothing is changed or deleted."""

    actions: ClassVar[Any] = ["confirm_rows", "retire_rows"]  # type: ignore[misc]
    list_display = ("state", "area", "claim", "period", "cite", "checked", "status", "confirmed_at", "confirmed_by")
    list_filter = (RowFilter, "state")
    search_fields = ("claim", "cite", "area")
    list_select_related = ("confirmed_by",)
    change_list_template = "intake/admin/limits.html"

    @admin.display(description="period")
    def period(self, row: LimitationPeriod) -> str:
        """How long, and from what."""
        return f"{row.amount} {row.unit} from {row.begins or 'the first event date'}"

    @admin.display(description="status")
    def status(self, row: LimitationPeriod) -> str:
        """Whether it counts, in words."""
        if row.retired_at:
            return "retired"
        if row.example:
            return "example, not verified: never counts"
        return "confirmed" if row.confirmed_at else "waits to be confirmed: does not count"

    def get_urls(self) -> list[URLPattern]:
        own = [
            path(f"{address}/", self.admin_site.admin_view(view), name=f"intake_limitationperiod_{address}")
            for address, view in (
                ("import", self.import_view), ("confirm-all", self.confirm_all_view), ("examples", self.examples_view),
            )
        ]  # fmt: skip
        urls: list[URLPattern] = [*own, *super().get_urls()]
        return urls

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """With the ways to import and to confirm."""
        waiting = LimitationPeriod.objects.filter(confirmed_at__isnull=True, retired_at__isnull=True, example=False)
        more = {
            "may_import": roles.may_confirm_limits(request.user),
            "waiting": waiting.count(),
            "columns": ", ".join(COLUMNS),
            "shorter": SHORTER,
            **(extra_context or {}),
        }
        shown: HttpResponse = super().changelist_view(request, more)
        return shown

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        found: dict[str, Any] = super().get_actions(request)
        found.pop("delete_selected", None)
        return found if roles.may_confirm_limits(request.user) else {}

    @admin.action(description="Confirm: I have checked these rows")
    def confirm_rows(self, request: HttpRequest, queryset: QuerySet[LimitationPeriod]) -> None:
        """These rows count from now on, under the name of who confirmed them."""
        self._allowed(request)
        done = periods.confirm(ids=list(queryset.values_list("pk", flat=True)), user=staff_member(request))
        messages.success(request, f"{done} rows confirmed. Examples and rows that were confirmed before are left out.")

    @admin.action(description="Retire: these rows count no longer")
    def retire_rows(self, request: HttpRequest, queryset: QuerySet[LimitationPeriod]) -> None:
        """They stay in the list of retired ones."""
        self._allowed(request)
        done = periods.retire(ids=list(queryset.values_list("pk", flat=True)), user=staff_member(request))
        messages.success(request, f"{done} rows retired.")

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Take a CSV file; bad rows are told by their line, good ones kept."""
        user = self._posted(request)
        given = request.FILES.get("file")
        if given is None or given.size is None or given.size > MAX_BYTES:
            messages.error(request, f"Choose a CSV file of at most {MAX_BYTES // 1_000_000} MB.")
            return self._back()
        try:
            done = periods.import_table(given.read(), by=audit.staff(user.pk))
        except InvalidInput as wrong:
            messages.error(request, str(wrong))
            return self._back()
        for line, why in done.bad[:_TOLD]:
            messages.error(request, f"Line {line}: {why}")
        if len(done.bad) > _TOLD:
            messages.error(request, f"... and {len(done.bad) - _TOLD} more bad lines.")
        messages.success(
            request,
            f"{done.added} rows added ({done.replaced} in place of another), {done.known} known before, {done.kept} "
            f"examples left out, {len(done.bad)} bad. New rows count once you confirm them.",
        )
        return self._back()

    def confirm_all_view(self, request: HttpRequest) -> HttpResponse:
        """Everything that waits."""
        done = periods.confirm(ids=None, user=self._posted(request))
        messages.success(request, f"{done} rows confirmed.")
        return self._back()

    def examples_view(self, request: HttpRequest) -> HttpResponse:
        """The shipped examples, as a file to start from."""
        response = HttpResponse(EXAMPLES.read_bytes(), content_type="text/csv; charset=utf-8")
        response.headers["Content-Disposition"] = 'attachment; filename="limitation-examples.csv"'
        return response

    def _posted(self, request: HttpRequest) -> Any:
        self._allowed(request)
        if request.method != "POST":
            raise Http404
        return staff_member(request)

    def _allowed(self, request: HttpRequest) -> None:
        if not roles.may_confirm_limits(request.user):
            raise PermissionDenied

    def _back(self) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:intake_limitationperiod_changelist"))
