# shellcheck shell=sh disable=SC2034
# Who is who among the three of a role. The other scripts read it.
#
#   ROLE                  broker, journal or cache: also the name that the Sentinels know the three by
#   POD                   this pod's name; its number is its place in NODES
#   NODES                 HOST:PORT:SENTINEL_PORT of each, in their order, as they call each other
#   DATA                  the volume, which also keeps what the Sentinel knows (/data)
#   REDIS_PASSWORD_FILE   the password of servers and Sentinels
folder=$(cd "$(dirname "$0")" && pwd)
data=${DATA:-/data}
secret=${REDIS_PASSWORD_FILE:-/run/secrets/redis_password}
number=${POD##*-}

refuse() {
    echo "redis $ROLE: $1" >&2
    exit 1
}

say() {
    echo "redis $ROLE: $1" >&2
}

case $number in
    '' | *[!0-9]*) refuse "POD is '$POD', which ends in no number." ;;
esac
[ -r "$secret" ] || refuse "$secret cannot be read: give the file to group 10001, mode 0440."
password=$(cat "$secret")
REDISCLI_AUTH=$password
export REDISCLI_AUTH

# Parts of a node.
host() { echo "${1%%:*}"; }
port() { rest=${1#*:}; echo "${rest%%:*}"; }
sentinel_port() { echo "${1##*:}"; }

# The node with this number.
node() {
    wanted=$1
    # shellcheck disable=SC2086  # a list of words
    set -- $NODES
    shift "$wanted"
    echo "$1"
}
me=$(node "$number")

# Where a node is reached from here: this one needs no name.
near() {
    if [ "$1" = "$me" ]; then echo 127.0.0.1; else host "$1"; fi
}

# ask_server NODE COMMAND…, ask_sentinel NODE COMMAND…: its answer; nothing of one that does not answer.
ask_server() {
    asked=$1
    shift
    timeout 2 redis-cli -h "$(near "$asked")" -p "$(port "$asked")" "$@" 2>/dev/null || true
}
ask_sentinel() {
    asked=$1
    shift
    timeout 2 redis-cli -h "$(near "$asked")" -p "$(sentinel_port "$asked")" "$@" 2>/dev/null || true
}

# Whom this Sentinel takes for the leader, as HOST:PORT.
named_by() {
    ask_sentinel "$1" SENTINEL GET-MASTER-ADDR-BY-NAME "$ROLE" | tr -d '\r' | paste -sd: - | grep -E '^[^ :]+:[0-9]+$' || true
}

# How many replicas a Sentinel knows. It learns of them from the leader, every ten seconds, and forgets none: one that it does
# not know would be left behind when the leader changes.
replicas_known_by() {
    ask_sentinel "$1" SENTINEL MASTER "$ROLE" | tr -d '\r' | sed -n '/^num-slaves$/{n;p;}'
}

# Whom at least two of the three Sentinels take for the leader; nothing when no two agree.
leader() {
    for each in $NODES; do named_by "$each"; done | sort | uniq -c | awk '$1 >= 2 { print $2; exit }'
}
