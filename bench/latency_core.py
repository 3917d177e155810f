"""From the last voiced sample to the final, with recogniser and VAD in one process, and nothing else.

The peer of the voice path: real speech fed in 40 ms steps at the pace of the clock, a process for
each talker, no socket, no journal, no queue. What the whole path takes more than this is our own
share. `python -m bench.latency_core [--utterances N]` prints it for 1 and 4 talkers.

The last voiced sample is by label: the last 10 ms within 25 dB of the loudest of the clip. The
speculative final is the last one before the commit; it counts as right when its text is the
committed one.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from audio.frames import SAMPLE_RATE, STEP_SAMPLES
from audio.listening import Final, Listener, Speculative
from bench.report import heading, percentile
from tests.audio.clips import clips, framed, room, seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

LEAD_SECONDS = 0.4
TAIL_SECONDS = 1.2
# So much of the end of a clip is said, so that utterances differ and a run does not take hours.
SPOKEN_SECONDS = (1.5, 4.0)


@dataclass(frozen=True, slots=True)
class Latency:
    """One utterance: milliseconds from its last voiced sample. `speculative` None: none was offered."""

    speculative: float | None
    committed: float
    equal: bool


@dataclass(frozen=True, slots=True)
class Said:
    """What one talker says: `pcm`, with `last_voiced` the sample after the last voiced one."""

    pcm: bytes
    last_voiced: int


def script(count: int, seed: int) -> list[Said]:
    """`count` utterances: the ends of clips between stretches of a quiet room. Same seed, same script."""
    rng = random.Random(seed)
    found = []
    for index in range(count):
        clip = rng.choice(clips())
        first = max(0, clip.last_voiced - seconds(rng.uniform(*SPOKEN_SECONDS)))
        lead = room(seconds(LEAD_SECONDS), 2 * index)
        tail = room(seconds(TAIL_SECONDS), 2 * index + 1)
        found.append(
            Said(
                lead + clip.pcm[2 * first : 2 * clip.last_voiced] + tail,
                seconds(LEAD_SECONDS) + clip.last_voiced - first,
            )
        )
    return found


def talk(said: Sequence[Said], delay: float = 0.0) -> list[Latency]:
    """Feed one talker's script in real time to a listener in this process."""
    Listener(0)  # the models are loaded before the clock starts
    time.sleep(delay)
    listener, position, found = Listener(0), 0, []
    for one in said:
        # Each utterance has its own start on the wall clock, so a late one does not delay the next.
        began = time.perf_counter()
        offer: tuple[float, str] | None = None
        for index, frame in enumerate(framed(one.pcm, position)):
            time.sleep(max(0.0, began + (index + 1) * STEP_SAMPLES / SAMPLE_RATE - time.perf_counter()))
            for event in listener.feed(frame.pcm, frame.sample_pos):
                after = (time.perf_counter() - began - one.last_voiced / SAMPLE_RATE) * 1000
                if isinstance(event, Speculative):
                    offer = (after, event.text)
                elif isinstance(event, Final) and after > 0:
                    offered, text = offer or (None, "")
                    found.append(Latency(offered, after, equal=text == event.text))
                    offer = None
        position += len(one.pcm) // 2
    return found


def measure(talkers: int, utterances: int, seed: int = 1) -> list[Latency]:
    """Run `talkers` processes, `utterances` each; the latencies of all, in no order."""
    context = multiprocessing.get_context("spawn")
    jobs = [(script(utterances, seed + number), 0.3 * number) for number in range(talkers)]
    with context.Pool(talkers) as pool:
        return [latency for each in pool.starmap(talk, jobs) for latency in each]


def line(talkers: int, found: Sequence[Latency]) -> str:
    """One line of the table."""
    offered = [latency.speculative for latency in found if latency.speculative is not None]
    committed = [latency.committed for latency in found]
    equal = sum(latency.equal for latency in found) / max(1, len(offered))
    return (
        f"{talkers} talkers, {len(found)} utterances: "
        f"speculative ({len(offered)}) P50 {percentile(offered, 0.5):.0f} P95 {percentile(offered, 0.95):.0f} ms, "
        f"{equal:.0%} equal to the commit; "
        f"committed P50 {percentile(committed, 0.5):.0f} P95 {percentile(committed, 0.95):.0f} ms"
    )


def main() -> None:
    """Print the figures for 1 and 4 talkers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--utterances", type=int, default=100, help="in all, for each number of talkers")
    parser.add_argument("--talkers", type=int, nargs="*", default=[1, 4])
    arguments = parser.parse_args()
    sys.stdout.write(heading() + "\n")
    for talkers in arguments.talkers:
        each = max(1, -(-arguments.utterances // talkers))
        sys.stdout.write(line(talkers, measure(talkers, each)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
