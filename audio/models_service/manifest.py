"""What is in the models volume, by SHA-256.

    python -m audio.models_service.manifest copy FOLDER [--from FOLDER]   fill a volume and write its manifest
    python -m audio.models_service.manifest write FOLDER                  write the manifest of what is there
    python -m audio.models_service.manifest check FOLDER [--sha256 HASH]  compare what is there with it

`manifest.json` in the folder lists every file with its size and hash. The service starts only when all of
them are there, unchanged, and no other: a recogniser also picks up files that nobody named. A manifest that
lies beside the files finds damage and mix-ups, not an intruder; `MODELS_MANIFEST_SHA256` pins it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from audio.models_service.errors import ManifestError

MANIFEST: Final = "manifest.json"
FORMAT: Final = 1
ENGINES: Final = ("pocketsphinx",)
_BLOCK: Final = 1 << 20
# What a file system puts into the root of a volume of its own.
_NOT_OURS: Final = frozenset({"lost+found"})
_WHEEL_FILES: Final = ("en-us/en-us", "en-us/en-us.lm.bin", "en-us/cmudict-en-us.dict")
_COPY_AGAIN: Final = "Fill the volume again: python -m audio.models_service.manifest copy FOLDER"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a folder holds. `sha256`: of the file `manifest.json` itself."""

    engine: str
    model: str
    files: dict[str, tuple[str, int]]
    sha256: str = ""

    def dump(self) -> str:
        """The text of the file; equal folders give equal texts."""
        files = {name: {"sha256": found, "bytes": size} for name, (found, size) in sorted(self.files.items())}
        said = {"format": FORMAT, "engine": self.engine, "model": self.model, "files": files}
        return json.dumps(said, indent=1) + "\n"


def check(folder: Path, pinned: str = "") -> Manifest:
    """Compare the folder with its manifest; the manifest when all is as it says.

    Raises:
        ManifestError: it names what differs and what to do.
    """
    manifest = read(folder)
    if pinned and manifest.sha256 != pinned:
        raise ManifestError(
            f"{folder / MANIFEST} has SHA-256 {manifest.sha256}, and MODELS_MANIFEST_SHA256 asks for {pinned}. "
            "Mount the models that were approved, or approve these."
        )
    found = set(_files(folder))
    if missing := sorted(manifest.files.keys() - found):
        raise ManifestError(f"{folder / missing[0]} is missing ({len(missing)} in all). {_COPY_AGAIN}")
    if strange := sorted(found - manifest.files.keys()):
        raise ManifestError(
            f"{folder / strange[0]} is not in the manifest ({len(strange)} in all). Remove it, or write the "
            "manifest anew if it belongs there: python -m audio.models_service.manifest write FOLDER"
        )
    for name, (wanted, size) in manifest.files.items():
        there = (folder / name).stat().st_size
        if there != size:
            raise ManifestError(f"{folder / name} has {there} bytes, expected {size}. {_COPY_AGAIN}")
        if (actual := _sha256(folder / name)) != wanted:
            raise ManifestError(f"{folder / name} has SHA-256 {actual}, expected {wanted}. {_COPY_AGAIN}")
    return manifest


def read(folder: Path) -> Manifest:
    """Read the folder's manifest without looking at the files. Raises ManifestError."""
    path = folder / MANIFEST
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ManifestError(f"{path} cannot be read ({error.strerror}). {_COPY_AGAIN}") from error
    try:
        said = json.loads(content)
        files = {str(name): (str(one["sha256"]), int(one["bytes"])) for name, one in said["files"].items()}
        manifest = Manifest(said["engine"], str(said["model"]), files, hashlib.sha256(content).hexdigest())
        known = said["format"] == FORMAT and manifest.engine in ENGINES
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ManifestError(f"{path} is no manifest of ours. {_COPY_AGAIN}") from error
    if not known:
        raise ManifestError(
            f"{path} is of format {said['format']!r} for the engine {manifest.engine!r}; this release knows "
            f"format {FORMAT} and {', '.join(ENGINES)}. Use the models of this release."
        )
    return manifest


def write(folder: Path, *, engine: str = "pocketsphinx", model: str = "en-us") -> Manifest:
    """Write the manifest of what is there. Raises ManifestError."""
    names = _files(folder)
    if not names:
        raise ManifestError(f"{folder} holds no file. {_COPY_AGAIN}")
    files = {name: (_sha256(folder / name), (folder / name).stat().st_size) for name in names}
    manifest = Manifest(engine, model, files)
    try:
        fresh = folder / f"{MANIFEST}.new"
        fresh.write_text(manifest.dump())
        fresh.replace(folder / MANIFEST)
    except OSError as error:
        raise ManifestError(f"{folder / MANIFEST} cannot be written: {error.strerror}.") from error
    return read(folder)


def copy(target: Path, source: Path | None = None) -> Manifest:
    """Fill `target` from another folder with a manifest, or with the model in pocketsphinx's wheel.

    Done again, it changes nothing; after an interruption it goes on. Raises ManifestError.
    """
    origin, wanted, from_manifest = _origin(source)
    strange = [name for name in _files(target) if name not in wanted]
    if strange:
        raise ManifestError(f"{target / strange[0]} is there already and no part of this model. Use an empty folder.")
    try:
        for name in wanted:
            place = target / name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(origin / name, place)
    except OSError as error:
        raise ManifestError(f"{target} cannot be filled: {error.strerror} ({error.filename}).") from error
    if from_manifest is None:
        return write(target)
    (target / MANIFEST).write_bytes((origin / MANIFEST).read_bytes())
    return check(target, from_manifest.sha256)


def _origin(source: Path | None) -> tuple[Path, list[str], Manifest | None]:
    if source is not None:
        manifest = check(source)
        return source, list(manifest.files), manifest
    spec = find_spec("pocketsphinx")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        folder = Path(place) / "model"
        files = _files(folder)
        names = [name for name in files if any(name == one or name.startswith(f"{one}/") for one in _WHEEL_FILES)]
        if names:
            return folder, names, None
    raise ManifestError("No model comes with pocketsphinx here. Name a folder that has one with --from.")


def _files(folder: Path) -> list[str]:
    """Every file below, by its path in the folder; links and the like are no files of a model."""
    found = []
    if not folder.is_dir():
        raise ManifestError(f"{folder} is no folder. Mount the models volume there, or set MODELS_DIR.")
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.relative_to(folder).parts[0] in _NOT_OURS or name in (MANIFEST, f"{MANIFEST}.new"):
            continue
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise ManifestError(f"{path} is a link or no plain file. Put the file itself there.")
        if path.is_file():
            found.append(name)
    return found


def _sha256(path: Path) -> str:
    hasher = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                hasher.update(block)
    except OSError as error:
        raise ManifestError(f"{path} cannot be read: {error.strerror}.") from error
    return hasher.hexdigest()


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m audio.models_service.manifest", description="The models volume.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    filling = verbs.add_parser("copy", help="fill a folder with a model and write its manifest")
    filling.add_argument("folder", type=Path)
    filling.add_argument("--from", dest="source", type=Path, help="a folder with a manifest; else pocketsphinx's wheel")
    writing = verbs.add_parser("write", help="write the manifest of what is in a folder")
    writing.add_argument("folder", type=Path)
    writing.add_argument("--engine", choices=ENGINES, default=ENGINES[0])
    writing.add_argument("--model", default="en-us")
    checking = verbs.add_parser("check", help="compare a folder with its manifest")
    checking.add_argument("folder", type=Path)
    checking.add_argument("--sha256", default="", help="what manifest.json itself must have")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """The command line; 1 and a sentence when something is wrong."""
    asked: Any = _arguments().parse_args(arguments)
    try:
        match asked.verb:
            case "copy":
                asked.folder.mkdir(parents=True, exist_ok=True)
                found = copy(asked.folder, asked.source)
            case "write":
                found = write(asked.folder, engine=asked.engine, model=asked.model)
            case _:
                found = check(asked.folder, asked.sha256.lower())
    except (ManifestError, OSError) as error:
        sys.stderr.write(f"models: {error}\n")
        return 1
    size = sum(size for _, size in found.files.values()) / 1e6
    sys.stdout.write(
        f"{asked.folder}: {found.engine} {found.model}, {len(found.files)} files, {size:.1f} MB, "
        f"all as the manifest says\nMODELS_MANIFEST_SHA256={found.sha256}\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
