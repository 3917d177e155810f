"""The weights of `sensing`, learned from the examples: `python -m intake.safety.learning`. Run it after a change to
the examples, the senses or the concepts; a test says when it is due."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from intake.language.guess import LANGUAGES, Language
from intake.language.likeness import Model, digest, pairs_of, stretches, train, whole, written
from intake.language.mishearing import misheard
from intake.language.rulebook import files_of
from intake.language.views import view_of
from intake.safety.loading import FOLDER
from intake.safety.sensing import ORDINARY, SENSES, examples, examples_file, seen, weights_file
from intake.safety.watching import look

#: How much more an example that tells of danger counts than one that does not: one missed is worse.
WEIGHT: Final = 1.5
#: Weights nearer to 0 are left out: half of the table, and no figure tells the difference.
LEAST: Final = 1.0


def learned(rows: Iterable[dict[str, Any]], language: Language) -> Model:
    """The model of some examples."""
    known = []
    for row in rows:
        view = view_of(row["text"], language)
        marks = look(view, language).marks
        known.append((seen(whole(view), marks), bool(row["kind"])))
        if not row["kind"]:
            # Of a text that tells of nothing, no part does: it is the parts that are weighed.
            known += [(seen(part, marks), False) for part in stretches(view) if part != whole(view)]
        for text in misheard(row["text"]):
            view = view_of(text, language)
            known.append((seen(whole(view), look(view, language).marks), bool(row["kind"])))
    return train(known, weight=WEIGHT)


def made_from(language: Language) -> str:
    """What the weights depend on, in one word."""
    return digest([examples_file(language), ORDINARY, SENSES, *files_of(FOLDER, language)])


if __name__ == "__main__":
    for spoken in LANGUAGES:
        rows = examples(spoken)
        said = {pair for row in rows for pair in pairs_of(whole(view_of(row["text"], spoken)).words)}
        table = written(learned(rows, spoken), made_from(spoken), said, LEAST)
        weights_file(spoken).write_text(table, encoding="utf-8")
