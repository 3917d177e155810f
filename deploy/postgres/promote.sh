#!/usr/bin/env bash
# Make the standby the primary, and the old primary its standby. docs/runbooks/promote-standby.md says when.
# usage: deploy/postgres/promote.sh [--force]
#   --force   go on although the standby has not received everything, or the old primary cannot say what it has
# Project, files and profiles come from .env and the COMPOSE_ variables, as for docker compose itself.
set -eEuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

force=no
case ${1:-} in
    '') ;;
    --force) force=yes ;;
    *) sed -n '2,5p' "${BASH_SOURCE[0]}" >&2 && exit 2 ;;
esac

say() { echo "promote: $1"; }
fail() { echo "promote: $1" >&2 && exit 1; }
trap 'echo "promote: stopped at line $LINENO; nothing was undone. docs/runbooks/promote-standby.md says how to go on." >&2' ERR

compose() { docker compose --profile ha "$@"; }
query() { compose exec -T "$1" psql -qAtX -U postgres -d postgres -c "$2"; }

env_file=${ENV_FILE:-.env}
[ -w "$env_file" ] || fail "$env_file cannot be written: run this from the installation, as the account that deploys."
old=$(sed -n 's/^POSTGRES_PRIMARY=//p' "$env_file" | tail -n 1)
old=${old:-postgres}
case $old in
    postgres) new=postgres-standby ;;
    postgres-standby) new=postgres ;;
    *) fail "POSTGRES_PRIMARY in $env_file is '$old': set it to postgres or postgres-standby." ;;
esac

[ "$(query "$new" 'SELECT pg_is_in_recovery()')" = t ] || fail "$new is no running standby: start it with the profile ha."

# A clean stop sends the standby everything; only then nothing is lost.
say "stopping $old"
compose stop "$old"
sleep 1
received=$(query "$new" 'SELECT pg_last_wal_receive_lsn()')
# shellcheck disable=SC2016 # the container's shell fills it in
last=$(compose run --rm --no-deps -T --entrypoint bash "$old" -c \
    'LC_ALL=C pg_controldata -D "$PGDATA" | sed -n "s/^Latest checkpoint location: *//p"' 2>/dev/null | tail -n 1 || true)
if [ -z "$last" ]; then
    [ $force = yes ] || fail "$old cannot say how far it was; what it had alone would be lost. Go on with --force."
elif [ "$(query "$new" "SELECT '$received'::pg_lsn >= '$last'::pg_lsn")" != t ]; then
    [ $force = yes ] || fail "$new has received up to $received, $old was at $last. Go on with --force, or start $old again."
fi

say "promoting $new (received up to ${received:-nothing})"
[ "$(query "$new" 'SELECT pg_promote(wait => true, wait_seconds => 60)')" = t ] || fail "$new was not promoted in 60 s."

sed -i '/^POSTGRES_PRIMARY=/d' "$env_file"
echo "POSTGRES_PRIMARY=$new" >>"$env_file"
say "$env_file says POSTGRES_PRIMARY=$new: pointing everything there, and $old becomes its standby"
compose up -d --wait --no-deps "$new" "$old"
mapfile -t ours < <(compose ps --services --status running | grep -xE 'api|worker|audio_worker|scheduler|backup|pgbouncer|postgres-exporter')
[ ${#ours[@]} = 0 ] || compose up -d --wait --no-deps "${ours[@]}"
say "done: $new is the primary, $old its standby"
