"""`migrate_schemas`, stock, over every schema. In public scope only because our models' defaults may ask."""

from __future__ import annotations

from django.core.management import execute_from_command_line

from tenants.context import public_scope

if __name__ == "__main__":
    with public_scope():
        execute_from_command_line(["manage.py", "migrate_schemas", "--verbosity", "0"])
