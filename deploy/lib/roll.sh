# shellcheck shell=bash
# Replaces a service's containers without a gap: new ones start beside the old, are waited for, and only then are the old
# ones told to stop and given their grace period, in which they drain their sockets. Compose alone would stop first.
#
# HOW is `next` (the configuration that `resolve` wrote) or the file of a release.

# What nginx finds by name: it must have asked again before an old container goes.
BEHIND_NGINX=" api frontend "

compose_by() {
    local how=$1
    shift
    if [ "$how" = next ]; then compose "$@"; else compose_of "$how" "$@"; fi
}

# without LIST...: the lines of standard input that are not among the arguments.
without() { if [ $# -eq 0 ]; then cat; else grep -vxF -f <(printf '%s\n' "$@") || true; fi; }

# note_originals SERVICE: what runs before we touch it, for `restore_service`.
note_originals() { containers "$1" >"$WORK/original.$1"; }

# roll SERVICE: bring it to the configuration. Says in how many seconds.
roll() {
    local service=$1 wanted bad began=$SECONDS
    mapfile -t bad < <(outdated "$service")
    wanted=$(wanted_replicas "$service")
    note_originals "$service"
    undo_with restore_service "$service"
    replace "$service" "$wanted" next ${bad[@]+"${bad[@]}"}
    did "$service: $wanted new $([ "$wanted" -eq 1 ] || echo "one after another, ")in $(seconds_since "$began") s; the old ones have drained and are gone"
}

# wanted_replicas SERVICE: as many as run now; at the first start as many as the configuration says.
wanted_replicas() {
    local now
    now=$(containers "$1" | wc -l)
    if [ "$now" -eq 0 ]; then now=$(config_value "services/$1/deploy/replicas"); fi
    printf '%s' "${now:-1}"
}

# replace SERVICE WANTED HOW BAD...: until WANTED good containers run and none of the bad; never fewer than WANTED in all.
replace() {
    local service=$1 wanted=$2 how=$3 bad dead running good missing number kept
    shift 3
    mapfile -t running < <(containers "$service")
    mapfile -t dead < <(containers "$service" --all | without ${running[@]+"${running[@]}"})
    if [ "${#dead[@]}" -gt 0 ]; then docker rm --force "${dead[@]}" >/dev/null; fi
    mapfile -t bad < <(containers "$service" | grep -xF -f <(printf '%s\n' "$@") || true)
    good=$((${#running[@]} - ${#bad[@]}))
    while [ "$good" -lt "$wanted" ] || [ "${#bad[@]}" -gt 0 ]; do
        missing=$((wanted > good ? wanted - good : 0))
        number=$(((wanted + 2) / 3)) # a third at a time
        if [ "$number" -gt "$missing" ]; then number=$missing; fi
        if [ "$number" -gt 0 ]; then start_beside "$service" "$number" "$how"; fi
        good=$((good + number))
        kept=$((wanted > good ? wanted - good : 0))
        number=$((${#bad[@]} > kept ? ${#bad[@]} - kept : 0))
        drain ${bad[@]+"${bad[@]:0:number}"}
        bad=(${bad[@]+"${bad[@]:number}"})
    done
}

# start_beside SERVICE NUMBER HOW: so many more containers, healthy.
start_beside() {
    local service=$1 number=$2 how=$3 before all fresh
    mapfile -t before < <(containers "$service" --all)
    if ! compose_by "$how" up --detach --no-deps --no-recreate --scale "$service=$((${#before[@]} + number))" "$service" \
        >"$WORK/up.log" 2>&1 </dev/null; then
        fail "$service: a new container does not start: $(last_line "$WORK/up.log")"
    fi
    mapfile -t all < <(containers "$service" --all)
    mapfile -t fresh < <(printf '%s\n' "${all[@]}" | without ${before[@]+"${before[@]}"})
    wait_healthy "$service" "${fresh[@]}"
    if [[ $BEHIND_NGINX == *" $service "* && ${#before[@]} -gt 0 ]]; then sleep "$SETTLE_SECONDS"; fi
}

# drain ID...: tell them to stop, wait as long as their grace period lasts, remove them.
drain() {
    [ $# -gt 0 ] || return 0
    docker stop "$@" >/dev/null
    docker rm "$@" >/dev/null
}

# restore_service SERVICE: back to what ran before `roll`: the originals that still run stay, the others go.
restore_service() {
    local service=$1 originals bad
    mapfile -t originals <"$WORK/original.$service"
    mapfile -t bad < <(containers "$service" --all | without ${originals[@]+"${originals[@]}"})
    if [ "${#originals[@]}" -eq 0 ]; then
        if [ "${#bad[@]}" -gt 0 ]; then docker rm --force "${bad[@]}" >/dev/null; fi
        say "  $service: what was started is removed again" >&2
        return
    fi
    if [ "$(containers "$service" | grep -cxF -f "$WORK/original.$service" || true)" -lt "${#originals[@]}" ]; then
        [ -f "$BACK_FILE" ] || fail "$service: no record of the release that ran before; it stays as it is. Run ./deploy.sh again."
    fi
    replace "$service" "${#originals[@]}" "$BACK_FILE" ${bad[@]+"${bad[@]}"}
    say "  $service: ${#originals[@]} as before" >&2
}

# recreate SERVICE...: replace them in place: they stop, and start anew. For services that cannot run twice.
recreate() {
    local service forced=() ids
    for service in "$@"; do
        note_originals "$service"
        undo_with restore_recreated "$service"
        if [ "${PLAN[$service]:-}" = files ]; then forced=(--force-recreate); fi
    done
    if ! compose up --detach --no-deps ${forced[@]+"${forced[@]}"} "$@" >"$WORK/up.log" 2>&1 </dev/null; then
        fail "$*: does not start: $(last_line "$WORK/up.log")"
    fi
    for service in "$@"; do
        mapfile -t ids < <(containers "$service" --all)
        wait_healthy "$service" "${ids[@]}"
    done
}

# restore_recreated SERVICE: as it was before `recreate`.
restore_recreated() {
    local service=$1 now originals
    mapfile -t originals <"$WORK/original.$service"
    mapfile -t now < <(containers "$service" --all)
    if [ "${#originals[@]}" -eq 0 ]; then
        if [ "${#now[@]}" -gt 0 ]; then docker rm --force "${now[@]}" >/dev/null; fi
        say "  $service: what was started is removed again" >&2
    elif [ "${originals[*]}" = "$(containers "$service" | paste -sd' ')" ]; then
        say "  $service: was not touched" >&2
    elif [ ! -f "$BACK_FILE" ]; then
        fail "$service: no record of the release that ran before; it stays as it is. Run ./deploy.sh again."
    else
        compose_of "$BACK_FILE" up --detach --no-deps --force-recreate "$service" >/dev/null 2>&1 </dev/null
        mapfile -t now < <(containers "$service")
        wait_healthy "$service" "${now[@]}"
        say "  $service: as before" >&2
    fi
}
