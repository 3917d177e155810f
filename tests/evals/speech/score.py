"""What is understood of a real recogniser's output: sentences spoken by espeak-ng, and recordings of people.

Every so-manieth English sentence of the sets for understanding and safety is spoken and heard by the embedded
recogniser, then scored as if it had been typed. Reported without a floor: the recogniser is a draft for the client to
confirm, and a voice made by rules is harder for it than most people's.
"""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

Scores = dict[str, float | int]
EVALS = Path(__file__).parents[1]
#: Recordings with their words (`manifest.json`), where there are any.
RECORDINGS = Path(os.environ.get("EVAL_SPEECH", EVALS.parents[1].parent / "shared" / "speech"))
SAMPLES = int(os.environ.get("EVAL_SPOKEN", "60"))


def figures() -> dict[str, Scores] | str:
    """The figures; a sentence that says why there are none."""
    if shutil.which("espeak-ng") is None:
        return "not run: espeak-ng is not installed here (`apt-get install espeak-ng`)"
    try:
        import pocketsphinx  # noqa: F401 - is it here
        import soundfile  # noqa: F401
        import soxr  # noqa: F401
    except ModuleNotFoundError as error:
        return f"not run: {error.name} is not installed here"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "legal_intake.settings")
    os.environ.setdefault("ENVIRONMENT", "development")
    import django

    django.setup()
    found = {name: {**_understanding(name), **_safety(name)} for name in ("own", "held")}
    found["own"] |= _recordings()
    return found


def heard(text: str) -> str:
    """What the recogniser makes of it when it is spoken."""
    from audio.recognisers.pocketsphinx import shared
    from audio.rehearsing import heard_in, synthesise

    return heard_in(synthesise(text, "en"), shared())


def sample(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Some of a set's rows, spread over all of it, the same each time."""
    return rows[:: max(1, len(rows) // SAMPLES)][:SAMPLES]


def rows_of(path: Path) -> list[dict[str, Any]]:
    """The English rows."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [row for row in rows if row.get("lang", "en") == "en"]


def _understanding(name: str) -> Scores:
    from intake.understanding.lines import answer
    from tests.evals.understanding.score import counts

    path = EVALS / "understanding" / f"{name}.jsonl"
    rows, total, pairs = sample(rows_of(path)), Counter[str](), []
    for row in rows:
        said = heard(row["text"])
        pairs.append((row["text"], said))
        total.update(counts(row, answer(said, "en", row)["facts"]))
    precision = total["right"] / max(1, total["found"])
    recall = total["right"] / max(1, total["labelled"])
    return {
        "answers_spoken": len(rows),
        "word_errors_answers": _word_errors(pairs),
        "f1_answers": 2 * precision * recall / max(0.001, precision + recall),
    }


def _safety(name: str) -> Scores:
    from intake.safety import watch

    path = EVALS / "safety" / f"{name}.jsonl"
    rows = rows_of(path)
    danger = sample([row for row in rows if row["alarm"]])
    calm = sample([row for row in rows if not row["alarm"]])
    alarms = [watch(heard(row["text"]), language="en").alarm for row in danger]
    false = [watch(heard(row["text"]), language="en").alarm for row in calm]
    return {
        "danger_spoken": len(danger),
        "safety_recall": sum(alarms) / max(1, len(alarms)),
        "calm_spoken": len(calm),
        "false_alarms": sum(false) / max(1, len(false)),
    }


def _recordings() -> Scores:
    """People's recordings: how many words are wrong, and whether any of them sounds like danger."""
    manifest = RECORDINGS / "manifest.json"
    if not manifest.exists():
        return {}
    from audio.management.commands.talk import speech
    from audio.recognisers.pocketsphinx import shared
    from audio.rehearsing import heard_in
    from intake.safety import watch

    pairs, alarms = [], 0
    for row in json.loads(manifest.read_text(encoding="utf-8")):
        said = heard_in(speech(RECORDINGS / row["file"]), shared())
        pairs.append((row["text"], said))
        alarms += watch(said, language="en").alarm
    return {
        "recordings": len(pairs), "word_errors_recordings": _word_errors(pairs), "alarms_recordings": alarms,
    }  # fmt: skip


def _word_errors(pairs: list[tuple[str, str]]) -> float:
    import jiwer

    from intake.language.tokens import words_of
    from tests.evals.noise import spoken

    plain = [(" ".join(words_of(spoken(text, "en"))), " ".join(words_of(said))) for text, said in pairs]
    plain = [pair for pair in plain if pair[0]]
    return float(jiwer.wer([text for text, _said in plain], [said for _text, said in plain]))
