# shellcheck shell=bash disable=SC2034 # other parts read what is set here
# The maintenance page: nginx answers with it while the file is there. And how long the stack did not serve.

GAP_BEGAN=""

maintenance_file() { printf '%s/deploy/maintenance/on' "$ROOT"; }

maintenance_is_on() { [ -e "$(maintenance_file)" ]; }

# maintenance_on: from now on the gap is counted. A page that an operator put up by hand stays theirs.
maintenance_on() {
    GAP_BEGAN=$SECONDS
    if maintenance_is_on || [ -z "$(containers nginx)" ]; then return 0; fi
    undo_with maintenance_off
    mkdir -p "$ROOT/deploy/maintenance"
    printf 'deploy.sh %s\n' "$$" >"$(maintenance_file)"
    chmod 0644 "$(maintenance_file)"
}

# maintenance_off: only what deploy.sh put up itself.
maintenance_off() {
    if grep -qs "^deploy.sh " "$(maintenance_file)"; then rm -f "$(maintenance_file)"; fi
    undone maintenance_off
}

# end_gap WHAT: take the page down and say how long it was up.
end_gap() {
    maintenance_off
    did "$1: a gap of $(seconds_since "$GAP_BEGAN") s"
    GAP_BEGAN=""
}
