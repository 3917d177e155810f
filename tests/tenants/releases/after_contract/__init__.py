"""The release after `contracting`: what was a contract step there is a migration like any other."""
