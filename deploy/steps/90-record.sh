# shellcheck shell=bash disable=SC2034 # other parts read what is set here
# Writes down what runs now, so that `rollback`, the next deploy and a plain `docker compose` know it.

step_record() {
    local current
    current=$(state_of current)
    trap '' INT TERM HUP # a moment: what is written down must be what runs
    record_release "$TARGET"
    keep_env "$TARGET"
    UNDO=()
    note_history deploy "$TARGET" ok
    guard
    forget_old_releases
    if [ -n "$current" ] && [ "$current" != "$TARGET" ]; then
        did "release $TARGET runs; ./deploy.sh rollback goes back to $current"
    else
        did "release $TARGET runs"
    fi
}

# forget_old_releases: of our images only those of this release and the one before are kept.
forget_old_releases() {
    local folder version image
    for folder in "$STATE_DIR"/releases/*/; do
        version=$(basename "$folder")
        if [ "$version" = "$(state_of current)" ] || [ "$version" = "$(state_of previous)" ]; then continue; fi
        sed -n 's|^ *image: "\{0,1\}\([^"]*\)"\{0,1\}$|\1|p' "$folder/config.yml" 2>/dev/null | sort -u | while read -r image; do
            if is_our_image "$image" && [[ $image == *":$version" ]]; then docker image rm "$image" >/dev/null 2>&1 || true; fi
        done
        rm -rf "$folder"
    done
}
