#!/bin/bash
# Starts PostgreSQL as what POSTGRES_PRIMARY says it is: the primary, or the standby of the one it names.
#
#   NAME               this service: postgres or postgres-standby
#   POSTGRES_PRIMARY   the service that is the primary (default: postgres); promote.sh changes it in .env
#
# A standby's empty folder is filled by pg_basebackup. A folder that was a primary's is brought back by pg_rewind; what it
# had and the new primary has not is then gone, which promote.sh says before.
set -eEuo pipefail

name=${NAME:?set NAME to postgres or postgres-standby}
primary=${POSTGRES_PRIMARY:-postgres}
slot=${name//-/_}
export PGPASSFILE=/tmp/pgpass
connection="host=$primary port=5432 user=replicator application_name=$name passfile=$PGPASSFILE connect_timeout=5"

say() { echo "$name: $1" >&2; }

await_primary() {
    for _ in $(seq 60); do
        pg_isready -q -h "$primary" -p 5432 -t 2 && return 0
        sleep 1
    done
    say "the primary $primary has not answered for a minute; trying again when Docker restarts this container."
    exit 1
}

make_slot() { # the primary keeps WAL for us from here on
    psql -qAtX "$connection dbname=postgres replication=true" -c "CREATE_REPLICATION_SLOT $slot PHYSICAL RESERVE_WAL" \
        >/dev/null 2>&1 || true # it is there already, or pg_basebackup and streaming say what is wrong
}

case $primary in
    postgres | postgres-standby) ;;
    *) say "POSTGRES_PRIMARY is '$primary': set it to postgres or postgres-standby in .env." && exit 1 ;;
esac
if [ "$name" = "$primary" ]; then
    exec docker-entrypoint.sh "$@"
fi

umask 077
printf '*:*:*:replicator:%s\n' "$(cat /run/secrets/postgres_replication_password)" >"$PGPASSFILE"
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    say "making a standby of $primary: a base backup comes first"
    await_primary
    make_slot
    rm -rf "$PGDATA.part"
    mkdir -p "$(dirname "$PGDATA")"
    pg_basebackup -d "$connection" -D "$PGDATA.part" -X stream -S "$slot" -c fast
    touch "$PGDATA.part/standby.signal"
    rm -rf "$PGDATA"
    mv "$PGDATA.part" "$PGDATA"
elif [ ! -e "$PGDATA/standby.signal" ]; then
    say "this was the primary: bringing it back as a standby of $primary"
    await_primary
    make_slot
    pg_rewind --target-pgdata="$PGDATA" --source-server="$connection dbname=postgres" --progress || {
        say "pg_rewind cannot mend this folder. See docs/runbooks/promote-standby.md: remove its volume, it is made anew."
        exit 1
    }
    touch "$PGDATA/standby.signal"
fi
exec docker-entrypoint.sh "$@" -c "primary_conninfo=$connection" -c "primary_slot_name=$slot"
