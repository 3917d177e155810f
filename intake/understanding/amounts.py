"""Amounts: a number, or [low, high] when a range was said; and sums of money."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from intake.understanding.corrections import pieces, standing
from intake.understanding.facts import Found, State
from intake.understanding.heard import Heard
from intake.understanding.numbers import Number, number_at, tidy, word_value
from intake.understanding.words import table, word_set

_RANGE: Final = frozenset({"to", "or", "and", "through", "a", "o", "y", "u", "hasta", "til", "until"})
#: Dollars an hour from which "seven fifty" is dollars and cents.
_MIN_WAGE: Final = 7
_ONLY: Final = frozenset({"only", "really", "actually", "solo", "nomas", "realmente"})
_NOW: Final = frozenset({"now", "ahora", "ahorita", "currently", "actualmente", "todays"})
_BETWEEN: Final = frozenset({"between", "entre", "from", "de", "desde"})


@dataclass(frozen=True, slots=True)
class Amount:
    """One number or range with the words it takes."""

    low: float
    high: float
    start: int
    end: int
    state: State = "stated"

    @property
    def value(self) -> int | float | list[int | float]:
        return tidy(self.low) if self.low == self.high else [tidy(self.low), tidy(self.high)]


def read_money(heard: Heard, *, asked: bool = True) -> Found | None:
    """The sum in an answer, in the country's currency. Not asked: only one that is called money."""
    for part in reversed(pieces(heard)):
        every = _standing_now(part, concluded(part, standing_amounts(part, amounts(part, money=True))))
        every = _between_those(part, every)
        marked = [a for a in every if has_currency(part, a)]
        chosen = marked or (every if asked else [])
        if chosen:
            amount = chosen[0] if marked else _most_likely_sum(part, chosen)
            start, end = part.span(amount.start, amount.end)
            return Found(amount.value, start, end, "a number said as money", amount.state)
    return (nothing(heard, "nothing_money") or _not_a_dime(heard)) if asked else None


def concluded(heard: Heard, found: list[Amount], *, count: bool = False) -> list[Amount]:
    """ "from 900 to 1100, so 1100 now", "… o sea mil ochocientos": the last sum, when it is drawn from the others."""
    if len(found) < 2 or found[-1].low != found[-1].high:
        return found
    last = found[-1]
    between = heard.norms[max(found[-2].end, last.start - 3) : last.start]
    after = heard.norms[last.end : last.end + 3]
    drawn: object = {"so", "total", "sea", "altogether", "entonces"} & set(between) or {"total", "altogether"} & set(
        after
    )
    drawn = drawn or (not count and {"now", "ahora"} & set(after))
    return [last] if drawn else found


def _between_those(heard: Heard, found: list[Amount]) -> list[Amount]:
    """ "a veces dos mil, a veces dos mil cuatrocientos", "one says 310, the other 280, between those": a range."""
    if len(found) != 2 or any(a.low != a.high for a in found):
        return found
    said = f" {' '.join(heard.norms)} "
    if not any(said.count(f" {phrase} ") >= count for phrase, count in table("amounts")["varies"].items()):
        return found
    low, high = sorted((found[0].low, found[1].low))
    return [Amount(low, high, found[0].start, found[1].end)] if low < high else found


def _standing_now(heard: Heard, found: list[Amount]) -> list[Amount]:
    """ "it was 900, now it's 1,050": the sum of today; what was before is left out."""
    now = [a for a in found if _NOW & set(heard.norms[max(0, a.start - 4) : a.start])]
    if len(found) > 1 and len(now) == 1:
        return now
    kept = [a for a in found if not _was(heard, a)] or found
    if len(kept) > 1:
        between = set(heard.norms[kept[-2].end : kept[-1].start])
        if between & {"but", "pero"} and between & _ONLY:
            return kept[-1:]  # "they said three hundred but I only owe two hundred"
    return kept


def _was(heard: Heard, amount: Amount) -> bool:
    before = heard.norms[max(0, amount.start - 4) : amount.start]
    return (
        before[:2] == ("used", "to") or before[1:3] == ("used", "to") or heard.norm(amount.end) in {"before", "antes"}
    )


def _not_a_dime(heard: Heard) -> Found | None:
    """ "didn't pay a dime", "no me dio ni un quinto"."""
    coins, negatives = word_set("amounts", "coins"), word_set("yes_no", "negatives") | {"ni"}
    for index, word in enumerate(heard.norms[:60]):
        if word in coins and negatives & set(heard.norms[max(0, index - 6) : index]):
            start, end = heard.span(index, index + 1)
            return Found(0, start, end, f'not a "{word}"')
    return None


def standing_amounts(heard: Heard, found: list[Amount]) -> list[Amount]:
    """Those that are not denied or taken back."""
    return [found[i] for i in standing(heard, [(a.start, a.end) for a in found])]


def amounts(heard: Heard, *, money: bool) -> list[Amount]:
    """Every number or range, in order."""
    found: list[Amount] = []
    index = 0
    while index < len(heard):
        first = _one(heard, index, money=money)
        if first is None:
            index += 1
            continue
        amount = _range(heard, index, first, money=money)
        found.append(amount)
        index = amount.end
    return found


def _one(heard: Heard, index: int, *, money: bool) -> Number | None:
    """One number from `index`. Money: "two fifty" is 250, "23 dollars and 50 cents" is 23.5."""
    word = heard.norm(index)
    if word in {"un", "una", "uno"} and heard.language != "es":
        return None
    if _is_article(heard, index, money=money):
        return None
    number = number_at(heard, index)
    if number is None:
        return None
    if _glued_thousand(heard, number):
        number = Number(number.value * 1000, number.end + 1, "scale", True)
    elif _glued_million(heard, number):
        number = Number(number.value * 1_000_000, number.end + 1, "scale", True)
    if money and heard.language == "es" and _thousand_left_out(heard, number):
        rest = number_at(heard, number.end)
        number = Number(number.value * 1000 + rest.value, rest.end, "hundred") if rest is not None else number
    if money:
        number = _two_groups(heard, index, number)
        number = _with_cents(heard, number)
    return number


def _thousand_left_out(heard: Heard, number: Number) -> bool:
    """ "tres cuatrocientos": three thousand four hundred, as it is said of money."""
    following = word_value(heard.norm(number.end), heard.language)
    return (
        not number.written
        and number.kind == "unit"
        and number.value > 0
        and following is not None
        and following[0] == "hundred"
        and following[1] > 100
    )


def _is_article(heard: Heard, index: int, money: bool) -> bool:
    """ "one" and "un" that mean "a": before a word that is nothing countable."""
    word, following = heard.norm(index), heard.norm(index + 1)
    if word in {"un", "una"} and following in word_set("amounts", "heaps"):
        return True
    if word in {"un", "una"}:
        return money and word_value(following, heard.language) is None and following not in {"peso", "dolar"}
    if word == "one" and heard.norm(index - 1) in {"that", "this", "which", "another", "every", "each", "any"}:
        return True
    if word == "one":
        return following in {"of", "day", "time", "thing", "moment", "second", "more"} and (
            money or following != "time"
        )
    return word in {"second"}


def _glued_thousand(heard: Heard, number: Number) -> bool:
    """ "5k": the tokeniser parts a figure from its letter."""
    return number.written and heard.norm(number.end) == "k" and number.kind == "figure"


def _glued_million(heard: Heard, number: Number) -> bool:
    return number.written and number.kind == "figure" and heard.norm(number.end) == "m" and heard.gap(number.end) == ""


def _two_groups(heard: Heard, index: int, number: Number) -> Number:
    if number.written or not 1 <= number.value <= 99 or number.kind not in {"unit", "teen", "ten"}:
        return number
    following = number_at(heard, number.end)
    if following is None or following.written or heard.norm(number.end) in {"a", "half", "un", "una"}:
        return number
    if not 10 <= following.value <= 99 or following.kind not in {"ten", "teen", "unit"}:
        return number
    del index
    after = heard.norms[following.end : following.end + 2]
    if after[:1] and after[0] in word_set("amounts", "currency"):
        after = heard.norms[following.end + 1 : following.end + 3]
    hourly = after in {("an", "hour"), ("per", "hour"), ("a", "hour"), ("la", "hora"), ("por", "hora")} or after[
        :1
    ] == ("hourly",)
    if hourly and number.value >= _MIN_WAGE:
        return Number(number.value + following.value / 100, following.end, "decimal")  # "fifteen fifty an hour"
    return Number(number.value * 100 + following.value, following.end, "hundred")


def _with_cents(heard: Heard, number: Number) -> Number:
    currency, cents = word_set("amounts", "currency"), word_set("amounts", "cents")
    if heard.norm(number.end) in cents:
        return Number(number.value / 100, number.end + 1, "decimal", number.written)
    if heard.norm(number.end) in currency:
        at = number.end + 1 + (heard.norm(number.end + 1) in {"and", "con", "y"})
        small = number_at(heard, at)
        if small is not None and small.value < 100 and heard.norm(small.end) in cents:
            return Number(number.value + small.value / 100, small.end + 1, "decimal", number.written)
    if heard.norm(number.end) in {"and", "con", "y"} and number.value >= 1:
        small = number_at(heard, number.end + 1)
        if small is not None and small.value < 100 and heard.norm(small.end) in cents:
            return Number(number.value + small.value / 100, small.end + 1, "decimal", number.written)
    if heard.norm(number.end) == "con" and not number.written and number.value < 1000:
        small = number_at(heard, number.end + 1)
        if small is not None and 5 <= small.value < 100 and heard.language == "es":
            return Number(number.value + small.value / 100, small.end, "decimal")
    return number


def _range(heard: Heard, index: int, first: Number, *, money: bool) -> Amount:
    """A range when a second number follows; else the one number, with "at most" and the like."""
    at = first.end
    currency = word_set("amounts", "currency")
    while (
        heard.norm(at) in currency
        or (heard.norm(at) == "a" and heard.norm(at + 1) in word_set("amounts", "units_of_time"))
        or (heard.norm(at) in word_set("amounts", "units_of_time") and heard.norm(at - 1) == "a")
    ):
        at += 1
    joint = heard.norm(at)
    opened = any(word in _BETWEEN for word in heard.norms[max(0, index - 2) : index])
    dash = heard.gap(at).strip(" $") in {"-", "\u2013", "\u2014"}
    is_joint = joint in {"to", "or", "o", "u", "a", "hasta", "through", "maybe", "perhaps", "quiza", "quizas"}
    is_joint = is_joint or (opened and joint in _RANGE)
    if money and at > first.end and heard.norm(at - 1) in currency and (twice := _side_by_side(heard, at, first)):
        return Amount(first.value, twice.value, index, twice.end)
    if is_joint or dash:
        second_at = at if dash else at + 1
        while heard.norm(second_at) in {
            "maybe",
            "perhaps",
            "like",
            "about",
            "quiza",
            "quizas",
            "tal",
            "vez",
            "even",
            "hasta",
        }:
            second_at += 1
        second = _one(heard, second_at, money=money)
        if second is not None:
            low, high = _scaled(first, second)
            if low < high:
                return Amount(low, high, index, second.end)
    elif opened and joint and (second := _one(heard, at + 1, money=money)) is not None:
        low, high = _scaled(first, second)  # the joint was misheard
        if low < high:
            return Amount(low, high, index, second.end)
    return _bounded(heard, index, first)


def _side_by_side(heard: Heard, index: int, first: Number) -> Number | None:
    """ "three hundred dollars four hundred dollars": two sums with nothing between them are a range."""
    second = _one(heard, index, money=True)
    if second is None or heard.norm(second.end) not in word_set("amounts", "currency") or second.value <= first.value:
        return None
    return second if first.value * 2 >= second.value else None


def _scaled(first: Number, second: Number) -> tuple[float, float]:
    """ "two to three thousand": the scale belongs to both."""
    low, high = first.value, second.value
    for scale in (1_000_000, 1000, 100):
        if low < 100 and high >= scale and high % scale == 0 and low < high / scale <= 100 and low * scale < high:
            wanted = second.kind in {"scale", "hundred", "decimal"}
            return (low * scale, high) if wanted else (low, high)
    return low, high


def _bounded(heard: Heard, index: int, number: Number) -> Amount:
    """ "under 500" is [0, 500]; "at least 3" is 3, inferred."""
    before = " ".join(heard.norms[max(0, index - 3) : index])
    read = table("amounts")
    at_least = any(before.endswith(phrase) for phrase in read["at_least"] if phrase.startswith("no "))
    little = before.endswith(("little under", "just under", "bit under", "shy of", "poco menos de"))
    for phrase in read["at_most"] if not at_least and not little else ():
        grown = phrase == "up to" and heard.norm(index - 3) in {"its", "is", "now", "went", "got", "gone", "thats"}
        if before.endswith(phrase) and not grown:
            return Amount(0, number.value, index, number.end)
    hedged = any(before.endswith(phrase) for phrase in read["at_least"])
    return Amount(number.value, number.value, index, number.end, "inferred" if hedged else "stated")


def has_currency(heard: Heard, amount: Amount) -> bool:
    """Whether an amount is called money."""
    start = heard.tokens[amount.start].start
    if heard.text[max(0, start - 2) : start].strip().endswith(("$", "\u20ac", "\u00a3")):
        return True
    marks = word_set("amounts", "currency") | word_set("amounts", "cents")
    last = heard.norm(amount.end - 1)
    if last in {"grand", "k"} or last in marks:
        return True
    inside = heard.norms[amount.start : amount.end]
    ahead = heard.norms[amount.end : amount.end + 2]
    if ahead[:1] and ahead[0] in marks:
        return True
    return any(word in marks for word in inside) or (len(ahead) == 2 and ahead[0] == "de" and ahead[1] in marks)


def _most_likely_sum(heard: Heard, found: list[Amount]) -> Amount:
    """Without a currency: not the number of weeks or years, but the largest other one."""
    not_sums = word_set("amounts", "units_of_time") | word_set("amounts", "countable")
    kept = [a for a in found if heard.norm(a.end) not in not_sums] or found
    return max(kept, key=lambda a: (a.high, a.low < a.high))


def nothing(heard: Heard, key: str) -> Found | None:
    """Zero, when a phrase of this list says so."""
    joined = f" {' '.join(heard.norms)} "
    for phrase in table("amounts")[key]:
        if f" {phrase} " in joined:
            words = tuple(phrase.split())
            at = heard.find(words)
            start, end = heard.span(at, at + len(words))
            return Found(0, start, end, f'"{phrase}" is no money')
    return None
