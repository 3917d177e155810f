"""Static files, served in chunks by ServeStatic from where Django's finders see them.

No `collectstatic` on the way: what is installed is what is served. Files of the web app carry a hash
in their names and are immutable; the rest is checked again after a minute.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from wsgiref.headers import Headers

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from servestatic import ServeStaticASGI

HASHED = re.compile(r"^/static/app/.*[-.][A-Za-z0-9_-]{8,}\.\w+$")


class StaticFiles:
    """The static files of this process, found once."""

    def __init__(self) -> None:
        self._files = ServeStaticASGI(
            None,
            allow_all_origins=False,
            immutable_file_test=lambda _path, url: HASHED.match(url) is not None,
            add_headers_function=_no_sniffing,
        )
        for finder in get_finders():
            for path, storage in finder.list([]):
                name = f"{storage.prefix}/{path}" if getattr(storage, "prefix", None) else path
                url = f"{settings.STATIC_URL}{name}"
                if url not in self._files.files:  # the first finder wins, as in Django
                    self._files.add_file_to_dictionary(url, str(Path(storage.path(path))))

    def has(self, path: str) -> bool:
        """Whether a URL path is a static file's."""
        return path in self._files.files

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer with the file, whole or in part, or 304."""
        await self._files(scope, receive, send)


def static_files() -> StaticFiles:
    """The static files of this process."""
    return StaticFiles()


def _no_sniffing(headers: Headers, _path: str, _url: str) -> None:
    headers["X-Content-Type-Options"] = "nosniff"
