"""A next release of the sessions app."""
