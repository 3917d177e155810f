"""`.env.example` documents every setting that the code or the deployment reads, and no other."""

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
        if not (isinstance(node, ast.Call) and node.args):
            continue
        first = node.args[0]
        if not (isinstance(first, ast.Constant) and isinstance(first.value, str) and first.value.isupper()):
            continue
        if isinstance(node.func, ast.Name) and node.func.id == "secret":
            yield from (first.value, f"{first.value}_FILE")
        elif isinstance(node.func, ast.Attribute):
            owner = ast.unparse(node.func.value)
            if (owner == "env" and node.func.attr in READERS) or (owner == "os.environ" and node.func.attr == "get"):
                yield first.value


def asked_by_compose() -> set[str]:
    """What a person may set for docker-compose.yml; sizes have files of their own."""
    asked = set(re.findall(r"(?<!\$)\$\{([A-Z][A-Z0-9_]+)", (ROOT / "docker-compose.yml").read_text()))
    return asked - set(NAME.findall((ROOT / "deploy/presets/small.env").read_text()))


def named_in_deployment() -> set[str]:
    """Every name in what deploys us: Compose and ./deploy.sh read more than they interpolate."""
    files = [ROOT / "docker-compose.yml", ROOT / "deploy.sh", *(ROOT / "deploy").rglob("*.sh")]
    return {word for file in files if file.exists() for word in re.findall(r"\b[A-Z][A-Z0-9_]+\b", file.read_text())}


def test_every_setting_is_documented_and_no_other() -> None:
    documented = NAME.findall((ROOT / ".env.example").read_text())
    assert len(documented) == len(set(documented)), "a setting is documented twice"
    assert read_by_code() | asked_by_compose() <= set(documented)
    assert set(documented) <= read_by_code() | named_in_deployment()


def test_the_example_changes_nothing_as_it_is() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == []
