"""The voice over HTTP: opening a session, and a ticket to come back with."""
