"""Development: a program starts again when its Python changes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from legal_intake.reload import changed, snapshot
from tests.support.waiting import wait_for

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = "import os, time; print(os.getpid(), {value}, flush=True); time.sleep(60)\n"


def test_what_counts_as_a_change(tmp_path: Path) -> None:
    code = tmp_path / "package" / "code.py"
    code.parent.mkdir()
    code.write_text("1")
    (tmp_path / "notes.txt").write_text("1")
    before = snapshot([tmp_path])
    (tmp_path / "notes.txt").write_text("2")
    assert changed(before, snapshot([tmp_path])) is None
    os.utime(code, (1, 1))
    assert changed(before, snapshot([tmp_path])) == code
    before = snapshot([tmp_path])
    (tmp_path / "new.py").write_text("")
    assert changed(before, snapshot([tmp_path])) == tmp_path / "new.py"
    code.unlink()
    assert changed(before, snapshot([tmp_path])) is not None


def test_a_changed_program_starts_again_and_ends_with_its_parent(tmp_path: Path) -> None:
    program, output = tmp_path / "program.py", tmp_path / "output"
    program.write_text(PROGRAM.format(value=1))
    command = [sys.executable, "-m", "legal_intake.reload", "--watch", str(tmp_path), "--", "program", "argument"]
    with output.open("w") as file:
        process = subprocess.Popen(
            command, cwd=tmp_path, env={"PYTHONPATH": f"{ROOT}:{tmp_path}"}, stdout=file, stderr=subprocess.DEVNULL
        )
    try:
        wait_for(lambda: " 1" in output.read_text(), 20)
        program.write_text("this is a mistake(")
        program.write_text(PROGRAM.format(value=2) + "\n")
        wait_for(lambda: " 2" in output.read_text(), 20)
        first, second = (int(line.split()[0]) for line in output.read_text().splitlines())
        assert first != second
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
    wait_for(lambda: not Path(f"/proc/{second}").exists(), 10)
