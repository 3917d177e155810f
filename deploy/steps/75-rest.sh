# shellcheck shell=bash
# Starts or replaces everything else: monitoring, logs, backups, certificates.

step_rest() {
    local service wanted=() began=$SECONDS
    for service in $(config_services | without migrate nginx "${ROLLING[@]}" "${DATA[@]}" postgres-standby elasticsearch); do
        [ "${PLAN[$service]}" = same ] || wanted+=("$service")
    done
    if [ "${#wanted[@]}" -eq 0 ]; then
        did "as it is"
        return
    fi
    # Certbot is judged by the next step: without a certificate it cannot be well.
    for service in "${wanted[@]}"; do
        if [ "$service" = certbot ]; then start_certbot; else recreate "$service"; fi
    done
    did "${wanted[*]} in $(seconds_since "$began") s"
}

start_certbot() {
    local old
    note_originals certbot
    undo_with restore_service certbot
    mapfile -t old < <(containers certbot --all)
    drain ${old[@]+"${old[@]}"}
    compose up --detach --no-deps certbot >"$WORK/up.log" 2>&1 </dev/null ||
        fail "certbot: does not start: $(last_line "$WORK/up.log")"
}
