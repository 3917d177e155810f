#!/usr/bin/env bash
# drill.sh [--identity -] [--backup ID] [--scratch FOLDER]: restore the newest backup into a scratch folder, compare
# everything in it with its manifest, remove it again, and say so as a metric. Needs the age identity, no master key:
#
#     docker compose run --rm --no-deps -T backup drill.sh --identity - < backup_age_identity
set -eEuo pipefail
# shellcheck source-path=SCRIPTDIR source=identity.sh
. "$(dirname "$0")/identity.sh"
python3 -m legal_intake_backup drill "$@" </dev/null
