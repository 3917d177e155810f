"""Lists of parties: good rows are kept, bad ones told by their line, and twice is once."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from intake.conflicts.comparing import Name
from intake.conflicts.importing import import_file
from intake.conflicts.index import search
from intake.models import ConflictEntry
from tenants.context import FirmRef, public_scope
from tenants.errors import InvalidInput

HEAD = "name,kind,role,aliases,birth_year,city,reference\n"


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "parties.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_rows_are_added_once_however_often_they_come(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        HEAD + "José Núñez,person,client,Pepe Núñez; Grupo Núñez SA,1961,El Paso,M-1\n"
        '"Acme, Inc.",company,opposing party,,,,\n"Acme, Inc.",company,opposing party,,,,\n',
    )
    done = import_file(path)
    assert (done.added, done.known, done.bad) == (2, 1, 0)
    assert (import_file(path).added, ConflictEntry.objects.count()) == (0, 2)
    (match,) = search(Name("Grupo Nunez"), "other_side").hits
    assert (match.name, match.role) == ("José Núñez", "client")
    assert search(Name("Acme"), "client").hits
    record = ConflictEntry.objects.get(role="client").record
    assert (record["birth_year"], record["city"], record["reference"]) == (1961, "El Paso", "M-1")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
def test_either_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    import_file(written(tmp_path, HEAD + "Begoña Núñez,person,client,,,,\n", encoding))
    assert search(Name("Begona Nunez"), "other_side").hits[0].name == "Begoña Núñez"


def test_bad_rows_are_told_by_line_and_good_ones_kept(tmp_path: Path) -> None:
    text = HEAD + (
        "Ann Oak,person,client,,,,\n"
        ",person,client,,,,\n"
        "!!!,person,client,,,,\n"
        "Bo Elm,person,landlord,,,,\n"
        "Cy Ash,robot,client,,,,\n"
        "\n"
        "Di Fir,person,client,,next year,,\n"
        "Ed Yew,person,client,,,,,too,many\n"
        f"{'x' * 500},person,client,,,,\n"
        "Flo Bay,person,adverse,,1970,,\n"
    )
    done = import_file(written(tmp_path, text, "latin-1"))
    assert done.added == 2
    assert [row.line for row in done.told] == [3, 4, 5, 6, 8, 9, 10]
    assert done.bad == 7
    assert "role" in done.told[2].why
    assert {e.record["name"] for e in ConflictEntry.objects.all()} == {"Ann Oak", "Flo Bay"}


def test_columns_come_in_any_order_and_by_semicolon(tmp_path: Path) -> None:
    import_file(written(tmp_path, "Role;Name\nformer client;Katherine Vandermeer\n"))
    assert search(Name("Kathy Vandermeer"), "other_side").hits


def test_a_quote_that_does_not_end_spoils_no_more_than_it_must(tmp_path: Path) -> None:
    done = import_file(
        written(tmp_path, HEAD + 'Ann Oak,person,client,,,,\n"Bo Elm,person,client,,,,\nCy Ash,person,client,,,,\n')
    )
    assert (done.added, done.told[0].line) == (2, 3)


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "\x00\x01"])
def test_a_file_without_a_heading_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InvalidInput, match="first line"):
        import_file(written(tmp_path, text))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        import_file(tmp_path / "none.csv")


def test_no_query_for_a_key_ring_while_rows_are_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key ring is read anew each minute; COPY holds the connection, and an import would wait for itself."""
    from tenants import keys

    monkeypatch.setattr(keys, "CACHE_SECONDS", 0.0)
    keys.forget()
    connection.ensure_connection()
    assert import_file(written(tmp_path, HEAD + "Ann Oak,person,client,,,,\n")).added == 1


def test_the_command_imports_and_says_what_it_did(tmp_path: Path, firm: FirmRef) -> None:
    path = written(tmp_path, HEAD + "Ann Oak,person,client,,,,\n,person,client,,,,\n")
    out, err = io.StringIO(), io.StringIO()
    with public_scope():
        call_command("conflicts", "import", firm.schema, str(path), stdout=out, stderr=err)
    assert out.getvalue().splitlines()[0] == "line 3: the name is missing"
    assert "1 added, 0 known before, 1 bad" in out.getvalue()
    assert "100%" in err.getvalue()
