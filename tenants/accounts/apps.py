"""App configuration."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Users of one schema: staff of a firm, or operators."""

    name = "tenants.accounts"
    label = "accounts"
    default_auto_field = "django.db.models.BigAutoField"
