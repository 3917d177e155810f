#!/bin/sh
# Starts Prometheus: checks the settings it needs, writes the hosts that are probed, and becomes the server.
#
#   DOMAIN                  the installation's domain
#   OPERATOR_HOST           probed through nginx, over TLS
#   PROBE_HOSTS             further hosts to probe, of firms for example, separated by spaces or commas
#
# Arguments are Prometheus's own. `--only-write` alone writes and ends.
set -eu

targets=${TARGETS:-/tmp/targets/site.yml}

die() {
    echo "prometheus: $*" >&2
    exit 64
}

is_host() {
    case $1 in
        '' | *[!A-Za-z0-9.-]* | .* | -*) return 1 ;;
    esac
}

write_targets() {
    mkdir -p "${targets%/*}"
    : >"$targets.new"
    for host in $(echo "$OPERATOR_HOST ${PROBE_HOSTS:-}" | tr ',' ' '); do
        is_host "$host" || die "'$host' is no host name; correct OPERATOR_HOST or PROBE_HOSTS in .env"
        # Asked of nginx inside, under the name that it has outside.
        printf -- '- targets: ["https://nginx/admin/"]\n  labels: {__param_hostname: "%s"}\n' "$host" >>"$targets.new"
    done
    mv "$targets.new" "$targets"
}

is_host "${DOMAIN:-}" || die "DOMAIN is '${DOMAIN:-}', which is no host name; set it in .env"
OPERATOR_HOST=${OPERATOR_HOST:-admin.$DOMAIN}
export DOMAIN
write_targets
if [ "${1:-}" = --only-write ]; then
    exit 0
fi
exec prometheus "$@"
