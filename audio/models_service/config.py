"""What the service is told by its environment. Wrong values end it before it opens a port."""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass
from pathlib import Path

from audio.models_service.errors import ServiceError

LEAST_TOKEN = 32
MOST_SLOTS = 512

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Config:
    """Settings of one service.

    `tokens`: any of them opens a socket. `manifest_sha256`: of manifest.json itself, or empty.
    """

    folder: Path
    tokens: tuple[str, ...]
    slots: int
    bind: str = "127.0.0.1"
    port: int = 8090
    manifest_sha256: str = ""
    metrics_token: str = ""
    metrics_networks: tuple[Network, ...] = ()
    log_level: str = "INFO"


def from_environment() -> Config:
    """Read the settings. Raises ServiceError with a sentence that names the setting."""
    tokens = _tokens(
        os.environ.get("MODELS_TOKEN", ""),
        os.environ.get("MODELS_TOKEN_FILE", ""),
    )
    metrics_token = os.environ.get("METRICS_TOKEN", "") or _first_line(
        "METRICS_TOKEN_FILE", os.environ.get("METRICS_TOKEN_FILE", "")
    )
    pinned = os.environ.get("MODELS_MANIFEST_SHA256", "").lower()
    if pinned and not re.fullmatch(r"[0-9a-f]{64}", pinned):
        raise ServiceError("MODELS_MANIFEST_SHA256 is no SHA-256: 64 hexadecimal digits, or leave it out.")
    return Config(
        folder=Path(os.environ.get("MODELS_DIR", "/models")),
        tokens=tokens,
        slots=_slots(os.environ.get("MODELS_SLOTS", "")),
        bind=os.environ.get("MODELS_BIND", "127.0.0.1"),
        port=_number("MODELS_PORT", os.environ.get("MODELS_PORT", "") or "8090", 0, 65_535),
        manifest_sha256=pinned,
        metrics_token=metrics_token,
        metrics_networks=_networks(os.environ.get("METRICS_NETWORKS", "")),
        log_level=_level(os.environ.get("LOG_LEVEL", "") or "INFO"),
    )


def usable_cores() -> int:
    """Whole cores that this process may use: its CPU set, or less where a container's quota says so."""
    cores = len(os.sched_getaffinity(0))
    for files in (("cpu.max",), ("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us")):
        try:
            said = [(Path("/sys/fs/cgroup") / file).read_text() for file in files]
            quota, period = (int(part) for part in " ".join(said).split())
        except (OSError, ValueError):  # no such file, or `max`
            continue
        if quota > 0 and period > 0:
            return max(1, min(cores, quota // period))
    return cores


def _slots(given: str) -> int:
    return _number("MODELS_SLOTS", given, 1, MOST_SLOTS) if given else usable_cores()


def _number(name: str, given: str, least: int, most: int) -> int:
    try:
        number = int(given)
    except ValueError:
        number = least - 1
    if not least <= number <= most:
        raise ServiceError(f"{name} is {given!r}: set a whole number from {least} to {most}.")
    return number


def _tokens(given: str, file: str) -> tuple[str, ...]:
    lines = given.split() if given else _lines("MODELS_TOKEN_FILE", file)
    if not lines:
        raise ServiceError(
            "MODELS_TOKEN or MODELS_TOKEN_FILE is missing: whoever reaches this port could use the models. "
            "Make a token with: openssl rand -hex 32"
        )
    if short := [line for line in lines if len(line) < LEAST_TOKEN]:
        raise ServiceError(
            f"A token for the models has {len(short[0])} characters; {LEAST_TOKEN} are the least. "
            "Make one with: openssl rand -hex 32"
        )
    return tuple(lines)


def _first_line(name: str, file: str) -> str:
    lines = _lines(name, file)
    return lines[0] if lines else ""


def _lines(name: str, file: str) -> list[str]:
    if not file:
        return []
    try:
        return [line.strip() for line in Path(file).read_text().splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        raise ServiceError(f"{name} names {file}, which cannot be read: {_why(error)}.") from error


def _why(error: Exception) -> str:
    return (error.strerror or type(error).__name__) if isinstance(error, OSError) else "it is no text"


def _level(given: str) -> str:
    if given.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise ServiceError(f"LOG_LEVEL is {given!r}: set DEBUG, INFO, WARNING or ERROR.")
    return given.upper()


def _networks(given: str) -> tuple[Network, ...]:
    try:
        return tuple(ipaddress.ip_network(part.strip()) for part in given.split(",") if part.strip())
    except ValueError as error:
        raise ServiceError(f"METRICS_NETWORKS cannot be read: {error}.") from error
