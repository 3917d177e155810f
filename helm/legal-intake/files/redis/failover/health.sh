#!/bin/sh
# health.sh [up|follows|sentinel]: well is a leader that takes a write, and a replica that has all that its leader has.
#
#   up         it answers and has read its data
#   follows    not so: a replica that lost its leader while the Sentinels name another one. Started anew, it follows that one
#   sentinel   this Sentinel could change the leader: it hears another one, and knows both replicas
set -eu
# shellcheck source-path=SCRIPTDIR source=nodes.sh
. "$(dirname "$0")/nodes.sh"
if [ "${1:-}" = sentinel ]; then
    answer=$(ask_sentinel "$me" SENTINEL CKQUORUM "$ROLE")
    replicas=$(replicas_known_by "$me")
    case $answer in
        OK*) [ "${replicas:-0}" -lt 2 ] || exit 0 ;;
    esac
    echo "$answer; it knows ${replicas:-no} replicas"
    exit 1
fi
if [ "${1:-}" = follows ]; then
    known=$(ask_server "$me" INFO replication | tr -d '\r')
    case $known in
        *master_link_status:down*) ;;
        *) exit 0 ;;
    esac
    follows=$(echo "$known" | sed -n 's/^master_host://p'):$(echo "$known" | sed -n 's/^master_port://p')
    leads=$(leader)
    [ -n "$leads" ] && [ "$leads" != "$follows" ] && [ "$leads" != "$(host "$me"):$(port "$me")" ] || exit 0
    echo "it follows $follows, and $leads leads"
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
