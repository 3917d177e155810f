#!/bin/bash
# By TCP: the server that fills an empty folder answers on its socket alone.
# Well is a primary that answers a query on our database, and a standby that streams.
set -eEuo pipefail
answer=$(psql -qAtX -h 127.0.0.1 -U postgres -d legal_intake -c "
    SELECT CASE WHEN pg_is_in_recovery()
        THEN (SELECT count(*) FROM pg_stat_wal_receiver WHERE status = 'streaming') ELSE 1 END")
[ "$answer" = 1 ] || { echo "this standby does not stream from its primary" && exit 1; }
