"""The API server, over HTTP: what of it the controller needs, bounded in time and size.

The token and the authority's certificate are read as they are replaced. Every failure has one of three forms: `Busy`
(wait and come back), `Refused` (this one request) and `Unreachable` (nothing can be asked now).
"""

from __future__ import annotations

import ssl
import time
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Kept = TypeVar("Kept")

ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")
REQUEST_SECONDS: Final = 15.0
METADATA_ALONE: Final = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
MERGE: Final = "application/merge-patch+json"
LONGEST_WAIT: Final = 300.0
# A list that grows old between two pages is begun anew so often in one look.
RESTARTS: Final = 3
_BUSY: Final = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT)


class Unreachable(Exception):
    """The API server does not answer, or the account's files are not there."""


class Busy(Exception):
    """It asks us to come back after `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the API server asks us to wait {seconds:.0f} s")
        self.seconds = seconds


class Refused(Exception):
    """It answered, and did not do it."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(f"{status} {reason}: {message}"[:300])
        self.status = status
        self.reason = reason


@dataclass(frozen=True)
class Place:
    """Where the API server is, and whose account we have."""

    url: str
    namespace: str
    token: Path = ACCOUNT / "token"
    authority: Path = ACCOUNT / "ca.crt"

    @classmethod
    def read(cls, environ: Mapping[str, str], namespace: str) -> Place:
        """As every pod is told.

        Raises:
            Unreachable: this is no pod.
        """
        host, port = environ.get("KUBERNETES_SERVICE_HOST", ""), environ.get("KUBERNETES_SERVICE_PORT", "443")
        if not host:
            raise Unreachable("KUBERNETES_SERVICE_HOST is missing: this runs in a pod with a service account")
        account = Path(environ.get("KUBERNETES_ACCOUNT_FOLDER") or ACCOUNT)
        host = f"[{host}]" if ":" in host else host
        return cls(f"https://{host}:{port}", namespace, account / "token", account / "ca.crt")

    def path(self, group: str, kind: str, name: str = "") -> str:
        """The address of a kind in our namespace; `group` is `v1` or `group/version`."""
        root = f"/api/{group}" if "/" not in group else f"/apis/{group}"
        return f"{root}/namespaces/{self.namespace}/{kind}" + (f"/{name}" if name else "")


class Api:
    """The API server for one pass. Use it as a context manager.

    Args:
        place: where it is.
        seconds: so long it may be used in all; then it is `Unreachable`.
    """

    def __init__(self, place: Place, *, seconds: float = 300.0) -> None:
        self.place = place
        self.requests = 0
        self._until = time.monotonic() + seconds
        try:
            context = ssl.create_default_context(cafile=str(place.authority))
        except (OSError, ssl.SSLError) as error:
            raise Unreachable(f"{place.authority} cannot be used ({type(error).__name__})") from None
        self._token = self._read_token()
        self._http = httpx.Client(base_url=place.url, verify=context, timeout=REQUEST_SECONDS, trust_env=False)

    def __enter__(self) -> Api:
        return self

    def __exit__(self, *_error: object) -> None:
        self._http.close()

    def get(self, path: str, **query: str) -> dict[str, Any]:
        """One object."""
        return self._ask("GET", path, query=query)

    def create(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """A new object; `Refused` with 409 where its name is taken."""
        return self._ask("POST", path, body=body)

    def patch(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Change a part. With metadata.resourceVersion in `body`, only what we have seen."""
        return self._ask("PATCH", path, body=body, content_type=MERGE)

    def delete(self, path: str, *, uid: str, version: str) -> None:
        """Only the object that we have seen, as we have seen it. One that is gone is well."""
        body = {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {"uid": uid, "resourceVersion": version}}
        try:
            self._ask("DELETE", path, body=body)
        except Refused as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise

    def every(
        self, path: str, keep: Callable[[dict[str, Any]], Kept], *, selector: str = "", limit: int, bare: bool = False
    ) -> list[Kept]:
        """What `keep` makes of every object, page by page, so that only one page is held whole.

        Args:
            path: of the kind.
            keep: takes what is wanted out of an object.
            selector: only with these labels.
            limit: objects a page.
            bare: their metadata alone.
        """
        for _ in range(RESTARTS):
            try:
                return self._pages(path, keep, {"labelSelector": selector, "limit": str(limit)}, bare=bare)
            except Refused as error:
                if error.status != HTTPStatus.GONE:
                    raise
        raise Busy(REQUEST_SECONDS)

    def _pages(
        self, path: str, keep: Callable[[dict[str, Any]], Kept], query: dict[str, str], *, bare: bool
    ) -> list[Kept]:
        found: list[Kept] = []
        more = ""
        while True:
            asked = {**query, "continue": more} if more else query
            page = self._ask("GET", path, query=asked, accept=METADATA_ALONE if bare else "application/json")
            found += [keep(each) for each in page.get("items") or []]
            more = page.get("metadata", {}).get("continue", "")
            if not more:
                return found

    def _read_token(self) -> str:
        try:
            return self.place.token.read_text().strip()
        except OSError as error:
            raise Unreachable(f"{self.place.token} cannot be read ({type(error).__name__})") from None

    def _ask(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, str] | None = None,
        body: dict[str, Any] | None = None,
        accept: str = "application/json",
        content_type: str = "application/json",
    ) -> dict[str, Any]:
        headers = {"Accept": accept, "Content-Type": content_type}
        response = self._send(method, path, query, body, headers)
        if response.status_code == HTTPStatus.UNAUTHORIZED:
            fresh = self._read_token()
            if fresh != self._token:  # it was replaced since this pass began
                self._token = fresh
                response = self._send(method, path, query, body, headers)
        if response.status_code in _BUSY:
            raise Busy(_wait(response.headers.get("retry-after", "")))
        answer = _object(response)
        if response.is_success:
            return answer
        raise Refused(response.status_code, str(answer.get("reason", "")), str(answer.get("message", "")))

    def _send(
        self, method: str, path: str, query: dict[str, str] | None, body: dict[str, Any] | None, headers: dict[str, str]
    ) -> httpx.Response:
        if time.monotonic() > self._until:
            raise Unreachable("this pass has taken too long; the next one goes on")
        self.requests += 1
        try:
            return self._http.request(
                method, path, params=query, json=body, headers={**headers, "Authorization": f"Bearer {self._token}"}
            )
        except httpx.HTTPError as error:
            raise Unreachable(f"{method} {self.place.url}: {type(error).__name__}") from None


def _wait(said: str) -> float:
    try:
        return min(LONGEST_WAIT, max(1.0, float(said)))
    except ValueError:
        return REQUEST_SECONDS


def _object(response: httpx.Response) -> dict[str, Any]:
    try:
        found = response.json()
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {"message": "no JSON object came"}
