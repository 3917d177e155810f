"""A next release of the sessions app that expands and, when no older code runs, contracts."""
