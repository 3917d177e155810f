#!/usr/bin/env bash
# restore.sh [--identity -]: bring a backup back. Nothing of ours may run meanwhile; docs/backups.md has the whole order.
#
#   restore.sh list                                    ids of the finished base backups
#   restore.sh needs [--to TIME] [--backup ID]         ids of the master keys it needs
#   restore.sh database --pgdata FOLDER [--to TIME] [--backup ID] [--force] --master-key-ids "ID ..."
#                                                      as PostgreSQL's account (999), with its volume mounted
#   restore.sh files [--to TIME] [--force]             recordings, uploads, log of deletions; as account 10001
#   restore.sh export FIRM-ID FILE                     one firm's newest archive, for `manage.py firm restore`
#
# TIME is such as 2026-11-25T13:30:00Z, or latest. All but `list` need the age identity, as a file at
# /run/secrets/backup_age_identity, or with `--identity -` on standard input:
#
#     docker compose run --rm --no-deps -T --user 999:10001 -v NAME_postgres:/var/lib/postgresql backup \
#         restore.sh --identity - database --pgdata /var/lib/postgresql/18/docker \
#         --master-key-ids "$(deploy/backup/master-key-id.sh deploy/secrets/master_key)" < backup_age_identity
#     docker compose run --rm --no-deps -T -v NAME_media:/data/media -v NAME_deletions:/data/deletions backup \
#         restore.sh --identity - files < backup_age_identity
set -eEuo pipefail
# shellcheck source-path=SCRIPTDIR source=identity.sh
. "$(dirname "$0")/identity.sh"
case ${1:-} in
    list | needs | database | files | export) python3 -m legal_intake_backup "$@" </dev/null ;;
    *)
        sed -n '2,/^set /s/^# \{0,1\}//p' "$0" | sed '$d'
        exit 2
        ;;
esac
