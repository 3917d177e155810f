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
    if [ "${PLAN[$service]}" = new ]; then
        did "$service: $wanted started in $(seconds_since "$began") s"
    else
        did "$service: $wanted new in $(seconds_since "$began") s; the old have drained and are gone"
    fi
}

# wanted_replicas SERVICE: as many as run now; at the first start as many as the configuration says.
wanted_replicas() {
    local now
    now=$(awk -v service="$1" '$1 == service && $5 == "running"' "$WORK/table" | wc -l)
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

# drain ID...: tell them to stop, wait as long as their grace period lasts, remove them. Who was told to stop is noted:
# the engine goes on stopping a container when we are cut off.
drain() {
    [ $# -gt 0 ] || return 0
    printf '%s\n' "$@" >>"$WORK/draining"
    docker stop "$@" >/dev/null
    docker rm "$@" >/dev/null
}

# recreate SERVICE...: replace them in place: they stop, and start anew. For services that cannot run twice.
recreate() {
    local service old=() ids
    for service in "$@"; do
        note_originals "$service"
        undo_with restore_service "$service"
        mapfile -t -O "${#old[@]}" old < <(containers "$service" --all)
    done
    drain ${old[@]+"${old[@]}"}
    if ! compose up --detach --no-deps "$@" >"$WORK/up.log" 2>&1 </dev/null; then
        fail "$*: does not start: $(last_line "$WORK/up.log")"
    fi
    for service in "$@"; do
        mapfile -t ids < <(containers "$service" --all)
        wait_healthy "$service" "${ids[@]}"
    done
}

# restore_service SERVICE: back to what ran before we touched it. Originals that still run stay, those that were only
# stopped start again, those that are gone come back as the release before; what is new goes last.
restore_service() {
    local service=$1 originals bad
    mapfile -t originals <"$WORK/original.$service"
    start_stopped ${originals[@]+"${originals[@]}"}
    mapfile -t bad < <(containers "$service" --all | without ${originals[@]+"${originals[@]}"})
    if [ "${#originals[@]}" -eq 0 ]; then
        if [ "${#bad[@]}" -gt 0 ]; then docker rm --force "${bad[@]}" >/dev/null; fi
        say "  $service: what was started is removed again" >&2
        return
    fi
    if [ "$(containers "$service" | grep -cxF -f "$WORK/original.$service" || true)" -lt "${#originals[@]}" ]; then
        [ -f "$BACK_FILE" ] || fail "$service: no record of the release that ran before; it stays as it is. Run ./deploy.sh again."
        if [[ " ${ROLLING[*]} " != *" $service "* && "${#bad[@]}" -gt 0 ]]; then
            drain "${bad[@]}" # it cannot run twice
            bad=()
        fi
    fi
    replace "$service" "${#originals[@]}" "$BACK_FILE" ${bad[@]+"${bad[@]}"}
    say "  $service: ${#originals[@]} as before" >&2
}

# start_stopped ID...: those of them that were told to stop and are still there.
start_stopped() {
    local id
    for id in "$@"; do
        if grep -qsxF "$id" "$WORK/draining" && docker stop "$id" >/dev/null 2>&1; then docker start "$id" >/dev/null; fi
    done
}
