"""What must be true of the settings before this serves strangers.

`make run` and the tests are development (`ENVIRONMENT=development`); everything else is production,
and every process of production refuses to start while one of these is wrong. `manage.py check
--deploy` lists the same findings.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connections

from tenants.errors import KeyUnavailable
from tenants.keys import check_master_key

logger = logging.getLogger(__name__)

REQUIRED = {
    "OPERATOR_HOST": "the host of the operator's admin, such as admin.example.org",
    "BASE_DOMAIN": "the domain that new firms' hosts lie under, such as intake.example.org",
    "TRUSTED_PROXIES": "the networks whose X-Forwarded-For is believed, such as 10.0.0.0/8",
}
LEAST_SECRET = 50
ORIGIN = re.compile(r"https://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?")


def findings() -> list[str]:
    """What is unsafe for production, each a sentence that names the setting; empty when well."""
    found = []
    if settings.DEBUG:
        found.append("DEBUG is on: error pages would show strangers our variables. Unset it.")
    if settings.SECRET_KEY == settings.DEFAULT_SECRET_KEY or len(settings.SECRET_KEY) < LEAST_SECRET:
        found.append(f"SECRET_KEY is the default or short: set {LEAST_SECRET} random characters.")
    if settings.EMBEDDED_SERVERS:
        found.append("The embedded servers of `make run` are in use: set DATABASE_URL and REDIS_*_URL.")
    if not (settings.MASTER_KEY or settings.MASTER_KEY_FILE):
        found.append("MASTER_KEY or MASTER_KEY_FILE is missing: firms' keys cannot be opened without it.")
    if settings.ASSETS_ORIGIN and not ORIGIN.fullmatch(settings.ASSETS_ORIGIN):
        found.append(f"ASSETS_ORIGIN is {settings.ASSETS_ORIGIN!r}: set it to https:// and a host, without a path.")
    found += [f"{name} is missing: {meaning}." for name, meaning in REQUIRED.items() if not getattr(settings, name)]
    return found


def refuse_unsafe_settings() -> None:
    """Stop a production process that would serve unsafely.

    Raises:
        ImproperlyConfigured: with every finding, so that one look mends all.
    """
    if settings.ENVIRONMENT == "development":
        return
    if found := findings():
        message = "Refusing to start:\n" + "\n".join(f"  - {line}" for line in found)
        raise ImproperlyConfigured(message)


def stop_when_unsafe() -> None:
    """End a process that is starting, with a message, for unsafe settings or a wrong master key.

    A database that is not there yet, or not migrated, is no reason: the startup probe asks again.
    """
    try:
        refuse_unsafe_settings()
        check_master_key()
    except (ImproperlyConfigured, KeyUnavailable) as error:
        sys.exit(str(error))
    except DatabaseError as error:
        logger.warning("master_key_not_checked", exc_info=error)
    finally:
        connections.close_all()


@register(Tags.security, deploy=True)
def check_settings(app_configs: Any, **_options: Any) -> Sequence[Error]:
    """The same findings for `manage.py check --deploy`."""
    return [Error(line, id="legal_intake.E001") for line in findings()]
