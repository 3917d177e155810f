"""A browser for the tests: Django's client on a firm's host, with cookies and CSRF as a page sends them."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

from django.test import Client

from tests.intake.talk import BASICS

CSRF_COOKIE = "__Host-csrftoken"


class Browser:
    """One browser on one host."""

    def __init__(self, host: str = "harbor.localhost", *, begin: bool = True) -> None:
        self.client = Client(enforce_csrf_checks=True, headers={"host": host})
        self.snapshot: dict[str, Any] = {}
        if begin:
            self.get("/api/firm")

    @property
    def path(self) -> str:
        return f"/api/intakes/{self.snapshot['id']}"

    def get(self, path: str, **more: Any) -> Any:
        return self.client.get(path, **more)

    def post(self, path: str, body: Any = None, *, csrf: bool = True, headers_more: Any = None) -> Any:
        return self.raw(path, json.dumps(body).encode() if body is not None else b"", csrf=csrf, more=headers_more)

    def raw(
        self, path: str, body: bytes, content_type: str = "application/json", *, csrf: bool = True, more: Any = None
    ) -> Any:
        token = self.client.cookies.get(CSRF_COOKIE)
        headers = {"X-CSRFToken": token.value} if csrf and token else {}
        return self.client.post(path, body, content_type=content_type, headers={**headers, **(more or {})})

    def start(self, **consents: bool) -> dict[str, Any]:
        given = {"service": True, "keep_audio": False, **consents}
        response = self.post("/api/intakes/", {"consents": given, "locale": "en"})
        assert response.status_code == 201, response.content
        self.snapshot = response.json()
        return self.snapshot

    def say(self, text: str, **more: Any) -> Any:
        return self.post(f"{self.path}/turns", {"text": text, "client_ref": str(uuid4()), **more})

    def answer(self, *texts: str) -> dict[str, Any]:
        for text in texts:
            response = self.say(text)
            assert response.status_code == 201, response.content
            self.snapshot = response.json()["snapshot"]
        return self.snapshot

    def choose(self, code: str) -> dict[str, Any]:
        body = {"question": self.snapshot["question"]["key"], "code": code, "client_ref": str(uuid4())}
        response = self.post(f"{self.path}/choices", body)
        assert response.status_code == 201, response.content
        self.snapshot = response.json()["snapshot"]
        return self.snapshot

    def to_story(self, name: str, other_side: str) -> dict[str, Any]:
        """Through the first questions, with buttons where there are some."""
        self.answer(name, other_side)
        for _ in range(40):
            question = self.snapshot["question"]
            if question is None or question["kind"] == "story":
                return self.snapshot
            answer = BASICS.get(question["key"], "=yes" if question["kind"] == "yes_no" else "=@skip")
            if answer.startswith("="):
                self.choose(answer[1:])
            else:
                self.answer(answer)
        raise AssertionError(self.snapshot["question"])

    def to_review(self) -> dict[str, Any]:
        """Through the questions after the story."""
        self.snapshot = self.get("/api/intakes/current").json()
        for _ in range(60):
            if self.snapshot["question"] is None:
                return self.snapshot
            self.choose("@unknown")
        raise AssertionError(self.snapshot["question"])
