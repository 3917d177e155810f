"""Makes firms in a process of its own: `python -m bench.firm_maker ours|stock time|fill COUNT`.

`time` prints the seconds of each creation as a JSON list; `fill` makes schemas as fast as they can be
made, for the bench of migrations.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable


def main(side: str, act: str, count: int) -> None:
    """Set Django up for the side and do the act."""
    import django

    django.setup()
    {"ours": {"time": _time_ours, "fill": _fill_ours}, "stock": {"time": _time_stock, "fill": _fill_stock}}[side][act](
        count
    )


def _time_ours(count: int) -> None:
    from tenants import provisioning, services

    provisioning.migrate_public()

    def create(number: int) -> None:
        services.create_firm(
            name=f"Firm {number}", host=f"firm-{number}.localhost", admin_email="a@firm.example", actor="bench"
        )

    _print_times(create, count)


def _time_stock(count: int) -> None:
    from django.contrib.auth import get_user_model
    from django_tenants.utils import tenant_context  # noqa: TID251 - the peer

    from tenants.models import Domain, Firm

    _migrate_stock_public()

    def create(number: int) -> None:
        firm = Firm(schema_name=f"t_firm{number}", name=f"Firm {number}")
        firm.save(verbosity=0)
        Domain.objects.create(domain=f"firm-{number}.localhost", tenant=firm, is_primary=True)
        with tenant_context(firm):
            get_user_model().objects.create_superuser("a@firm.example", None)

    _print_times(create, count)


def _fill_ours(count: int) -> None:
    from tenants import provisioning, services

    provisioning.migrate_public()
    for number in range(count):
        services.create_firm(
            name=f"Firm {number}", host=f"firm-{number}.localhost", admin_email="a@firm.example", actor="bench"
        )
    sys.stdout.write("\n[]\n")


def _fill_stock(count: int) -> None:
    """One schema by stock's own migrations; the others from our template, with that one's record of migrations."""
    from django.db import connection

    from tenants import template
    from tenants.models import Firm

    _migrate_stock_public()
    Firm(schema_name="t_first", name="First").save(verbosity=0)
    text = template.TEMPLATE_FILE.read_text()
    for number in range(1, count):
        schema = f"t_more{number}"
        with connection.cursor() as cursor:
            cursor.execute(text.replace(template.PLACEHOLDER, schema))
            cursor.execute(
                f"TRUNCATE {schema}.django_migrations; INSERT INTO {schema}.django_migrations "
                "SELECT * FROM t_first.django_migrations"
            )
    Firm.objects.bulk_create(Firm(schema_name=f"t_more{n}", name=f"More {n}") for n in range(1, count))
    sys.stdout.write("\n[]\n")


def _migrate_stock_public() -> None:
    from django.core.management import call_command

    from tenants.context import public_scope

    with public_scope():
        call_command("migrate_schemas", schema_name="public", verbosity=0)


def _print_times(create: Callable[[int], None], count: int) -> None:
    create(count)  # imports and caches, on both sides
    times = []
    for number in range(count):
        began = time.perf_counter()
        create(number)
        times.append(time.perf_counter() - began)
    sys.stdout.write("\n" + json.dumps(times) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
