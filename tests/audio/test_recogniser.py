"""pocketsphinx: understandable words, and the same ones each time."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys
from pathlib import Path

import jiwer
import pytest

from audio.errors import RecogniserStateError
from audio.recognisers import Context, Final
from audio.recognisers.pocketsphinx import PocketSphinx, shared
from tests.audio.clips import clips, framed, room, seconds

ROOT = Path(__file__).parent.parent.parent


def plain(text: str) -> str:
    return " ".join(re.sub(r"[^a-z' ]", " ", text.lower()).split())


def recognise(pcm: bytes, state: str | None = None, engine: PocketSphinx | None = None) -> Final:
    session = (engine or shared()).open(Context(state))
    for frame in framed(pcm):
        session.accept(frame.pcm)
    return session.final()


def padded(index: int) -> bytes:
    return room(seconds(0.3)) + clips()[index].pcm + room(seconds(0.5), 2)


@pytest.fixture(scope="module")
def state() -> str:
    """The voice's state after the first clip."""
    found = recognise(padded(0)).state
    assert found is not None
    return found


def test_words_are_recognised() -> None:
    said = [plain(clip.text) for clip in clips()]
    heard = [recognise(padded(index)).text for index in range(4)]
    assert jiwer.wer(said, heard) <= 0.5


def test_words_have_times_in_order_within_the_audio() -> None:
    pcm = padded(2)
    found = recognise(pcm)
    assert found.text == " ".join(word["word"] for word in found.words)
    assert len(found.words) > 10
    assert not re.search(r"[<\[(]", found.text)
    end = 0
    for word in found.words:
        assert end <= word["start_ms"] < word["end_ms"] <= len(pcm) / 32
        end = word["end_ms"]


def test_the_same_start_and_audio_give_the_same_words_whatever_was_before(state: str) -> None:
    """Cold and warm, in three orders. Without the resets most of these differ."""
    starts = {0: None, 1: state, 2: state, 3: None}
    firsts = {index: recognise(padded(index), start) for index, start in starts.items()}
    for order in ((3, 1, 0, 2), (2, 0, 3, 1)):
        for index in order:
            assert recognise(padded(index), starts[index]) == firsts[index]


def test_a_fresh_process_gives_the_same_words(state: str) -> None:
    for index in (1, 3):
        recognise(padded(index))
    code = (
        "import json, sys; from tests.audio.test_recogniser import padded, recognise;"
        "found = recognise(padded(1), sys.argv[1]); print(json.dumps([found.text, found.words, found.state]))"
    )
    fresh = subprocess.run(
        [sys.executable, "-c", code, state], capture_output=True, text=True, check=True, cwd=ROOT, timeout=120
    )
    here = recognise(padded(1), state)
    assert json.loads(fresh.stdout) == [here.text, list(here.words), here.state]


def test_the_state_is_worth_keeping(state: str) -> None:
    """A state is what makes two runs differ; if it did not, storing it would prove nothing."""
    assert recognise(padded(1), state).state != recognise(padded(1), None).state


def test_dropped_utterances_leave_nothing(state: str) -> None:
    before = recognise(padded(3), state)
    for start in (None, state):
        for steps in (0, 3, 60):
            session = shared().open(Context(start))
            for frame in list(framed(padded(2)))[:steps]:
                session.accept(frame.pcm)
            if steps == 60:
                session.close()
    assert recognise(padded(3), state) == before


def test_silence_has_no_words_and_changes_no_state(state: str) -> None:
    for start in (None, state):
        for pcm in (b"", bytes(seconds(0.5)), bytes(2 * seconds(2)), room(seconds(2))):
            found = recognise(pcm, start)
            assert found == Final("", (), start)


def test_the_mean_counts_only_frames_with_energy() -> None:
    """A browser's noise suppression gives zeros; they say nothing about the voice."""
    voice = clips()[0].pcm[: 2 * seconds(1)]
    alone = [float(part) for part in shared().mean_of(voice).split(",")]
    padded_ = [float(part) for part in shared().mean_of(bytes(2 * seconds(0.5)) + voice).split(",")]
    assert abs(alone[0] - padded_[0]) < 2.0


def test_partials_come_while_speaking_and_only_on_a_change(state: str) -> None:
    session = shared().open(Context(state))
    texts = [p.text for f in framed(padded(2)) if (p := session.accept(f.pcm)) is not None]
    session.close()
    assert len(texts) > 20
    assert all(a != b for a, b in itertools.pairwise(texts))


@pytest.mark.parametrize("broken", ["", "nonsense", "1,2,3", ",".join(["nan"] * 13)])
def test_a_broken_state_is_a_clear_error(broken: str) -> None:
    with pytest.raises(RecogniserStateError):
        shared().open(Context(broken))
