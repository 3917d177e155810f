#!/bin/sh
# Starts the Sentinel beside a server. What it knows (who leads, in which epoch, who else is there) lies on the volume, and
# its identity comes from its name, so one that is started anew is the same one to the others.
set -eu
# shellcheck source-path=SCRIPTDIR source=nodes.sh
. "$(dirname "$0")/nodes.sh"
config=$data/sentinel.conf
known=$config.known

# A name is known a moment after its pod is made.
tries=0
until getent hosts "$(host "$me")" >/dev/null || [ "$tries" -ge 60 ]; do
    sleep 1
    tries=$((tries + 1))
done

# Only what it learnt; settings come from here each time.
learnt='^sentinel (monitor|config-epoch|leader-epoch|current-epoch|known-replica|known-sentinel) '
umask 077
if [ -f "$config" ]; then
    grep -E "$learnt" "$config" >"$known" || true
fi
if ! grep -qs '^sentinel monitor ' "$known"; then
    # The first time, or the volume is new: the others know, and where there are none yet, the first one leads.
    leads=$(leader)
    for each in $NODES; do
        [ -n "$leads" ] || [ "$each" = "$me" ] || leads=$(named_by "$each")
    done
    [ -n "$leads" ] || leads=$(host "$(node 0)"):$(port "$(node 0)")
    echo "sentinel monitor $ROLE ${leads%:*} ${leads##*:} 2" >"$known"
fi
# The other two are its replicas, whether the leader has said so yet or not: one that is not known would be left behind when
# the leader changes, and a Sentinel that knows none could be chosen to change it, and fail.
leads=$(sed -n "s/^sentinel monitor $ROLE \([^ ]*\) \([0-9]*\) .*/\1:\2/p" "$known")
for each in $NODES; do
    line="sentinel known-replica $ROLE $(host "$each") $(port "$each")"
    [ "$(host "$each"):$(port "$each")" = "$leads" ] || grep -qxF "$line" "$known" || echo "$line" >>"$known"
done
{
    echo "port $(sentinel_port "$me")"
    echo "bind * -::*"
    echo "protected-mode yes"
    echo "daemonize no"
    echo 'logfile ""'
    echo "dir /tmp"
    echo "requirepass $password"
    echo "sentinel sentinel-pass $password"
    # By name: a pod that comes back has another address.
    echo "sentinel resolve-hostnames yes"
    echo "sentinel announce-hostnames yes"
    echo "sentinel announce-ip $(host "$me")"
    echo "sentinel announce-port $(sentinel_port "$me")"
    echo "sentinel myid $(printf %s "$ROLE/$POD" | sha1sum | cut -c 1-40)"
    echo "sentinel deny-scripts-reconfig yes"
    cat "$known"
    echo "sentinel auth-pass $ROLE $password"
    # A disk that stalls for less is no reason to change the leader. A vote that was split is taken again after twelve.
    echo "sentinel down-after-milliseconds $ROLE 5000"
    echo "sentinel failover-timeout $ROLE 6000"
    echo "sentinel parallel-syncs $ROLE 1"
} >"$config.new"
mv "$config.new" "$config"
rm -f "$known"
unset password REDISCLI_AUTH

exec redis-server "$config" --sentinel
