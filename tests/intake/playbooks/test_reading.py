"""Bad files: each problem has its file, line, path and what is allowed, and all are said at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from intake.playbooks.model import Test
from intake.playbooks.problems import MAX_PROBLEMS, PlaybookError, Problem
from intake.playbooks.reading import DATA, Shared, common, known_codes, load, read
from intake.playbooks.shape import SCHEMA_FILE
from intake.playbooks.sources import MAX_BYTES, read_source
from tests.intake.playbooks.support import GOOD, as_json_text, broken, line_of, playbook, problems

PUBLISHED = Path(__file__).parents[3] / "schemas" / "playbook.v1.json"

BAD = [
    # what is replaced, by what, the line's text, path, in the message, in what is allowed
    ("type: date", "type: dat", "type: dat", "questions[3].type", '"dat" is not possible', "date_interval, money"),
    ("need: strengthens", "need: maybe", "need: maybe", "questions[2].need", '"maybe"', "required, strengthens"),
    ("es: ¿Cuánto?", "en: Again", "en: Again", "questions[2].wording.en", "stands here again", "once; first on line"),
    (
        "{en: How much?, es: ¿Cuánto?}",
        "{en: How much?}",
        "{en: How",
        "questions[2].wording",
        '"es" is missing',
        "en, es",
    ),
    ("titles: {en: Small, es: Chico}", "titles: {es: Chico}", "titles:", "titles", '"en" is missing', "each of en, es"),
    ("es: Chico", "fr: Petit", "fr: Petit", "titles.fr", '"fr" is not known here', "en, es"),
    (
        "labels: {en: A flat, es: Un piso}",
        "synonyms: {}",
        "code: flat",
        "questions[1].choices[1]",
        '"labels" is missing',
        "",
    ),
    (
        "{en: A flat, es: Un piso}",
        "{en: A flat}",
        "{en: A flat",
        "questions[1].choices[1].labels",
        '"es" is missing',
        "es",
    ),
    (
        "code: flat",
        "code: house",
        "      - code: house\n        labels: {en: A flat",
        "choices[1].code",
        "again",
        "first on",
    ),
    (
        "en: A flat",
        "en: a  HOUSE",
        "en: a  HOUSE",
        "choices[1].labels.en",
        'means the choice "house"',
        "one choice only",
    ),
    ("HO-02-00-00-00", "HO-99-00-00-00", "HO-99", "list_codes[0]", "no LIST code", "HO-02-00-00-00"),
    ("HO-02-00-00-00", "housing", "housing]", "list_codes[0]", '"housing" does not fit', "such as HO-02"),
    (
        "key: since",
        "key: home",
        "key: home\n    section: events\n    type: date",
        "questions[3].key",
        "again",
        "first on",
    ),
    (
        "question: home, is: house",
        "question: hause, is: house",
        "hause",
        "ask_if.question",
        'question "hause"',
        "rents",
    ),
    ("is: house", "is: palace", "is: palace", "ask_if.is", '"palace" is no answer', "house, flat"),
    (
        "{question: home, is: house}",
        "{question: home, at_least: 2}",
        "at_least: 2",
        "at_least",
        "compares",
        "is, in, known",
    ),
    ("{question: home, is: house}", "{question: since, known: true}", "known: true", "known", "circle", ""),
    ("ask: [rent]", "ask: [rant]", "[rant]", "follow_ups[0].ask[0]", 'question "rant"', "rents, home"),
    ("section: money", "section: cash", "section: cash", "questions[2].section", 'no section "cash"', "money, papers"),
    ("at_least: 1000", "is: many", "is: many", "scoring[0].if.is", '"many" is no answer', "a number"),
    ("points: 10", "points: 1000", "points: 1000", "scoring[0].points", "1000 does not fit", "at most 100"),
    ("points: 10", 'points: "10"', 'points: "10"', "scoring[0].points", "wrong kind", "a whole number"),
    ("level: attention", "level: high", "level: high", "red_flags[0].level", '"high"', "person, urgent, attention"),
    ("version: 3", "version: 0", "version: 0", "version", "0 does not fit", "at least 1"),
    ("key: small", "key: Small Book", "key: Small", "key", "does not fit", "a-z"),
    ("languages: [en, es]", "languages: [en, de]", "de]", "languages[1]", '"de" is not possible', "en, es"),
    ("version: 3", "colour: red", "format:", "", '"version" is missing', ""),
    ("version: 3", "version: 3\ncolour: red", "colour", "colour", '"colour" is not known here', "format, key"),
    (
        "type: money",
        "type: money\n    choices: []",
        "choices: []",
        "questions[2].choices",
        "does not fit",
        "only where",
    ),
    ("is: house}", "is: house, in: [flat]}", "in: [flat]", "questions[3].ask_if", "does not fit", "one test on one"),
    ("{question: home, is: house}", "{all: []}", "{all: []}", "ask_if.all", "does not fit", "at least 1"),
    ("{question: home, is: house}", "home == house", "home ==", "ask_if", "wrong kind", "a mapping; one test"),
    (
        "type: money",
        "type: money\n    party: adverse",
        "party",
        "party",
        "a party's answer is a name",
        "name, organisation",
    ),
    ("type: date", "type: name\n    party: adverse", "party", "party", "after the conflict check", "before_gate: true"),
    (
        "type: date",
        "type: date\n    before_gate: true",
        "{question: home",
        "ask_if.is",
        "comes before the conflict",
        "",
    ),
    ("languages:", "include: [nothing]\nlanguages:", "[nothing]", "include[0]", 'block "nothing"', "contact_safety"),
    ("languages:", "include: [age, age]\nlanguages:", "[age, age]", "include", "does not fit", "each once"),
]


@pytest.mark.parametrize(("old", "new", "at", "path", "message", "allowed"), BAD)
def test_each_fault_names_its_line_and_what_is_allowed(
    old: str, new: str, at: str, path: str, message: str, allowed: str
) -> None:
    found = broken(old, new)
    text = GOOD.replace(old, new, 1)
    line = line_of(text, at)
    if message == "circle":
        line, path = line_of(text, "- key: since"), "questions[3]"
    fitting = [p for p in found if p.path.endswith(path) and message in p.message and allowed in p.allowed]
    assert [p.line for p in fitting] == [line], found
    assert fitting[0].file == "small.yaml"
    assert str(fitting[0]).startswith(f"small.yaml:{line}: ")


def test_all_faults_are_said_at_once() -> None:
    text = GOOD
    for old, new in [
        ("type: date", "type: dat"),
        ("{en: How much?, es: ¿Cuánto?}", "{en: How much?}"),
        ("HO-02-00-00-00", "HO-99-00-00-00"),
        ("labels: {en: A flat, es: Un piso}", "synonyms: {}"),
        ("ask: [rent]", "ask: [rant]"),
        ('{question: rents, is: "yes"}', '{question: rented, is: "yes"}'),
    ]:
        assert old in text
        text = text.replace(old, new, 1)
    found = problems(text)
    assert len(found) == 6
    assert [p.line for p in found] == sorted(p.line for p in found)


def test_a_circle_is_shown_as_the_way_it_goes() -> None:
    text = GOOD.replace(
        "    wording: {en: What home?", "    ask_if: {question: since, known: true}\n    wording: {en: What home?"
    )
    (found,) = problems(text)
    assert "home -> since -> home" in found.message
    assert found.line == line_of(text, "- key: home")


def test_a_circle_of_follow_ups_and_conditions_together() -> None:
    text = GOOD.replace("    type: money\n", "    type: money\n    follow_ups:\n      - {known: true, ask: [rents]}\n")
    (found,) = problems(text)
    assert "rents -> rent -> rents" in found.message


def test_every_circle_is_found() -> None:
    text = GOOD.replace(
        "    wording: {en: What home?", "    ask_if: {question: since, known: true}\n    wording: {en: What home?"
    )
    text = text.replace("    type: money\n", "    type: money\n    follow_ups:\n      - {known: true, ask: [rents]}\n")
    assert sum("circle" in p.message for p in problems(text)) == 2


def test_a_condition_looks_back_in_the_order_of_asking() -> None:
    # "rent" stands after "home" in the file and is asked before it, right after "rents".
    playbook(
        GOOD.replace(
            "    wording: {en: What home?", "    ask_if: {question: rent, known: true}\n    wording: {en: What home?"
        )
    )
    text = GOOD.replace("    section: money\n", "    section: money\n    ask_if: {question: home, is: flat}\n")
    (found,) = problems(text)
    assert '"home" is asked later than "rent"' in found.message
    assert found.allowed == "rents"


def test_a_question_of_an_included_block_is_not_defined_again() -> None:
    text = GOOD.replace("languages:", "include: [age]\nlanguages:", 1).replace("key: since", "key: is_adult")
    text = text.replace("question: since", "question: is_adult")
    found = problems(text)
    assert [(p.line, p.path) for p in found] == [(line_of(text, "key: is_adult"), "questions[3].key")]


def test_what_is_included_comes_first_with_its_flags() -> None:
    found = playbook(GOOD.replace("languages:", "include: [age, custody]\nlanguages:", 1))
    assert [q.key for q in found.questions][:4] == ["is_adult", "in_custody", "custody_place", "rents"]
    assert [flag.key for flag in found.red_flags] == ["minor", "in_custody", "no_date"]
    assert [section.key for section in found.sections] == ["standing", "events", "money"]


def test_one_language_is_enough_when_the_file_says_so() -> None:
    text = GOOD.replace("[en, es]", "[es]").replace("languages:", "include: [age]\nlanguages:", 1)
    found = problems(text)
    assert {p.message for p in found} == {'"en" is not among the languages'}
    data = json.loads(as_json_text(text))

    def only_spanish(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: only_spanish(v) for k, v in value.items() if k != "en"}
        return [only_spanish(v) for v in value] if isinstance(value, list) else value

    book = playbook(json.dumps(only_spanish(data)), "x.json")
    assert book.question("is_adult").wording == {"es": "¿Tiene usted 18 años o más?"}


def test_json_reads_like_yaml_and_tells_lines() -> None:
    text = as_json_text(GOOD)
    assert playbook(text, "small.json") == playbook()
    bad = text.replace('"type": "date"', '"type": "dat"')
    (found,) = problems(bad, "small.json")
    assert (found.line, found.path) == (line_of(bad, '"dat"'), "questions[3].type")


def test_plain_yes_is_the_word_yes() -> None:
    assert playbook(GOOD.replace('is: "yes"', "is: yes")) == playbook()
    assert playbook().question("rents").follow_ups[0].test == Test("rents", "is", "yes")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("# nothing\n", "the file is empty"),
        ("null", "the file is empty"),
        ("[1, 2]", "wrong kind"),
        ("just words", "wrong kind"),
        ("a: [1, 2", "not YAML"),
        ("a: b: c", "not YAML"),
        ("a: \x07", "not YAML"),
        ("? [a]\n: b", "a key is a list"),
        ("- " * 40 + "a", "nested too deeply"),
        ("[" * 500, "nested too deeply"),
        ("[" * 50_000, "not YAML"),
        (GOOD + "---\na: 1\n", "a second document"),
        (GOOD.replace("key: small", "key: !!python/object/apply:os.system [ls]"), "the tag"),
        (GOOD.replace("key: small", "key: !!str small"), "the tag"),
        (GOOD.replace("key: small", "key: &k small"), '"&k" names a value'),
        (GOOD.replace("{en: Small, es: Chico}", "&t {en: Small, es: Chico}\nhelp: *t"), '"*t" repeats'),
        ("a: [" + "1," * 30_000 + "1]", "too many values"),
        ("a" * (MAX_BYTES + 1), "bytes"),
    ],
)
def test_files_that_are_no_playbook(text: str, message: str) -> None:
    found = problems(text)
    assert any(message in p.message for p in found), found
    assert len(found) <= MAX_PROBLEMS


def test_an_aliases_bomb_is_refused_before_it_grows() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    found = problems("\n".join(lines))
    assert any("no aliases" in p.allowed for p in found)


def test_bytes_that_are_no_utf_8() -> None:
    (found,) = problems(GOOD.encode() + "# caf\xe9\n".encode("latin-1"))
    assert found.message == "the file is not UTF-8 text"
    assert found.line == GOOD.count("\n") + 1
    assert playbook(b"\xef\xbb\xbf" + GOOD.encode()) == playbook()


def test_what_cannot_be_opened(tmp_path: Path) -> None:
    for path in (tmp_path / "none.yaml", tmp_path):
        with pytest.raises(PlaybookError, match="cannot be read"):
            load(path)


def test_a_file_of_shared_blocks_is_checked_too() -> None:
    text = (DATA / "common.yaml").read_text("utf-8")
    assert isinstance(read(text, "c.yaml"), Shared)
    (found,) = problems(text.replace("question: in_custody, is", "question: held, is"))
    assert 'there is no question "held"' in found.message
    twice = problems(text.replace("key: is_adult", "key: phone").replace("question: is_adult", "question: phone"))
    assert any("each key once" in p.allowed for p in twice)


def test_the_schema_is_good_and_published_as_it_is() -> None:
    schema = json.loads(SCHEMA_FILE.read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert PUBLISHED.read_bytes() == SCHEMA_FILE.read_bytes()


@pytest.mark.parametrize("path", sorted(DATA.glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_files_say_the_same_to_any_yaml_reader(path: Path) -> None:
    import yaml

    value = yaml.safe_load(path.read_text("utf-8"))
    assert read_source(path.read_bytes(), path.name).value == value
    assert not list(Draft202012Validator(json.loads(PUBLISHED.read_text("utf-8"))).iter_errors(value))


def test_codes_come_from_the_areas() -> None:
    assert {"FA-00-00-00-00", "TO-04-01-00-00"} <= known_codes()
    assert len([code for code in known_codes() if code[2:] == "-00-00-00-00"]) == 20
    read(GOOD.replace("HO-02-00-00-00", "XX-01-00-00-00"), "x.yaml", codes={"XX-01-00-00-00"})


def test_common_has_the_questions_every_interview_shares() -> None:
    assert set(common().blocks) == {"contact", "contact_safety", "represented", "age", "custody"}


_JUNK: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.floats()
    | st.sampled_from(["", "yes", "rents", "rent", "é", "\ud800"]),
    lambda part: (
        st.lists(part, max_size=3)
        | st.dictionaries(
            st.sampled_from(["key", "question", "is", "all", "not", "en", "ask", "code"]), part, max_size=3
        )
    ),
    max_leaves=6,
)


def _places(value: Any) -> list[tuple[Any, Any]]:
    keys: list[Any] = (
        list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    )
    return [(value, key) for key in keys] + [found for key in keys for found in _places(value[key])]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_wreck_of_a_playbook_makes_the_reader_fall(data: st.DataObject) -> None:
    value = json.loads(as_json_text(GOOD))
    for _ in range(data.draw(st.integers(1, 3))):
        box, key = data.draw(st.sampled_from(_places(value)))
        if data.draw(st.booleans()):
            box[key] = data.draw(_JUNK)
        elif isinstance(box, dict):
            del box[key]
        else:
            box.insert(key, box[key])
        if not _places(value):
            break
    found: tuple[Problem, ...] = ()
    try:
        read(json.dumps(value), "wreck.json")
    except PlaybookError as error:
        found = error.problems
    assert all(problem.line >= 1 and problem.message for problem in found)


@settings(max_examples=300, deadline=None)
@given(
    st.text(max_size=200) | st.text("[]{}:,-&*!#|>'\"? \nab1~", max_size=60) | st.binary(max_size=60),
    st.sampled_from(["a.yaml", "a.json"]),
)
def test_no_text_makes_the_reader_fall(text: str | bytes, file: str) -> None:
    with pytest.raises(PlaybookError):
        read(text, file)
