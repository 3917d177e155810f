"""The voice's addresses inside a firm's admin."""

from __future__ import annotations

from django.urls import path

from audio.playback import stream_recording

app_name = "audio"
urlpatterns = [
    path("admin/recordings/<uuid:utterance_id>/audio", stream_recording, name="recording"),
]
