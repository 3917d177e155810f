"""Pairs on an edge's disk, where nginx looks: NAME/fullchain.pem and NAME/privkey.pem, never half of one.

Each NAME is a link to a folder below `.pairs` that is written whole before the link is turned to it, and never changed
after. What is there tells which version it is, so a new start fetches nothing that it has. Beside the two files stands
`names`, the hosts of the certificate: the pair was checked before it was written, so nginx's renderer takes the folder
as it is and runs no openssl. It uses the folder itself, not a copy: one that was replaced therefore stays for a while.
"""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import Final

from legal_intake.certificates.pairs import Pair, is_name

STORE: Final = ".pairs"
PROOFS: Final = ".acme"
#: In each folder: the hosts that its certificate is for, in one line. deploy/nginx/lib/certificates.sh reads it.
NAMES: Final = "names"
#: nginx has turned to the next pair long before: NGINX_WATCH_SECONDS and NGINX_RELOAD_SECONDS are a minute or so.
REPLACED_SECONDS: Final = 3600.0
#: Below a web root, where authorities look.
PROOFS_PATH: Final = ".well-known/acme-challenge"


class Folders:
    """The pairs below one folder.

    Args:
        root: NGINX_OWN_CERTIFICATES of the nginx beside us.
        replaced_seconds: so long a pair that was replaced or removed stays where nginx may still read it.
    """

    def __init__(self, root: Path, replaced_seconds: float = REPLACED_SECONDS) -> None:
        self._root = root
        self._replaced_seconds = replaced_seconds
        self._store = root / STORE
        self._proofs = root / PROOFS / PROOFS_PATH

    def versions(self) -> dict[str, str]:
        """Version by name, of what is there whole. What we did not write has none, and is not touched."""
        found: dict[str, str] = {}
        for link in self._root.iterdir():
            if not link.is_symlink():
                continue
            folder = link.readlink()
            name, _, version = folder.name.rpartition("@")
            whole = all((link / file).is_file() for file in ("fullchain.pem", "privkey.pem", NAMES))
            if folder.parent.name == STORE and name == link.name and whole:
                found[name] = version
        return found

    def write(self, name: str, pair: Pair) -> None:
        """Put a pair in the place of the one before."""
        if not is_name(name):
            raise ValueError(name)
        place = self._root / name
        if place.exists() and not place.is_symlink():
            raise FileExistsError(f"{place} is there, and is not ours")
        whole = self._store / f"{name}@{pair.version}"
        part = self._store / f".part-{name}"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        _write(part / "fullchain.pem", pair.chain)
        _write(part / "privkey.pem", pair.key)
        _write(part / NAMES, " ".join(sorted(pair.hosts)).encode() + b"\n")
        shutil.rmtree(whole, ignore_errors=True)
        part.rename(whole)
        link = self._store / f".link-{name}"
        link.unlink(missing_ok=True)
        link.symlink_to(Path(STORE) / whole.name)
        before = place.readlink().name if place.is_symlink() else ""
        link.rename(place)
        if before and before != whole.name:
            self._let_go(before)

    def remove(self, name: str) -> None:
        """Take a pair of ours away: nginx finds it no more."""
        place = self._root / name
        if is_name(name) and place.is_symlink():
            before = place.readlink().name
            place.unlink()
            self._let_go(before)

    def sweep(self) -> None:
        """Remove what an end in the middle left behind, and what was replaced long enough ago."""
        kept = {link.readlink().name for link in self._root.iterdir() if link.is_symlink()}
        now = time.time()
        if not self._store.is_dir():
            return
        for left in self._store.iterdir():
            if left.is_symlink():
                left.unlink()
            elif left.name.startswith(".") or (left.name not in kept and self._is_over(left, now)):
                shutil.rmtree(left, ignore_errors=True)

    def _let_go(self, folder: str) -> None:
        """From now on it is not used. Its own time says since when, which survives our restart."""
        if (self._store / folder).is_dir():
            os.utime(self._store / folder)

    def _is_over(self, folder: Path, now: float) -> bool:
        # A clock that was set back must not keep keys for ever.
        return abs(now - folder.stat().st_mtime) >= self._replaced_seconds

    def answer(self, proofs: dict[str, str]) -> None:
        """Lay down what authorities ask for on port 80, and nothing else."""
        if not proofs and not self._proofs.is_dir():
            return
        self._proofs.mkdir(parents=True, exist_ok=True)
        for path in self._proofs.iterdir():
            if path.name not in proofs:
                path.unlink()
        for token, key in proofs.items():
            path = self._proofs / token
            if not path.exists() or path.read_text() != key:
                part = path.with_name(f".{token}")
                part.write_text(key)
                part.chmod(0o644)
                part.rename(path)

    def mark_known(self) -> None:
        """From now on nginx may start: what there is to have is here."""
        (self._root / ".known").touch()


def _write(path: Path, content: bytes) -> None:
    # Readable for the group: nginx may run under another account of the same pod.
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
