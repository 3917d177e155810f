# shellcheck shell=bash
# Checks that the ports are free or ours, that the network can stay, and that the domain leads here.

step_network() {
    check_ports
    check_subnet
    check_domain
    did "ports $(sed -n 's|^services/[^/]*/ports/[0-9]*/published=||p' "$WORK/config.flat" | paste -sd' '), domain $(setting DOMAIN)"
}

check_ports() {
    local service port
    while IFS=/ read -r _ service _ _ port; do
        port=${port#published=}
        if ! is_ours "$port" && is_taken "$port"; then
            problem "port $port ($service) is in use by $(taker "$port"). Stop that program, or set another port in .env (HTTP_PORT, HTTPS_PORT, DASHBOARDS_PORT)."
        fi
    done < <(grep -E '^services/[^/]+/ports/[0-9]+/published=' "$WORK/config.flat")
}

is_ours() {
    docker ps --filter "label=$LABEL.project=$PROJECT" --format '{{.Ports}}' | grep -q ":$1->"
}

is_taken() {
    if command -v ss >/dev/null; then
        [ -n "$(ss -Hltn "sport = :$1")" ]
    else
        (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
    fi
}

# taker PORT: who has it, as far as can be seen.
taker() {
    local name
    name=$(docker ps --filter "publish=$1" --format '{{.Names}}' | head -n 1)
    [ -n "$name" ] || name=$(ss -Hltnp "sport = :$1" 2>/dev/null | sed -n 's/.*users:(("\([^"]*\)",pid=\([0-9]*\).*/\1 (process \2)/p' | head -n 1)
    printf '%s' "${name:-another program}"
}

# check_subnet: a network cannot change under running containers.
check_subnet() {
    local now wanted
    now=$(docker network inspect "${PROJECT}_app" --format '{{range .IPAM.Config}}{{.Subnet}}{{end}}' 2>/dev/null) || return 0
    wanted=$(config_value networks/app/ipam/config/0/subnet)
    if [ -n "$now" ] && [ -n "$wanted" ] && [ "$now" != "$wanted" ]; then
        problem "APP_SUBNET is $wanted, but the running network is $now. Set it back, or stop the stack first (docker compose down)."
    fi
}

check_domain() {
    local host addresses mine
    for host in "$(setting DOMAIN)" "$(setting OPERATOR_HOST "admin.$(setting DOMAIN)")"; do
        addresses=$(getent ahosts "$host" | awk '{ print $1 }' | sort -u | paste -sd' ') || true
        mine=$(hostname -I 2>/dev/null || true)
        if [ -z "$addresses" ]; then
            if has_profile tls; then
                problem "$host has no address in DNS, so no certificate can be issued for it. Add an A record (and *.$(setting DOMAIN)), or leave tls out of COMPOSE_PROFILES."
            else
                warn "$host has no address in DNS yet: clients will not find it."
            fi
        elif ! leads_here "$addresses" "$mine"; then
            warn "$host leads to $addresses, which is no address of this machine. Right behind a NAT or a proxy, wrong otherwise."
        fi
    done
}

leads_here() {
    local address
    for address in $1; do
        [[ " $2 127.0.0.1 ::1 " != *" $address "* ]] || return 0
    done
    return 1
}
