# shellcheck shell=bash
# Makes the secrets that are missing, and lets the containers' group, and nobody else, read all of them.

step_make_secrets() {
    local name made from count=0
    mkdir -p "$(secrets_folder)"
    while read -r name made _ from; do
        if [ -e "$(secret_path "$name")" ]; then continue; fi
        make_secret "$name" "$made" "$from"
        count=$((count + 1))
        if [ "$made" = age ] && [ -f "$(secrets_folder)/backup_age_identity" ]; then
            warn "deploy/secrets/backup_age_identity opens every backup. Keep it on another machine, and remove it here."
        elif [ "$name" = master_key ]; then
            warn "deploy/secrets/master_key opens everything clients said, and is in no backup. Keep a copy on another machine."
        fi
    done < <(needed_secrets)
    open_to_containers
    did "$count made in deploy/secrets"
}
