"""Addresses below `/api/voice/`."""

from __future__ import annotations

from django.urls import path

from audio.api.views import SessionsView, TicketView

app_name = "voice"
urlpatterns = [
    path("sessions", SessionsView.as_view(), name="sessions"),
    path("sessions/<uuid:session_id>/ticket", TicketView.as_view(), name="ticket"),
]
