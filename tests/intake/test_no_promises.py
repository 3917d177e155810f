"""No wording that a client reads says or hints that somebody watches, comes or answers. Reading, later, it may say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from intake.guard.fixing import fixed_texts
from intake.interview.wordings import LOCALES, guided_words
from intake.playbooks.reading import shipped

ROOT = Path(__file__).resolve().parents[2]
PROMISES = re.compile(
    r"""
    \b(?:is|are|will\ be|be)\ (?:watching|monitoring|on\ (?:the|their)\ way|standing\ by|on\ duty)\b
    | \b(?:somebody|someone|a\ person|a\ lawyer|staff|we|they|the\ firm)\ will
        \ (?:call|contact|reach|answer|respond|help|come|reply|be\ there)\b
    | \bhelp\ is\ (?:coming|on)\b | \bwe\ are\ (?:here|with\ you)\b | \bright\ with\ you\b | \bget\ back\ to\ you\b
    | \b(?:alguien|una\ persona|un\ abogado|la\ (?:firma|oficina)|nosotros)\ (?:le\ |lo\ |la\ )?
        (?:vigila|llamará|contestará|responderá|ayudará|vendrá)\b
    | \b(?:le|lo|la)\ (?:llamaremos|contactaremos|responderemos|ayudaremos)\b
    | \bla\ ayuda\ (?:llega|viene)\b | \bestamos\ (?:con\ usted|vigilando)\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
#: Names of help lines and of what they do are theirs.
_THEIRS = ("they will listen", "lo van a escuchar")


def read_by_clients() -> Iterator[str]:
    yield from fixed_texts()
    for locale in LOCALES:
        for ways in guided_words(locale).values():
            yield from ways
    for playbook in shipped().values():
        for question in playbook.questions:
            yield from question.wording.values()
            yield from (question.help or {}).values()
    for path in sorted((ROOT / "frontend" / "src" / "copy").glob("*.ts")):
        yield from path.read_text().splitlines()


def test_no_wording_promises_that_somebody_watches_or_comes() -> None:
    bad = [
        text for text in read_by_clients() if PROMISES.search(text) and not any(theirs in text for theirs in _THEIRS)
    ]
    assert bad == []


@pytest.mark.parametrize(
    "text",
    [
        "Someone is watching this chat.",
        "A lawyer will call you soon.",
        "Help is on the way",
        "Alguien le llamará pronto.",
    ],
)
def test_the_pattern_sees_a_promise(text: str) -> None:
    assert PROMISES.search(text)
