"""A person's name: lead-ins, titles, particles, two surnames, spelled letters, "with a y"."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from intake.understanding.again import nickname_before
from intake.understanding.corrections import pieces
from intake.understanding.facts import Found
from intake.understanding.heard import Heard
from intake.understanding.name_shape import once, restated, shown, without_echo
from intake.understanding.spelling import Spelled, fits, spelled, with_letter
from intake.understanding.words import phrases, plain_words, table, word_set

_MAX_WORDS: Final = 8
_MAX_NAME: Final = 120
_PARTS: Final = {
    "first name": "first", "given name": "first", "primer nombre": "first", "nombre": "first",
    "nombre de pila": "first",
    "last name": "last", "family name": "last", "surname": "last", "apellido": "last", "apellidos": "last",
    "primer apellido": "last", "segundo apellido": "last2", "middle name": "middle", "segundo nombre": "middle",
    "last is": "last", "apellido paterno": "last", "apellido materno": "last2", "middle initial": "middle",
}  # fmt: skip

#: Particles a name can begin with.
_OPENING: Final = frozenset(
    {"de", "del", "van", "von", "st", "saint", "san", "santa", "el", "la", "le", "du", "di", "abu", "ben", "mac", "al"}
)


@dataclass(slots=True)
class _Run:
    """Words that may be a name, with the words of the utterance they take."""

    words: list[str]
    start: int
    end: int
    score: float = 0.0
    places: list[int] = field(default_factory=list)


def read_name(heard: Heard) -> Found | None:
    """The name in an answer to "what is the name?". None: no word in it can be one."""
    if not heard.tokens:
        return None
    heard = heard.part(0, name_clause(heard))
    found: Found | None = None
    for part in pieces(heard):
        read = _in_part(part, found)
        found = read or found
    return found


def name_clause(heard: Heard) -> int:
    """How many words there are before something else is told in the same breath: "Ann Lee and my number is …",
    "Inés Cantú, para servirle". All of them where nothing is, or where no name comes first."""
    ends = [
        at
        for phrase in phrases("names", "goes_on")
        if (at := heard.find(phrase, 1)) > 0 and _best_run(heard.part(0, at)) is not None
    ]
    return min(ends, default=len(heard))


def read_introduced_name(heard: Heard) -> Found | None:
    """A name nobody asked for: after "my name is" and the like, or after "I'm" when the words are known names."""
    for key in ("sure", "unsure"):
        for phrase in phrases("names", key):
            at = heard.find(phrase)
            if at < 0:
                continue
            run = _run_from(heard, at + len(phrase))
            if run is None:
                continue
            plainly = phrase == ("this", "is") and _stands_alone(heard, run)
            known = run.score >= 1 or len(phrase) > 2 or phrase[-1] not in {"name", "nombre"}  # "my name backwards"
            if (key == "sure" and known) or plainly or (run.score >= 2 and len(run.words) >= 2):
                return _finish(heard, _with_letters(heard, run))
    return None


def _stands_alone(heard: Heard, run: _Run) -> bool:
    """Whether two or three words make up all that follows "this is", up to a pause or a new clause."""
    return 2 <= len(run.words) <= 3 and (
        heard.norm(run.end) in {"", "and", "i", "im", "my", "calling"} or "," in heard.gap(run.end)
    )


def _in_part(heard: Heard, earlier: Found | None) -> Found | None:
    by_parts = _by_parts(heard)
    if by_parts is not None:
        return _finish(heard, by_parts)
    run = _best_run(heard)
    letters = list(spelled(heard))
    if run is None and letters:
        run = _only_spelled(heard, letters)
        if earlier is not None:
            return _respelled(heard, earlier, letters)
        return _finish(heard, run) if run is not None else None
    if run is None:
        return _changed_only(heard, earlier)
    run = _after_letters(heard, _with_letters(heard, run), letters)
    found = _finish(heard, run)
    return _merged(found, earlier) if earlier is not None and found is not None else found


def _after_letters(heard: Heard, run: _Run, letters: list[Spelled]) -> _Run:
    """ "I'll spell it, M I K A Y L A, Swope": a given name that was only spelled, right before the others."""
    before = next((one for one in letters if one.end == run.start and len(one.letters) > 2), None)
    if before is None or any(fits(before.letters, word) >= 0.5 for word in run.words):
        return run
    words = [part.capitalize() for part in before.letters.split(" ") if part]
    return _Run([*words, *run.words], before.start, run.end, run.score, [*range(before.start, before.end), *run.places])


def _best_run(heard: Heard) -> _Run | None:
    """The likeliest run of name words: after a lead-in, of known names, in capitals; the earlier of equals."""
    starts = {0: 0.3}
    for phrase in phrases("names", "before"):
        at = heard.find(phrase)
        while at >= 0:
            starts[at + len(phrase)] = max(starts.get(at + len(phrase), 0), 0.4 + 0.3 * len(phrase))
            at = heard.find(phrase, at + 1)
    best: _Run | None = None
    letters = _spelled_places(heard.part(0, 150))
    every: list[_Run] = []
    index = 0
    limit = min(len(heard), 120)
    while index < limit:
        run = _run_from(heard, index, letters)
        if run is None:
            index += 1
            continue
        if run.start - 1 not in letters:
            run.score += max(
                (bonus for place, bonus in starts.items() if run.start - 2 <= place <= run.start), default=0.0
            )
        run.score -= 0.01 * index
        every.append(run)
        if best is None or run.score > best.score:
            best = run
        index = max(run.end, index + 1)
    for run in reversed(every):
        # a name spelled word by word: what stands before its letters belongs to it
        if best is not None and run.end < best.start and letters.issuperset(range(run.end, best.start)):
            best = run
    if best is None or len(every) < 2:
        return best
    cut = nickname_before(heard, best.places, [run.places for run in every if run is not best])
    places = best.places[cut:]
    return _Run(best.words[cut:], places[0], best.end, best.score, places) if cut else best


def _run_from(heard: Heard, index: int, letters: frozenset[int] = frozenset()) -> _Run | None:
    """Name words from `index` on; titles before them are stepped over."""
    titles, suffixes = word_set("names", "titles"), table("names")["suffixes"]
    at = index
    while heard.norm(at) in titles and at - index < 3:
        at += 1
    start = at
    words: list[str] = []
    places: list[int] = []
    while at < len(heard) and len(words) < _MAX_WORDS:
        word = heard.norm(at)
        if words and (heard.ends_sentence(at) and not _is_initial(heard, at - 1)):
            break
        if words and "," in heard.gap(at) and word not in suffixes and not _surname_first(heard, start, at):
            break
        if word in suffixes and words:
            words.append(suffixes[word])
            places.append(at)
            at += 1
            break
        if not _can_be(heard, at, words) or at in letters:
            break
        words.append(heard.raw(at))
        places.append(at)
        at += 1
    while (
        words
        and words[-1].lower() in word_set("names", "particles")
        and len(words[-1]) <= 3
        and not words[-1][:1].isupper()
    ):
        words.pop()
        places.pop()
    if not words:
        return None
    run = _Run(words, start, places[-1] + 1, places=places)
    run.score = _score(heard, run)
    return run


def _spelled_places(heard: Heard) -> frozenset[int]:
    """The words that are letters, spelled or after "with a": no names, though "Kay" and "Dee" sound like some."""
    places = {i for run in spelled(heard) for i in range(run.start, run.end)}
    for index in range(len(heard)):
        after = with_letter(heard, ["x"], index)
        if after is not None:
            places.update(range(index, after[1]))
    return frozenset(places)


def _is_initial(heard: Heard, index: int) -> bool:
    return len(heard.norm(index)) == 1 or heard.norm(index) in word_set("names", "titles") | {"st", "jr", "sr"}


def _surname_first(heard: Heard, start: int, at: int) -> bool:
    """ "Smith, John": one word, a comma, and nothing else but given names."""
    rest = heard.norms[at : at + 3]
    if start or len(heard.norm(start)) < 2 or heard.norm(start) in rest:
        return False
    return at - start == 1 and heard.is_cased and heard.raw(at)[:1].isupper() and len(heard) - at <= 2 and bool(rest)


def _can_be(heard: Heard, index: int, before: list[str]) -> bool:
    word = heard.norm(index)
    if not word or word[0].isdigit():
        return False
    if word in word_set("names", "particles"):
        return _particle_goes_on(heard, index, bool(before))
    if word in word_set("names", "never") or (
        word in word_set("stock", "fillers") and word not in plain_words("given")
    ):
        return (
            heard.is_cased
            and bool(before)
            and heard.raw(index)[:1].isupper()
            and len(word) > 2
            and word not in {"and", "but"}
        )
    if word in plain_words("common") and not (word in plain_words("given") or word in plain_words("surnames")):
        return heard.is_cased and heard.raw(index)[:1].isupper() and (bool(before) or len(heard) <= 3)
    if len(word) == 1:
        following = heard.norm(index + 1)
        lone = (
            len(following) != 1
            and heard.norm(index - 1) not in {"with", "a", "con", "una", "letter", "letra"}
            and (bool(before) or heard.is_cased or heard.norm(index - 1) in word_set("names", "titles"))
        )
        return lone and following not in {"", "and"} and word != "i"
    return True


def _particle_goes_on(heard: Heard, index: int, inside: bool) -> bool:
    """Whether "de", "la", "van" and the like lead on to another name word."""
    at = index
    particles = word_set("names", "particles")
    while heard.norm(at) in particles and at - index < 3:
        at += 1
    word = heard.norm(at)
    if not word or word[0].isdigit() or word in word_set("names", "never") or len(word) == 1:
        return False
    if inside:
        joined = heard.norm(index) in {"y", "e", "i", "o", "do"}
        return not joined or word in plain_words("surnames") or (heard.is_cased and heard.raw(at)[:1].isupper())
    return heard.norm(index) in _OPENING and (
        word in plain_words("surnames") or len(heard) <= 4 or heard.raw(at)[:1].isupper()
    )


def _score(heard: Heard, run: _Run) -> float:
    given, family = plain_words("given"), plain_words("surnames")
    score = 0.0
    for place in run.places:
        word = heard.norm(place)
        score += 1.0 if word in given or word in family else 0.25 if len(word) > 1 else 0.1
        score += 0.5 if heard.is_cased and heard.raw(place)[:1].isupper() else 0.0
    return score - (0.3 if len(run.places) == 1 else 0.0) - 0.4 * max(0, len(run.places) - 5)


def _by_parts(heard: Heard) -> _Run | None:
    """ "first name Ana last name Pérez", in any order."""
    marks: list[tuple[int, int, str]] = []
    for index in range(min(len(heard), 200)):
        for size in (3, 2, 1):
            part = _PARTS.get(" ".join(heard.norms[index : index + size]))
            if part is not None and (not marks or index >= marks[-1][1]):
                marks.append((index, index + size, part))
                break
    kinds = {part for _, _, part in marks}
    if not marks or not (len(kinds) >= 2 or ("last" in kinds and marks[0][0] > 0)):
        return None
    named: dict[str, list[str]] = {}
    if "first" not in kinds and marks[0][0] > 0:
        before = _best_run(heard.part(0, marks[0][0]))
        if before is not None:
            named["first"] = _with_letters(heard.part(0, marks[0][0]), before).words
            again = spelled(heard.part(marks[-1][1], marks[-1][1] + 40))
            if len(before.words) > 1 and again and fits(again[0].letters, before.words[-1]) >= 0.7:
                return _spelled_into(before, again[0])  # "Marcus Tillery, last name T I L L E R Y"
    for i, (_, after, part) in enumerate(marks):
        piece = heard.part(after, marks[i + 1][0] if i + 1 < len(marks) else None)
        run = _best_run(piece)
        letters = spelled(piece)
        if run is not None:
            named.setdefault(part, []).extend(_with_letters(piece, run).words)
        elif letters:
            named.setdefault(part, []).append(letters[0].letters.capitalize())
    named = {part: list(dict.fromkeys(words)) for part, words in named.items()}
    words = [w for part in ("first", "middle", "last", "last2") for w in named.get(part, [])]
    if "first" in named and "last" in named and named["first"][-1:] == named["last"][-1:] and len(named["first"]) > 1:
        words = named["first"]  # "last name Ferris, first name is Tasha, Tasha Ferris"
    return _Run(words, 0, len(heard)) if len(words) >= 2 else None


def _with_letters(heard: Heard, run: _Run) -> _Run:
    """Spelled letters and "with a y" after the name change its words."""
    limit = min(len(heard), run.end + 30)
    for letters in spelled(heard):
        if run.end - 1 <= letters.start <= limit:
            was = run.words
            run = _spelled_into(run, letters)
            following = _run_from(heard, letters.end) if not heard.ends_sentence(letters.end) else None
            if following is not None and following.start == letters.end and len(run.words) == len(was):
                run = _Run(restated(was, run.words, following.words), run.start, following.end, run.score, run.places)
    at = run.end
    while at < limit:
        changed = with_letter(heard, run.words, at)
        if changed is None:
            at += 1
            continue
        was, words = run.words, once(run.words, changed[0])
        following = _run_from(heard, changed[1])
        if following is not None and following.start == changed[1]:
            words = restated(was, words, following.words)
            changed = (words, following.end)
        run = _Run(words, run.start, max(run.end, changed[1]), run.score, run.places)
        at = changed[1]
    return run


def _spelled_into(run: _Run, letters: Spelled) -> _Run:
    """The word that the letters spell takes their spelling; letters like no word are one more word."""
    said = [part for part in letters.letters.split(" ") if part]
    words = list(run.words)
    for part in said:
        scores = [fits(part, word) for word in words]
        best = max(range(len(words)), key=lambda i: (scores[i], i)) if words else -1
        whole = "".join(word.lower() for word in words)
        if len(words) >= 2 and (
            part.lower() == whole or (len(part) > 6 and len(part) == len(whole) and fits(part, whole) > 0.8)
        ):
            at = 0
            for i, word in enumerate(words):
                words[i], at = part[at : at + len(word)].capitalize(), at + len(word)
        elif best >= 0 and scores[best] >= 0.5:
            words[best] = part.capitalize()
        elif best >= 0 and len(words) >= 2 and len(part) > 2 and scores[-1] >= 0.3:
            words[-1] = part.capitalize()
        else:
            words.append(part.capitalize())
    return _Run(words, run.start, max(run.end, letters.end), run.score, run.places)


def _only_spelled(heard: Heard, letters: list[Spelled]) -> _Run | None:
    words = [part.capitalize() for s in letters for part in s.letters.split(" ") if part]
    return _Run(words, letters[0].start, letters[-1].end) if words else None


def _respelled(heard: Heard, earlier: Found, letters: list[Spelled]) -> Found:
    run = _Run(str(earlier.value).split(), 0, len(heard))
    for one in letters:
        run = _spelled_into(run, one)
    start, end = heard.span(letters[0].start, letters[-1].end)
    return Found(shown(run.words, cased=True), min(start, earlier.start), max(end, earlier.end), "spelled again")


def _changed_only(heard: Heard, earlier: Found | None) -> Found | None:
    """ "with a y" alone, after a name said before."""
    if earlier is None:
        return None
    for at in range(len(heard)):
        changed = with_letter(heard, str(earlier.value).split(), at)
        if changed is not None:
            return Found(" ".join(changed[0]), earlier.start, heard.span(at, changed[1])[1], "its spelling corrected")
    return None


def _merged(found: Found, earlier: Found) -> Found:
    """After a correction of one word ("no, Smith with a y") the other words stay."""
    new, old = str(found.value).split(), str(earlier.value).split()
    if len(new) == 1 and len(old) > 1:
        scores = [fits(new[0], word) for word in old]
        best = max(range(len(old)), key=lambda i: (scores[i], i))
        if scores[best] >= 0.4:
            old[best] = new[0]
            return Found(" ".join(old), earlier.start, found.end, "one word of the name corrected")
    return found


def _finish(heard: Heard, run: _Run) -> Found | None:
    words = without_echo(run.words)
    if (
        len(words) >= 2
        and run.places
        and _surname_first(heard, run.start, run.start + 1)
        and "," in heard.gap(run.start + 1)
    ):
        words = [*words[1:], words[0]]
    if len(words) >= 2 and words[0].lower() == words[1].lower():
        words = words[1:]
    value = shown(words, cased=heard.is_cased)[:_MAX_NAME]
    start, end = heard.span(run.start, min(run.end, len(heard)))
    return Found(value, start, end, "words that make a name")
