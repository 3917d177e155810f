"""Text of a playbook -> plain values, and the line of each. YAML in its safe, plain part, or JSON.

No anchors, aliases, tags, several documents or keys given twice: a playbook is edited by people, and what
it says must be what they see. Plain scalars follow YAML 1.2, so `yes` and `no` are words and not booleans.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from json.decoder import scanstring  # type: ignore[attr-defined]  # typeshed leaves it out
from typing import Any, Final

import yaml

from intake.playbooks.problems import Problem

Step = str | int
Path = tuple[Step, ...]

MAX_BYTES: Final = 256 * 1024
MAX_DEPTH: Final = 24
MAX_VALUES: Final = 20_000
_INTEGER: Final = re.compile(r"[-+]?[0-9]{1,15}")
_FLOAT: Final = re.compile(r"[-+]?(?:[0-9]{1,15}\.[0-9]{0,15}|\.[0-9]{1,15})(?:[eE][-+]?[0-9]{1,3})?")
_WORDS: Final = {"": None, "~": None, "null": None, "true": True, "false": False}
_PARSER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def show(path: Path) -> str:
    """`("questions", 3, "type")` -> `questions[3].type`."""
    parts = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return "".join(parts).removeprefix(".")[:200]


@dataclass(slots=True)
class Source:
    """`value`: dicts, lists, strings, numbers, booleans, None. `broken`: places whose value is not to be judged."""

    file: str
    value: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    broken: set[Path] = field(default_factory=set)

    def line(self, path: Path) -> int:
        """The line of `path`, or of the nearest thing around it."""
        for end in range(len(path), -1, -1):
            if path[:end] in self.lines:
                return self.lines[path[:end]]
        return 0

    def complain(self, path: Path, message: str, allowed: str = "", *, line: int | None = None) -> None:
        """Note that `path` is wrong."""
        where = self.line(path) if line is None else line
        self.problems.append(Problem(self.file, where, show(path), message, allowed))


def read_source(content: str | bytes, file: str) -> Source:
    """Never raises: what cannot be read is in `problems`. JSON when `file` ends in `.json`, else YAML."""
    source = Source(file)
    size = len(content) if isinstance(content, bytes) else len(content.encode("utf-8", "replace"))
    if size > MAX_BYTES:
        source.complain((), f"the file has {size:,} bytes", f"at most {MAX_BYTES:,} bytes")
        return source
    try:
        text = content.decode("utf-8-sig") if isinstance(content, bytes) else content.removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        source.complain((), "the file is not UTF-8 text", "UTF-8", line=_line_at(error.object, error.start))
        return source
    if file.lower().endswith(".json"):
        _Json(source, text).read()
    else:
        _read_yaml(source, text)
    return source


def _line_at(data: bytes, position: int) -> int:
    return data.count(b"\n", 0, position) + 1


class _Stop(Exception):
    """Reading on makes no sense: too much, too deep, or not the format at all."""


class _Tree:
    """Collects values as they come, so that nothing nests by recursion and all limits hold in one place."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.count = 0
        self.at: list[tuple[Path, Any]] = []
        self.key: list[Step | None] = []

    def place(self, line: int) -> Path:
        """Where the next value goes."""
        self.count += 1
        if self.count > MAX_VALUES:
            self.source.complain((), "the file has too many values", f"at most {MAX_VALUES:,}", line=line)
            raise _Stop
        path: Path = ()
        if self.at:
            around, box = self.at[-1]
            key = self.key[-1]
            path = (*around, len(box) if isinstance(box, list) else key if key is not None else "?")
        self.source.lines.setdefault(path, line)
        return path

    def put(self, value: Any, line: int) -> Path:
        """A value at its place."""
        path = self.place(line)
        if not self.at:
            self.source.value = value
            return path
        box = self.at[-1][1]
        if isinstance(box, list):
            box.append(value)
            return path
        box.setdefault(self.key[-1], value)
        self.key[-1] = None
        return path

    def open(self, box: list[Any] | dict[Any, Any], line: int) -> Path:
        """A list or mapping begins."""
        if len(self.at) >= MAX_DEPTH:
            self.source.complain((), "values are nested too deeply", f"at most {MAX_DEPTH} levels", line=line)
            raise _Stop
        path = self.put(box, line)
        self.at.append((path, box))
        self.key.append(None)
        return path

    def close(self) -> None:
        """The innermost list or mapping ends."""
        self.at.pop()
        self.key.pop()

    @property
    def wants_key(self) -> bool:
        """Whether the next scalar is a mapping's key."""
        return bool(self.at) and isinstance(self.at[-1][1], dict) and self.key[-1] is None

    def take_key(self, key: str, line: int) -> None:
        """A mapping's key."""
        path, box = self.at[-1]
        if key in box:
            first = self.source.line((*path, key))
            self.source.complain(
                (*path, key), f'"{key[:60]}" stands here again', f"once; first on line {first}", line=line
            )
            key = f"{key} (again, line {line})"
            self.source.broken.add((*path, key))
        self.source.lines[(*path, key)] = line
        self.key[-1] = key


def _read_yaml(source: Source, text: str) -> None:
    tree = _Tree(source)
    documents = 0
    try:
        for event in yaml.parse(text, Loader=_PARSER):
            line = event.start_mark.line + 1 if event.start_mark else 1
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    source.complain((), "a second document begins", "one document in a file", line=line)
                    return
            _take(tree, event, line)
    except _Stop:
        return
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = " ".join(str(part) for part in (error.context, error.problem) if part)
        source.complain((), f"not YAML: {what}", line=mark.line + 1 if mark else 0)
    except (yaml.YAMLError, ValueError) as error:  # a reader's error knows a position, no line
        position = getattr(error, "position", 0)
        source.complain((), "not YAML: a character that no text has", line=text.count("\n", 0, position) + 1)
    if not documents and not source.problems:
        source.complain((), "the file is empty", line=1)
    if source.problems and source.problems[-1].message.startswith("not YAML"):
        source.broken.add(())


def _take(tree: _Tree, event: Any, line: int) -> None:
    source = tree.source
    if isinstance(event, yaml.AliasEvent):
        if tree.wants_key:
            tree.take_key(f"*{event.anchor}", line)
            return
        path = tree.put(None, line)
        source.broken.add(path)
        source.complain(path, f'"*{event.anchor}" repeats another value', "values written out, no aliases", line=line)
    elif isinstance(event, (yaml.ScalarEvent, yaml.CollectionStartEvent)):
        _note_extras(tree, event, line)
        if tree.wants_key:
            _take_key(tree, event, line)
        elif isinstance(event, yaml.ScalarEvent):
            tree.put(_scalar(event), line)
        else:
            tree.open({} if isinstance(event, yaml.MappingStartEvent) else [], line)
    elif isinstance(event, yaml.CollectionEndEvent):
        tree.close()


def _note_extras(tree: _Tree, event: Any, line: int) -> None:
    around = tree.at[-1][0] if tree.at else ()
    path = (*around, tree.key[-1]) if tree.at and tree.key[-1] is not None else around
    if event.anchor is not None:
        tree.source.complain(path, f'"&{event.anchor}" names a value', "values written out, no anchors", line=line)
    if event.tag is not None:
        tree.source.complain(path, f'the tag "{event.tag[:80]}" stands here', "plain values, no tags", line=line)


def _take_key(tree: _Tree, event: Any, line: int) -> None:
    if isinstance(event, yaml.ScalarEvent):
        tree.take_key(event.value, line)
        return
    tree.source.complain(tree.at[-1][0], "a key is a list or a mapping", "words as keys", line=line)
    raise _Stop


def _scalar(event: Any) -> Any:
    """The value of a scalar, as YAML 1.2's core schema reads it, without its octal and hexadecimal numbers."""
    text: str = event.value
    if not event.implicit[0]:
        return text
    if text.lower() in _WORDS and (text.islower() or text.isupper() or text.istitle() or text in {"", "~"}):
        return _WORDS[text.lower()]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


class _Json:
    """The JSON of RFC 8259, read with places: the standard reader tells no line of what it read."""

    _TOKEN = re.compile(r"[ \t\r\n]*(?:(?P<mark>[\[\]{},:])|(?P<string>\")|(?P<word>[-+.\w]+)|(?P<end>\Z))")
    _NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(\.[0-9]{1,15})?([eE][-+]?[0-9]{1,3})?")

    def __init__(self, source: Source, text: str) -> None:
        self.source, self.text, self.position = source, text, 0
        self.line, self.counted = 1, 0
        self.tree = _Tree(source)

    def read(self) -> None:
        """Fills the source."""
        try:
            self._read()
        except _Stop:
            self.source.broken.add(())

    def _read(self) -> None:
        after = "value"  # what has to come: a value, a value or an end, a key, a colon, a comma or an end
        for kind, value in self._tokens():
            after = self._step(after, kind, value)
        if self.tree.at or after == "value":
            self._fail("the file ends too early" if self.text.strip() else "the file is empty")

    def _step(self, after: str, kind: str, value: Any) -> str:
        tree, expects_key = self.tree, after in {"key", "key or end"}
        if kind == "value" and expects_key and isinstance(value, str):
            tree.take_key(value, self.line)
            return "colon"
        if kind == ":" and after == "colon":
            return "value"
        if after in {"value", "value or end"} and kind in {"value", "[", "{"}:
            if kind == "value":
                tree.put(value, self.line)
                return "comma"
            tree.open([] if kind == "[" else {}, self.line)
            return "value or end" if kind == "[" else "key or end"
        ends = kind in {"]", "}"} and tree.at and after in {"comma", "value or end", "key or end"}
        if ends and isinstance(tree.at[-1][1], list) is (kind == "]"):
            tree.close()
            return "comma"
        if kind == "," and after == "comma" and tree.at:
            return "value" if isinstance(tree.at[-1][1], list) else "key"
        self._fail(f"{'a value' if kind == 'value' else kind!r} stands where {after} belongs")
        raise _Stop

    def _tokens(self) -> Iterator[tuple[str, Any]]:
        while True:
            found = self._TOKEN.match(self.text, self.position)
            if found is None:
                self._fail("a character that JSON has not")
                raise _Stop
            self.line += self.text.count("\n", self.counted, found.end())
            self.counted = self.position = found.end()
            if found["end"] is not None:
                return
            if found["mark"]:
                yield found["mark"], None
            elif found["string"]:
                yield "value", self._string()
            else:
                yield "value", self._word(found["word"])

    def _string(self) -> str:
        try:
            value, self.position = scanstring(self.text, self.position, True)
        except json.JSONDecodeError as error:
            self._fail(error.msg[0].lower() + error.msg[1:])
            raise _Stop from None
        return str(value)

    def _word(self, word: str) -> Any:
        if word in {"true", "false", "null"}:
            return _WORDS[word]
        number = self._NUMBER.fullmatch(word)
        if number is None:
            self._fail(f'"{word[:40]}" is no JSON value')
            raise _Stop
        return float(word) if number[1] or number[2] else int(word)

    def _fail(self, message: str) -> None:
        self.source.complain((), f"not JSON: {message}", line=self.line)
