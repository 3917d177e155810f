# shellcheck shell=bash disable=SC2034 # other parts read what is set here
# Compares what runs with what is wanted, and says what will happen before it does.

# Rolled, in this order: who takes jobs before who sends them, the files of the web app before the page that names them.
ROLLING=(models worker audio_worker scheduler frontend api)
# Cannot run twice: while they are replaced nothing can be served.
DATA=(postgres redis-broker redis-journal redis-cache pgbouncer)

declare -A PLAN=() # service -> new, image, config, files or same

step_plan() {
    local service changed=() others
    PLAN=()
    survey
    for service in $(config_services); do
        [ "$service" != migrate ] || continue
        PLAN[$service]=$(difference "$service")
        [ "${PLAN[$service]}" = same ] || changed+=("$service")
    done
    refuse_other_postgres
    if [ "${#changed[@]}" -eq 0 ]; then
        did "everything runs as it is wanted; nothing is replaced"
        return
    fi
    say_plan "started for the first time" new
    say_plan "replaced one after another, without a gap" image config files -- "${ROLLING[@]}"
    say_gap
    mapfile -t others < <(config_services | without nginx "${ROLLING[@]}" "${DATA[@]}")
    say_plan "replaced in place, clients do not notice" image config files -- "${others[@]}"
}

# say_plan TEXT STATE... [-- SERVICE...]: one line with the services that are in such a state; none, no line.
say_plan() {
    local text=$1 states=" " service found=()
    shift
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
        states+="$1 "
        shift
    done
    if [ $# -gt 0 ]; then shift; else mapfile -t -O 0 found < <(config_services); set -- "${found[@]}"; fi
    found=()
    for service in "$@"; do
        if [[ -n ${PLAN[$service]:-} && $states == *" ${PLAN[$service]} "* ]]; then
            if [ "${PLAN[$service]}" = new ]; then found+=("$service"); else found+=("$service (${PLAN[$service]})"); fi
        fi
    done
    [ "${#found[@]}" -eq 0 ] || did "$text: $(printf '%s\n' "${found[@]}" | paste -sd, | sed 's/,/, /g')"
}

is_replaced() { [[ " image config files " == *" ${PLAN[$1]:-same} "* ]]; }

# say_gap: what cannot be replaced without one.
say_gap() {
    local service gap=()
    for service in "${DATA[@]}"; do
        if is_replaced "$service"; then gap+=("$service"); fi
    done
    if [ "${#gap[@]}" -gt 0 ]; then
        did "WITH A GAP of some seconds, behind the maintenance page: ${gap[*]}"
    fi
    case ${PLAN[nginx]:-same} in
        image | config) did "WITH A GAP of some seconds, in which nothing answers: nginx" && gap+=(nginx) ;;
        files) did "nginx reads its new files; open sockets stay" ;;
    esac
    if [ "${#gap[@]}" -gt 0 ] && [ -n "$NO_GAP" ]; then
        fail "--no-gap: ${gap[*]} cannot be replaced without one. Nothing was replaced. Run it again without --no-gap when a gap is right."
    fi
}

# refuse_other_postgres: another major version cannot read the data.
refuse_other_postgres() {
    local now wanted
    [ "${PLAN[postgres]:-}" = image ] || [ "${PLAN[postgres]:-}" = config ] || return 0
    now=$(docker inspect --format '{{.Config.Image}}' "$(containers postgres | head -n 1)")
    now=$(major "$now")
    wanted=$(major "$(config_value services/postgres/image)")
    if [ -n "$now" ] && [ -n "$wanted" ] && [ "$now" != "$wanted" ]; then
        fail "PostgreSQL $now runs, and this release wants $wanted, which cannot read its data. Back up, start anew and restore: docs/operations.md, \"Another PostgreSQL\"."
    fi
}

major() {
    local tag=${1##*:}
    tag=${tag%%[!0-9]*}
    printf '%s' "$tag"
}
