"""Into the target sealed with age, and out of it: nothing leaves this machine in the clear."""

from __future__ import annotations

import hashlib
import io
import json
import tempfile
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

from legal_intake_backup import tools
from legal_intake_backup.errors import BackupError, NotUsable, ToolFailed
from legal_intake_backup.target import Target, open_target

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from legal_intake_backup.config import Config


class Vault:
    """The target behind age. Writing needs the recipients, reading the identity."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self.target: Target = open_target(config.target)

    def put(
        self,
        name: str,
        *,
        commands: Sequence[Sequence[str]] = (),
        source: IO[bytes] | None = None,
        env: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Seal what the commands write (or `source`) as `name`; its size and SHA-256 as stored.

        An object whose making failed does not appear.
        """
        recipients = self._config.recipients
        if not recipients.is_file() or not recipients.read_text().strip():
            raise BackupError(f"{recipients} has no age recipient: make one with age-keygen, see docs/backups.md")
        digest, size = hashlib.sha256(), 0

        def stored() -> Iterator[bytes]:
            nonlocal size
            # The chain is checked before the target sees the end: a failure reaches it as an exception.
            with tools.chain([*commands, ["age", "-R", str(recipients)]], source=source, env=env) as sealed:
                for block in tools.blocks(sealed):
                    digest.update(block)
                    size += len(block)
                    yield block

        self.target.put(name, stored())
        return {"name": name, "size": size, "sha256": digest.hexdigest()}

    def put_bytes(self, name: str, content: bytes) -> dict[str, Any]:
        """The same for what is in memory."""
        with tempfile.TemporaryFile() as file:
            file.write(content)
            file.seek(0)
            return self.put(name, source=file)

    @contextmanager
    def get(self, name: str, commands: Sequence[Sequence[str]] = ()) -> Iterator[IO[bytes]]:
        """What was sealed, through further commands. Raises NotUsable when it is missing, damaged or not for us."""
        identity = self._config.identity
        if not identity.is_file():
            raise NotUsable(
                f"{identity} is missing: backups open only with the age identity; put it there for this restore"
            )
        try:
            with (
                self.target.get(name) as file,
                _as_file(file) as source,
                tools.chain([["age", "-d", "-i", str(identity)], *commands], source=source) as opened,
            ):
                yield opened
        except ToolFailed as error:
            raise NotUsable(f"{name} cannot be opened ({error}): it is damaged, or sealed for another identity") from (
                error
            )

    def get_json(self, name: str) -> Any:
        """A sealed JSON object. Raises NotUsable."""
        with self.get(name) as file:
            content = file.read()
        try:
            return json.loads(content)
        except ValueError as error:
            raise NotUsable(f"{name} cannot be read: it is damaged") from error

    def check(self, about: dict[str, Any]) -> None:
        """Hold a stored object against its size and SHA-256. Raises NotUsable."""
        digest, size = hashlib.sha256(), 0
        with self.target.get(about["name"]) as file:
            for block in tools.blocks(file):
                digest.update(block)
                size += len(block)
        if (size, digest.hexdigest()) != (about["size"], about["sha256"]):
            raise NotUsable(f"{about['name']} is damaged: {size} bytes, and not the SHA-256 of its manifest")


@contextmanager
def _as_file(file: IO[bytes]) -> Iterator[IO[bytes]]:
    """A program reads only from real files."""
    try:
        file.fileno()
    except (OSError, io.UnsupportedOperation):
        with tempfile.TemporaryFile() as copy:
            for block in tools.blocks(file):
                copy.write(block)
            copy.seek(0)
            yield copy
    else:
        yield file
