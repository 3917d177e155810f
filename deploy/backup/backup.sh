#!/usr/bin/env bash
# backup.sh [all|media|export|base]: make backups now, in the running service:
#
#     docker compose exec -T backup backup.sh
#
# Exit status 0 when all of it was made; else a line for each that was not, with the reason.
set -eEuo pipefail
exec python3 -m legal_intake_backup backup "$@"
