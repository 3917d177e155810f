"""The table as a file: good rows kept, bad ones by their line."""

from __future__ import annotations

import pytest

from intake.limits.table import EXAMPLES, MAX_ROWS, WrongTable, read_table

HEAD = "state,area,claim,amount,unit,cite,begins,checked,status\n"
GOOD = "tx,TO-00-00-00-00,Personal injury,2,year,Tex. 16.003,injury_date,2026-05-31,\n"


def read(*lines: str) -> tuple[list[int], list[tuple[int, str]]]:
    found = read_table((HEAD + "".join(lines)).encode())
    return [line for line, _row in found.rows], list(found.bad)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("ZZ,TO-00-00-00-00,c,2,years,x,,,", "state"),
        ("TX,TO-99-00-00-00,c,2,years,x,,,", "area"),
        ("TX,TO-00-00-00-00,c,two,years,x,,,", "amount"),
        ("TX,TO-00-00-00-00,c,0,years,x,,,", "amount"),
        ("TX,TO-00-00-00-00,c,-1,years,x,,,", "amount"),
        ("TX,TO-00-00-00-00,c,31,years,x,,,", "amount"),
        ("TX,TO-00-00-00-00,c,99999999999999999999,years,x,,,", "amount"),
        ("TX,TO-00-00-00-00,c,2,weeks,x,,,", "unit"),
        ("TX,TO-00-00-00-00,,2,years,x,,,", "claim is empty"),
        ("TX,TO-00-00-00-00,c,2,years,,,,", "cite is empty"),
        ("TX,TO-00-00-00-00,c,2,years,x,Not a key,,", "begins"),
        ("TX,TO-00-00-00-00,c,2,years,x,,31.5.2026,", "checked"),
        ("TX,TO-00-00-00-00,c,2,years,x,,,sure", "status"),
        ("TX,TO-00-00-00-00,c,2", "4 columns"),
        (f"TX,TO-00-00-00-00,{'c' * 121},2,years,x,,,", "more than 120"),
        (GOOD.strip(), "the same state, area and claim as line 2"),
    ],
)
def test_a_bad_row_is_told_by_its_line_and_the_others_are_kept(line: str, why: str) -> None:
    good, bad = read(GOOD, f"{line}\n", "CA,TO-00-00-00-00,Personal injury,2,years,x,,,\n")
    assert good == [2, 4]
    ((number, said),) = bad
    assert number == 3
    assert why in said


@pytest.mark.parametrize(("data", "why"), [(b"", "empty"), (b"name,role\nx,y\n", "lacks the column state")])
def test_what_is_no_such_table_is_refused_whole(data: bytes, why: str) -> None:
    with pytest.raises(WrongTable, match=why):
        read_table(data)


def test_too_many_rows_are_refused() -> None:
    with pytest.raises(WrongTable, match="more than"):
        read_table((HEAD + "x\n" * (MAX_ROWS + 1)).encode())


def test_latin_1_and_a_mark_are_read() -> None:
    (row,) = read_table((HEAD + GOOD.replace("Personal", "Daño")).encode("latin-1")).rows
    assert row[1].claim.startswith("Daño")
    assert read_table(b"\xef\xbb\xbf" + (HEAD + GOOD).encode()).rows[0][1].state == "TX"


def test_the_shipped_rows_are_examples_each() -> None:
    found = read_table(EXAMPLES.read_bytes())
    assert found.rows
    assert not found.bad
    assert all(row.example for _line, row in found.rows)
