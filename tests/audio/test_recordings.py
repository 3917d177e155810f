"""Masters: lossless, sealed chunk by chunk, heard by staff only and written down."""

from __future__ import annotations

import hashlib
import io
import random
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from audio import recordings
from audio.errors import NotFlac, RangeNotSatisfiable, RecordingError
from audio.frames import SAMPLE_RATE
from audio.models import Recording, Utterance, VoiceSession
from audio.playback import asked_span, player_panel
from intake import services
from intake.models import AuditEvent, ConflictCheck, Intake, Turn
from tenants import crypto, keys
from tenants.accounts.models import User
from tenants.context import firm_scope
from tenants.crypto import sealed_key_id
from tenants.errors import CannotDecrypt
from tenants.ids import new_id
from tenants.storage import FirmStorage
from tests.audio.clips import clips, room, seconds
from tests.intake.talk import answer_basics, begin, say, stage, start

if TYPE_CHECKING:
    from django.test import Client

PCM = clips()[2].pcm
WORDS = [
    {"word": "printing", "start_ms": 60_120, "end_ms": 60_500},
    {"word": "in", "start_ms": 60_500, "end_ms": 60_610},
]


def keep(pcm: bytes = PCM, words: Any = None) -> Recording:
    """A recording as a commit leaves it."""
    intake = Intake.objects.create(secret_hash=new_id().bytes * 2)
    session = VoiceSession.objects.create(intake=intake, resume_hash=b"x" * 32)
    utterance = Utterance(
        session=session,
        start_sample=60 * SAMPLE_RATE,
        end_sample=60 * SAMPLE_RATE + len(pcm) // 2,
        audio_start_ms=60_120,
        audio_end_ms=61_000,
        recogniser="test",
        turn_number=4,
        epoch=1,
    )
    utterance.words = words if words is not None else WORDS
    utterance.save(force_insert=True)
    recording = Recording(
        utterance=utterance, name=f"recordings/{new_id()}", sample_pos=utterance.start_sample, samples=len(pcm) // 2
    )
    recording.size, recording.sha256 = recordings.write_master(recording.name, pcm, recording_id=recording.id)
    recording.save(force_insert=True)
    return recording


def rewrite(recording: Recording, change: Any) -> None:
    with FirmStorage().open(recording.name) as file:
        content = file.read()
    FirmStorage().save(recording.name, change(content))


def test_flac_is_lossless() -> None:
    for pcm in (PCM, room(12_345), b"\x00\x80\xff\x7f" * 500, b"\x01\x00"):
        assert recordings.decode_flac(recordings.encode_flac(pcm)) == pcm


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.flac", recordings.encode_flac(room(1_000)))
    return file.getvalue()


@pytest.mark.parametrize(
    "content", [b"", b"fLaC", zipped(), b"fLaC" + zipped(), b"RIFF....WAVE", recordings.encode_flac(PCM)[:900]]
)
def test_what_is_no_flac_is_a_clear_error(content: bytes) -> None:
    with pytest.raises(NotFlac):
        recordings.decode_flac(content)


def test_a_master_comes_back_whole_and_is_hashed() -> None:
    recording = keep()
    flac = recordings.read_master(recording)
    assert hashlib.sha256(flac).digest() == bytes(recording.sha256)
    assert len(flac) == recording.size > 2 * recordings.CHUNK
    assert recordings.master_pcm(recording) == PCM


def test_nothing_of_it_lies_in_the_clear() -> None:
    recording = keep()
    with FirmStorage().open(recording.name) as file:
        stored = file.read()
    flac = recordings.read_master(recording)
    assert b"fLaC" not in stored
    assert not any(flac[i : i + 16] in stored for i in range(0, len(flac) - 16, 997))


def test_any_range_is_decrypted_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    recording = keep()
    flac = recordings.read_master(recording)
    opened: list[str] = []

    def counting(blob: bytes, **place: Any) -> bytes:
        opened.append(place["column"])
        return crypto.unseal(blob, **place)

    monkeypatch.setattr("audio.recordings.unseal", counting)
    rng = random.Random(2)
    edges = [0, 1, recordings.CHUNK - 1, recordings.CHUNK, recordings.CHUNK + 1, recording.size - 1]
    spans = [sorted(rng.choices([*edges, rng.randrange(recording.size)], k=2)) for _ in range(60)]
    for first, last in spans:
        opened.clear()
        assert recordings.read_range(recording, first, last) == flac[first : last + 1]
        assert len(opened) == last // recordings.CHUNK - first // recordings.CHUNK + 1


@pytest.mark.parametrize(("first", "last"), [(-1, 3), (5, 4), (0, 10**9)])
def test_bytes_outside_are_refused(first: int, last: int) -> None:
    with pytest.raises(RangeNotSatisfiable):
        recordings.read_range(keep(), first, last)


def test_chunks_do_not_open_elsewhere() -> None:
    recording, other = keep(), keep()
    size = recordings.SEALED_CHUNK
    rewrite(recording, lambda content: content[size : 2 * size] + content[:size] + content[2 * size :])
    with pytest.raises(CannotDecrypt):
        recordings.read_master(recording)
    with FirmStorage().open(other.name) as file:
        foreign = file.read()
    rewrite(recording, lambda _content: foreign)
    with pytest.raises(CannotDecrypt):
        recordings.read_master(recording)


def test_another_firm_cannot_open_it(other_firm: Any) -> None:
    recording = keep()
    with FirmStorage().open(recording.name) as file:
        blob = file.read(recordings.SEALED_CHUNK)
    with firm_scope(other_firm), pytest.raises(CannotDecrypt):
        recordings._unsealed(blob, recording.pk, 0)


def test_missing_and_truncated_files_are_named(firm: Any) -> None:
    cut, gone, good = keep(), keep(), keep()
    rewrite(cut, lambda content: content[: recordings.SEALED_CHUNK])
    FirmStorage().delete(gone.name)
    wrong = recordings.verify_masters(firm)
    assert len(wrong) == 2
    assert any(str(cut.pk) in line and "cut short" in line for line in wrong)
    assert any(str(gone.pk) in line and "missing" in line for line in wrong)
    assert recordings.master_pcm(good) == PCM


def test_another_sha256_is_named(firm: Any) -> None:
    recording = keep(room(seconds(1)))
    recording.sha256 = bytes(32)
    recording.save(update_fields=["sha256"])
    with pytest.raises(RecordingError, match="SHA-256"):
        recordings.master_pcm(recording)
    assert len(recordings.verify_masters(firm)) == 1


def test_resealing_puts_masters_under_the_current_key(firm: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = keep(room(seconds(1)))
    assert recordings.reseal_masters(firm) == 0
    current = keys.current_data_key()
    monkeypatch.setattr(recordings, "sealed_key_id", lambda _head: new_id())
    before = stored(recording)
    assert recordings.reseal_masters(firm) == 1
    assert stored(recording) != before
    assert sealed_key_id(stored(recording)) == current.id
    assert recordings.master_pcm(recording) == room(seconds(1))


def stored(recording: Recording) -> bytes:
    with FirmStorage().open(recording.name) as file:
        return file.read()


@pytest.mark.parametrize(
    ("header", "span"),
    [
        ("", None),
        ("bytes=0-", (0, 99)),
        ("bytes=0-9", (0, 9)),
        ("bytes=90-500", (90, 99)),
        ("bytes=-10", (90, 99)),
        ("bytes=-500", (0, 99)),
        ("bytes=100-", (100, 99)),
        ("bytes=-0", (100, 99)),
        ("bytes=9-3", None),
        ("bytes=0-1,5-6", None),
        ("bytes=-", None),
        ("items=0-1", None),
        ("bytes=a-b", None),
        ("bytes=" + "9" * 40 + "-", None),
    ],
)
def test_what_a_range_header_asks(header: str, span: tuple[int, int] | None) -> None:
    found = asked_span(header, 100)
    assert (found and (found.first, found.last)) == span


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create(email="staff@harbor.example", is_staff=True))
    return client


def url(recording: Recording) -> str:
    return f"/admin/recordings/{recording.utterance_id}/audio"


def test_staff_hear_it_and_it_is_written_down(staff: Client) -> None:
    recording = keep()
    answer = staff.get(url(recording), secure=True)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "audio/flac"
    assert answer["Cache-Control"] == "private, no-store"
    assert recordings.decode_flac(answer.content) == PCM
    event = AuditEvent.objects.filter(action="recording.heard").latest("sequence")
    assert event.target_id == str(recording.pk)
    assert event.chain == recording.utterance.session.intake_id
    assert event.data["last_byte"] == recording.size - 1


def test_ranges_over_http(staff: Client) -> None:
    recording = keep()
    flac = recordings.read_master(recording)
    middle = staff.get(url(recording), secure=True, headers={"Range": "bytes=65000-66000"})
    assert middle.status_code == 206
    assert middle["Content-Range"] == f"bytes 65000-66000/{recording.size}"
    assert middle.content == flac[65_000:66_001]
    beyond = staff.get(url(recording), secure=True, headers={"Range": f"bytes={recording.size}-"})
    assert (beyond.status_code, beyond["Content-Range"]) == (416, f"bytes */{recording.size}")
    changed = staff.get(url(recording), secure=True, headers={"Range": "bytes=0-1", "If-Range": '"other"'})
    assert (changed.status_code, len(changed.content)) == (200, recording.size)
    head = staff.head(url(recording), secure=True)
    assert (head.status_code, head["Content-Length"], head.content) == (200, str(recording.size), b"")


def test_nobody_else_hears_it(client: Client) -> None:
    recording = keep()
    assert client.get(url(recording), secure=True).status_code == 403
    client.force_login(User.objects.create(email="former@harbor.example", is_staff=False))
    assert client.get(url(recording), secure=True).status_code == 403
    assert not AuditEvent.objects.filter(action="recording.heard").exists()


def test_unknown_or_unreadable_recordings(staff: Client) -> None:
    recording = keep()
    assert staff.get(f"/admin/recordings/{new_id()}/audio", secure=True).status_code == 404
    assert staff.post(url(recording), secure=True).status_code in (403, 405)
    FirmStorage().delete(recording.name)
    assert staff.get(url(recording), secure=True).status_code == 500
    assert not AuditEvent.objects.filter(action="recording.heard").exists()


def spoken_too_early() -> list[Recording]:
    """What a client said aloud before the firm was free to listen: their name, the story, and what nobody understood.
    They are stopped."""
    begin("Globex", "Somebody")
    heard = [keep(room(seconds(1))) for _ in range(3)]
    Utterance.objects.filter(pk=heard[2].utterance_id).update(turn_number=None, status="failed")
    intake = start(keep_audio=True)
    VoiceSession.objects.filter(utterances__recording__in=heard).update(intake=intake)
    sources = [services.TurnSource(one.utterance_id, 0, 900) for one in heard]
    say(intake, "Maria Silva", modality="voice", source=sources[0])
    say(intake, "Globex")
    say(intake, "my landlord globex kept all of my things after the marmalade incident and he has my dog too and keys",
        modality="voice", source=sources[1])  # fmt: skip
    answer_basics(intake)
    assert stage(intake) == "conflict_hold"
    return heard


def test_what_is_sealed_is_not_heard_by_its_address_until_a_person_clears_it(staff: Client, rf: Any) -> None:
    name, story, failed = spoken_too_early()
    unknown = staff.get(f"/admin/recordings/{new_id()}/audio", secure=True)
    for ask in (staff.get, staff.head):
        assert [ask(url(one), secure=True).status_code for one in (story, failed)] == [404, 404]
    ranged = staff.get(url(story), secure=True, headers={"Range": "bytes=0-9"})
    assert (ranged.status_code, ranged.content) == (404, unknown.content)
    assert not AuditEvent.objects.filter(action="recording.heard").exists()
    assert staff.get(url(name), secure=True).status_code == 200, "who they are is not sealed"
    assert AuditEvent.objects.get(action="recording.heard").target_id == str(name.pk)
    html = player_panel(rf.get("/"), Intake.objects.get(voice_sessions__utterances=name.utterance_id)) or ""
    assert [url(one) in html for one in (name, story, failed)] == [True, False, False]
    check = ConflictCheck.objects.get(result="hit")
    user = User.objects.create_user("attorney@example.test", None, is_staff=True)
    services.decide_conflict(check_id=check.id, decision="cleared", reason="Another Globex.", user=user)
    assert [staff.get(url(one), secure=True).status_code for one in (story, failed)] == [200, 200]
    assert Turn.objects.filter(utterance_id=story.utterance_id).exists()


def test_the_player_steps_with_the_words(rf: Any) -> None:
    recording = keep(words=[*WORDS, {"word": "<b>", "start_ms": 60_700, "end_ms": 60_800}])
    intake = recording.utterance.session.intake
    html = player_panel(rf.get("/"), intake)
    assert html is not None
    assert f'src="{url(recording)}"' in html
    assert 'data-start="120" data-end="500">printing</button>' in html
    assert "&lt;b&gt;" in html
    assert "<script" not in html
    assert "style=" not in html
    assert player_panel(rf.get("/"), Intake.objects.create(secret_hash=new_id().bytes * 2)) is None
