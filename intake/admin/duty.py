"""Safety alerts as staff see them, and the firm's choices about who is told of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.timesince import timesince
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from intake import roles, services
from intake.admin.base import ReadOnlyAdmin, staff_member
from intake.admin.site import firm_admin
from intake.errors import BadSetting
from intake.models import DutySettings, OnCall, Page, SafetyAlert
from intake.paging.sending import alert_of, mail_is_set_up
from intake.paging.wording import LEVELS
from intake.safety.helping import countries
from intake.services import duty
from intake.staff_selectors import kind_words
from tenants.accounts.models import User
from tenants.errors import InvalidToken

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse
    from django.urls import URLPattern

    OnCallModelForm = forms.ModelForm[OnCall]
    SettingsModelForm = forms.ModelForm[DutySettings]
else:
    OnCallModelForm = SettingsModelForm = forms.ModelForm  # Django's own takes no parameter


class OpenFilter(admin.SimpleListFilter):
    """Whether somebody has taken it up."""

    title = "taken up"
    parameter_name = "open"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "by nobody yet"), ("no", "by somebody")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() in {"yes", "no"}:
            return queryset.filter(acknowledged_at__isnull=self.value() == "yes")
        return queryset


@admin.register(SafetyAlert, site=firm_admin)
class SafetyAlertAdmin(ReadOnlyAdmin):
    """Alerts by age: level and kind, never a word of what was said."""

    list_display = ("level", "kinds_words", "intake", "at", "age", "told", "acknowledged_by")
    list_filter = ("level", OpenFilter)
    ordering = ("-at",)
    list_select_related = ("intake", "acknowledged_by", "paging")
    fields = ("level", "kinds_words", "intake", "at", "age", "told", "acknowledged_by", "acknowledged_at")
    readonly_fields = ("kinds_words", "age", "told")

    @admin.display(description="kind")
    def kinds_words(self, alert: SafetyAlert) -> str:
        """In words."""
        return ", ".join(map(kind_words, alert.kinds))

    @admin.display(description="age", ordering="at")
    def age(self, alert: SafetyAlert) -> str:
        """How long it has been open; of one that was taken up, how long that took."""
        return timesince(alert.at, alert.acknowledged_at)

    @admin.display(description="told")
    def told(self, alert: SafetyAlert) -> str:
        """How far the list of people has been gone through."""
        paging = getattr(alert, "paging", None)
        if paging is None:
            return "nobody: not sent at this level"
        return f"{paging.get_outcome_display()}, round {paging.round + 1}" if not paging.outcome else str(paging)

    def get_urls(self) -> list[URLPattern]:
        take_up = path(
            "take-up/<str:token>/", self.admin_site.admin_view(self.take_up_view), name="intake_safetyalert_take_up"
        )
        urls: list[URLPattern] = [take_up, *super().get_urls()]
        return urls

    def take_up_view(self, request: HttpRequest, token: str) -> HttpResponse:
        """The link in a page: whoever is logged in confirms with a button. Opening it alone does nothing, for mail
        programs open links by themselves."""
        if not roles.may_decide(request.user):
            raise PermissionDenied
        try:
            alert = SafetyAlert.objects.select_related("intake", "acknowledged_by").filter(pk=alert_of(token)).first()
        except (InvalidToken, ValueError):
            alert = None
        if alert is None:
            messages.error(request, "This link is too old or was changed. Open alerts are listed here.")
            return HttpResponseRedirect(reverse("admin:intake_safetyalert_changelist") + "?open=yes")
        if request.method == "POST":
            services.acknowledge_alert(alert_id=alert.pk, user=staff_member(request))
            messages.success(request, "You have taken this alert up.")
            return HttpResponseRedirect(reverse("admin:intake_intake_change", args=[alert.intake_id]))
        context = {
            **self.admin_site.each_context(request),
            "title": "Take an alert up",
            "opts": self.opts,
            "alert": alert,
            "level": LEVELS[alert.level],
            "kinds": self.kinds_words(alert),
            "age": self.age(alert),
        }
        return TemplateResponse(request, "intake/admin/take_up.html", context)


class FirmChoiceAdmin(ModelAdmin):
    """Staff read; administrators change. Nothing is deleted."""

    actions = None
    compressed_fields = True

    def has_module_permission(self, request: HttpRequest) -> bool:
        return roles.is_staff(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return roles.is_staff(request.user)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return roles.may_manage_users(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return roles.may_manage_users(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class OnCallForm(OnCallModelForm):
    """A place on the list."""

    class Meta:
        model = OnCall
        fields: ClassVar[list[str]] = ["user", "position", "zone", "days", "begins", "ends", "active"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "user" in self.fields:
            self.fields["user"].queryset = User.objects.filter(is_staff=True, is_active=True)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """What the service says of it."""
        given: dict[str, Any] = super().clean() or {}
        try:
            duty.check_on_call(
                pk=self.instance.pk, zone=given.get("zone", ""), days=given.get("days", ""), active=given["active"]
            )
        except BadSetting as wrong:
            raise forms.ValidationError(str(wrong)) from None
        return given


@admin.register(OnCall, site=firm_admin)
class OnCallAdmin(FirmChoiceAdmin):
    """Who is told of alerts, in which order and hours. With nobody here, the administrators are told."""

    form = OnCallForm
    list_display = ("position", "user", "zone", "days", "begins", "ends", "active")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("user",) if obj is not None else ()

    def save_model(self, request: HttpRequest, obj: OnCall, form: Any, change: bool) -> None:
        """By the service; the form has asked it already whether it may be."""
        duty.save_on_call(row=obj, user=staff_member(request))


class SettingsForm(SettingsModelForm):
    """The firm's choices. The webhook's address is not shown again, only that there is one."""

    country = forms.ChoiceField(
        choices=[(code, code) for code in countries()],
        widget=UnfoldAdminSelectWidget,
        help_text="Whose help lines clients are shown. Confirm the numbers before you open, and once a year.",
    )
    webhook_address = forms.CharField(
        required=False,
        max_length=500,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text="https://... Empty leaves it as it is; a single dash takes it away. A new address gets a new secret.",
    )

    class Meta:
        model = DutySettings
        fields: ClassVar[list[str]] = [
            "country", "decline_represented", "wait_danger_now", "wait_urgent", "page_attention", "wait_attention",
            "max_rounds",
        ]  # fmt: skip
        labels: ClassVar[dict[str, str]] = {
            "wait_danger_now": "Wait at danger now",
            "wait_urgent": "Wait at urgent matters",
            "wait_attention": "Wait at what wants a look",
            "page_attention": "Tell of what wants a look",
            "max_rounds": "Most rounds",
        }

    def clean_webhook_address(self) -> str:
        """Whether a message could go there."""
        typed: str = self.cleaned_data["webhook_address"].strip()
        if typed not in {"", "-"}:
            try:
                duty.check_url(typed)
            except BadSetting as wrong:
                raise forms.ValidationError(str(wrong)) from None
        return typed


@admin.register(DutySettings, site=firm_admin)
class DutySettingsAdmin(FirmChoiceAdmin):
    """One row: help lines, waits, rounds, webhook, whom the firm declines by itself."""

    form = SettingsForm
    list_display = ("__str__", "country", "wait_danger_now", "wait_urgent", "max_rounds", "webhook")
    change_list_template = "intake/admin/duty_list.html"

    @admin.display(description="webhook")
    def webhook(self, row: DutySettings) -> str:
        """Whether there is one; the address itself stays sealed."""
        return "set" if row.webhook_url_ct else "none"

    def has_add_permission(self, request: HttpRequest) -> bool:  # type: ignore[override]
        return super().has_add_permission(request) and not DutySettings.objects.exists()

    def get_urls(self) -> list[URLPattern]:
        test = path("test/", self.admin_site.admin_view(self.test_view), name="intake_dutysettings_test")
        urls: list[URLPattern] = [test, *super().get_urls()]
        return urls

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """With what the firm has to know: whether mail can go out, and who is told when."""
        more = {
            "mail_is_set_up": mail_is_set_up(),
            "may_test": roles.may_manage_users(request.user),
            "failed": Page.objects.filter(status=Page.Status.FAILED).count(),
            **(extra_context or {}),
        }
        shown: HttpResponse = super().changelist_view(request, more)
        return shown

    def save_model(self, request: HttpRequest, obj: DutySettings, form: Any, change: bool) -> None:
        """By the service; a new webhook's secret is shown once."""
        typed = form.cleaned_data["webhook_address"]
        url = None if not typed else "" if typed == "-" else typed
        secret = duty.save_settings(chosen=obj, url=url, user=staff_member(request))
        if secret:
            messages.success(request, f"The webhook's secret, shown this once: {secret}")

    def test_view(self, request: HttpRequest) -> HttpResponse:
        """Send a test page to whoever pressed, and to the webhook."""
        if not roles.may_manage_users(request.user):
            raise PermissionDenied
        if request.method != "POST":
            raise Http404
        for way, code in duty.send_test(user=staff_member(request)):
            if code:
                messages.error(request, f"{way}: not sent ({code}). docs/safety.md says what that means.")
            else:
                messages.success(request, f"{way}: the test page was handed over. Look whether it came.")
        return HttpResponseRedirect(reverse("admin:intake_dutysettings_changelist"))
