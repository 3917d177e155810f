"""The conversation: interview engine, turns, facts, consents, conflicts, API and admin."""
