# shellcheck shell=bash
# Replaces our own services without a gap.

step_roll() {
    local service count=0
    for service in "${ROLLING[@]}"; do
        has_service "$service" || continue
        [ "${PLAN[$service]}" != same ] || continue
        roll "$service"
        count=$((count + 1))
    done
    [ "$count" -gt 0 ] || did "as they are"
}
