"""What the firm should look at in its own playbook before it is published. Nothing here forbids anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from intake.guard import judge
from intake.language.guess import LANGUAGES, guess_language
from intake.language.readability import fernandez_huerta, flesch_kincaid_grade
from intake.language.tokens import words_of
from intake.playbooks.reading import common
from intake.playbooks.telling import LANGUAGE_WORDS, shown
from intake.playbooks.using import never_asked, tested

if TYPE_CHECKING:
    from intake.language.guess import Language
    from intake.playbooks.model import Playbook, Texts

#: Sixth grade, as the tests hold the playbooks that ship to it.
HARDEST_GRADE: Final = 6.9
LOWEST_EASE: Final = 70.0
#: One text alone: the formulas say little of a short one, so only what is far off is named.
HARDEST_ONE: Final = 8.0
LOWEST_ONE: Final = 35.0
MOST_WORDS: Final = 20
#: Fewer words than this say nothing about the language they are in.
_FEW: Final = 4


@dataclass(frozen=True, slots=True)
class Advice:
    """`path`: as in problems; empty: the whole playbook. `text`: the words it is about."""

    path: str
    text: str
    why: str


@dataclass(frozen=True, slots=True)
class Reading:
    """How hard the questions are to read: the US school grade of the English, the ease of the Spanish."""

    grade: float | None
    ease: float | None

    @property
    def english_is_plain(self) -> bool:
        """Sixth grade or easier."""
        return self.grade is None or self.grade <= HARDEST_GRADE

    @property
    def spanish_is_plain(self) -> bool:
        """As easy as sixth grade."""
        return self.ease is None or self.ease >= LOWEST_EASE


def reading_of(playbook: Playbook) -> Reading:
    """How hard the questions are to read, those that are asked."""
    gone = never_asked(playbook)
    asked = [question for question in playbook.questions if question.key not in gone]
    texts: dict[str, list[str]] = {
        language: [
            words[language]
            for question in asked
            for words in (question.wording, question.help or {})
            if language in words
        ]
        for language in LANGUAGES
    }
    return Reading(
        flesch_kincaid_grade(texts["en"]) if texts["en"] else None,
        fernandez_huerta(texts["es"]) if texts["es"] else None,
    )


def advice_on(playbook: Playbook) -> tuple[Advice, ...]:
    """All there is to look at, in the order of the playbook."""
    return (*_languages(playbook), *_stops(playbook), *_words(playbook))


def _languages(playbook: Playbook) -> Iterator[Advice]:
    for language in LANGUAGES:
        if language not in playbook.languages:
            name, other = LANGUAGE_WORDS[language], LANGUAGE_WORDS[playbook.languages[0]]
            yield Advice(
                "languages", "", f"There is no {name}: whoever speaks {name} reads these questions in {other}."
            )


def _stops(playbook: Playbook) -> Iterator[Advice]:
    """The questions whose answers leave a client to a person: who drops them should know what goes with them."""
    asked = {question.key for question in playbook.questions} - never_asked(playbook)
    for block in common().blocks.values():
        gone = [question for question in block.questions if question.key not in asked]
        follow = {key for question in gone for follow_up in question.follow_ups for key in follow_up.ask}
        for question in gone:
            reasons = [
                flag.reason["en"]
                for flag in block.red_flags
                if flag.level == "person" and question.key in tested(flag.condition)
            ]
            if reasons and question.key not in follow:
                why = f'This is not asked. Then nobody at the firm has to decide when: "{reasons[0]}".'
                yield Advice("questions", shown(question), why)


def _words(playbook: Playbook) -> Iterator[Advice]:
    for path, texts in _client_texts(playbook):
        for language in LANGUAGES:
            text = texts.get(language)
            if text is None:
                continue
            place = f"{path}.{language}"
            verdict = judge(text, language=language)
            if not verdict.allow:
                yield Advice(place, text, f"Our own words would not say this: {verdict.why}.")
            if len(words_of(text)) >= _FEW and guess_language(text, language) != language:
                yield Advice(place, text, f"This does not look like {LANGUAGE_WORDS[language]}.")
            if path.endswith((".wording", ".help")) and _is_hard(text, language):
                yield Advice(place, text, "This is hard to read. Shorter words or two sentences help.")


def _is_hard(text: str, language: Language) -> bool:
    if len(text.split()) > MOST_WORDS:
        return True
    if language == "es":
        return fernandez_huerta([text]) < LOWEST_ONE
    return flesch_kincaid_grade([text]) > HARDEST_ONE


def _client_texts(playbook: Playbook) -> Iterator[tuple[str, Texts]]:
    """Everything in a playbook that a client reads, with its path."""
    yield "titles", playbook.titles
    for index, section in enumerate(playbook.sections):
        yield f"sections[{index}].titles", section.titles
    for index, question in enumerate(playbook.questions):
        yield f"questions[{index}].wording", question.wording
        if question.help is not None:
            yield f"questions[{index}].help", question.help
        for number, choice in enumerate(question.choices):
            yield f"questions[{index}].choices[{number}].labels", choice.labels
    for index, paper in enumerate(playbook.documents):
        yield f"documents[{index}].titles", paper.titles
