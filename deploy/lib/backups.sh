# shellcheck shell=bash disable=SC2034 # other parts read what is set here
# `backup`, `restore` and `drill`: what deploy/backup does in its container, and what must stop and start around it.

PGDATA=/var/lib/postgresql/18/docker
IDENTITY="" # a copy of the age identity that the container's accounts can read
PRIMARY=postgres STANDBY=postgres-standby

# which_is_primary: after a promotion it is the other one.
which_is_primary() {
    PRIMARY=$(setting POSTGRES_PRIMARY postgres)
    [ "$PRIMARY" = postgres ] && STANDBY=postgres-standby || STANDBY=postgres
}

command_backup() {
    look
    take_lock
    need_running backup
    STEP_NAME=backup
    compose exec --no-TTY backup backup.sh "$@" </dev/null || fail "the backup was not made, or not all of it; the lines above say why."
    did "done; $(setting BACKUP_TARGET "in volume ${PROJECT}_backups")"
}

command_drill() {
    local arguments=()
    look
    take_lock
    while [ $# -gt 0 ]; do
        case $1 in
            --identity) IDENTITY=${2:-} && shift ;;
            *) arguments+=("$1") ;;
        esac
        shift
    done
    STEP_NAME=drill
    lend_identity
    with_backup -- drill.sh ${arguments[@]+"${arguments[@]}"} ||
        fail "the drill failed: the last backup cannot be trusted. The lines above say why; docs/runbooks/BackupUnverified.md says what to do."
    did "the last backup was restored beside, and is what its manifest says"
}

# lend_identity: the file that opens backups, for accounts in containers, for as long as this runs.
lend_identity() {
    local file=${IDENTITY:-$(secrets_folder)/backup_age_identity}
    [ -r "$file" ] || fail "the key that opens backups is not at $file. Bring it here (or give --identity FILE), and take it away again afterwards."
    IDENTITY="$WORK/identity"
    cp "$file" "$IDENTITY"
    chmod 0444 "$IDENTITY" # in a folder that nobody else may enter
}

# with_backup [docker option]... -- COMMAND...: in a container of the backup image that can open backups.
with_backup() {
    local options=()
    while [ "$1" != -- ]; do
        options+=("$1")
        shift
    done
    shift
    compose run --rm --no-deps --no-TTY --volume "$IDENTITY:/run/secrets/backup_age_identity:ro" \
        ${options[@]+"${options[@]}"} backup "$@" </dev/null
}

command_restore() {
    local to=latest backup="" force="" which=() began=$SECONDS
    while [ $# -gt 0 ]; do
        case $1 in
            list) which=(list) ;;
            --to) to=${2:-} && shift ;;
            --backup) backup=${2:-} && shift ;;
            --identity) IDENTITY=${2:-} && shift ;;
            --force) force=--force ;;
            *) fail "restore does not know \"$1\". It wants: list, or [--to TIME|latest] [--backup ID] [--identity FILE] [--force]." ;;
        esac
        shift
    done
    look
    take_lock
    STEP_NAME=checks
    lend_identity
    if [ "${which[*]}" = list ]; then
        with_backup -- restore.sh list
        return
    fi
    which=(--to "$to")
    [ -z "$backup" ] || which+=(--backup "$backup")
    which_is_primary
    if [ -z "$force" ] && has_volume "$PRIMARY"; then
        fail "there is a database here (volume ${PROJECT}_$PRIMARY). With --force it is put aside, and the backup takes its place."
    fi
    master_keys_for "${which[@]}"
    restore_all "$force" "${which[@]}"
    did "restored to $to in $(seconds_since "$began") s; what was here before is kept aside in the volumes, until you remove it"
}

# master_keys_for ARGUMENTS: the backup says which master key it needs; without that one nothing is touched.
master_keys_for() {
    local needed id
    needed=$(with_backup -- restore.sh needs "$@" 2>"$WORK/restore.err") ||
        fail "this backup cannot be used: $(last_line "$WORK/restore.err"). Nothing was touched."
    KEY_IDS=$("$ROOT/deploy/backup/master-key-id.sh" "$(secret_path master_key)" | paste -sd' ')
    for id in $needed; do
        [[ " $KEY_IDS " == *" $id "* ]] ||
            fail "the backup needs master key $id, and deploy/secrets/master_key is $KEY_IDS. Put that key there first; without it nothing that clients said can be read. Nothing was touched."
    done
    did "the backup is there, and so is its master key ($KEY_IDS)"
}

# restore_all FORCE ARGUMENTS: behind the maintenance page; a failure puts back what was here.
restore_all() {
    local force=$1 service ids
    shift
    STEP_NAME=stop
    maintenance_on
    mapfile -t ids < <(for service in "${ROLLING[@]}" backup pgbouncer postgres-exporter "$STANDBY" "$PRIMARY"; do
        [ "$service" = frontend ] || containers "$service"
    done)
    printf '%s\n' ${ids[@]+"${ids[@]}"} >"$WORK/stopped"
    undo_with start_again
    [ "${#ids[@]}" -eq 0 ] || docker stop "${ids[@]}" >/dev/null
    did "${#ids[@]} containers stopped"
    STEP_NAME=database
    run_restore --user 999:10001 --volume "${PROJECT}_$PRIMARY:/var/lib/postgresql" -- \
        restore.sh database --pgdata "$PGDATA" --master-key-ids "$KEY_IDS" ${force:+"$force"} "$@"
    undo_with database_back
    did "$(last_line "$WORK/restore.log")"
    STEP_NAME=files
    run_restore --volume "${PROJECT}_media:/data/media" --volume "${PROJECT}_deletions:/data/deletions" -- \
        restore.sh files ${force:+"$force"} "${@:1:2}"
    did "$(last_line "$WORK/restore.log")"
    after_restore
}

run_restore() {
    with_backup "$@" >"$WORK/restore.log" 2>&1 ||
        fail "the backup cannot be restored: $(last_line "$WORK/restore.log"). What was here comes back."
}

# after_restore: this release's schemas, then every deletion made since the backup once more, then everything runs again.
after_restore() {
    local ids id
    STEP_NAME=start
    compose up --detach --no-deps "$PRIMARY" >"$WORK/up.log" 2>&1 </dev/null ||
        fail "$PRIMARY does not start: $(last_line "$WORK/up.log")"
    mapfile -t ids < <(containers "$PRIMARY")
    wait_healthy "$PRIMARY" "${ids[@]}"
    STEP_NAME=migrate
    step_migrate
    STEP_NAME=deletions
    compose run --rm --no-deps --no-TTY migrate python manage.py firms replay-deletions >"$WORK/replay.log" 2>&1 </dev/null ||
        fail "deletions were not repeated: $(last_line "$WORK/replay.log"). The site stays closed, or deleted data would be back."
    did "$(last_line "$WORK/replay.log")"
    undone database_back
    STEP_NAME=start
    undone start_again
    while read -r id; do
        if [ -n "$id" ] && ! is_standby "$id"; then docker start "$id" >/dev/null; fi
    done <"$WORK/stopped"
    wait_recovered
    end_gap "restored"
    remake_standby
}

# remake_standby: it follows a history that is no more, so it begins anew from the restored primary. The site is open again:
# what goes wrong here is said, and takes nothing back.
remake_standby() {
    local ids began=$SECONDS
    mapfile -t ids < <(containers "$STANDBY" --all)
    [ "${#ids[@]}" -gt 0 ] || return 0
    STEP_NAME=standby
    if docker rm --force "${ids[@]}" >"$WORK/standby.log" 2>&1 &&
        docker volume rm "${PROJECT}_$STANDBY" >>"$WORK/standby.log" 2>&1 &&
        compose up --detach --no-deps "$STANDBY" >>"$WORK/standby.log" 2>&1 </dev/null &&
        standby_streams; then
        did "$STANDBY made anew from what was restored, in $(seconds_since "$began") s"
    else
        warn "$STANDBY was not made anew: $(last_line "$WORK/standby.log"). By hand: docker compose rm -sf $STANDBY; docker volume rm ${PROJECT}_$STANDBY; ./deploy.sh"
    fi
}

# standby_streams: within the time that any service has; its last words go to the log.
standby_streams() {
    local id began=$SECONDS
    id=$(containers "$STANDBY" --all | tail -n 1)
    while [ "$(health_of "$id")" != healthy ]; do
        if [ "$((SECONDS - began))" -ge "$WAIT_SECONDS" ]; then
            why_not_well "$id" >>"$WORK/standby.log"
            return 1
        fi
        sleep 1
    done
}

is_standby() { [ "$(docker inspect --format "{{index .Config.Labels \"$LABEL.service\"}}" "$1")" = "$STANDBY" ]; }

# start_again: what the restore stopped.
start_again() {
    local ids
    mapfile -t ids < <(sed '/^$/d' "$WORK/stopped" | tac)
    [ "${#ids[@]}" -eq 0 ] || docker start "${ids[@]}" >/dev/null
    say "  ${#ids[@]} containers as before" >&2
}

# database_back: the database that was put aside takes its place again.
database_back() {
    local ids
    mapfile -t ids < <(containers "$PRIMARY")
    if [ "${#ids[@]}" -gt 0 ]; then docker stop "${ids[@]}" >/dev/null; fi
    # shellcheck disable=SC2016 # expanded in the container
    with_backup --user 999:10001 --volume "${PROJECT}_$PRIMARY:/var/lib/postgresql" -- bash -c '
        aside=$(ls -d "$1".before-* 2>/dev/null | tail -n 1)
        [ -n "$aside" ] || exit 0
        mv "$1" "$1.not-restored" && mv "$aside" "$1"' - "$PGDATA"
    say "  the database that was here is back" >&2
}
