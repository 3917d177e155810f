"""Playbooks: what an interview on one subject asks, as versioned data. Pure Python, no Django, no database."""
