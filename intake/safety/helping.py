"""The fixed words for an alarm, and the numbers of a country to go with them. Written by people, nothing made up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

from intake.language.guess import Language
from intake.language.views import load_yaml
from intake.safety.loading import KINDS
from intake.safety.watching import Alarm

#: Whose numbers are given where a country has none of its own: the country the service is made for.
DEFAULT_COUNTRY: Final = "US"
_HERE: Final = Path(__file__).parent
_CALL: Final = {"en": ("call {0}", "text {0}"), "es": ("llame al {0}", "mande un texto: {0}")}


@dataclass(frozen=True, slots=True)
class Hotline:
    """One number. `verified`: found as given at `source` on the day `checked`; nobody has rung it."""

    country: str
    names: dict[str, str]
    call: str
    text: dict[str, str]
    kinds: tuple[str, ...]
    hours: dict[str, str]
    languages: tuple[str, ...]
    source: str
    checked: date
    verified: bool

    def line(self, language: Language) -> str:
        """The hotline in one line for a client: its name, how to reach it, and when."""
        call, text = _CALL[language]
        ways = [way.format(number) for way, number in ((call, self.call), (text, self.text[language])) if number]
        reach = f": {', '.join(ways)}" if ways else ""
        hours = f" ({self.hours[language]})" if self.hours[language] else ""
        return f"{self.names[language]}{reach}{hours}."


def countries() -> tuple[str, ...]:
    """The countries that have numbers, ISO 3166 two letters."""
    return tuple(_hotlines())


def hotlines(country: str, kinds: tuple[str, ...] = KINDS, *, unverified: bool = False) -> tuple[Hotline, ...]:
    """The numbers of `country` for any of `kinds`, most urgent first; of the United States where it has none.

    Those nobody could check are left out unless `unverified`.
    """
    known = _hotlines().get(country.upper()) or _hotlines()[DEFAULT_COUNTRY]
    return tuple(h for h in known if set(h.kinds) & set(kinds) and (h.verified or unverified))


def words_for(alarm: Alarm, *, language: Language, country: str = DEFAULT_COUNTRY) -> tuple[str, ...]:
    """What to say to the person about `alarm`, line by line; nothing for none. Every line is a fixed text."""
    if not alarm.alarm:
        return ()
    words = fixed_words()[language]
    by_kind: dict[str, str] = words[alarm.level]
    kinds = [kind for kind in alarm.kinds if kind in by_kind][:2]
    lines = [words["lead"][alarm.level], *(by_kind[kind] for kind in kinds)]
    lines += [hotline.line(language) for hotline in hotlines(country, tuple(kinds))]
    if alarm.level == "danger_now":
        lines += [words["limits"], words["safe"], words["leave"]]
    return tuple(lines)


@cache
def fixed_words() -> dict[str, Any]:
    """The wordings file as it is."""
    read: dict[str, Any] = load_yaml(_HERE / "wordings.yaml")
    return read


@cache
def _hotlines() -> dict[str, tuple[Hotline, ...]]:
    read = load_yaml(_HERE / "hotlines.yaml")
    return {country: tuple(_hotline(country, row) for row in rows) for country, rows in read.items()}


def _hotline(country: str, row: dict[str, Any]) -> Hotline:
    return Hotline(
        country=country,
        names={"en": row["name"], "es": row.get("name_es", row["name"])},
        call=row["call"],
        text={"en": row.get("text", ""), "es": row.get("text_es", row.get("text", ""))},
        kinds=tuple(row["kinds"]),
        hours={"en": row["hours"], "es": row.get("hours_es", row["hours"])},
        languages=tuple(row["languages"]),
        source=row["source"],
        checked=row["checked"],
        verified=row["verified"],
    )
