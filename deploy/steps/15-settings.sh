# shellcheck shell=bash
# Checks `.env`, chooses the release, and lets Compose fill in its file.

step_settings() {
    [ -f "$ROOT/.env" ] || fail "there is no .env. Do: cp .env.example .env, set DOMAIN and what else you need, and run this again."
    [ -r "$ROOT/.env" ] || fail ".env cannot be read by $(id -un). Run this as its owner."
    read_env
    keep_project
    check_env
    stop_on_problems
    [ -f "$ROOT/deploy/presets/$(setting PRESET standard).env" ] || fail "deploy/presets/$(setting PRESET standard).env is missing. Check this copy out again."
    choose_version
    stop_on_problems
    unset VERSION
    write_env "$WORK/env" "$TARGET"
    resolve
    did "${#ENV_VALUE[@]} settings, release $TARGET, preset $(setting PRESET standard), $(config_services | wc -l) services as $PROJECT"
}
