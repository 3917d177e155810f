"""A search of one firm's parties for the command line, opened only when a line asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, get_args

from django.db.utils import DatabaseError

from intake.conflicts.lines import BadLine
from tenants.errors import TenancyError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from intake.conflicts.comparing import Name
    from intake.conflicts.lines import Search
    from tenants.context import FirmRef

_SIDES: Final = ("client", "other_side", "related", "unknown")


def searcher(firm: str) -> Search:
    """A function that searches `firm`, one of its hosts, its schema or its name. It raises BadLine for what keeps it:
    no firm given, no such firm, no database."""
    known: list[FirmRef] = []

    def search(name: Name, side: str) -> Mapping[str, Any]:
        from intake.conflicts import index
        from tenants.context import firm_scope

        if side not in _SIDES:
            raise BadLine(f'"side" is none of {", ".join(get_args(index.Side))}')
        if not firm:
            raise BadLine('a name alone is searched in a firm: give FIRM, or a second name as "b"', "no_firm")
        try:
            if not known:
                known.append(_ref(firm))
            with firm_scope(known[0]):
                return index.search(name, side).as_dict()  # type: ignore[arg-type]
        except TenancyError as error:
            raise BadLine(str(error.args[0]), error.code) from None
        except DatabaseError:
            raise BadLine("no database answers: start it with `make run`, or set DATABASE_URL", "no_database") from None

    return search


def _ref(firm: str) -> FirmRef:
    from tenants.context import public_scope
    from tenants.selectors import WITHOUT_SCHEMA, find_firm

    with public_scope():
        found = find_firm(firm)
    if found.status in WITHOUT_SCHEMA:
        raise BadLine(f"{found.name} is {found.status}: it has no schema to search", "no_schema")
    return found.ref
