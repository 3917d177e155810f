#!/bin/bash
# Runs once, in an empty data folder. The application is no superuser: it owns its database and nothing else.
#
#   postgres       superuser: restore, promotion, by hand
#   legal_intake   owner of the database legal_intake: our processes, the exports of firms
#   replicator     streams WAL: the standby, the backups
#   monitor        reads statistics: the exporter
set -eEuo pipefail

for file in /run/secrets/postgres_password /run/secrets/postgres_replication_password; do
    if [ ! -s "$file" ]; then
        echo "postgres: $file is missing or empty: ./deploy.sh makes it; by hand, put a random password into it." >&2
        exit 1
    fi
done

query() { # DATABASE; statements on standard input
    psql -v ON_ERROR_STOP=1 --no-psqlrc -q --username "$POSTGRES_USER" --dbname "$1"
}

query postgres <<'SQL'
\set password `cat /run/secrets/postgres_password`
\set replication `cat /run/secrets/postgres_replication_password`
CREATE ROLE legal_intake LOGIN PASSWORD :'password';
CREATE ROLE monitor LOGIN PASSWORD :'password' IN ROLE pg_monitor;
CREATE ROLE replicator LOGIN REPLICATION PASSWORD :'replication';
-- What pg_rewind reads of the new primary, when the old one comes back as its standby.
GRANT EXECUTE ON FUNCTION pg_ls_dir(text, boolean, boolean) TO replicator;
GRANT EXECUTE ON FUNCTION pg_stat_file(text, boolean) TO replicator;
GRANT EXECUTE ON FUNCTION pg_read_binary_file(text) TO replicator;
GRANT EXECUTE ON FUNCTION pg_read_binary_file(text, bigint, bigint, boolean) TO replicator;
CREATE DATABASE legal_intake OWNER legal_intake;
SQL

query legal_intake <<'SQL'
ALTER SCHEMA public OWNER TO legal_intake;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
REVOKE CONNECT, TEMPORARY ON DATABASE legal_intake FROM PUBLIC;
GRANT CONNECT ON DATABASE legal_intake TO monitor;
SQL

# The published entrypoint adds a line for databases; replication needs one of its own.
printf '\nhost replication replicator all scram-sha-256\n' >>"$PGDATA/pg_hba.conf"
