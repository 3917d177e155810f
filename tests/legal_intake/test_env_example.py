"""`.env.example` documents every setting that the code reads, and no other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("legal_intake", "tenants", "intake", "audio")
READERS = {"str", "bool", "int", "float", "list"}
# The environment of any program, not ours to document.
NOT_OURS = {"PATH", "DJANGO_SETTINGS_MODULE"}
# Documented for the programs of the wheel and of Dramatiq, where they are set.
NAME = re.compile(r"^#? ?([A-Z][A-Z0-9_]+)=", re.MULTILINE)


def read_by_code() -> set[str]:
    files = (file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))
    return {name for file in files for name in _names(ast.parse(file.read_text()))} - NOT_OURS


def _names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
            continue
        owner = ast.unparse(node.func.value)
        reads = (owner == "env" and node.func.attr in READERS) or (owner == "os.environ" and node.func.attr == "get")
        first = node.args[0]
        if reads and isinstance(first, ast.Constant) and isinstance(first.value, str) and first.value.isupper():
            yield first.value


def test_every_setting_is_documented_and_no_other() -> None:
    documented = NAME.findall((ROOT / ".env.example").read_text())
    assert set(documented) == read_by_code()
    assert len(documented) == len(set(documented)), "a setting is documented twice"


def test_the_example_changes_nothing_as_it_is() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == []
