"""URL maps: one for a firm's host, one for the operator's."""
