# shellcheck shell=bash disable=SC2034 # other parts read what is set here
# What happens when deploy.sh is cut off: it says where it stopped, takes back what it did to the running stack, and
# says what still runs. And the lock that lets one run at a time.

STEP_NAME="" # the step that runs now
FINISHED=0   # 1 once the command has done what it was asked
CUT_BY=""    # the signal that cut it off
FAILED_AT="" # the command that failed, when nothing was said about it
UNDO=()      # functions that take back what was done, with their arguments; the last is run first

# undo_with FUNCTION [ARGUMENT]...: run this when the command does not end well. Arguments hold no spaces.
undo_with() { UNDO+=("$*"); }

# undone FUNCTION [ARGUMENT]...: what `undo_with` was given is done or no longer wanted.
undone() {
    local kept=() entry
    for entry in ${UNDO[@]+"${UNDO[@]}"}; do
        [ "$entry" = "$*" ] || kept+=("$entry")
    done
    UNDO=(${kept[@]+"${kept[@]}"})
}

guard() {
    exec 7>&1 8>&2 # on_exit may run while a function's output goes into a file
    trap 'on_error "$?" "$BASH_COMMAND" "${BASH_SOURCE[0]##*/}:$LINENO"' ERR
    trap 'on_signal INT 130' INT
    trap 'on_signal TERM 143' TERM
    trap 'on_signal HUP 129' HUP
    trap on_exit EXIT
}

on_error() {
    if [ "$1" -ne "$REFUSED" ] && [ -z "$CUT_BY" ] && [ -z "$FAILED_AT" ]; then
        FAILED_AT="$3: \`${2%%$'\n'*}\` ended with $1"
    fi
}

on_signal() {
    CUT_BY=$1
    exit "$2"
}

on_exit() {
    local status=$?
    trap - ERR EXIT
    set +e
    exec 1>&7 2>&8
    if [ "$FINISHED" -eq 1 ] && [ "$status" -eq 0 ]; then
        rm -rf "$WORK"
        exit 0
    fi
    [ "$status" -ne 0 ] || status=1
    say_where "$status"
    trap 'say_left_as_is; rm -rf "$WORK"; exit "$status"' INT TERM HUP
    take_back
    [ -z "$STEP_NAME" ] || say_what_runs
    rm -rf "$WORK"
    exit "$status"
}

say_where() {
    local place=${STEP_NAME:-the start}
    if [ -n "$CUT_BY" ]; then
        printf 'stopped at %s by SIG%s.\n' "$place" "$CUT_BY" >&2
    else
        [ -z "$FAILED_AT" ] || printf 'error: %s\n' "$FAILED_AT" >&2
        [ -z "$STEP_NAME" ] || printf 'stopped at %s.\n' "$place" >&2
    fi
}

# take_back: run what `undo_with` was given, last first. Errors of one do not keep the others from running.
take_back() {
    local index result
    if [ "${#UNDO[@]}" -eq 0 ]; then
        return 0
    fi
    say "Taking back what was done to the running stack; Ctrl-C again leaves it as it is now." >&2
    for ((index = ${#UNDO[@]} - 1; index >= 0; index--)); do
        # No `||` here: it would switch `set -e` off inside.
        # shellcheck disable=SC2086 # a function and its plain arguments
        (set -eEuo pipefail; ${UNDO[index]})
        result=$?
        [ "$result" -eq 0 ] || warn "could not take back: ${UNDO[index]}"
    done
}

say_left_as_is() {
    printf 'left as it is now. Look: ./deploy.sh status. Again: ./deploy.sh. Back: ./deploy.sh rollback.\n' >&2
}

say_what_runs() {
    local lines
    lines=$(running_summary 2>/dev/null)
    printf 'what runs now: %s\n' "${lines:-nothing}" >&2
}

# take_lock: one deploy.sh at a time may change this stack. Held on descriptor 9 until the process ends.
take_lock() {
    mkdir -p "$STATE_DIR"
    exec 9<>"$STATE_DIR/lock"
    if ! flock --nonblock 9; then
        fail "another deploy.sh is at work here ($(head -n 1 <&9 || true)). Wait until it has ended, then run this again."
    fi
    printf '%-60s\n' "process $$, $COMMAND, since $(date -u +%H:%M:%SZ)" >"$STATE_DIR/lock"
}
