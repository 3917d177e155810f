"""A birth year and a place, read out of answers; and the question for them, which tells nobody what is on file."""

from __future__ import annotations

from datetime import date

import pytest

from intake import recording, selectors, services
from intake.conflicts import gate, index
from intake.conflicts.comparing import Name
from intake.conflicts.details import birth_year, city
from intake.conflicts.entries import new_entry, reindex
from intake.interviews import talk_of
from intake.models import ConflictCheck, ConflictEntry, ConflictRules, Fact, Intake, Party, SafetyAlert, Turn
from tests.intake.talk import answer_basics, begin, choose, fresh, say, stage, start, to_review

TODAY = date(2026, 6, 1)


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("1984", 1984), ("'84", 1984), ("84", 1984), ("I was born in 84", 1984), ("nineteen eighty four", 1984),
        ("march 3 1990", 1990), ("she was born in 1970 I think", 1970), ("two thousand one", 2001),
        ("I'm 42 years old", None), ("about 40", None), ("2031", None), ("hello", None), ("i am 34", None),
    ],
)  # fmt: skip
def test_a_birth_year(text: str, year: int | None) -> None:
    assert birth_year(text, TODAY) == year


def test_a_birth_year_in_spanish() -> None:
    assert birth_year("nac\u00ed en el 72", TODAY, "es") == 1972
    assert birth_year("mil novecientos ochenta y cuatro", TODAY, "es") == 1984


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("he lives in Laredo, Texas I think", "Laredo"), ("in el paso", "el paso"), ("New York, NY", "New York"),
        ("houston tx born 1970", "houston"), ("she is about 40 and lives in San Antonio", "San Antonio"),
        ("creo que est\u00e1 en Monterrey, naci\u00f3 en 1975", "Monterrey"),
        ("their office is in Fort Worth", "Fort Worth"),
        ("O'Fallon Missouri", "O'Fallon"), ("vive en la ciudad de M\u00e9xico", "M\u00e9xico"),
        ("I don't know", ""), ("1970", ""), ("no idea", ""), ("he's in jail", ""),
    ],
)  # fmt: skip
def test_a_place(text: str, place: str) -> None:
    assert city(text) == place


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """A firm with a hundred thousand parties."""
    for where in (index, gate):
        monkeypatch.setattr(where, "size_of_index", lambda: 100_000)


def add(name: str, role: str, **more: object) -> ConflictEntry:
    entry = new_entry(Name(name, "person", **more), role)  # type: ignore[arg-type]
    entry.save(force_insert=True)
    return entry


def asked(intake: Intake) -> str:
    return str((selectors.question_of(fresh(intake)) or {}).get("key"))


def begin_with(client: str, other: str, *, year: str = "1984", place: str = "Waco") -> Intake:
    intake = start()
    say(intake, client)
    say(intake, other)
    answer_basics(intake, birth_year=year, other_place=place)
    return fresh(intake)


@pytest.mark.usefixtures("large")
def test_the_question_comes_for_every_common_name_whether_it_is_on_file_or_not() -> None:
    add("Maria Garcia", "adverse", birth_year=1961)
    add("Zbigniew Szczepanik", "client")
    keys = {}
    for name in ("Maria Garcia", "Jose Hernandez", "Zbigniew Szczepanik", "Theodosia Quackenbush"):
        intake = begin_with(name, "Rosalinde Achterberg")
        keys[name] = Turn.objects.filter(intake=intake, question="birth_year").exists()
    assert keys == {
        "Maria Garcia": True, "Jose Hernandez": True, "Zbigniew Szczepanik": False, "Theodosia Quackenbush": False,
    }  # fmt: skip


def test_a_small_firm_asks_nobody() -> None:
    begin_with("Maria Garcia", "John Smith")
    assert not Turn.objects.filter(question__in=("birth_year", "other_place")).exists()


@pytest.mark.usefixtures("large")
def test_a_year_that_agrees_stops_and_another_does_not() -> None:
    add("Maria Garcia", "adverse", birth_year=1961)
    assert stage(begin_with("Maria Garcia", "Rosalinde Achterberg", year="1961")) == "conflict_hold"
    assert stage(begin_with("Maria Garcia", "Rosalinde Achterberg", year="I was born in 1990")) == "story"


@pytest.mark.usefixtures("large")
def test_the_other_side_is_told_apart_by_a_place() -> None:
    add("John Michael Kowalski", "client", city="Waco")
    stopped = begin_with("Theodosia Quackenbush", "John Kowalski", place="he lives in Waco, Texas")
    assert asked(stopped) == "None"
    assert stage(stopped) == "conflict_hold"
    assert stage(begin_with("Theodosia Quackenbush", "John Kowalski", place="somewhere near Tyler")) == "story"


@pytest.mark.usefixtures("large")
def test_not_knowing_goes_on_with_a_note_and_an_alert_unless_the_firm_wants_a_stop() -> None:
    add("John Smith", "client", birth_year=1950)
    intake = begin_with("Theodosia Quackenbush", "John Smith", place="I don't know")
    assert stage(intake) == "story"
    assert [alert.kinds for alert in SafetyAlert.objects.filter(intake=intake)] == [["common_name_matched"]]
    check = ConflictCheck.objects.get(intake=intake)
    assert (check.result, check.why) == ("clear", "")
    assert check.findings[0]["name"] == "John Smith"
    ConflictRules.objects.create(stop_common=True)
    intake = begin_with("Theodosia Quackenbush", "John Smith", place="I'd rather not say")
    assert stage(intake) == "conflict_hold"
    assert ConflictCheck.objects.get(intake=intake).why == "common_name"


@pytest.mark.usefixtures("large")
def test_an_answer_that_is_none_is_asked_once_more_then_left_open() -> None:
    intake = start()
    say(intake, "Maria Garcia")
    say(intake, "Rosalinde Achterberg")
    answer_basics(intake, birth_year="hello there")
    assert stage(intake) == "story"
    assert Turn.objects.filter(intake=intake, role="client", question="birth_year").count() == 2
    assert Fact.objects.get(intake=intake, key="birth_year").state == "unknown"


@pytest.mark.usefixtures("large")
def test_what_was_told_is_sealed_and_kept_with_the_name_for_later_intakes() -> None:
    intake = begin_with("Maria Garcia", "John Kowalski", year="1961", place="Waco")
    entries = {one.party.role: one.record for one in ConflictEntry.objects.filter(party__intake=intake) if one.party}
    assert entries["client"]["birth_year"] == 1961
    assert entries["other_side"]["city"] == "Waco"
    fact = Fact.objects.get(intake=intake, key="birth_year")
    assert fact.value == "1961"
    assert b"1961" not in bytes(fact.value_ct)
    ConflictEntry.objects.filter(party__intake=intake).update(rules=0)
    assert reindex() == 2
    kept = {one.party.role: one.record for one in ConflictEntry.objects.filter(party__intake=intake) if one.party}
    assert kept == entries, "made anew, with what was asked"
    assert stage(begin_with("Rosalinde Achterberg", "Maria Garcia", place="born in 1961")) == "conflict_hold"


@pytest.mark.usefixtures("large")
def test_a_name_that_is_corrected_later_is_asked_about_and_the_way_leads_back() -> None:
    intake = begin_with("Theodosia Quackenbush", "Rosalinde Achterberg")
    say(intake, "They kept my deposit of 900 dollars.")
    to_review(intake)
    turn = Turn.objects.get(intake=intake, role="client", question="other_side")
    say(intake, "John Smith", supersedes=turn.number)
    assert (stage(intake), asked(intake)) == ("basics", "other_place")
    say(intake, "Waco")
    assert stage(intake) == "review"
    say(intake, "John Brown", supersedes=turn.number)
    assert asked(intake) == "other_place", "another name is told apart anew"
    choose(intake, "@unknown")
    assert stage(intake) == "review"
    assert recording.replay(intake.id) == talk_of(fresh(intake))
    services.send_intake(intake_id=intake.id)


@pytest.mark.usefixtures("large")
def test_a_second_opponent_of_a_common_name_stops_nobody_by_it_alone() -> None:
    add("John Smith", "client", birth_year=1950)
    for other in ("John Smith", "Zbigniew Szczepanik"):
        begin(other, "Globex", "Hello.")  # letter by letter the same
    intakes = {}
    for name in ("John Smith", "Zbigniew Szczepanik"):
        intake = start()
        say(intake, "Theodosia Quackenbush")
        say(intake, "Rosalinde Achterberg")
        turn = Turn.objects.get(intake=intake, role="client", question="other_side")
        second = Party(intake=intake, role="other_side", turn=turn, name_hash=gate.name_hash(name))
        second.name = name
        second.save(force_insert=True)
        answer_basics(intake)
        intakes[name] = intake
    assert [stage(one) for one in intakes.values()] == ["story", "conflict_hold"]
    alerts = SafetyAlert.objects.filter(intake=intakes["John Smith"])
    assert [alert.kinds for alert in alerts] == [["common_name_matched"]]


def test_a_small_firm_stops_at_the_name() -> None:
    begin("John Smith", "Globex", "Hello.")
    assert stage(begin("Maria Silva", "John Smith")) == "conflict_hold"
