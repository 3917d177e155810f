"""Our JSON reader, which tells lines, against the standard one, which does not."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from intake.playbooks.sources import read_source


@settings(max_examples=200, deadline=None)
@given(st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15) + 1, 10**15 - 1) | st.text(max_size=10),
    lambda part: st.lists(part, max_size=4) | st.dictionaries(st.text(max_size=5), part, max_size=4),
), st.sampled_from([None, 2, "\t"]))  # fmt: skip
def test_our_json_reads_what_json_reads(value: Any, indent: int | str | None) -> None:
    source = read_source(json.dumps(value, indent=indent), "a.json")
    assert not source.problems
    assert source.value == value


@settings(max_examples=300, deadline=None)
@given(st.text('[]{}:,"1e.-0 \nnultrefas\\', max_size=24))
def test_our_json_refuses_what_json_refuses(text: str) -> None:
    try:
        json.loads(text, parse_constant=lambda _: 1 / 0)
    except (ValueError, ZeroDivisionError):
        assert read_source(text, "a.json").problems
