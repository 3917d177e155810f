# shellcheck shell=bash
# Migrates every schema, expand steps only: the release that runs goes on with the new schemas.

step_migrate() {
    local began=$SECONDS status=0
    mkdir -p "$STATE_DIR"
    compose run --rm --no-deps --no-TTY migrate >"$WORK/migrate.log" 2>&1 </dev/null || status=$?
    cp "$WORK/migrate.log" "$STATE_DIR/migrate.log"
    if [ "$status" -ne 0 ]; then
        fail "the migration failed: $(last_line "$WORK/migrate.log"). The release that ran goes on. All of it: .deploy/migrate.log. Mend it and run this again."
    fi
    did "$(last_line "$WORK/migrate.log") ($(seconds_since "$began") s)"
}
