"""Beside each edge's nginx: fetches the pairs of all hosts and lays them where it looks.

    python -m legal_intake.certificates.fetching

Asks the controller which pairs there are, fetches those that changed, checks each before it replaces one, and takes
away what has been gone for a while. While the controller is away everything stays as it is; after a start nothing is
written until it has answered. Imports no Django: one runs beside each nginx, in little memory.
"""

from __future__ import annotations

import json
import math
import os
import random
import signal
import sys
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import httpx

from legal_intake.certificates.folders import Folders
from legal_intake.certificates.pairs import MAX_PAIR_BYTES, MAX_PAIRS, Pair, Unfit, check, is_name, is_proof
from legal_intake.certificates.sealing import NotSealed, Seal, UnusableToken

if TYPE_CHECKING:
    from collections.abc import Mapping

WAIT_SECONDS: Final = 25
ANSWER_SECONDS: Final = 15.0
RETRY_SECONDS: Final = 10.0
LONGEST_DELAY: Final = 60.0
LIST_PATH: Final = "/v1/pairs"
MAX_LIST_BYTES: Final = 8 * 1024 * 1024
#: A line a pair at a time, when everything comes at once, would be a thousand.
SAID_PER_ROUND: Final = 20


class Unusable(Exception):
    """A setting that cannot be used; the message says what to do."""


class Away(Exception):
    """The controller does not answer, or not with what we asked for."""


@dataclass(frozen=True)
class Settings:
    """What the environment says."""

    url: str
    token: Path
    folder: Path
    keep_seconds: float

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Settings:
        """Raises Unusable."""
        url = environ.get("CERTIFICATES_URL", "").rstrip("/")
        if not url.startswith(("http://", "https://")):
            raise Unusable("CERTIFICATES_URL is missing or no address: such as http://certificates:8088")
        folder = Path(environ.get("CERTIFICATES_FOLDER") or "/etc/legal-intake/certificates")
        if not folder.is_dir():
            raise Unusable(f"CERTIFICATES_FOLDER is {folder}, which is no folder: mount the volume that nginx reads")
        try:
            keep = float(environ.get("CERTIFICATES_GONE_SECONDS") or "3600")
        except ValueError:
            keep = -1.0
        if not (math.isfinite(keep) and keep >= 0):
            raise Unusable("CERTIFICATES_GONE_SECONDS must be a number of seconds")
        token = Path(environ.get("CERTIFICATES_TOKEN_FILE") or "/run/secrets/certificates_token")
        return cls(url, token, folder, keep)


class Source:
    """The controller's address. One connection, kept."""

    def __init__(self, settings: Settings) -> None:
        self._token = settings.token
        timeout = httpx.Timeout(ANSWER_SECONDS, read=WAIT_SECONDS + ANSWER_SECONDS)
        self._http = httpx.Client(base_url=settings.url, timeout=timeout, trust_env=False)

    def close(self) -> None:
        """Let the connection go."""
        self._http.close()

    def listed(self, etag: str) -> tuple[str, dict[str, Any]] | None:
        """The list and its tag; None where it is still the one with `etag`."""
        query = {"wait": str(WAIT_SECONDS)} if etag else {}
        headers = {"If-None-Match": f'"{etag}"'} if etag else {}
        try:
            found = self._ask(LIST_PATH, query, headers, MAX_LIST_BYTES)
            return None if found is None else (found[0], _object(found[1]))
        except Unfit as error:
            raise Away(str(error)) from None

    def pair(self, name: str) -> Pair:
        """One pair, checked.

        Raises:
            Unfit: this one is not to be had, or not to be used.
            Away: none is.
        """
        found = self._ask(f"{LIST_PATH}/{name}", {}, {}, 2 * MAX_PAIR_BYTES)
        body = _object(found[1]) if found else {}
        chain, key = body.get("fullchain"), body.get("privkey")
        if not isinstance(chain, str) or not isinstance(key, str):
            raise Unfit("no pair came")
        return check(chain.encode(), key.encode())

    def _ask(self, path: str, query: dict[str, str], headers: dict[str, str], most: int) -> tuple[str, bytes] | None:
        try:
            seal = Seal.read(self._token)
            asked = {**headers, "Authorization": f"Bearer {seal.bearer}"}
            with self._http.stream("GET", path, params=query, headers=asked) as response:
                if response.status_code == HTTPStatus.NOT_MODIFIED:
                    return None
                if response.status_code == HTTPStatus.NOT_FOUND:
                    raise Unfit(_status(path, response.status_code))
                if response.status_code != HTTPStatus.OK:
                    raise Away(_status(path, response.status_code))
                return response.headers.get("etag", "").strip('"'), seal.open(path, _body(response, path, most))
        except httpx.HTTPError as error:
            raise Away(f"{path}: {type(error).__name__}") from None
        except NotSealed as error:
            raise Unfit(str(error)) from None
        except UnusableToken as error:
            raise Away(str(error)) from None


class Fetcher:
    """Round after round. Memory is that of the list and one pair."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._source = Source(settings)
        self._folders = Folders(settings.folder, settings.keep_seconds)
        self._etag = ""
        self._names: dict[str, str] = {}
        self._gone: dict[str, float] = {}
        self._failing: dict[str, str] = {}
        self._trouble = ""
        self._failures = 0

    def close(self) -> None:
        """Let the connection go."""
        self._source.close()

    def one_round(self, stop: threading.Event) -> float:
        """Ask, and bring the folder up to date; the seconds until the next round."""
        try:
            found = self._source.listed(self._etag)
            if found is not None:
                etag, listed = found
                names, proofs = _read_list(listed)
                self._folders.answer(proofs)
                self._names = names
                self._etag = etag if self._take(stop) else ""
            self._remove()
            self._folders.sweep()
        except (Away, OSError) as error:
            reason = str(error) if isinstance(error, Away) else f"{type(error).__name__}: {error.strerror}"
            self._say_trouble(reason)
            self._failures = min(self._failures + 1, 6)
            return min(LONGEST_DELAY, 2.0**self._failures) * random.uniform(0.5, 1.0)  # noqa: S311 - spreads edges
        self._say_trouble("")
        self._failures = 0
        # Without a tag something could not be had: all is compared again soon. With one, the question itself waits.
        return 0.0 if self._etag else RETRY_SECONDS

    def _take(self, stop: threading.Event) -> bool:
        """Fetch what differs. Whether everything is here."""
        have = self._folders.versions()
        due = sorted(name for name, version in self._names.items() if have.get(name) != version)
        # One that failed before comes last: it holds up nobody.
        due.sort(key=lambda name: name in self._failing)
        failing: dict[str, str] = {}
        written = 0
        for name in due:
            if stop.is_set():
                return False
            try:
                pair = self._take_one(name, replaces=name in have)
            except (Unfit, OSError) as error:
                failing[name] = str(error) if isinstance(error, Unfit) else f"{type(error).__name__}: {error.strerror}"
                if self._failing.get(name) != failing[name]:
                    say("warning", "pair_not_taken", host=name, reason=failing[name])
            else:
                written += 1
                if pair.over:
                    say("warning", "pair_has_ended", host=name, ends=pair.ends.isoformat())
                elif written <= SAID_PER_ROUND:
                    say("info", "pair_written", host=name, ends=pair.ends.isoformat())
        self._failing = failing
        if written > SAID_PER_ROUND:
            say("info", "pairs_written", number=written)
        self._folders.mark_known()
        return not failing

    def _take_one(self, name: str, *, replaces: bool) -> Pair:
        pair = self._source.pair(name)
        if pair.over and replaces:
            raise Unfit("it has ended; the one before stays")
        self._folders.write(name, pair)
        return pair

    def _remove(self) -> None:
        """Take away what has not been listed for a while: a controller that errs is given time to be mended."""
        now = time.monotonic()
        missing = {name for name in self._folders.versions() if name not in self._names}
        self._gone = {name: self._gone.get(name, now) for name in missing}
        for name, since in list(self._gone.items()):
            if now - since >= self._settings.keep_seconds:
                self._folders.remove(name)
                del self._gone[name]
                say("info", "pair_removed", host=name)

    def _say_trouble(self, reason: str) -> None:
        if reason == self._trouble:
            return
        self._trouble = reason
        if reason:
            say("warning", "pairs_cannot_be_asked_for", reason=reason, kept=len(self._names))
        else:
            say("info", "pairs_can_be_asked_for_again")


def _read_list(listed: dict[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    pairs, proofs = listed.get("pairs"), listed.get("proofs", {})
    if not isinstance(pairs, list) or not isinstance(proofs, dict) or len(pairs) > MAX_PAIRS:
        raise Away("the list has another form than we know")
    names = {str(each.get("name")): str(each.get("version")) for each in pairs if isinstance(each, dict)}
    usable = {name: version for name, version in names.items() if is_name(name) and version.isalnum()}
    if len(usable) < len(pairs):
        say("warning", "names_left_out", number=len(pairs) - len(usable), reason="no host names, or named twice")
    return usable, {token: key for token, key in proofs.items() if is_proof(token, key)}


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Unfit("what came is no JSON object")
    return found


def _body(response: httpx.Response, path: str, most: int) -> bytes:
    body = bytearray()
    for part in response.iter_raw():
        body += part
        if len(body) > most:
            raise Unfit(f"the answer to {path} is larger than {most} bytes")
    return bytes(body)


def _status(path: str, status: int) -> str:
    hint = {401: ": both sides need the same certificates_token", 503: ": it does not know them itself yet"}
    return f"{path} answered {status}{hint.get(status, '')}"


def say(level: str, event: str, **fields: Any) -> None:
    """One line of our JSON logs."""
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    line = {"time": at, "level": level, "logger": "certificates.fetching", "event": event, **fields}
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def run_until(stop: threading.Event, settings: Settings) -> None:
    """Fetch until the event is set."""
    fetcher = Fetcher(settings)
    try:
        while not stop.is_set():
            stop.wait(fetcher.one_round(stop))
    finally:
        fetcher.close()


def main(environ: Mapping[str, str]) -> int:
    """Exit 0 when told to stop, 2 for a setting."""
    try:
        settings = Settings.read(environ)
    except Unusable as error:
        say("error", "cannot_start", error=str(error))
        return 2
    for number in (signal.SIGTERM, signal.SIGINT):
        # At once, even in the middle: nothing is ever written half.
        signal.signal(number, lambda *_: sys.exit(0))
    run_until(threading.Event(), settings)
    return 0


if __name__ == "__main__":
    sys.exit(main(os.environ))
