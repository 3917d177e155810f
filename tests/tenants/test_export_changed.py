"""What the backup takes: archives of the firms that changed, when it asks or when it is time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tenants import services
from tenants.archive import schedule
from tenants.archive.changed import export_changed
from tests.tenants.archives import fill, firm_of, own_log


@pytest.fixture(autouse=True)
def _log(settings: Any, tmp_path: Path) -> Any:
    with own_log(settings, tmp_path) as path:
        yield path


def test_only_changed_firms_are_exported_again(live_firms: Any, tmp_path: Path) -> None:
    fill(live_firms[0])
    folder = tmp_path / "exports"
    said: list[str] = []

    def run(**options: Any) -> list[str]:
        report = export_changed(folder=folder, actor="test", say=said.append, **options)
        assert not report.failed
        return [path.name.partition(".")[0] for path in report.written]

    first = run()
    assert {str(ref.id) for ref in live_firms} <= set(first)
    assert run() == []
    for path in folder.glob("*.firm"):  # the backup carried them off
        path.unlink()
    assert run() == []
    fill(live_firms[1])
    assert run() == [str(live_firms[1].id)]
    services.add_domain(firm=firm_of(live_firms[0]), host="more.localhost", actor="test")
    assert run() == [str(live_firms[0].id)]
    assert len(run(everything=True)) == len(first)


def test_the_backup_asks_by_a_file(live_firms: Any, tmp_path: Path, settings: Any) -> None:
    settings.EXPORTS_DIR = ""
    schedule.look()
    folder = tmp_path / "exports"
    settings.EXPORTS_DIR = str(folder)
    schedule.look()
    assert list(folder.glob("*.firm"))
    for path in folder.glob("*.firm"):
        path.unlink()
    fill(live_firms[0])
    schedule.look()
    assert not list(folder.glob("*.firm")), "nobody asked, and it is not time"
    (folder / "request").write_text("now")
    schedule.look()
    assert len(list(folder.glob("*.firm"))) == 1
    assert (folder / "answered").read_text() == "now"
