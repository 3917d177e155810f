"""The JSON Schema's verdict on a file, said so that a person finds the place and knows what is allowed."""

from __future__ import annotations

import json
from functools import cache
from itertools import islice
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, Final

from intake.playbooks.problems import MAX_PROBLEMS

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

    from intake.playbooks.sources import Path, Source

#: A copy is published as /schemas/playbook.v1.json; a test keeps the two equal.
SCHEMA_FILE: Final = FilePath(__file__).with_name("playbook.v1.json")
_KINDS: Final = {
    "object": "a mapping", "array": "a list", "string": "words", "number": "a number", "integer": "a whole number",
    "boolean": "true or false", "null": "nothing",
}  # fmt: skip
_BOUNDS: Final = {
    "minimum": "at least {}", "maximum": "at most {}", "minItems": "at least {} of them",
    "maxItems": "at most {} of them", "uniqueItems": "each once", "const": '"{}"',
    "minLength": "at least {} characters", "maxLength": "at most {} characters",
}  # fmt: skip


@cache
def validator() -> Draft202012Validator:
    """The schema, ready to use. Imported late: only who reads playbooks pays for it."""
    from jsonschema import Draft202012Validator

    return Draft202012Validator(json.loads(SCHEMA_FILE.read_text("utf-8")))


def check_shape(source: Source) -> None:
    """Adds a problem for each place that the schema refuses."""
    for error in islice(validator().iter_errors(source.value), MAX_PROBLEMS * 5):
        path: Path = tuple(error.absolute_path)
        if not any(path[:end] in source.broken for end in range(len(path) + 1)):
            _complain(source, path, error)


def _complain(source: Source, path: Path, error: ValidationError) -> None:
    rule = str(error.validator)
    found: Any = error.instance
    schema: Any = error.schema if isinstance(error.schema, dict) else {}
    wanted: Any = error.validator_value
    described = str(schema.get("description", ""))
    if rule == "required":
        missing = [key for key in wanted if key not in found]
        source.complain(path, f"{quoted(missing)} is missing" if missing else "something is missing", described)
    elif rule == "additionalProperties":
        for key in [key for key in found if key not in schema.get("properties", {})]:
            if (*path, key) not in source.broken:
                source.complain((*path, key), f"{quoted([key])} is not known here", ", ".join(schema["properties"]))
    elif rule == "enum":
        source.complain(path, f"{brief(found)} is not possible", ", ".join(map(str, wanted)))
    elif rule == "type":
        kinds = " or ".join(_KINDS[kind] for kind in ([wanted] if isinstance(wanted, str) else wanted))
        source.complain(path, f"{brief(found)} is of the wrong kind", f"{kinds}; {described}".removesuffix("; "))
    else:
        bound = _BOUNDS.get(rule, "").format(wanted)
        source.complain(path, f"{brief(found)} does not fit", bound or described or rule)


def quoted(words: list[Any]) -> str:
    """`"a", "b"`."""
    return ", ".join(f'"{str(word)[:60]}"' for word in words[:10])


def brief(value: Any) -> str:
    """A value in few characters."""
    if isinstance(value, dict):
        return f"a mapping of {', '.join(str(key)[:30] for key in list(value)[:8])}" if value else "an empty mapping"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    text = json.dumps(value, ensure_ascii=True)
    return text if len(text) <= 80 else f"{text[:76]}..."
