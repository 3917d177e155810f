"""One firm in one file: `firm export` and `firm restore` (docs/backups.md)."""
