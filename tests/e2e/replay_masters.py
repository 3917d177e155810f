"""Run inside the runner's Django: recognise the stored masters of an intake again, from their stored states.

manage.py --firm HOST shell -c "from tests.e2e.replay_masters import main; main('REFERENCE')"
"""

from __future__ import annotations

import json
import sys


def main(reference: str) -> None:
    """One JSON line on standard output: for each utterance, what is stored and what the master gives."""
    from audio.listening import transcribe_master
    from audio.models import Utterance
    from audio.recordings import master_pcm

    found = []
    utterances = Utterance.objects.filter(session__intake__reference=reference)
    for utterance in utterances.select_related("recording").order_by("session_id", "start_sample"):
        recording = utterance.recording
        text, words = transcribe_master(master_pcm(recording), recording.sample_pos, utterance.start_state)
        found.append(
            {
                "stored": {"text": utterance.text, "words": utterance.words},
                "again": {"text": text, "words": [dict(word) for word in words]},
            }
        )
    sys.stdout.write(json.dumps(found) + "\n")
