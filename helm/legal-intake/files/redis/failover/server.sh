#!/bin/sh
# Starts one of a role's three servers: as the replica of whom the Sentinels take for the leader, or as the leader.
# Waits until two of them agree, because a replica gives its own data up for its leader's.
set -eu
# shellcheck source-path=SCRIPTDIR source=nodes.sh
. "$(dirname "$0")/nodes.sh"
more=${MORE:-/tmp/failover.conf}

# Whether another server has data, or reads it from its disk.
others_have_data() {
    for each in $NODES; do
        [ "$each" != "$me" ] || continue
        case $(ask_server "$each" DBSIZE) in
            '' | 0) ;;
            *) return 0 ;;
        esac
    done
    return 1
}

is_empty() {
    [ ! -s "$data/appendonly.aof" ] && [ ! -d "$data/appendonlydir" ]
}

mine=$(host "$me"):$(port "$me")
waited=0
while :; do
    leads=$(leader)
    if [ "$leads" = "$mine" ]; then
        # A leader that comes back with nothing would have the others give up what they have. While it is away, the
        # Sentinels make one of them leader. The cache may forget, so it waits for that no longer than a while.
        if ! is_empty || ! others_have_data; then break; fi
        if [ "$ROLE" = cache ] && [ "$waited" -ge 30 ]; then break; fi
        [ $((waited % 10)) -ne 0 ] || say "this one led and has no data; waiting for another to be made leader."
    elif [ -n "$leads" ]; then
        break
    else
        [ $((waited % 10)) -ne 0 ] || say "no two Sentinels agree who leads; waiting."
    fi
    sleep 1
    waited=$((waited + 1))
done
say "the leader is $leads; this is $mine."

umask 077
{
    echo "port $(port "$me")"
    echo "dir $data"
    echo "masterauth $password"
    echo "replica-announce-ip $(host "$me")"
    echo "replica-announce-port $(port "$me")"
    [ "$leads" = "$mine" ] || echo "replicaof ${leads%:*} ${leads##*:}"
    # Cut off from its replicas, a leader takes nothing: another may lead by now. The cache may forget.
    if [ "$ROLE" != cache ]; then
        echo "min-replicas-to-write 1"
        echo "min-replicas-max-lag 10"
    fi
    # One that is gone without a word is known to be gone in 20 s; one that is back gets what it missed, not everything.
    echo "repl-ping-replica-period 3"
    echo "repl-timeout 20"
    echo "repl-backlog-size 16mb"
    echo "repl-diskless-sync-delay 1"
} >"$more"
unset password REDISCLI_AUTH
MORE_CONFIG=$more REDIS_PASSWORD_FILE=$secret exec sh "$folder/start.sh"
