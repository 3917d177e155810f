#!/usr/bin/env bash
# restore.sh: bring a backup back. Nothing of ours may run meanwhile; docs/backups.md has the whole order.
#
#   restore.sh list                                    ids of the finished base backups
#   restore.sh needs [--to TIME] [--backup ID]         ids of the master keys it needs
#   restore.sh database --pgdata FOLDER [--to TIME] [--backup ID] [--force] --master-key-ids "ID ..."
#                                                      as PostgreSQL's account (999), with its volume mounted
#   restore.sh files [--to TIME] [--force]             recordings, uploads, log of deletions; as account 10001
#   restore.sh export FIRM-ID FILE                     one firm's newest archive, for `manage.py firm restore`
#
# TIME is such as 2026-11-25T13:30:00Z, or latest. All of them need the age identity:
#
#     docker compose run --rm --no-deps -T --user 999:10001 -v NAME_postgres:/var/lib/postgresql \
#         -v ./backup_age_identity:/run/secrets/backup_age_identity:ro \
#         backup restore.sh database --pgdata /var/lib/postgresql/18/docker --master-key-ids "$(master-key-id.sh …)"
set -eEuo pipefail
case ${1:-} in
    list | needs | database | files | export) exec python3 -m legal_intake_backup "$@" ;;
    *)
        sed -n '2,/^set /s/^# \{0,1\}//p' "$0" | sed '$d'
        exit 2
        ;;
esac
