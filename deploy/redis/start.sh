#!/bin/sh
# Starts Redis in its ROLE (broker, journal or cache). The password goes from its file into a file of the container's
# memory that only Redis reads: neither its arguments nor its environment show it.
#
#   MORE_CONFIG   a file with more settings, which win over the role's
set -eu

folder=$(cd "$(dirname "$0")" && pwd)
role=${ROLE:-}
secret=${REDIS_PASSWORD_FILE:-/run/secrets/redis_password}
config=${CONFIG:-/tmp/redis.conf}

refuse() {
    echo "redis $role: $1" >&2
    exit 1
}

case $role in
    broker | journal | cache) ;;
    *) refuse "ROLE is '$role': set it to broker, journal or cache." ;;
esac
[ -r "$secret" ] || refuse "$secret cannot be read: give the file to group 10001, mode 0440."
password=$(cat "$secret")
case $password in
    '') refuse "$secret is empty: put a long random password into it (./deploy.sh makes one)." ;;
    *[!A-Za-z0-9_-]*) refuse "$secret holds other characters than letters, digits, - and _: make a new one." ;;
esac

umask 077
{
    cat "$folder/common.conf" "$folder/$role.conf"
    echo "maxmemory ${MAXMEMORY:-256mb}"
    echo "requirepass $password"
    [ -z "${MORE_CONFIG:-}" ] || cat "$MORE_CONFIG"
} >"$config"
unset password
exec redis-server "$config"
