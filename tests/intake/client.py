"""A browser for the tests: Django's client on a firm's host, with cookies and CSRF as a page sends them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.test import Client

CSRF_COOKIE = "__Host-csrftoken"


class Browser:
    """One browser on one host."""

    def __init__(self, host: str = "harbor.localhost") -> None:
        self.client = Client(enforce_csrf_checks=True, headers={"host": host}, raise_request_exception=True)
        self.get("/api/firm")

    def get(self, path: str, **more: Any) -> Any:
        return self.client.get(path, **more)

    def post(self, path: str, body: Any = None, *, csrf: bool = True, **more: Any) -> Any:
        token = self.client.cookies.get(CSRF_COOKIE)
        headers = {"X-CSRFToken": token.value} if csrf and token else {}
        return self.client.post(path, body, content_type="application/json", headers=headers, **more)

    def start(self, **consents: bool) -> dict[str, Any]:
        given = {"service": True, "keep_audio": False, **consents}
        response = self.post("/api/intakes/", {"consents": given, "locale": "en"})
        assert response.status_code == 201, response.content
        self.snapshot = response.json()
        self.path = f"/api/intakes/{self.snapshot['id']}"
        return self.snapshot

    def say(self, text: str, **more: Any) -> Any:
        body = {"text": text, "client_ref": str(uuid4()), **more}
        return self.post(f"{self.path}/turns", body)

    def answer(self, *texts: str) -> dict[str, Any]:
        for text in texts:
            response = self.say(text)
            assert response.status_code == 201, response.content
            self.snapshot = response.json()["snapshot"]
        return self.snapshot
