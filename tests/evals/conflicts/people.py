"""Made-up parties and intakes with the name frequencies of the United States, the same for the same seed.

Names are drawn from the committed frequency tables; a quarter of the surnames, as in the country, are rarer than
the tables go and are put together of halves of others. Nobody here is real.
"""

from __future__ import annotations

import csv
import random
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from intake.conflicts.comparing import Name
from intake.conflicts.tables import given_names, surnames, words

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ROLES: Final = {"client": 22, "former_client": 28, "prospect": 10, "adverse": 30, "related": 9, "institution": 1}
_CITIES: Final = (
    "Houston", "Dallas", "Austin", "San Antonio", "Fort Worth", "El Paso", "Arlington", "Plano", "Laredo", "Lubbock",
    "Irving", "Garland", "Frisco", "McKinney", "Amarillo", "Pasadena", "Mesquite", "Killeen", "McAllen", "Waco",
    "Denton", "Midland", "Odessa", "Tyler", "Beaumont", "Round Rock", "Pearland", "Conroe", "Temple", "Bryan",
)  # fmt: skip
_TRADES: Final = (
    "Plumbing", "Electric", "Roofing", "Construction", "Landscaping", "Trucking", "Auto Repair",
    "Insurance Agency", "Realty", "Dental", "Medical Group", "Pharmacy", "Restaurant", "Catering", "Bakery",
    "Cleaning Services", "Staffing", "Logistics", "Holdings", "Properties", "Investments", "Consulting",
    "Law Firm", "Homes", "Apartments", "Motors", "Foods", "Energy", "Security", "Church", "Academy", "Farms",
    "Partners", "Enterprises", "Industries", "Management", "Transport",
)  # fmt: skip
_FORMS: Final = ("LLC", "Inc.", "Inc", "L.L.C.", "Corp.", "LP", "Co.", "LLC", "")
_RARE_SHARE: Final = 0.26


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody on the firm's list."""

    name: Name
    role: str


class People:
    """Draws names; equal seeds draw equal ones."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        given = given_names()
        self._given = list(given)
        self._men = list(accumulate(men for men, _ in given.values()))
        self._women = list(accumulate(women for _, women in given.values()))
        self._surnames = list(surnames())
        # Words of many names: what such a firm is called tells little, and tells it twice among many.
        self._brands = sorted(word.title() for word in words("common") | words("places") if word.isalpha())
        self._surname_weights = list(accumulate(surnames().values()))

    def person(self, *, year: float, city: float) -> Name:
        """`year`, `city`: how often these are known."""
        pick = self._random
        weights = pick.choice((self._men, self._women))
        said = [self._draw(self._given, weights)]
        if pick.random() < 0.4:
            middle = self._draw(self._given, weights)
            said.append(middle if pick.random() < 0.4 else middle[0] + ".")
        said.append(self._surname())
        if pick.random() < 0.06:
            said.append(self._surname())
        text = " ".join(word.title() for word in said)
        if pick.random() < 0.15:
            text = f"{said[-1].title()}, {' '.join(word.title() for word in said[:-1])}"
        return Name(text, "person", (), self._year() if pick.random() < year else None, self._city(city))

    def organisation(self, *, city: float) -> Name:
        """Family firms, partners, words that many firms are called by, and made-up words."""
        pick, kind = self._random, self._random.random()
        if kind < 0.35:
            name = f"{self._surname().title()} {pick.choice(_TRADES)}"
        elif kind < 0.5:
            name = f"{self._surname().title()} & {self._surname().title()}"
        elif kind < 0.7:
            name = f"{pick.choice(self._brands)} {pick.choice(_TRADES)}"
        elif kind < 0.8:
            name = f"{pick.choice(self._brands)} {pick.choice(self._brands)} {pick.choice(_TRADES)}"
        else:
            name = f"{self._rare().title()} {pick.choice(_TRADES)}"
        return Name(f"{name} {pick.choice(_FORMS)}".strip(), "organisation", (), None, self._city(city))

    def parties(self, count: int) -> Iterator[Party]:
        """A firm's list: two in three are persons."""
        for _ in range(count):
            role = self._random.choices(list(_ROLES), list(_ROLES.values()))[0]
            known = 0.75 if role in {"client", "former_client", "prospect"} else 0.25
            is_person = self._random.random() < 0.67
            name = self.person(year=known, city=0.7) if is_person else self.organisation(city=0.7)
            yield Party(name, role)

    def intakes(self, count: int) -> Iterator[tuple[Name, Name]]:
        """(new client, other side) of people who have nothing to do with the parties."""
        for _ in range(count):
            is_person = self._random.random() < 0.6
            other = self.person(year=0.15, city=0.7) if is_person else self.organisation(city=0.7)
            yield self.person(year=0.9, city=0.95), other

    def _surname(self) -> str:
        return (
            self._rare() if self._random.random() < _RARE_SHARE else self._draw(self._surnames, self._surname_weights)
        )

    def _rare(self) -> str:
        one, other = self._random.sample(self._surnames, 2)
        return one[: max(2, len(one) // 2 + 1)] + other[len(other) // 2 :]

    def _draw(self, names: list[str], weights: list[float]) -> str:
        return self._random.choices(names, cum_weights=weights)[0]

    def _year(self) -> int:
        return round(self._random.triangular(1930, 2005, 1980))

    def _city(self, share: float) -> str:
        return self._random.choice(_CITIES) if self._random.random() < share else ""


def write_csv(path: Path, parties: Iterator[Party]) -> None:
    """In the columns of `manage.py conflicts import`."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("name", "kind", "role", "aliases", "birth_year", "city", "reference"))
        for number, party in enumerate(parties):
            name = party.name
            rows.writerow((name.name, name.kind, party.role, "", name.birth_year or "", name.city, f"M-{number:06d}"))
