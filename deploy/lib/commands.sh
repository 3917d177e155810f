# shellcheck shell=bash disable=SC2034 # other parts read what is set here
# The commands beside a deploy.

# look: what every command needs to know of the stack, without checking more than that.
look() {
    step programs >/dev/null
    STEP_NAME=""
    [ -f "$ROOT/.env" ] || fail "there is no .env, so nothing was deployed from here. Do: cp .env.example .env, then ./deploy.sh"
    read_table
    read_env
    keep_project
    TARGET=$(state_of current)
    [ -n "$TARGET" ] || TARGET=${ENV_VALUE[VERSION]:-dev}
    unset VERSION
    write_env "$WORK/env" "$TARGET"
    resolve
    stop_on_problems
}

# need_running SERVICE
need_running() {
    [ -n "$(containers "$1")" ] || fail "$1 does not run. Start the stack first: ./deploy.sh"
}

command_rollback() {
    local previous current folder began=$SECONDS
    mkdir -p "$STATE_DIR"
    take_lock
    look
    current=$(state_of current) previous=$(state_of previous)
    folder=$(release_folder "$previous")
    if [ -z "$previous" ] || [ ! -d "$folder" ]; then
        fail "there is no release to go back to. One is recorded when an upgrade has succeeded; schemas allow going back by one."
    fi
    say "Going back from $current to $previous; schemas stay as they are."
    back_to "$current"
    use_release "$previous"
    STEP_NAME=images
    images_of_release
    STEP_NAME=roll
    roll_back_services
    STEP_NAME=record
    trap '' INT TERM HUP
    keep_env "$previous"
    keep_config "$previous"
    remember current "$previous"
    remember previous ""
    UNDO=()
    note_history rollback "$previous" ok
    guard
    say "Done in $(seconds_since "$began") s: release $previous runs. Check out the files of $previous too before you change sizes or scale (docs/operations.md)."
}

# use_release VERSION: from now on `compose` means that release, with the settings of today.
use_release() {
    local file
    RELEASE_FILES=()
    for file in "$(release_folder "$1")"/compose-*.yml; do RELEASE_FILES+=(--file "$file"); done
    # shellcheck disable=SC2317 # from here on everybody calls this one
    compose() { docker compose --project-directory "$ROOT" --project-name "$PROJECT" --env-file "$WORK/env" "${RELEASE_FILES[@]}" "$@"; }
    TARGET=$1
    write_env "$WORK/env" "$1"
    resolve
}

# images_of_release: all of them must be here before anything is touched.
images_of_release() {
    local image
    for image in $(config_images); do
        if ! is_our_image "$image" || [ -n "$(image_id "$image")" ]; then continue; fi
        if is_registry "$image"; then
            pull_image "$image"
        else
            fail "image $image is not here any more, so this release cannot come back. Check its commit out and run ./deploy.sh instead."
        fi
    done
}

# roll_back_services: our images alone; the reverse of a deploy's order, so that nobody asks for what is gone.
roll_back_services() {
    local service index
    survey
    for ((index = ${#ROLLING[@]} - 1; index >= 0; index--)); do
        service=${ROLLING[index]}
        if ! has_service "$service" || [ "$(difference "$service")" = new ]; then continue; fi
        PLAN["$service"]=$(difference "$service")
        if [ "${PLAN[$service]}" = same ]; then did "$service is of that release already"; else roll "$service"; fi
    done
    for service in $(config_services | without migrate "${ROLLING[@]}"); do
        if ! is_our_image "$(config_value "services/$service/image")"; then continue; fi
        PLAN["$service"]=$(difference "$service")
        if is_replaced "$service"; then
            recreate "$service"
            did "$service replaced"
        fi
    done
}

command_status() {
    local service
    look
    say "release   ${TARGET}$([ -z "$(state_of previous)" ] || printf ' (rollback goes to %s)' "$(state_of previous)")"
    say "project   $PROJECT, preset $(setting PRESET standard), profiles $(setting COMPOSE_PROFILES none)"
    if maintenance_is_on; then say "MAINTENANCE: the page is up (deploy/maintenance/on)"; fi
    if [ -f "$STATE_DIR/history" ]; then say "last      $(tail -n 1 "$STATE_DIR/history" | tr '\t' ' ')"; fi
    while read -r service; do say "  $service"; done < <(running_summary | sed 's/, /\n/g')
    for service in $(config_services | without migrate); do
        [ -n "$(containers "$service")" ] || say "  $service DOES NOT RUN"
    done
}

command_logs() {
    look
    compose logs --follow --tail 200 "$@"
}

command_maintenance() {
    local file
    file=$(maintenance_file)
    case ${1:-} in
        on)
            mkdir -p "$(dirname "$file")"
            printf 'by hand\n' >"$file"
            say "The maintenance page is up. Take it down: ./deploy.sh maintenance off"
            ;;
        off)
            rm -f "$file"
            say "The maintenance page is down."
            ;;
        *) fail "maintenance wants on or off." ;;
    esac
}

command_promote() {
    look
    take_lock
    has_service postgres-standby || fail "there is no standby: add ha to COMPOSE_PROFILES in .env and run ./deploy.sh first."
    STEP_NAME=promote
    "$ROOT/deploy/postgres/promote.sh" "$@" || fail "the standby was not promoted; the lines above say why. docs/runbooks/promote-standby.md says how to go on."
    read_env
    write_env "$WORK/env" "$TARGET"
    resolve
    if [ -d "$(release_folder "$TARGET")" ]; then keep_config "$TARGET"; fi
    note_history promote "$TARGET" "$(setting POSTGRES_PRIMARY postgres)"
}
