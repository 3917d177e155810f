"""Masters: the FLAC of each utterance, encrypted, readable from any byte.

A master holds exactly the samples that the recogniser was fed. FLAC is lossless and costs 0.3 ms a
second to write; its SHA-256 is taken before encryption. At rest it is a row of sealed chunks of
64 kB (45 bytes more each), every one sealed for its place: this recording, this index. So a range
is decrypted without the rest, and a chunk moved elsewhere does not open. That none is missing the
recording's row says (`size`, `sha256`).
"""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING, Final

from audio.errors import NotFlac, RangeNotSatisfiable, RecordingError
from audio.flac import plain_flac
from audio.frames import SAMPLE_RATE
from audio.models import Recording
from tenants import keys
from tenants.crypto import HEADER_BYTES, TAG_BYTES, seal, sealed_key_id, unseal
from tenants.errors import CannotDecrypt
from tenants.storage import FirmStorage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO
    from uuid import UUID

    from django.db.models import QuerySet

    from tenants.archive.snapshot import Snapshot
    from tenants.context import FirmRef

CHUNK: Final = 65_536
SEALED_CHUNK: Final = CHUNK + HEADER_BYTES + TAG_BYTES
_TABLE: Final = "audio_recording"


def encode_flac(pcm: bytes) -> bytes:
    """16-bit little-endian mono at 16 kHz, as FLAC; not compressed where the speech parts are not installed."""
    try:
        import numpy as np
        import soundfile
    except ModuleNotFoundError:
        return plain_flac(pcm)
    file = io.BytesIO()
    soundfile.write(file, np.frombuffer(pcm, "<i2"), SAMPLE_RATE, format="FLAC", subtype="PCM_16")
    return file.getvalue()


def decode_flac(flac: bytes) -> bytes:
    """The samples of a FLAC that we wrote. Raises NotFlac for anything else. Needs the speech parts."""
    import soundfile

    if flac[:4] != b"fLaC":
        raise NotFlac("the content does not begin as a FLAC does")
    try:
        with soundfile.SoundFile(io.BytesIO(flac)) as file:
            kind = (file.format, file.subtype, file.channels, file.samplerate)
            if kind != ("FLAC", "PCM_16", 1, SAMPLE_RATE):
                raise NotFlac("a master is FLAC of 16 bits, one channel, 16 kHz")
            samples = file.read(dtype="int16")
    except soundfile.SoundFileError as error:
        raise NotFlac("the content is a damaged FLAC") from error
    return bytes(samples.astype("<i2").tobytes())


def write_master(name: str, pcm: bytes, *, recording_id: UUID) -> tuple[int, bytes]:
    """Store `pcm` as an encrypted FLAC under `name` in the current firm's storage.

    Returns its size and SHA-256, both of the FLAC before encryption. Writing again replaces.
    """
    flac = encode_flac(pcm)
    FirmStorage().save(name, _sealed(flac, recording_id))
    return len(flac), hashlib.sha256(flac).digest()


def read_range(recording: Recording, first: int, last: int) -> bytes:
    """Bytes `first` to `last` (inclusive) of the FLAC; decrypts only the chunks they lie in.

    Raises RangeNotSatisfiable, RecordingError (missing or cut short) or CannotDecrypt.
    """
    if not 0 <= first <= last < recording.size:
        raise RangeNotSatisfiable(f"bytes {first} to {last} of {recording.size}")
    begin = first // CHUNK
    try:
        with FirmStorage().open(recording.name) as file:
            file.seek(begin * SEALED_CHUNK)
            chunks = range(begin, last // CHUNK + 1)
            parts = [_unsealed(file.read(SEALED_CHUNK), recording.pk, index) for index in chunks]
    except FileNotFoundError as error:
        raise RecordingError("the recording's file is missing") from error
    found = b"".join(parts)[first - begin * CHUNK : last + 1 - begin * CHUNK]
    if len(found) != last + 1 - first:
        raise RecordingError("the recording's file is cut short")
    return found


def read_master(recording: Recording) -> bytes:
    """The whole FLAC, checked against its SHA-256. Raises RecordingError or CannotDecrypt."""
    flac = read_range(recording, 0, recording.size - 1)
    if hashlib.sha256(flac).digest() != bytes(recording.sha256):
        raise RecordingError("the recording differs from its SHA-256")
    return flac


def master_pcm(recording: Recording) -> bytes:
    """The samples of a stored master, as `listening.transcribe_master` takes them."""
    return decode_flac(read_master(recording))


def recordings_of(intake_id: UUID) -> QuerySet[Recording]:
    """An intake's recordings with their utterances, in the order they were spoken."""
    return (
        Recording.objects.filter(utterance__session__intake_id=intake_id)
        .select_related("utterance__session")
        .order_by("utterance__session__created_at", "sample_pos")
    )


def reseal_masters(_ref: FirmRef) -> int:
    """Put every master under the firm's current key; returns how many it rewrote. May be cut off."""
    current = keys.current_data_key().id
    changed = 0
    storage = FirmStorage()
    for recording in Recording.objects.order_by("pk").iterator(chunk_size=100):
        with storage.open(recording.name) as file:
            head = file.read(HEADER_BYTES)
        if sealed_key_id(head) == current:
            continue
        storage.save(recording.name, _sealed(read_master(recording), recording.pk))
        changed += 1
    return changed


def verify_masters(_ref: FirmRef) -> list[str]:
    """Read every master; returns a line for each that is missing, altered or cannot be decrypted."""
    wrong = []
    for recording in Recording.objects.order_by("pk").iterator(chunk_size=100):
        try:
            read_master(recording)
        except (RecordingError, CannotDecrypt) as error:
            wrong.append(f"recording {recording.pk}: {error}")
    return wrong


def export_masters(snapshot: Snapshot) -> Iterator[tuple[str, BinaryIO | None]]:
    """The master of every recording in the snapshot, as it lies in storage; None for a file that is missing."""
    storage = FirmStorage()
    for (name,) in snapshot.rows("SELECT name FROM audio_recording ORDER BY id"):
        try:
            yield name, storage.open(name)
        except FileNotFoundError:
            yield name, None


def restore_masters(_ref: FirmRef, files: Iterable[tuple[str, BinaryIO]]) -> str:
    """Put masters back under their names."""
    storage, count = FirmStorage(), 0
    for name, file in files:
        storage.save(name, file.read())
        count += 1
    return f"{count} files"


def _sealed(flac: bytes, recording_id: UUID) -> bytes:
    return b"".join(
        seal(flac[offset : offset + CHUNK], table=_TABLE, column=_column(index), row_id=recording_id)
        for index, offset in enumerate(range(0, len(flac), CHUNK))
    )


def _unsealed(blob: bytes, recording_id: UUID, index: int) -> bytes:
    if not blob:
        raise RecordingError("the recording's file is cut short")
    return unseal(blob, table=_TABLE, column=_column(index), row_id=recording_id)


def _column(index: int) -> str:
    return f"flac:{index}"
