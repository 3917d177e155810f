# shellcheck shell=bash
# Checks the secrets that are there. Missing ones are made later.

step_secrets() {
    check_secrets
    did "$(needed_secrets | wc -l) needed, $(missing_secrets | wc -l) to be made"
}
