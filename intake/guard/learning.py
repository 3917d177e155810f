"""The weights of `sensing`, learned from the examples: `python -m intake.guard.learning`. Run it after a change to the
examples or the rules; a test says when it is due."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from intake.guard.loading import FOLDER, knowledge
from intake.guard.sensing import EXAMPLES, examples, seen, weights_file
from intake.language.guess import LANGUAGES, Language
from intake.language.likeness import Model, digest, train, written
from intake.language.rulebook import files_of
from intake.language.views import view_of


def learned(rows: Iterable[dict[str, Any]], language: Language) -> Model:
    """The model of some examples."""
    finder = knowledge(language).finder
    known = []
    for row in rows:
        view = view_of(row["text"], language)
        known.append((seen(view.words, {hit.pattern.owner for hit in finder.find(view)}), not row["allow"]))
    return train(known)


def made_from(language: Language) -> str:
    """What the weights depend on, in one word."""
    return digest([EXAMPLES, *files_of(FOLDER, language)])


if __name__ == "__main__":
    for spoken in LANGUAGES:
        weights_file(spoken).write_text(written(learned(examples(spoken), spoken), made_from(spoken)), encoding="utf-8")
