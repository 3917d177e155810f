# shellcheck shell=bash disable=SC2034 # other parts read what is set here
# Starts nginx, lets it read new files, or replaces it.

NGINX_HOME=/etc/legal-intake/nginx # deploy/nginx in its container

step_front() {
    case ${PLAN[nginx]:-same} in
        new)
            recreate nginx
            did "nginx started"
            ;;
        files) reload_nginx ;;
        image | config)
            GAP_BEGAN=$SECONDS
            recreate nginx
            end_gap "replaced nginx"
            ;;
        same) did "nginx as it is" ;;
    esac
}

# reload_nginx: only when it takes the new configuration; open sockets stay with the old workers.
reload_nginx() {
    local id
    id=$(containers nginx | head -n 1)
    # shellcheck disable=SC2016 # expanded in the container
    if ! docker exec "$id" bash -c 'dir=$(mktemp -d) && "$0/render" "$dir" && nginx -q -t -e stderr -c "$dir/nginx.conf"; status=$?; rm -rf "$dir"; exit "$status"' \
        "$NGINX_HOME" >"$WORK/nginx.log" 2>&1; then
        fail "nginx does not take its new files: $(last_line "$WORK/nginx.log"). The ones before stay in use. Mend deploy/nginx and run this again."
    fi
    docker exec "$id" "$NGINX_HOME/start" --reload
    did "nginx read its new files; open sockets stay"
}
