# shellcheck shell=bash
# Starts what keeps data, or replaces it behind the maintenance page.

step_data() {
    local service fresh=() replaced=() began=$SECONDS
    for service in "${DATA[@]}" postgres-standby elasticsearch; do
        if [ "${PLAN[$service]:-}" = new ]; then fresh+=("$service"); fi
        if is_replaced "$service"; then replaced+=("$service"); fi
    done
    if [ "${#fresh[@]}" -gt 0 ]; then
        recreate "${fresh[@]}"
        did "started ${fresh[*]} in $(seconds_since "$began") s"
    fi
    if [ "${#replaced[@]}" -gt 0 ]; then
        maintenance_on
        recreate "${replaced[@]}"
        wait_recovered
        end_gap "replaced ${replaced[*]}"
    fi
    [ "$((${#fresh[@]} + ${#replaced[@]}))" -gt 0 ] || did "as they are"
}

# wait_recovered: until the api has found the data services again, so that the page does not go down too early.
wait_recovered() {
    local id began=$SECONDS
    for id in $(containers api); do
        while [ "$(health_of "$id")" != healthy ]; do
            if [ "$((SECONDS - began))" -ge "$WAIT_SECONDS" ]; then
                fail "api does not find the replaced services again after $WAIT_SECONDS s. It said: $(why_not_well "$id")"
            fi
            sleep 1
        done
    done
}
