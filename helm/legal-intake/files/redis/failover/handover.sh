#!/bin/sh
# Before a server ends: where it leads, another one leads first, with everything that was written. Ends well in any case;
# what goes wrong here the Sentinels mend when the server is gone.
set -eu
# shellcheck source-path=SCRIPTDIR source=nodes.sh
. "$(dirname "$0")/nodes.sh"
mine=$(host "$me"):$(port "$me")

[ "$(ask_server "$me" ROLE | head -n 1)" = master ] || exit 0
connected=$(ask_server "$me" INFO replication | tr -d '\r' | sed -n 's/^connected_slaves://p')
tries=0
until known=$(replicas_known_by "$me") && [ "${known:-0}" -ge "${connected:-0}" ] || [ "$tries" -ge 24 ]; do
    sleep 0.5
    tries=$((tries + 1))
done
# Whoever writes waits, and is cut off when this server ends, unanswered: so nothing that was answered is left behind.
ask_server "$me" CLIENT PAUSE 40000 WRITE >/dev/null

# How many replicas have what the leader had at this moment. WAIT does not answer while writes pause.
upto=$(ask_server "$me" INFO replication | tr -d '\r' | sed -n 's/^master_repl_offset://p')
count_complete() {
    ask_server "$me" INFO replication | tr -d '\r' \
        | sed -nE 's/^slave[0-9]+:.*state=online,offset=([0-9]+),.*/\1/p' | awk -v upto="${upto:-0}" '$1 >= upto' | wc -l
}
tries=0
while [ "$(count_complete)" -lt 2 ] && [ "$tries" -lt 15 ]; do
    sleep 0.2
    tries=$((tries + 1))
done
if [ "$(count_complete)" -lt 1 ]; then
    say "no replica has everything; nothing is handed over."
    ask_server "$me" CLIENT UNPAUSE >/dev/null
    exit 0
fi
tries=0
while [ "$tries" -lt 100 ]; do
    if [ $((tries % 25)) -eq 0 ]; then
        said=$(ask_sentinel "$me" SENTINEL FAILOVER "$ROLE")
        [ "$said" = OK ] || say "the Sentinel says: $said"
    fi
    sleep 0.2
    tries=$((tries + 1))
    # Not this Sentinel alone: it ends with this pod, and may not have told the others yet.
    leads=$(leader)
    if [ -n "$leads" ] && [ "$leads" != "$mine" ]; then
        say "handed over to $leads."
        exit 0
    fi
done
say "nobody took over in time."
