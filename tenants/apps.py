"""App configuration."""

from django.apps import AppConfig


class TenantsConfig(AppConfig):
    """Firms, domains, keys and schema states: the shared tables in `public`."""

    name = "tenants"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make Django's content type cache follow the scope; say how a firm's deletion is made again."""
        from tenants.contenttypes import cache_content_types_per_schema
        from tenants.own_holders import register

        cache_content_types_per_schema()
        register()
