"""The fixed words, by key. Plain, warm, at about a sixth-grade level; no advice, no promise.

`WORDINGS` are those of the first form; the guided interview's stand in `words/`, a file a language.

Every stop uses the one text `stopped`, whatever the reason: it must not tell a stranger which
names the firm knows.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Version of the words of a declination. Each is stored with it.
DECLINATION_VERSION: Final = "2026-1"
DEFAULT_LOCALE: Final = "en"
#: The languages that a client is addressed in.
LOCALES: Final = ("en", "es")
_WORDS: Final = Path(__file__).with_name("words")

WORDINGS: Final[dict[str, dict[str, str]]] = {
    "en": {
        "welcome": "Hello, and thank you for reaching out. I am a computer program. I am not a lawyer.",
        "ask_name": "What is your full name?",
        "ask_name_again": "I could not read a name there. What is your full name, as it is on your papers? "
        "The firm needs it to check that it is free to help you.",
        "ask_other_side": "Who is on the other side? Please give the full name of the person or company. "
        "If you do not know, just say so.",
        "ask_other_side_again": "I could not read a name there. What is the name of the person or company "
        "on the other side? If you do not know, just say so.",
        "ask_story": "Please tell me what happened, in your own words. Take your time. "
        "When you have said everything, press Done.",
        "thanks_name": "Thank you.",
        "thanks_other_side": "Thank you, I have that.",
        "noted_unknown": "That is all right.",
        "story_more_0": "Thank you for telling me. Go on when you are ready, or press Done.",
        "story_more_1": "I have that. Is there more you would like to say? If not, press Done.",
        "story_more_2": "I am still with you. Please go on, or press Done when that is everything.",
        "story_first": "I do not have anything yet. Please tell me what happened, in your own words.",
        "corrected": "I have changed that. What you said before is kept too.",
        "correction_unreadable": "I could not read a name there, so I kept what you said before. "
        "You can correct it again.",
        "added": "I have added that.",
        "review": "Please read what I have. You can correct anything. When it is right, press Send.",
        "sent": "Thank you. Your answers are with the firm. Your reference number is {reference}. "
        "This does not make you a client of the firm yet. Legal time limits can apply, "
        "and you may ask another lawyer at any time.",
        "stopped": "Thank you. A person at the firm needs to look at this before we go on, so I will stop "
        "my questions here. Nothing is wrong with your answers. Legal time limits can apply, "
        "so you may want to speak to another lawyer now. You are free to do that at any time.",
        "welcome_back": "Thank you for waiting. We can go on now.",
        "withdrawn": "I have stopped, as you asked. I will not ask anything more. Legal time limits can apply, "
        "and you may ask another lawyer at any time.",
    },
}


@cache
def guided_words(locale: str) -> Mapping[str, tuple[str, ...]]:
    """The guided interview's wordings in `locale`: key -> the ways to say it. KeyError: not one of LOCALES."""
    if locale not in LOCALES:
        raise KeyError(locale)
    raw = yaml.safe_load((_WORDS / f"{locale}.yaml").read_text("utf-8"))
    return {key: tuple(ways) for key, ways in raw.items()}


@cache
def lists() -> Mapping[str, Any]:
    """The words that the engine looks at, by name."""
    found: dict[str, Any] = yaml.safe_load((_WORDS / "lists.yaml").read_text("utf-8"))
    return found


@cache
def third_languages() -> Mapping[str, Mapping[str, str]]:
    """Languages that we do not ask in: code -> `name` for staff, `text` for who writes in it."""
    found: dict[str, dict[str, str]] = yaml.safe_load((_WORDS / "third.yaml").read_text("utf-8"))
    return found


@cache
def word_list(name: str) -> frozenset[str]:
    """The folded words of a list that is one line."""
    return frozenset(lists()[name].split())


def texts(key: str, locale: str) -> tuple[str, ...]:
    """The ways to say `key` in `locale`, or in English where that is not one of ours. KeyError: no such key."""
    return guided_words(locale if locale in LOCALES else DEFAULT_LOCALE)[key]


def words(key: str, locale: str, **values: str) -> str:
    """The text of `key` in `locale`, or in English where that locale lacks it. KeyError: no such key."""
    text = WORDINGS.get(locale, {}).get(key) or WORDINGS[DEFAULT_LOCALE][key]
    return text.format(**values) if values else text
