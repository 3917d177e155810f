"""The firm's admin site."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.decorators import csp_update
from django.templatetags.static import static
from unfold.sites import UnfoldAdminSite

from intake import staff_selectors
from tenants import directory
from tenants.context import current_firm

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

# What the theme (django-unfold 0.91) needs beyond our policy: its Alpine build compiles the
# expressions of its templates, and it writes its colours into a style element. Only pages of the
# admin get it; scripts still come from this host's files alone, and none is inline.
ADMIN_POLICY: Final = {"script-src": [SELF, UNSAFE_EVAL], "style-src": [SELF, UNSAFE_INLINE]}
_with_policy: Callable[[Callable[..., Any]], Callable[..., Any]] = csp_update(ADMIN_POLICY)


class FirmAdminSite(UnfoldAdminSite):
    """Lives in the firm's scope: its accounts, sessions and rows are that schema's and no other's."""

    settings_name = "UNFOLD_FIRM"
    index_template = "intake/admin/index.html"
    enable_nav_sidebar = True
    index_title = "Waiting"

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Callable[..., Any]:
        """Every page of the admin, under its policy."""
        return _with_policy(super().admin_view(view, cacheable))

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Under the same policy, though nobody is logged in yet."""
        show: Callable[..., HttpResponse] = _with_policy(super().login)
        return show(request, extra_context)

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """What needs a person first, with the reason."""
        context = {"needs": staff_selectors.needs_a_person(), **(extra_context or {})}
        response: HttpResponse = super().index(request, context)
        return response


def site_title(_request: HttpRequest) -> str:
    """The firm's name over its admin; the settings name this function."""
    return directory.resolve_firm(current_firm().id).name


def site_icon(_request: HttpRequest) -> str:
    """The icon in the browser's tab, ours for every firm; the settings name this function."""
    return static("intake/icon.svg")


firm_admin = FirmAdminSite(name="admin")
