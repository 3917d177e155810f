"""One voice slot: `python -m legal_intake.voice_worker`.

A decoder holds the interpreter while it works, so a slot is a process with one thread. It fetches one
job at a time (a second one would wait behind minutes of listening while another slot is free), and loads its
models before it takes the first job.
"""

from __future__ import annotations

import os
import sys

from legal_intake.process import prepare
from legal_intake.worker import import_actors, work


def main() -> int:
    """Load the models, then listen."""
    # Read by Dramatiq when it is imported.
    os.environ["dramatiq_queue_prefetch"] = "1"  # noqa: SIM112 - its own spelling
    prepare("voice")
    from django.conf import settings

    from audio import endpointing
    from audio.errors import ModelUnavailable
    from audio.leaving import LEAVING
    from audio.recognisers import choice
    from intake import interviews

    if wrong := choice.findings():
        sys.exit("Refusing to start:\n" + "\n".join(f"  - {line}" for line in wrong))
    try:
        endpointing.silero()
        choice.chosen()
    except ModelUnavailable as error:
        sys.exit(f"Refusing to start: {error}.")
    interviews.warm()
    import_actors()
    work({settings.VOICE_QUEUE}, threads=1, poll_ms=settings.WORKER_POLL_MS, on_stop=LEAVING.set)
    return 0


if __name__ == "__main__":
    sys.exit(main())
