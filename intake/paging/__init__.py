"""Telling people of a safety alert: whom and when (pure), in which words, and by which ways."""
