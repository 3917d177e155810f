# shellcheck shell=bash
# Looks at everything once more: each container healthy, and an answer through nginx.

step_verify() {
    local service ids all=() answer
    for service in $(config_services | without migrate certbot); do
        mapfile -t ids < <(containers "$service")
        [ "${#ids[@]}" -gt 0 ] || fail "$service does not run. Look: docker compose ps --all $service"
        all+=("${ids[@]}")
    done
    wait_healthy "the stack" "${all[@]}"
    answer=$(through_nginx)
    did "${#all[@]} containers are healthy; $answer"
}

# through_nginx: the operators' page, asked as a client would; 5xx or no answer is an error.
through_nginx() {
    local host port status
    host=$(setting OPERATOR_HOST "admin.$(setting DOMAIN)")
    port=$(sed -n 's|^services/nginx/ports/\([0-9]*\)/target=443$|\1|p' "$WORK/config.flat" | head -n 1)
    port=$(config_value "services/nginx/ports/${port:-1}/published")
    if ! command -v curl >/dev/null; then
        printf 'curl is not here, so nginx was not asked'
        return
    fi
    # Its certificate may be self-signed at this point; who answers is known from the address.
    status=$(curl --silent --insecure --noproxy '*' --output /dev/null --max-time 10 --retry 5 --retry-all-errors --write-out '%{http_code}' \
        --resolve "$host:$port:127.0.0.1" "https://$host:$port/") || status=000
    case $status in
        000 | 5??) fail "https://$host:$port/ answers with $status through nginx. Look: ./deploy.sh logs nginx api" ;;
    esac
    printf 'https://%s/ answers with %s' "$host" "$status"
}
