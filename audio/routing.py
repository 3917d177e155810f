"""Where Channels finds our sockets."""

from __future__ import annotations

from django.urls import path

from audio.sockets import voice_socket

websocket_urlpatterns = [path("ws/v1/intake", voice_socket)]  # type: ignore[arg-type]  # an ASGI application
