"""What an answer says about itself: not known, not told, a wish ("a person, please", "say that again")."""

from __future__ import annotations

from functools import cache
from typing import Final, cast

from intake.understanding.facts import Ask
from intake.understanding.heard import Heard, alike
from intake.understanding.words import phrases, table, word_set

#: Longer turns are stories: a stock phrase in one is no answer to what was asked.
_SHORT: Final = 40
_FUZZY_WORDS: Final = 9
_FUZZY_FLOOR: Final = 0.6


@cache
def _joined(key: str) -> tuple[str, ...]:
    return tuple(" ".join(phrase) for phrase in phrases("stock", key))


def find_phrase(heard: Heard, key: str) -> tuple[int, int] | None:
    """The words of the longest stock phrase of this list; one misheard word is forgiven in a short answer."""
    if not heard.tokens:
        return None
    said = f" {' '.join(heard.norms)} "
    for phrase in _joined(key):
        if f" {phrase} " in said:
            at = heard.find(phrase.split())
            if phrase == "no se" and not _is_no_se(heard, at):
                continue
            return at, at + len(phrase.split())
    return _misheard(heard, key) if len(heard) <= _FUZZY_WORDS else None


def _is_no_se(heard: Heard, at: int) -> bool:
    """Whether "no se" is "no sé": "no, se llama Ana" is a correction."""
    following = heard.norm(at + 2)
    return heard.raw(at + 1).lower() == "sé" or following in word_set("stock", "after_no_se") or at + 2 >= len(heard)


def _misheard(heard: Heard, key: str) -> tuple[int, int] | None:
    """A phrase of which one word was misheard or lost."""
    norms = heard.norms
    for phrase in phrases("stock", key):
        size = len(phrase)
        if size < 3:
            break  # the longest come first
        for at in range(len(norms) - size + 1):
            wrong = [i for i in range(size) if norms[at + i] != phrase[i]]
            if len(wrong) == 1 and norms[at + wrong[0]] in word_set("stock", "others"):
                continue
            if len(wrong) == 1 and alike(norms[at + wrong[0]], phrase[wrong[0]]) >= _FUZZY_FLOOR:
                return at, at + size
        if size >= 4 and len(norms) <= size:
            for lost in range(size):
                shorter = phrase[:lost] + phrase[lost + 1 :]
                at = heard.find(shorter)
                if at >= 0 and phrase[lost] not in {"no", "not", "dont", "prefer", "prefiero"}:
                    return at, at + size - 1
    return None


def _pattern(heard: Heard, key: str) -> tuple[int, int] | None:
    """A denial and, within three words, a verb of telling (refused) or knowing (unknown): "not giving you"."""
    read = table("stock")["patterns"][key]
    for before in read["before"]:
        words = tuple(before.split())
        at = heard.find(words)
        if at < 0:
            continue
        for end in range(at + len(words), min(len(heard), at + len(words) + 3)):
            if (
                heard.norm(end) in read["verbs"]
                and not _by_others(heard, at, at + len(words), end)
                and heard.norm(end + 1) not in {"me", "us", "nos"}
            ):
                return at, end + 1
    return None


def _by_others(heard: Heard, at: int, start: int, end: int) -> bool:
    """Whether it is others who do not tell or know: "they won't give a name", "don't you know"."""
    others = word_set("stock", "others")
    return heard.norm(at - 1) in others or any(word in others for word in heard.norms[start:end])


def untold(heard: Heard) -> tuple[int, int] | None:
    """Where it is said that others never told it or that it was not seen."""
    return find_phrase(heard, "untold") if len(heard) <= _SHORT else None


def refused_contact(heard: Heard) -> tuple[int, int] | None:
    """Where another way to be reached is asked for than the one that was asked about."""
    return find_phrase(heard, "refused_contact") if len(heard) <= _SHORT else None


def has_none(heard: Heard) -> tuple[int, int] | None:
    """Where it is said that there is none: "I don't have one", "no tengo correo"."""
    if len(heard) > _SHORT:
        return None
    return find_phrase(heard, "none") or _pattern(heard, "none") or find_phrase(heard, "without_contact")


def unknown(heard: Heard) -> tuple[int, int] | None:
    """Where it is said that the answer is not known."""
    return (find_phrase(heard, "unknown") or _pattern(heard, "unknown")) if len(heard) <= _SHORT else None


def refused(heard: Heard) -> tuple[int, int] | None:
    """Where it is said that the answer is not to be told."""
    if len(heard) > _SHORT:
        return None
    words = without_fillers(heard)
    if len(words) == 1 and words[0] in word_set("stock", "refused_alone"):
        return 0, len(heard)
    return find_phrase(heard, "refused") or _pattern(heard, "refused")


def unwilling(heard: Heard) -> tuple[int, int] | None:
    """Where it is said that one does not want to, to a question to which that says all."""
    return find_phrase(heard, "unwilling") if len(heard) <= _SHORT else None


def without_fillers(heard: Heard) -> list[str]:
    """The words of an utterance that are no fillers."""
    fillers = word_set("stock", "fillers")
    return [word for word in heard.norms if word not in fillers]


def asks(heard: Heard) -> frozenset[Ask]:
    """What the person wants of the conversation itself."""
    read = table("stock")
    said = f" {' '.join(read['textspeak'].get(word, word) for word in heard.norms[:400])} "
    found = {ask for ask, list_ in read["asks"].items() if any(f" {phrase} " in said for phrase in list_)}
    words = without_fillers(heard)
    if len(words) == 1:
        marked = heard.text.rstrip().endswith("?")
        groups = {**read["asks_alone"], **(read["asks_marked"] if marked else {})}
        found |= {ask for ask, list_ in groups.items() if words[0] in list_}
    if len(heard) > 12:
        found -= {"done", "repeat"} if not said.strip().endswith(tuple(read["asks"]["done"])) else {"repeat"}
    return frozenset(cast("set[Ask]", found))


def without_wishes(heard: Heard) -> Heard:
    """Less what is wished for: "are you a lawyer" is no answer, though "lawyer" could be one."""
    norms = list(heard.norms[:400])
    wished: set[int] = set()
    for stock in table("stock")["asks"].values():
        for phrase in map(str.split, stock):
            for at in range(len(norms) - len(phrase) + 1):
                if norms[at : at + len(phrase)] == phrase:
                    wished.update(range(at, at + len(phrase)))
    kept = tuple(token for at, token in enumerate(heard.tokens) if at not in wished)
    return Heard(heard.text, kept, heard.language)
