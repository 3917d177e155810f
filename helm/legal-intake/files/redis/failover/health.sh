#!/bin/sh
# health.sh [up|sentinel]: well is a leader that takes a write, and a replica that has all that its leader has.
# up: it answers and has read its data. sentinel: this Sentinel could change the leader: it knows others, and a replica.
set -eu
# shellcheck source-path=SCRIPTDIR source=nodes.sh
. "$(dirname "$0")/nodes.sh"
if [ "${1:-}" = sentinel ]; then
    answer=$(ask_sentinel "$me" SENTINEL CKQUORUM "$ROLE")
    replicas=$(ask_sentinel "$me" SENTINEL MASTER "$ROLE" | tr -d '\r' | sed -n '/^num-slaves$/{n;p;}')
    case $answer in
        OK*) [ "${replicas:-0}" -lt 1 ] || exit 0 ;;
    esac
    echo "$answer; it knows ${replicas:-no} replicas"
    exit 1
fi
answer=$(ask_server "$me" PING)
if [ "$answer" = PONG ] && [ "${1:-}" != up ]; then
    case $(ask_server "$me" ROLE | head -n 1) in
        master) answer=$(ask_server "$me" SET legal-intake:health 1 EX 60) ;;
        slave) answer=$(ask_server "$me" INFO replication | tr -d '\r' | grep '^master_link_status:') ;;
    esac
fi
case $answer in
    PONG | OK | master_link_status:up) ;;
    *)
        echo "$answer"
        exit 1
        ;;
esac
