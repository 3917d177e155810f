"""The file: a ZIP whose manifest names, counts and hashes every other member, sealed with the master key.

`manifest.json` says what is in it; `manifest.mac` is an HMAC over it, with a key derived from the master
key, so that whoever can write to the place where archives lie cannot put in a user of their own. The master
key itself is never in it: `master_key_ids` names which one is needed. Members are read only when the
manifest lists them, and each is held against its size and SHA-256.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import zipfile
import zlib
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, Final

from tenants import keys
from tenants.archive.errors import ArchiveBroken, ArchiveNewer, ArchiveOlder
from tenants.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

FORMAT: Final = "legal-intake-firm"
FORMAT_VERSION: Final = 1
OLDEST_FORMAT: Final = 1
BLOCK: Final = 1 << 20
MANIFEST, MAC = "manifest.json", "manifest.mac"
_PURPOSE: Final = b"LI1 firm archive"


class Writer:
    """Writes members one after the other; `finish` writes the manifest last."""

    def __init__(self, file: IO[bytes]) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, allowZip64=True)

    def add(self, member: str, blocks: Iterable[bytes], *, compress: bool = True) -> dict[str, Any]:
        """Write a member; what the manifest says of it: its size, its SHA-256, its lines."""
        about = zipfile.ZipInfo(member)
        about.compress_type = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
        digest, size, lines = hashlib.sha256(), 0, 0
        with self._zip.open(about, "w", force_zip64=True) as target:
            for block in blocks:
                target.write(block)
                digest.update(block)
                size += len(block)
                lines += block.count(b"\n")
        return {"member": member, "size": size, "lines": lines, "sha256": digest.hexdigest()}

    def finish(self, manifest: dict[str, Any]) -> None:
        """Write the manifest and its seal, and close."""
        text = json.dumps(manifest, indent=1, sort_keys=True).encode()
        key_id, key = keys.derived(_PURPOSE)
        seal = {"master_key_id": key_id, "hmac_sha256": hmac.new(key, text, hashlib.sha256).hexdigest()}
        self._zip.writestr(MANIFEST, text)
        self._zip.writestr(MAC, json.dumps(seal))
        self._zip.close()

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, kind: object, *_rest: object) -> None:
        if kind is not None:
            self._zip.fp = None  # what was not finished must not be closed as if it were


class Reader:
    """An opened archive whose manifest is ours and of a format that this code reads."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._zip = archive
        text = self._small(MANIFEST)
        self.manifest: dict[str, Any] = _parsed(text)
        if self.manifest.get("format") != FORMAT:
            raise ArchiveBroken("this is no archive of a firm")
        version = self.manifest.get("format_version")
        if not isinstance(version, int) or version > FORMAT_VERSION:
            raise ArchiveNewer(f"the archive has format {version}, this release reads up to {FORMAT_VERSION}")
        if version < OLDEST_FORMAT:
            raise ArchiveOlder(f"the archive has format {version}, this release reads from {OLDEST_FORMAT}")
        keys.check_known(self.manifest.get("master_key_ids", []), what="the archive")
        self._check_seal(text, _parsed(self._small(MAC)))

    def read(self, member: dict[str, Any]) -> Iterator[bytes]:
        """A member in blocks. Raises ArchiveBroken when it is not what the manifest says."""
        digest, size, name = hashlib.sha256(), 0, str(member["member"])
        try:
            with self._zip.open(name) as source:
                while block := source.read(BLOCK):
                    digest.update(block)
                    size += len(block)
                    yield block
        except (KeyError, zipfile.BadZipFile, EOFError, OSError, zlib.error) as error:
            raise ArchiveBroken(f"{name} cannot be read from the archive ({error}): it is cut short or damaged") from (
                error
            )
        if (size, digest.hexdigest()) != (member["size"], member["sha256"]):
            raise ArchiveBroken(f"{name} is not what the archive's manifest says")

    def check_everything(self) -> None:
        """Read every member once, before anything is changed."""
        for member in self.members():
            for _ in self.read(member):
                pass

    def members(self) -> Iterator[dict[str, Any]]:
        """All members that the manifest lists."""
        yield self.manifest["keys"]
        yield from self.manifest["tables"].values()
        for parts in self.manifest["parts"].values():
            yield from parts

    def _check_seal(self, text: bytes, seal: dict[str, Any]) -> None:
        key_id = str(seal.get("master_key_id"))
        keys.check_known([key_id], what="the archive")
        _, key = keys.derived(_PURPOSE, key_id=key_id)
        if not hmac.compare_digest(hmac.new(key, text, hashlib.sha256).hexdigest(), str(seal.get("hmac_sha256"))):
            raise ArchiveBroken("the archive's manifest was altered after it was made")

    def _small(self, name: str) -> bytes:
        try:
            return self._zip.read(name)
        except (KeyError, zipfile.BadZipFile, EOFError, OSError, zlib.error) as error:
            raise ArchiveBroken(f"the archive has no readable {name}: it is no archive of a firm, or damaged") from (
                error
            )


@contextmanager
def opened(path: Path) -> Iterator[Reader]:
    """An archive for reading.

    Raises:
        InvalidInput: no such file.
        ArchiveBroken, ArchiveNewer, ArchiveOlder, WrongMasterKey: it cannot be used here.
    """
    try:
        archive = zipfile.ZipFile(path)
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}") from error
    except (zipfile.BadZipFile, OSError) as error:
        raise ArchiveBroken(f"{path} is no archive, or was cut short: {error}") from error
    with archive:
        yield Reader(archive)


def _parsed(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise ArchiveBroken("the archive's manifest cannot be read") from error
    if not isinstance(found, dict):
        raise ArchiveBroken("the archive's manifest is no manifest")
    return found
