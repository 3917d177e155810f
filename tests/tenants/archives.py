"""Firms with something in them, and archives to spoil."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from audio.models import Recording, Utterance, VoiceSession
from audio.recordings import write_master
from intake import audit
from intake.models import Intake, Party, Turn
from tenants import deletions
from tenants.context import FirmRef, firm_scope, public_scope
from tenants.crypto import blind_index
from tenants.models import Firm

WORDS = ["The brakes\tfailed", 'a "quoted"\nline with \\ and é', "third"]


@contextmanager
def own_log(settings: Any, tmp_path: Path) -> Iterator[Path]:
    settings.DELETIONS_LOG = str(tmp_path / "deletions" / "log.jsonl")
    yield deletions.log_path()


def fill(ref: FirmRef, *, seconds: float = 0.2) -> Intake:
    """A conversation with turns, a party, a recording and its audit chain, committed."""
    with firm_scope(ref):
        intake = Intake.objects.create(secret_hash=os.urandom(32), playbook="first-form@1", last_turn=0)
        turns = []
        for number, words in enumerate(WORDS, start=1):
            turn = Turn(intake=intake, number=number, role="client")
            turn.text = words
            turn.save(force_insert=True)
            turns.append(turn)
        party = Party(intake=intake, role="client", turn=turns[0])
        party.name, party.name_hash = "Ann Oak", blind_index("ann oak", purpose="party")
        party.save(force_insert=True)
        for chain in (None, intake.id):
            audit.record(
                action="test", chain=chain, target_type="firm", target_id=str(ref.id), actor="test", data={"n": 1}
            )
        session = VoiceSession.objects.create(intake=intake, resume_hash=os.urandom(32))
        utterance = Utterance(
            session=session, start_sample=0, end_sample=1600, audio_start_ms=0, audio_end_ms=100,
            recogniser="test", epoch=1,
        )  # fmt: skip
        utterance.text = "spoken"
        utterance.save(force_insert=True)
        recording = Recording(utterance=utterance, name=f"audio/{session.id}/0.flac", sample_pos=0)
        size, digest = write_master(recording.name, os.urandom(int(32_000 * seconds)), recording_id=recording.pk)
        recording.samples, recording.size, recording.sha256 = int(16_000 * seconds), size, digest
        recording.save(force_insert=True)
    return intake


def firm_of(ref: FirmRef) -> Firm:
    with public_scope():
        firm: Firm = Firm.objects.get(pk=ref.id)
    return firm


def texts(ref: FirmRef) -> list[str | None]:
    with firm_scope(ref):
        return [turn.text for turn in Turn.objects.order_by("number")]


def hosts_of(ref: FirmRef) -> list[str]:
    with public_scope(), connection.cursor() as cursor:
        cursor.execute("SELECT domain FROM tenants_domain WHERE tenant_id = %s ORDER BY domain", [ref.id])
        return [host for (host,) in cursor.fetchall()]


def spoil(path: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """The archive with other members."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    spoilt = path.with_name("spoilt.firm")
    with zipfile.ZipFile(spoilt, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return spoilt


def sealed_again(path: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """The archive with another manifest, sealed as somebody with the master key would."""
    import hashlib
    import hmac

    from tenants import keys

    def reseal(members: dict[str, bytes]) -> None:
        manifest = json.loads(members["manifest.json"])
        change(manifest)
        text = json.dumps(manifest).encode()
        key_id, key = keys.derived(b"LI1 firm archive")
        seal = {"master_key_id": key_id, "hmac_sha256": hmac.new(key, text, hashlib.sha256).hexdigest()}
        members["manifest.json"], members["manifest.mac"] = text, json.dumps(seal).encode()

    return spoil(path, reseal)


def refused(*words: str) -> str:
    """The message of a command that is refused."""
    from django.core.management import CommandError, call_command

    with pytest.raises(CommandError) as caught:
        call_command(*words)
    return str(caught.value)
