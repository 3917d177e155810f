"""Files -> playbooks. All that is wrong with a file is said at once, with its line."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path as FilePath
from typing import Any, Final

from intake.playbooks.building import block_of, playbook_of, sections_of
from intake.playbooks.checking import check_codes, check_draft, check_sections, check_texts
from intake.playbooks.drafts import RULES, Draft, Part, items, mapping, parts, word
from intake.playbooks.model import FORMAT, SHARED_FORMAT, Block, Playbook, Section
from intake.playbooks.problems import PlaybookError, Problem
from intake.playbooks.shape import check_shape
from intake.playbooks.sources import MAX_BYTES, Path, Source, read_source

DATA: Final = FilePath(__file__).with_name("data")
COMMON: Final = DATA / "common.yaml"
AREAS: Final = FilePath(__file__).parents[1] / "classify" / "areas.yaml"


@dataclass(frozen=True, slots=True)
class Shared:
    """Blocks and sections that every playbook may use. `raw`: the same blocks as they stand in the file."""

    key: str
    version: int
    languages: tuple[str, ...]
    blocks: Mapping[str, Block]
    sections: tuple[Section, ...]
    raw: Mapping[str, Any]


@cache
def known_codes() -> frozenset[str]:
    """The LIST codes this project files matters under."""
    source = read_source(AREAS.read_bytes(), AREAS.name)
    return frozenset(word(area.raw.get("code")) for area in parts(mapping(source.value), "areas"))


@cache
def common() -> Shared:
    """The blocks that ship with this project."""
    found = load(COMMON)
    if not isinstance(found, Shared):
        raise PlaybookError([Problem(str(COMMON), 1, "format", "this is no file of shared blocks", SHARED_FORMAT)])
    return found


@cache
def shipped() -> Mapping[str, Playbook]:
    """The playbooks that ship with this project, by key."""
    found = (load(path) for path in sorted(DATA.glob("*.yaml")) if path != COMMON)
    return {playbook.key: playbook for playbook in found if isinstance(playbook, Playbook)}


def load(path: FilePath) -> Playbook | Shared:
    """The file's playbook, or its shared blocks. PlaybookError: all that is wrong with it."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise PlaybookError([Problem(str(path), 0, "", f"cannot be read: {error.strerror}")]) from None
    return read(content, str(path))


def read_playbook(content: str | bytes, file: str) -> Playbook:
    """`read` for what has to be a playbook. PlaybookError: all that is wrong, or that it holds shared blocks."""
    found = read(content, file)
    if not isinstance(found, Playbook):
        raise PlaybookError([Problem(file, 1, "format", "these are shared blocks and no playbook", FORMAT)])
    return found


def read(content: str | bytes, file: str, *, codes: Collection[str] | None = None) -> Playbook | Shared:
    """The playbook, or the shared blocks, in `content`; `file` names it in errors, and `.json` makes it JSON.

    `codes`: the LIST codes that are allowed; None: those this project knows. PlaybookError: all that is wrong.
    """
    source = read_source(content, file)
    raw = mapping(source.value)
    if () in source.broken or source.value is None:
        raise PlaybookError(source.problems or [Problem(file, 1, "", "the file is empty", FORMAT)])
    check_shape(source)
    languages = tuple(dict.fromkeys(word(one) for one, _ in items(raw, "languages", ()) if word(one)))
    check_sections(source, raw, languages)
    if raw.get("format") == SHARED_FORMAT:
        return _read_shared(source, raw, languages)
    check_texts(source, raw, (), languages)
    check_codes(source, raw, known_codes() if codes is None else codes)
    draft = _draft(source, raw, languages)
    check_draft(draft)
    if source.problems:
        raise PlaybookError(source.problems)
    return playbook_of(raw, draft, common().sections if _uses_shared(raw) else ())


def _uses_shared(raw: Mapping[str, Any]) -> bool:
    """Whether a file leans on the shipped sections: one that declares all it uses is complete by itself."""
    own = {part.key for part in parts(raw, "sections")}
    return "include" in raw or any(word(part.raw.get("section")) not in own for part in parts(raw, "questions"))


def _draft(source: Source, raw: Mapping[str, Any], languages: tuple[str, ...]) -> Draft:
    draft = Draft(source, languages, rules={name: [] for name in RULES})
    included: set[str] = set()
    for name, path in items(raw, "include", ()):
        if isinstance(name, str) and name not in included:
            included.add(name)
            _include(draft, name, path)
    draft.questions += parts(raw, "questions")
    for rule in RULES:
        draft.rules[rule] += parts(raw, rule)
    shared = common().sections if _uses_shared(raw) else ()
    draft.sections = frozenset(part.key for part in parts(raw, "sections")) | {section.key for section in shared}
    return draft


def _include(draft: Draft, name: str, path: Path) -> None:
    shared = common()
    if name not in shared.blocks:
        draft.source.complain(path, f'there is no shared block "{name[:60]}"', ", ".join(shared.blocks))
        return
    lacking = [language for language in draft.languages if language not in shared.languages]
    if lacking:
        allowed = ", ".join(shared.languages)
        draft.source.complain(path, f'the block "{name}" has no words in "{lacking[0][:20]}"', allowed)
    block = shared.raw[name]
    draft.questions += [Part(found.raw, path, own=False) for found in parts(block, "questions")]
    for rule in RULES:
        draft.rules[rule] += [Part(found.raw, path, own=False) for found in parts(block, rule)]


def _read_shared(source: Source, raw: Mapping[str, Any], languages: tuple[str, ...]) -> Shared:
    sections = frozenset(part.key for part in parts(raw, "sections"))
    questions: list[Part] = []
    for block in parts(raw, "blocks"):
        rules = {name: parts(block.raw, name, block.path) for name in RULES}
        own = parts(block.raw, "questions", block.path)
        check_draft(Draft(source, languages, own, rules, sections))
        questions += own
    seen: dict[str, Part] = {}
    for part in [*parts(raw, "blocks"), *questions]:
        other = seen.setdefault(part.key, part)
        if part.key and other is not part and other.path[:2] != part.path[:2]:
            source.complain((*part.path, "key"), f'"{part.key[:60]}" stands here again', "each key once in the file")
    if source.problems:
        raise PlaybookError(source.problems)
    blocks = {word(block["key"]): block for block in raw["blocks"]}
    return Shared(
        key=raw["key"],
        version=raw["version"],
        languages=languages,
        blocks={key: block_of(block) for key, block in blocks.items()},
        sections=sections_of(raw.get("sections", ())),
        raw=blocks,
    )
