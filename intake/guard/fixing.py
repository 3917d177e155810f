"""The list of hashes in `allowed.txt`, made from the files of fixed words: `python -m intake.guard.fixing`.

Fixed are: the safety words and the lines of the hotlines, the sentence on time limits, the declinations, and the
interview's own wordings that have nothing filled in. Each whole text and each of its sentences is on the list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from intake.classify import areas, questions
from intake.guard.allowing import digest
from intake.guard.judging import sentences_of
from intake.interview.agreeing import versions
from intake.interview.wordings import DEFAULT_LOCALE, LOCALES, WORDINGS, guided_words, third_languages
from intake.language.guess import LANGUAGES
from intake.language.views import load_yaml
from intake.playbooks.reading import shipped
from intake.safety.helping import countries, fixed_words, hotlines

FILE: Final = Path(__file__).with_name("allowed.txt")
_HEAD: Final = "# sha256 of fixed words, normalised. Made by `python -m intake.guard.fixing`; do not edit.\n"
#: The words of mails and text messages to clients.
_MESSAGES: Final = Path(__file__).parents[1] / "contact" / "words"
_FILLED: Final = re.compile(r"\{\w+\}")


def fixed_texts() -> Iterator[str]:
    """Every fixed text, whole; a text with something filled in is left to the rules."""
    for texts in load_yaml(Path(__file__).with_name("fixed.yaml")).values():
        yield from texts
    yield from _leaves(fixed_words())
    for country in countries():
        for hotline in hotlines(country, unverified=True):
            yield from (hotline.line(language) for language in LANGUAGES)
    for wordings in WORDINGS.values():
        yield from wordings.values()
    for agreements in versions().values():
        for paragraphs in agreements.notice.values():
            yield from paragraphs
        for words in agreements.consents.values():
            yield from (text for wording in words.values() for text in (wording.ask, wording.more, wording.back))
    for locale in LOCALES:
        for ways in guided_words(locale).values():
            yield from ways
    for file in sorted(_MESSAGES.glob("*.yaml")):
        yield from _leaves(load_yaml(file))
    yield from (language["text"] for language in third_languages().values())
    yield from _authored()
    yield from _areas()


def _areas() -> Iterator[str]:
    """The areas' names, which stand on buttons, and the sentence that says which was noted: ours too, and few."""
    for locale in LOCALES:
        for area in areas().values():
            yield area.names.get(locale) or area.names[DEFAULT_LOCALE]
        for way in guided_words(locale)["read.area"]:
            for area in areas().values():
                yield way.format(value=area.names.get(locale) or area.names[DEFAULT_LOCALE])


def _authored() -> Iterator[str]:
    """The questions that people wrote: of every playbook that ships, and those that tell areas apart."""
    for playbook in shipped().values():
        for question in playbook.questions:
            yield from question.wording.values()
            yield from (question.help or {}).values()
    for authored in questions().values():
        yield from authored.texts.values()
        yield from (label for choice in authored.choices for label in choice.labels.values())


def _leaves(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for child in node.values():
            yield from _leaves(child)
    else:
        yield str(node)


def listing() -> str:
    """What `allowed.txt` must hold."""
    hashes: set[str] = set()
    for text in fixed_texts():
        parts = [part for part in (text, *sentences_of(text)) if part.strip() and not _FILLED.search(part)]
        hashes.update(digest(part) for part in parts)
    return _HEAD + "".join(f"{value}\n" for value in sorted(hashes))


if __name__ == "__main__":
    FILE.write_text(listing(), encoding="ascii")
