"""Limitation periods for a firm's staff, from the firm's own table. Pure; nothing of it ever reaches a client."""
