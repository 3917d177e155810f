# shellcheck shell=bash disable=SC2034 # other parts read what is set here
# What deploy.sh remembers, in .deploy/ (ignored by git): which release runs, which one ran before, their configurations.
#
#   state            name=value lines: current, previous, files.SERVICE, ...
#   releases/V/      what release V was: config.yml with all settings filled in (a failure goes back to it), and the
#                    compose files themselves (`rollback` fills today's settings into them)
#   history          one line an action: time, action, release, outcome

state_of() { if [ -f "$STATE_DIR/state" ]; then sed -n "s|^$1=||p" "$STATE_DIR/state" | head -n 1; fi; }

# remember NAME VALUE: written whole or not at all.
remember() {
    local next="$STATE_DIR/state.next"
    { sed "/^$1=/d" "$STATE_DIR/state" 2>/dev/null || true; printf '%s=%s\n' "$1" "$2"; } >"$next"
    mv "$next" "$STATE_DIR/state"
}

release_folder() { printf '%s/releases/%s' "$STATE_DIR" "$1"; }

note_history() { printf '%s\t%s\t%s\t%s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$1" "$2" "$3" >>"$STATE_DIR/history"; }

# record_release VERSION: it runs now; the one before is where `rollback` goes.
record_release() {
    local version=$1 current
    current=$(state_of current)
    keep_release "$version"
    if [ "$current" != "$version" ]; then
        [ -z "$current" ] || remember previous "$current"
        remember current "$version"
    fi
    remember primary "$(setting POSTGRES_PRIMARY postgres)"
    remember_files
}

# keep_release VERSION: its configuration and its compose files, whole or not at all.
keep_release() {
    local folder file number=0
    folder=$(release_folder "$1")
    rm -rf "$folder.next"
    mkdir -p "$folder.next"
    cp "$WORK/config.yml" "$folder.next/config.yml"
    while read -r file; do
        number=$((number + 1))
        cp "$file" "$folder.next/compose-$number.yml"
    done < <(compose_files)
    rm -rf "$folder"
    mv "$folder.next" "$folder"
}

# remember_files: what was mounted into each service when it was last brought up to date.
remember_files() {
    local service
    for service in $(config_services); do
        remember "files.$service" "$(files_hash "$service")"
    done
}

# keep_config VERSION: its configuration as it runs now; its compose files stay.
keep_config() {
    cp "$WORK/config.yml" "$(release_folder "$1")/config.yml.next"
    mv "$(release_folder "$1")/config.yml.next" "$(release_folder "$1")/config.yml"
    remember primary "$(setting POSTGRES_PRIMARY postgres)"
}

# back_to VERSION: where a failure goes back to: what that release was when it was started. Only which PostgreSQL is
# the primary is taken from today, for a promotion is not taken back.
back_to() {
    local now
    BACK_FILE="$(release_folder "$1")/config.yml"
    now=$(setting POSTGRES_PRIMARY postgres)
    if [ -f "$BACK_FILE" ] && [ "$(state_of primary)" != "$now" ]; then
        sed -e "s/@\(postgres\|postgres-standby\):5432/@$now:5432/" \
            -e "s/^\( *\(POSTGRES_PRIMARY\|PGHOST\|PGBOUNCER_HOST\): \).*/\1$now/" "$BACK_FILE" >"$WORK/back.yml"
        BACK_FILE="$WORK/back.yml"
    fi
}
