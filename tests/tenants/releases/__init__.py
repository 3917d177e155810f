"""Next releases for tests: the sessions app with more migrations than Django has."""
