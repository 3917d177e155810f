"""App configuration."""

from django.apps import AppConfig


class TenantsConfig(AppConfig):
    """Firms, domains, keys and schema states: the shared tables in `public`."""

    name = "tenants"
    default_auto_field = "django.db.models.BigAutoField"
