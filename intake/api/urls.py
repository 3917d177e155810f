"""Addresses of the client's API, below `/api/`."""

from __future__ import annotations

from django.urls import path

from intake.api import resume, views

urlpatterns = [
    path("firm", views.FirmView.as_view(), name="firm"),
    path("intakes/", views.IntakesView.as_view(), name="intakes"),
    path("intakes/current", views.CurrentView.as_view(), name="current"),
    path("leave", views.LeaveView.as_view(), name="leave"),
    path("intakes/<uuid:intake_id>/turns", views.TurnsView.as_view(), name="turns"),
    path("intakes/<uuid:intake_id>/choices", views.ChoicesView.as_view(), name="choices"),
    path("intakes/<uuid:intake_id>/back", views.BackView.as_view(), name="back"),
    path("intakes/<uuid:intake_id>/locale", views.LocaleView.as_view(), name="locale"),
    path("intakes/<uuid:intake_id>/facts/<slug:key>/confirm", views.ConfirmView.as_view(), name="confirm"),
    path("intakes/<uuid:intake_id>/consents", views.ConsentsView.as_view(), name="consents"),
    path("intakes/<uuid:intake_id>/done", views.DoneView.as_view(), name="done"),
    path("intakes/<uuid:intake_id>/send", views.SendView.as_view(), name="send"),
    path("intakes/<uuid:intake_id>/later", resume.LaterView.as_view(), name="later"),
    path("resume", resume.ResumeView.as_view(), name="resume"),
    path("resume/code", resume.ResumeCodeView.as_view(), name="resume-code"),
]
