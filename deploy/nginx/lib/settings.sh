# shellcheck shell=bash
# What nginx is told by the environment: defaults, and a line of what is wrong. Sourced by start and render.

say() { # LEVEL TEXT: a line of our JSON logs
    local text=${2//\\/\\\\}
    text=${text//\"/\\\"}
    printf '{"time":"%(%Y-%m-%dT%H:%M:%SZ)T","level":"%s","logger":"nginx.edge","event":"%s"}\n' -1 "$1" "${text//$'\n'/ }" >&2
}
refuse() {
    say error "$1"
    exit 1
}

load_settings() {
    : "${NGINX_RUN:=/run/nginx}"
    : "${NGINX_OWN_CERTIFICATES:=/etc/legal-intake/certificates}"
    : "${NGINX_ACME_CERTIFICATES:=/etc/letsencrypt/live}"
    : "${NGINX_ACME_WEBROOT:=/var/www/acme}"
    : "${NGINX_MAINTENANCE_FILE:=/etc/legal-intake/maintenance/on}"
    : "${NGINX_HTPASSWD_FILE:=/run/secrets/dashboards_htpasswd}"
    : "${NGINX_TRUSTED_PROXIES:=}"
    # on: a load balancer in front says who asks in the PROXY protocol, on the ports of HTTP and HTTPS.
    : "${NGINX_PROXY_PROTOCOL:=off}"
    : "${NGINX_RESOLVER:=127.0.0.11}"
    : "${NGINX_API:=api:8000}" "${NGINX_FRONTEND:=frontend:8080}"
    : "${NGINX_GRAFANA:=grafana:3000}" "${NGINX_KIBANA:=kibana:5601}"
    : "${NGINX_HTTP_PORT:=80}" "${NGINX_HTTPS_PORT:=443}" "${NGINX_PUBLIC_HTTPS_PORT:=443}"
    : "${NGINX_DASHBOARDS_PORT:=3001}" "${NGINX_STATUS_PORT:=8081}"
    # Plain HTTP from a proxy in front that has ended TLS; 0: there is none.
    : "${NGINX_PLAIN_PORT:=0}"
    : "${NGINX_IPV6:=auto}"
    : "${NGINX_WORKERS:=auto}"
    : "${NGINX_SOCKET_HOURS:=12}"
    : "${NGINX_WATCH_SECONDS:=10}" "${NGINX_RELOAD_SECONDS:=60}" "${NGINX_STOP_SECONDS:=10}"
    : "${SECURE_HSTS_SECONDS:=31536000}"
    # A browser loads a page with some twenty requests; an office shares one address.
    : "${NGINX_RATE_GENERAL:=50r/s}" "${NGINX_BURST_GENERAL:=200}"
    : "${NGINX_RATE_LOGIN:=10r/m}" "${NGINX_BURST_LOGIN:=10}"
    : "${NGINX_RATE_UPLOAD:=10r/s}" "${NGINX_BURST_UPLOAD:=50}"
    : "${NGINX_RATE_SESSIONS:=30r/m}" "${NGINX_BURST_SESSIONS:=20}"
    : "${NGINX_RATE_SOCKETS:=5r/s}" "${NGINX_BURST_SOCKETS:=30}"
    : "${NGINX_CONN_REQUESTS:=200}" "${NGINX_CONN_SOCKETS:=50}"
    [[ $NGINX_RESOLVER != system ]] || system_resolver
    check_settings
}

# `system`: the first name server that this container itself asks. In a cluster its address is known to nobody before.
system_resolver() {
    local file=${NGINX_RESOLV_CONF:-/etc/resolv.conf} found
    found=$(awk '$1 == "nameserver" {print $2; exit}' "$file" 2>/dev/null || true)
    [[ -n $found ]] || refuse "NGINX_RESOLVER is system, and $file names no name server: set it to the address of one"
    [[ $found != *:* ]] || found="[$found]"
    NGINX_RESOLVER=$found
}

check_settings() {
    local name
    local -r domain='^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$'
    [[ -n ${DOMAIN:-} ]] || refuse 'DOMAIN is missing: set it in .env to the domain that the firms'"'"' addresses lie under'
    [[ $DOMAIN =~ $domain ]] || refuse "DOMAIN is no domain name: $DOMAIN (lower case, without scheme, port and path)"
    for name in GENERAL LOGIN UPLOAD SESSIONS SOCKETS; do
        matches "NGINX_RATE_$name" '^[1-9][0-9]*r/[sm]$' 'a rate such as 10r/s or 30r/m'
        matches "NGINX_BURST_$name" '^[0-9]{1,6}$' 'a number'
    done
    for name in CONN_REQUESTS CONN_SOCKETS HTTP_PORT HTTPS_PORT PUBLIC_HTTPS_PORT DASHBOARDS_PORT STATUS_PORT \
        SOCKET_HOURS WATCH_SECONDS RELOAD_SECONDS STOP_SECONDS; do
        matches "NGINX_$name" '^[1-9][0-9]{0,5}$' 'a number above 0'
    done
    for name in API FRONTEND GRAFANA KIBANA; do
        matches "NGINX_$name" '^[A-Za-z0-9._-]+:[0-9]+$' 'host:port'
    done
    matches NGINX_PLAIN_PORT '^(0|[1-9][0-9]{0,4})$' 'a port, or 0 for none'
    matches SECURE_HSTS_SECONDS '^[0-9]{1,10}$' 'a number of seconds'
    matches NGINX_WORKERS '^(auto|[1-9][0-9]{0,2})$' 'auto or a number'
    matches NGINX_PROXY_PROTOCOL '^(on|off)$' 'on or off'
    matches NGINX_IPV6 '^(auto|on|off)$' 'auto, on or off'
    matches NGINX_RESOLVER '^[0-9a-f.:]+$|^\[[0-9a-f:]+\](:[0-9]+)?$' 'the address of a name server, or system'
    check_proxies
}

matches() { # NAME PATTERN WANTED
    [[ ${!1} =~ $2 ]] || refuse "$1 is ${!1}: it must be $3"
}

check_proxies() {
    local network
    for network in ${NGINX_TRUSTED_PROXIES//,/ }; do
        [[ $network =~ ^[0-9a-fA-F.:]+(/[0-9]{1,3})?$ ]] \
            || refuse "NGINX_TRUSTED_PROXIES: $network is no network such as 192.0.2.0/28"
        [[ ! $network =~ /0+$ ]] || refuse "NGINX_TRUSTED_PROXIES: $network would believe everybody: name your proxies alone"
    done
    [[ $NGINX_PROXY_PROTOCOL == off || -n ${NGINX_TRUSTED_PROXIES//[, ]/} ]] \
        || refuse "NGINX_PROXY_PROTOCOL is on, and NGINX_TRUSTED_PROXIES is empty: name the load balancer's networks"
}

# The lines that are more than a value.
real_address_lines() {
    local network
    [[ -n ${NGINX_TRUSTED_PROXIES//[, ]/} ]] || return 0
    for network in ${NGINX_TRUSTED_PROXIES//,/ }; do echo "set_real_ip_from $network;"; done
    echo 'real_ip_header X-Forwarded-For;'
    echo 'real_ip_recursive on;'
}
public_real_address_line() {
    [[ $NGINX_PROXY_PROTOCOL == off ]] || echo 'real_ip_header proxy_protocol;'
}
public_listen_lines() { # PORT OPTIONS
    local options=$2
    [[ $NGINX_PROXY_PROTOCOL == off ]] || options+=' proxy_protocol'
    listen_lines "$1" "$options"
}
listen_lines() { # PORT [OPTIONS]
    echo "listen $1${2:+ $2};"
    ! has_ipv6 || echo "    listen [::]:$1${2:+ $2};"
}
has_ipv6() {
    [[ $NGINX_IPV6 == on ]] || { [[ $NGINX_IPV6 == auto ]] && grep -qsv ' lo$' /proc/net/if_inet6; }
}
upstream() { # HOST:PORT, looked up again and again unless it is an address already
    [[ $1 =~ ^[0-9.]+:[0-9]+$ ]] && echo "$1" || echo "$1 resolve"
}
