"""Addresses in parts: street, unit, city, state, zip; typed or spoken, US order or "calle … número …"."""

from __future__ import annotations

from typing import Final

from intake.understanding.address_parts import house_number, is_ordinal, unit_at, zip_at
from intake.understanding.corrections import denied, pieces
from intake.understanding.digits import element
from intake.understanding.facts import Found
from intake.understanding.heard import Heard, nearest
from intake.understanding.numbers import number_at
from intake.understanding.states import by_city, city_at, last_code, places, without_slips
from intake.understanding.words import plain_words, table, word_set

_MAX_STREET_WORDS: Final = 6
#: Before the name of a city they are a part of it.
_OF_CITIES: Final = frozenset(
    {
        "north",
        "south",
        "east",
        "west",
        "new",
        "fort",
        "old",
        "port",
        "saint",
        "st",
        "lake",
        "little",
        "mount",
        "el",
        "la",
        "san",
        "santa",
    }
)
_MAX_BARE_UNIT: Final = 3


def read_address(heard: Heard, *, asked: bool = True) -> Found | None:
    """The address in an answer as an object of its parts. Not asked: only one with a street."""
    for part in reversed(pieces(without_slips(heard))):
        found = _in_part(part, asked=asked)
        if found is not None:
            return found
    return None


def _in_part(heard: Heard, *, asked: bool) -> Found | None:
    street = _street(heard, asked=asked)
    if street is None and not asked:
        return None
    start, at = (len(heard), 0) if street is None else (street[1], street[2])
    parts: dict[str, str] = {"street": street[0]} if street is not None else {}
    end = at
    unit = unit_at(heard, at)
    ahead = next(
        (u for i in range(start) if heard.norm(i) in table("addresses")["unit_names"] and (u := unit_at(heard, i))),
        None,
    )
    if unit is not None:
        parts["unit"], _, at = unit
        more = unit_at(heard, at)
        if more is not None and more[1] == at and not more[0].startswith("#"):
            parts["unit"], at = f"{parts['unit']} {more[0]}", more[2]  # "building C, apartment 12"
        end = at
    elif ahead is not None and street is not None and ahead[2] <= start:
        parts["unit"], start, _ = ahead
    elif (bare := _bare_unit(heard, at) if street is not None else None) is not None:
        parts["unit"], at = bare
        end = at
    state = _state(heard, at) or (last_code(heard) if street is not None and at < len(heard) - 1 else None)
    code = zip_at(heard, state[2] if state else at)
    limit = state[1] if state else (code[1] if code else len(heard))
    city = _city(heard, at, limit, sure=state is not None or code is not None or street is not None)
    if city is not None:
        parts["city"], first, end = city
        start = min(start, first)
    if state is not None:
        parts["state"], first, end = state
        start = min(start, first)
    if code is not None:
        parts["zip"], first, end = code
        start = min(start, first)
    if not parts or (street is None and not (city or code or state)):
        return None
    left, right = heard.span(start, end)
    return Found(parts, left, right, "the parts of an address")


def _bare_unit(heard: Heard, index: int) -> tuple[str, int] | None:
    """ "eighty eight harbor way twelve san diego": a number between street and city, its "#" not heard."""
    number = house_number(heard, index) if not heard.is_cased and not is_ordinal(heard, index) else None
    if number is None or len(number[0]) > _MAX_BARE_UNIT or not heard.norm(number[1]).isalpha():
        return None
    return f"#{number[0]}", number[1]


def _street(heard: Heard, *, asked: bool) -> tuple[str, int, int] | None:
    """The street with its number, and its words."""
    for index in range(len(heard)):
        box = _po_box(heard, index)
        if box is not None:
            return box
        found = _corner(heard, index) or _number_first(heard, index, asked=asked) or _street_first(heard, index)
        if found is not None:
            return found
    return None


def _corner(heard: Heard, index: int) -> tuple[str, int, int] | None:
    """ "the corner of Fifth and Main", "la esquina de la Quinta con Main"."""
    if heard.norm(index) not in {"corner", "esquina", "intersection"} or heard.norm(index + 1) not in {"of", "de"}:
        return None
    stop = word_set("addresses", "stops") - {"and", "y"}
    at = index + 2
    ends = [i for i in range(at + 1, min(len(heard), at + 4)) if heard.norm(i) in {"and", "y", "con"}]
    if not ends:
        return None
    end = ends[0] + 1
    while end < len(heard) and end - ends[0] < 4 and heard.norm(end) not in stop and "," not in heard.gap(end):
        end += 1
        if heard.norm(end - 1) in table("addresses")["suffixes"]:
            break
    first = " ".join(_word(heard, i, i == at) for i in range(at, ends[0]))
    second = " ".join(_word(heard, i, i == ends[0] + 1) for i in range(ends[0] + 1, end))
    return (f"{first} {'and' if heard.language == 'en' else 'y'} {second}", index, end) if second else None


def _po_box(heard: Heard, index: int) -> tuple[str, int, int] | None:
    for words in (("po", "box"), ("p", "o", "box"), ("post", "office", "box"), ("apartado", "postal")):
        if heard.starts(index, words):
            number = house_number(heard, index + len(words))
            if number is not None:
                return f"PO Box {number[0]}", index, number[1]
    return None


def _number_first(heard: Heard, index: int, *, asked: bool) -> tuple[str, int, int] | None:
    number = house_number(heard, index)
    if number is None:
        return None
    step = number[1]
    while heard.norm(step) in {"de", "la", "del"} and step - number[1] < 2:
        step += 1  # "el 123 de la calle Main"
    if step > number[1] and heard.norm(step)[:1].isdigit():
        return None  # "la traila 12 del 300 River Road"
    number = (number[0], step)
    suffixes = table("addresses")["suffixes"]
    stop = word_set("addresses", "stops")
    for at in range(number[1], min(len(heard), number[1] + _MAX_STREET_WORDS)):
        word = heard.norm(at)
        unsure = not asked and word in word_set("addresses", "unsure_suffixes")
        if word in stop or unsure or "," in heard.gap(at):
            break
        if word in suffixes and (
            at > number[1] or word in {"broadway", "avenue", "calle", "avenida", "highway", "hwy", "route"}
        ):
            end = at + 1
            while heard.norm(end) in suffixes and "," not in heard.gap(end) and end - at < 2:
                end += 1
            if (
                word in {"avenue", "ave", "highway", "route", "calle", "avenida", "county", "road"}
                and len(heard.norm(end)) == 1
                and at == number[1]
            ):
                end += 1
            if (
                (
                    word in {"highway", "route", "avenida", "calle", "hwy"}
                    or heard.norm(at - 1) in {"county", "state", "farm", "ranch", "rural"}
                )
                and (extra := house_number(heard, end))
                and len(extra[0]) <= 3
            ):
                end = extra[1]
            elif word in {"calle", "avenida"} and at == number[1]:
                end = _name_end(heard, end)
            elif word in {"calle", "avenida"} and heard.norm(end) not in word_set("addresses", "unit_words"):
                end = min(end + 1, len(heard))
            if (
                heard.norm(end) in word_set("addresses", "directions")
                and "," not in heard.gap(end)
                and not _city_begins(heard, end)
            ):
                end += 1
            if not heard.is_cased and heard.norm(end + 1) in table("addresses")["unit_names"]:
                near = nearest(heard.norm(end), table("addresses")["common_suffixes"], 0.72)
                if near is not None and heard.norm(end) not in table("addresses")["unit_names"]:
                    return f"{_titled(heard, number, end)} {near.capitalize()}", index, end + 1  # "bend dive apartment"
            return _titled(heard, number, end), index, end
    if not asked:
        return None
    return _without_suffix(heard, index, number) or _misheard_suffix(heard, index, number)


def _city_begins(heard: Heard, index: int) -> bool:
    """ "North Las Vegas", "West Palm Beach": a direction that belongs to a city."""
    goes_on = index + 1 < len(heard) and "," not in heard.gap(index + 1)
    direction = heard.norm(index) in {"north", "south", "east", "west", "norte", "sur"}
    return direction and goes_on and heard.norm(index + 1) not in word_set("addresses", "unit_words")


def _misheard_suffix(heard: Heard, index: int, number: tuple[str, int]) -> tuple[str, int, int] | None:
    """ "twelve oak lame": the kind of street by its sound."""
    if heard.is_cased or "," in heard.gap(number[1]):
        return None
    for at in range(number[1] + 1, min(len(heard), number[1] + 4)):
        if heard.norm(at) in word_set("addresses", "stops") or "," in heard.gap(at):
            return None
        near = nearest(heard.norm(at), table("addresses")["common_suffixes"], 0.72)
        if near is not None:
            return f"{_titled(heard, number, at)} {near.capitalize()}", index, at + 1
    return None


def _without_suffix(heard: Heard, index: int, number: tuple[str, int]) -> tuple[str, int, int] | None:
    """ "1200 Broadway, New York": up to a comma, when a state or a comma follows."""
    at = number[1]
    if heard.norm(at) in word_set("addresses", "no_street") or at >= len(heard):
        return None
    for end in range(at + 1, min(len(heard), at + 4) + 1):
        if "," in heard.gap(end) and heard.norm(end) and heard.raw(at)[:1].isupper():
            return _titled(heard, number, end), index, end
    if index == 0 and at + 1 == len(heard) and heard.norm(at).isalpha() and len(heard.norm(at)) > 2:
        if not heard.is_cased and heard.norm(at) in plain_words("common") - plain_words("surnames"):
            return None
        return _titled(heard, number, at + 1), index, at + 1  # "1 Main" and no more
    if heard.norm(at) in word_set("addresses", "bare_streets"):
        return _titled(heard, number, at + 1), index, at + 1
    return None


def _street_first(heard: Heard, index: int) -> tuple[str, int, int] | None:
    """ "calle Olmo número 12", "avenida Juárez 405"."""
    if heard.norm(index) not in word_set("addresses", "street_first"):
        return None
    for at in range(index + 1, min(len(heard), index + 7)):
        if heard.norm(at) in word_set("addresses", "unit_words") or "," in heard.gap(at):
            break
        number = house_number(heard, at + (heard.norm(at) in {"numero", "number", "no", "num"}))
        if number is not None and at > index + 1 and not is_ordinal(heard, at):
            name = " ".join(_word(heard, i, i == index) for i in range(index, at))
            return f"{name} {number[0]}", index, number[1]
    return None


def _name_end(heard: Heard, index: int) -> int:
    end = index
    while (
        end < len(heard)
        and end - index < 4
        and "," not in heard.gap(end)
        and heard.norm(end) not in word_set("addresses", "stops") | word_set("addresses", "unit_words")
        and not (end > index and (after := city_at(heard, end)) and _ends_there(heard, after))
    ):
        end += 1
    return end


def _ends_there(heard: Heard, index: int) -> bool:
    """Whether a state, digits or nothing stands at `index`."""
    return index == len(heard) or any(place[1] == index for place in places(heard.part(0, index + 4)))


def _word(heard: Heard, index: int, first: bool = False) -> str:
    """A word of a street or city with its capital."""
    raw = heard.raw(index)
    if raw[:1].isupper() and not raw.isupper():
        return raw
    if raw.lower() in {"de", "del", "la", "las", "los", "el", "y", "of", "the"} and not first:
        return raw.lower()
    if raw.lower() in {"nw", "ne", "sw", "se", "n", "s", "e", "w", "us"}:
        return raw.upper()
    return raw[:1].upper() + raw[1:].lower()


def _titled(heard: Heard, number: tuple[str, int], end: int) -> str:
    words: list[str] = []
    at = number[1]
    while at < end:
        if heard.norm(at)[:1].isdigit() and heard.norm(at + 1) in {"st", "nd", "rd", "th"} and at + 1 < end:
            words.append(f"{heard.raw(at)}{heard.norm(at + 1)}")
            at += 2
            continue
        digits = house_number(heard, at) if not is_ordinal(heard, at) else None
        if digits is not None and digits[1] <= end:
            words.append(digits[0])
            at = digits[1]
            continue
        ordinal = _ordinal(heard, at, end)
        if ordinal is not None:
            words.append(ordinal[0])
            at = ordinal[1]
            continue
        words.append(_word(heard, at))
        at += 1
    return " ".join([number[0], *words])


def _ordinal(heard: Heard, index: int, end: int) -> tuple[str, int] | None:
    """ "forty second" as "42nd"; up to "tenth" an ordinal stays a word."""
    ordinals = table("numbers")["ordinal"]
    number = number_at(heard, index)
    if (
        number is None
        or index + 1 >= end
        or heard.norm(index + 1) not in ordinals
        or number.value % 10
        or number.value > 190
    ):
        return None
    value = int(number.value) + ordinals[heard.norm(index + 1)]
    ending = {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    return f"{value}{ending}", index + 2


def _state(heard: Heard, index: int) -> tuple[str, int, int] | None:
    found = [p for p in places(heard, asked=True) if p[1] >= index]
    found = [p for p in found if not denied(heard, p[1])] or found
    if not found:
        return None
    # "New York, New York": the last of neighbours is the state, the first the city
    best = found[0]
    for place in found[1:]:
        if place[1] - best[2] <= 1:
            best = place
    if best[0] == "DC" and heard.norm(best[1]) == "washington":
        best = (best[0], best[1] + 1, best[2])
    return best


def _city(heard: Heard, index: int, limit: int, *, sure: bool) -> tuple[str, int, int] | None:
    """The words between street and state that can be a city."""
    skip = word_set("addresses", "before_city")
    stop = word_set("addresses", "after_city")
    start = index
    if index == 0 and not _starts_plain(heard):
        marks = [i + 1 for i in range(limit) if heard.norm(i) in skip]
        start = marks[-1] if marks else 0
    plain = plain_words("common") - plain_words("surnames") - {"park", "city", "springs", "lake", "new", "little"}
    while start < limit and (
        heard.norm(start) in skip
        or (heard.norm(start) in plain and not (heard.is_cased and heard.raw(start)[:1].isupper() and start))
    ):
        start += 1
    if heard.is_cased and start < limit and not heard.raw(start)[:1].isupper():
        start = next(
            (i for i in range(start, limit) if heard.raw(i)[:1].isupper()), start
        )  # "I always flip it, Duluth"
    while not heard.is_cased and start < limit - 1 and _no_city(heard, start):
        start += 1
    known = _known_city(heard, start, limit)
    if known is not None:
        start, limit = known
    end = start
    while (
        end < limit
        and (heard.is_cased or end == start or element(heard, end) is None)
        and heard.norm(end) not in stop
        and not heard.norm(end)[:1].isdigit()
        and end - start < 4
    ):
        end += 1
        if heard.ends_sentence(end):
            break
    while end > start + 1 and heard.norm(end - 1) in skip and not (heard.is_cased and heard.raw(end - 1)[:1].isupper()):
        end -= 1  # "Nashua to": the word after was misheard or began anew
    if end <= start or not sure:
        found = by_city(heard.part(index, limit)) if limit > index else None
        if found is None:
            return None
        name = heard.text[found.start : found.end]
        first = next(i for i, t in enumerate(heard.tokens) if t.start == found.start)
        last = next(i for i, t in enumerate(heard.tokens) if t.end == found.end)
        return (" ".join(_word(heard, i) for i in range(first, last + 1)) or name), first, last + 1
    return " ".join(_word(heard, i, i == start) for i in range(start, end)), start, end


def _known_city(heard: Heard, start: int, limit: int) -> tuple[int, int] | None:
    """A well known city among misheard words: right before the state ("enero newark"), or first of all ("tampa lo")."""
    if heard.is_cased:
        return None
    for at in range(start, limit):
        end = city_at(heard, at)
        if end and end <= limit and (end == limit or at == start) and heard.norm(at - 1) not in _OF_CITIES:
            return at, end
    return None


def _no_city(heard: Heard, index: int) -> bool:
    """ "lote carro phoenix", "eighty macon": a unit, what was heard for its number, or a number left over."""
    units = word_set("addresses", "unit_words")
    return element(heard, index) is not None or heard.norm(index) in units or heard.norm(index - 1) in units


def _starts_plain(heard: Heard) -> bool:
    return not (word_set("addresses", "before_city") & set(heard.norms[:6]))
