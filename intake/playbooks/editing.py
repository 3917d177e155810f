"""Changes to a playbook's text that people do not make by hand: its number, and copies under another name."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from intake.playbooks.exporting import export
from intake.playbooks.problems import PlaybookError
from intake.playbooks.reading import read_playbook
from intake.playbooks.sources import read_source

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from intake.playbooks.model import Playbook

_VERSION_LINE: Final = re.compile(r"version:[ \t]*\d+[ \t]*(#.*)?")


def numbered(text: str, version: int) -> str:
    """The same text with this version in it. A text that cannot be read stays as it is.

    In plain YAML only the line of the version changes, so that comments stay; anything else is written anew.
    """
    source = read_source(text, "draft.yaml")
    lines = text.split("\n")
    place = source.line(("version",)) - 1 if ("version",) in source.lines else -1
    if 0 <= place < len(lines) and _VERSION_LINE.fullmatch(lines[place].rstrip("\r")):
        lines[place] = f"version: {version}"
        return "\n".join(lines)
    try:
        return export(replace(read_playbook(text, "draft.yaml"), version=version))
    except PlaybookError:
        return text


def as_yaml(content: str | bytes, file: str) -> str:
    """An imported file as the text that is kept: YAML as it stands, JSON written anew. PlaybookError."""
    playbook = read_playbook(content, file)
    if file.lower().endswith(".json"):
        return export(playbook)
    text = content.decode("utf-8-sig") if isinstance(content, bytes) else content
    return text.removeprefix("\ufeff").replace("\r\n", "\n")


def begun_as(model: Playbook, *, key: str, titles: Mapping[str, str], codes: Iterable[str], version: int) -> Playbook:
    """A new playbook that begins with another one's questions."""
    changes: dict[str, Any] = {"key": key, "titles": dict(titles), "list_codes": tuple(codes), "version": version}
    return replace(model, **changes)
