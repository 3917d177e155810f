"""Our settings with stock django-tenants underneath: its engine, its creation and its migrations."""

from __future__ import annotations

from legal_intake.settings import *  # noqa: F403
from legal_intake.settings import DATABASES, SHARED_APPS, TENANT_APPS

DATABASES = {"default": {**DATABASES["default"], "ENGINE": "django_tenants.postgresql_backend", "OPTIONS": {}}}
SHARED_APPS = [*SHARED_APPS, "bench.stock"]
INSTALLED_APPS = [*SHARED_APPS, *(app for app in TENANT_APPS if app not in SHARED_APPS)]
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SILENCED_SYSTEM_CHECKS = ["django_tenants.W003"]
