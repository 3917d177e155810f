"""Pairs on an edge's disk, where nginx looks: NAME/fullchain.pem and NAME/privkey.pem, never half of one.

Each NAME is a link to a folder below `.pairs` that is written whole before the link is turned to it. What is there
tells which version it is, so a new start fetches nothing that it has.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

from legal_intake.certificates.pairs import Pair, is_name

STORE: Final = ".pairs"
PROOFS: Final = ".acme"
#: Below a web root, where authorities look.
PROOFS_PATH: Final = ".well-known/acme-challenge"


class Folders:
    """The pairs below one folder.

    Args:
        root: NGINX_OWN_CERTIFICATES of the nginx beside us.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
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
            if folder.parent.name == STORE and name == link.name and (link / "privkey.pem").is_file():
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
        shutil.rmtree(whole, ignore_errors=True)
        part.rename(whole)
        link = self._store / f".link-{name}"
        link.unlink(missing_ok=True)
        link.symlink_to(Path(STORE) / whole.name)
        before = place.readlink().name if place.is_symlink() else ""
        link.rename(place)
        if before and before != whole.name:
            shutil.rmtree(self._store / before, ignore_errors=True)

    def remove(self, name: str) -> None:
        """Take a pair of ours away."""
        place = self._root / name
        if is_name(name) and place.is_symlink():
            before = place.readlink().name
            place.unlink()
            shutil.rmtree(self._store / before, ignore_errors=True)

    def sweep(self) -> None:
        """Remove what an end in the middle left behind."""
        kept = {f"{name}@{version}" for name, version in self.versions().items()}
        if self._store.is_dir():
            for left in self._store.iterdir():
                if left.is_symlink():
                    left.unlink()
                elif left.name not in kept:
                    shutil.rmtree(left, ignore_errors=True)

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
