#!/usr/bin/env bash
# drill.sh [--backup ID] [--scratch FOLDER]: restore the newest backup into a scratch folder, compare everything in it with
# its manifest, remove it again, and say so as a metric. Needs the age identity, and no master key:
#
#     docker compose run --rm --no-deps -T -v ./backup_age_identity:/run/secrets/backup_age_identity:ro backup drill.sh
set -eEuo pipefail
exec python3 -m legal_intake_backup drill "$@"
