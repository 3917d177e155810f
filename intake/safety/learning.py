"""The weights of `sensing`, learned from the examples: `python -m intake.safety.learning`. Run it after a change to
the examples, the senses or the concepts; a test says when it is due."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from intake.language.guess import LANGUAGES, Language
from intake.language.likeness import Model, digest, train, whole, written
from intake.language.rulebook import files_of
from intake.language.views import view_of
from intake.safety.loading import FOLDER
from intake.safety.sensing import EXAMPLES, ORDINARY, SENSES, examples, seen, weights_file
from intake.safety.watching import look

#: How much more an example that tells of danger counts than one that does not: one missed is worse.
WEIGHT: Final = 1.5


def learned(rows: Iterable[dict[str, Any]], language: Language) -> Model:
    """The model of some examples."""
    known = []
    for row in rows:
        view = view_of(row["text"], language)
        known.append((seen(whole(view), look(view, language).marks), bool(row["kind"])))
    return train(known, weight=WEIGHT)


def made_from(language: Language) -> str:
    """What the weights depend on, in one word."""
    return digest([EXAMPLES, ORDINARY, SENSES, *files_of(FOLDER, language)])


if __name__ == "__main__":
    for spoken in LANGUAGES:
        weights_file(spoken).write_text(written(learned(examples(spoken), spoken), made_from(spoken)), encoding="utf-8")
