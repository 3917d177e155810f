"""A search of one firm's parties for the command line, opened only when a line asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from intake.conflicts.lines import BadLine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from intake.conflicts.comparing import Name
    from intake.conflicts.lines import Search


def searcher(firm: str) -> Search:
    """A function that searches `firm`, one of its hosts, its schema or its name."""

    def search(name: Name) -> Mapping[str, Any]:
        del name
        raise BadLine("give a firm", "no_firm")

    return search
