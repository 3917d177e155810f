"""How well the facts of a labelled set are understood: typed, and as recognised at 10 % and 20 % word error."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, Final

from intake.language.tokens import fold
from intake.understanding.lines import answer
from tests.evals.noise import recognised

Line = dict[str, Any]
#: Word error rates as recognised, with the ending of their figures' names.
RATES: Final = {0.0: "", 0.1: "_noise10", 0.2: "_noise20"}
SEED: Final = 20_261_127
_DAYS_APART: Final = 7


def score(path: Path) -> dict[str, float | int]:
    """`precision`, `recall`, `f1`, `f1_TYPE` for each type; all again with `_noise10` and `_noise20`: as recognised.

    `left_noise10`, `left_noise20`: the share of the facts that the misheard words still hold, which no reader exceeds.
    """
    from tests.evals.understanding.ceiling import left  # it reads with what is defined here

    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    found: dict[str, float | int] = {"count": len(lines)}
    for rate, ending in RATES.items():
        totals: dict[str, Counter[str]] = {}
        for line in lines:
            kind = line.get("question", {}).get("type", "no_question")
            counted = counts(line, understood(line, rate))
            for key in ("", f"_{kind}"):
                totals.setdefault(key, Counter()).update(counted)
        for key, counted in totals.items():
            precision = _share(counted["right"], counted["found"])
            recall = _share(counted["right"], counted["labelled"])
            if not key:
                found[f"precision{ending}"] = precision
                found[f"recall{ending}"] = recall
            found[f"f1{key}{ending}"] = _share(2 * precision * recall, precision + recall)
        if rate:
            still = sum((left(line, rate, SEED) for line in lines), Counter[str]())
            found[f"left{ending}"] = _share(still["left"], still["told"])
    return found


def understood(line: Line, rate: float = 0.0) -> list[dict[str, Any]]:
    """The facts found in a line; at a rate above zero in its text as recognised."""
    text, language = line["text"], line.get("lang", "en")
    if rate:
        text = recognised(text, language, rate=rate, seed=SEED)
    facts: list[dict[str, Any]] = answer(text, language, line)["facts"]
    return facts


def counts(line: Line, facts: list[dict[str, Any]]) -> Counter[str]:
    """How many facts are labelled, found, and both; each label is met once."""
    labels, facts = in_parts(line["facts"]), in_parts(facts)
    open_labels = list(labels)
    right = 0
    for fact in facts:
        label = next((one for one in open_labels if same(one, fact)), None)
        if label is not None:
            right += 1
            open_labels.remove(label)
    return Counter(labelled=len(labels), found=len(facts), right=right)


def in_parts(facts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each part of an address counts as a fact of its own."""
    parts: list[dict[str, Any]] = []
    for fact in facts:
        if isinstance(fact["value"], dict):
            parts += [
                {**fact, "key": f"{fact['key']}.{'zip' if part == 'postcode' else part}", "value": value}
                for part, value in fact["value"].items()
            ]
        else:
            parts.append(fact)
    return parts


def same(label: dict[str, Any], fact: dict[str, Any]) -> bool:
    """Key and value are the same, capitals and accents aside. Unknown and refused must be just that."""
    if label["key"] != fact["key"]:
        return False
    if label["value"] is None or fact["value"] is None:
        return label["value"] is None and fact["value"] is None and label["state"] == fact["state"]
    return bool(plain(label["value"]) == plain(fact["value"]))


def plain(value: Any) -> Any:
    """A value as it is compared."""
    if isinstance(value, str):
        words = fold(value).replace(",", " ").replace(".", " ").replace("-", " ") if not _is_fixed(value) else value
        return " ".join(words.split())
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [plain(part) for part in value]
    return value


def _is_fixed(value: str) -> bool:
    """Whether a value is a date, interval, phone number or e-mail address, of which every sign counts."""
    if "@" in value or value.startswith("+"):
        return True
    try:
        return bool(date.fromisoformat(value[:10]))
    except ValueError:
        return False


def _share(part: float, whole: float) -> float:
    return round(part / whole, 4) if whole else 0.0


def wrong(path: Path, rate: float = 0.0) -> Iterator[tuple[str, str, list[Any], list[Any]]]:
    """Each line whose facts are not exactly those labelled: id, text, labels, found. For looking at one's own set."""
    for raw in path.read_text(encoding="utf-8").splitlines():
        line = json.loads(raw)
        facts = understood(line, rate)
        counted = counts(line, facts)
        if not counted["right"] == counted["found"] == counted["labelled"]:
            text = recognised(line["text"], line.get("lang", "en"), rate=rate, seed=SEED) if rate else line["text"]
            yield (
                line["id"],
                text,
                [(f["key"], f["value"], f["state"]) for f in line["facts"]],
                [(f["key"], f["value"], f["state"]) for f in facts],
            )
