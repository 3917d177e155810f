"""The Django project: settings, ASGI entry, URL maps, health, metrics and one-command running."""
