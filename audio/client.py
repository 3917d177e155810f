"""A client of the whole thing, for `manage.py talk`, tests and benchmarks: what the page does, in Python.

It goes the page's way: the same cookie, CSRF token, ticket, socket, frames and acknowledgements. Names
under `.localhost` need not resolve: it connects to a loopback address and sends the firm's Host.
"""

from __future__ import annotations

import contextlib
import secrets
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

import httpx

from audio.voice_client import ClientError, VoiceClient

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Callable, Mapping
    from types import TracebackType

COOKIE: Final = "__Host-intake"
CSRF_COOKIE: Final = "__Host-csrftoken"
#: More questions than any playbook has.
MOST_QUESTIONS: Final = 60
FIRST_ANSWERS: Final = {"state": "Texas"}
#: Numbers that nobody has: 555-0100 to 555-0199 of any area.
AREAS: Final = ("201", "212", "305", "312", "415", "512", "617", "702", "713", "808", "907", "919")


def some_phone() -> str:
    """A number for somebody made up."""
    return f"{secrets.choice(AREAS)} 555 01{secrets.randbelow(100):02}"


class IntakeClient:
    """One browser's conversation over HTTP.

    Args:
        address: where the server listens, such as `127.0.0.1:8000`.
        host: the firm's Host header, with the port when it is not the scheme's own.
        tls: speak https and wss, and check the certificate of `host` by this; None is plain http.
        headers: more headers for each request and socket.
    """

    def __init__(
        self, address: str, host: str, *, tls: ssl.SSLContext | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        self.address, self.host, self.tls = address, host, tls
        self.headers = dict(headers or {})
        self.cookies: dict[str, str] = {}
        self.snapshot: dict[str, Any] = {}
        #: Their own: whoever tries many names from one number is stopped.
        self.phone = some_phone()
        # Without TLS we come as a proxy would: the server's own cookies ask for https.
        self._own_headers = {"Host": host, **({} if tls else {"X-Forwarded-Proto": "https"}), **self.headers}
        self._http = httpx.AsyncClient(
            base_url=f"{self._scheme('http')}://{address}", timeout=30, verify=tls or False, trust_env=False
        )

    async def __aenter__(self) -> IntakeClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    def _scheme(self, plain: str) -> str:
        return f"{plain}s" if self.tls else plain

    @property
    def server_name(self) -> str:
        """The name on the certificate."""
        return self.host.partition(":")[0]

    @property
    def origin(self) -> str:
        """What a page of this host would send."""
        return f"{self._scheme('http')}://{self.host}"

    @property
    def cookie_header(self) -> str:
        """`__Host-` cookies are for HTTPS; on loopback we carry them by hand, as browsers do for localhost."""
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    async def get(self, path: str) -> Any:
        """GET JSON. Raises ClientError."""
        return await self._call("GET", path, None)

    async def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """POST JSON with the CSRF token. Raises ClientError."""
        if CSRF_COOKIE not in self.cookies:
            await self.get("/api/firm")
        return await self._call("POST", path, body or {})

    async def start(self, *, keep_audio: bool) -> dict[str, Any]:
        """Agree, and begin."""
        self.snapshot = await self.post(
            "/api/intakes/", {"consents": {"service": True, "keep_audio": keep_audio}, "locale": "en"}
        )
        return self.snapshot

    async def say(self, text: str) -> dict[str, Any]:
        """A typed turn."""
        path = f"/api/intakes/{self.snapshot['id']}/turns"
        answer: dict[str, Any] = await self.post(path, {"text": text, "client_ref": str(uuid4())})
        self.snapshot = answer["snapshot"]
        return answer

    async def press(self, code: str) -> dict[str, Any]:
        """A button under the open question."""
        body = {"question": self.snapshot["question"]["key"], "code": code, "client_ref": str(uuid4())}
        answer: dict[str, Any] = await self.post(f"/api/intakes/{self.snapshot['id']}/choices", body)
        self.snapshot = answer["snapshot"]
        return answer

    async def to_story(self, name: str, other_side: str) -> None:
        """Through the first questions as somebody without anything special would answer. Raises ClientError when the
        firm asks no more."""
        for text in (name, other_side):
            await self.say(text)
        for _ in range(MOST_QUESTIONS):
            question = self.snapshot["question"]
            if question is None or question["kind"] == "story":
                break
            answer = self.phone if question["key"] == "phone" else FIRST_ANSWERS.get(question["key"])
            if answer is not None:
                await self.say(answer)
            else:
                await self.press(_button(question))
        if self.snapshot["stage"] != "story":
            raise ClientError("stage_closed", "The firm asks no more questions in this conversation.")

    async def to_review(self) -> dict[str, Any]:
        """The story has ended; what is asked after it is left open."""
        await self.done()
        for _ in range(MOST_QUESTIONS):
            if self.snapshot["question"] is None:
                break
            await self.press("@unknown")
        return self.snapshot

    async def done(self) -> dict[str, Any]:
        """The story has ended."""
        self.snapshot = await self.post(f"/api/intakes/{self.snapshot['id']}/done")
        return self.snapshot

    async def send(self) -> str:
        """Send it to the firm; its reference."""
        answer = await self.post(f"/api/intakes/{self.snapshot['id']}/send")
        return str(answer["reference"])

    async def agree(self, kind: str, *, granted: bool = True) -> dict[str, Any]:
        """Give a consent, or take it back."""
        body = {"kind": kind, "granted": granted, "place": "microphone" if kind == "transcription" else "choices"}
        self.snapshot = await self.post(f"/api/intakes/{self.snapshot['id']}/consents", body)
        return self.snapshot

    async def open_voice(self, on_event: Callable[[dict[str, Any]], None] | None = None) -> VoiceClient:
        """Open the microphone; who does so agrees that what they say is turned into words."""
        if not self.snapshot["consents"].get("transcription"):
            await self.agree("transcription")
        session = await self.post("/api/voice/sessions", {"intake": self.snapshot["id"]})
        return VoiceClient(self, session, on_event)

    async def _call(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        headers = {
            **self._own_headers, "Cookie": self.cookie_header, "Origin": self.origin, "Referer": f"{self.origin}/",
            "X-CSRFToken": self.cookies.get(CSRF_COOKIE, ""),
        }  # fmt: skip
        more = {"sni_hostname": self.server_name} if self.tls else None
        try:
            answer = await self._http.request(method, path, json=body, headers=headers, extensions=more)
        except httpx.TransportError as error:
            raise ClientError("unreachable", f"{self.address} does not answer: {type(error).__name__}") from None
        for line in answer.headers.get_list("set-cookie"):
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
        found: Any = None
        with contextlib.suppress(ValueError):
            found = answer.json()
        if answer.is_success:
            return found
        problem = found if isinstance(found, dict) else {}
        code = problem.get("code", f"http_{answer.status_code}")
        raise ClientError(code, problem.get("detail", answer.reason_phrase))


@contextlib.asynccontextmanager
async def conversation(
    address: str,
    host: str,
    *,
    keep_audio: bool,
    name: str,
    other_side: str,
    tls: ssl.SSLContext | None = None,
    headers: Mapping[str, str] | None = None,
) -> AsyncIterator[IntakeClient]:
    """A conversation that has come to the story."""
    async with IntakeClient(address, host, tls=tls, headers=headers) as client:
        await client.start(keep_audio=keep_audio)
        await client.to_story(name, other_side)
        yield client


def _button(question: dict[str, Any]) -> str:
    """What somebody presses who has nothing special to say."""
    if question["key"] in {"topic", "area"}:
        codes = [option["code"] for option in question["choices"]]
        return next((code for code in ("HO-00-00-00-00", "@list") if code in codes), codes[0])
    if question["kind"] == "yes_no":
        return "no" if question["key"] in {"has_lawyer", "in_custody"} else "yes"
    return "@skip"
