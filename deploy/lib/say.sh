# shellcheck shell=bash disable=SC2034 # other parts read what is set here
# What deploy.sh says. One line for what a step did, one for what is wrong and what to do.

REFUSED=3 # exit status of `fail`: the reason was said already

say() { printf '%s\n' "$*"; }

# did TEXT: what the step that runs now has done.
did() { printf '  %-12s %s\n' "${STEP_NAME:-}" "$*"; }

warn() { printf 'warning: %s\n' "$*" >&2; }

# fail TEXT: say what is wrong and what to do about it, and stop.
fail() {
    printf 'error: %s\n' "$*" >&2
    exit "$REFUSED"
}

PROBLEMS=0

# problem TEXT: something is wrong; the other checks still run, so that one look mends all.
problem() {
    printf 'error: %s\n' "$*" >&2
    PROBLEMS=$((PROBLEMS + 1))
}

# stop_on_problems: end here when a check found something; nothing has been changed by then.
stop_on_problems() {
    if [ "$PROBLEMS" -gt 0 ]; then
        printf 'error: %s wrong; nothing was changed. Mend the above, then run it again.\n' \
            "$(count "$PROBLEMS" thing is things are)" >&2
        exit "$REFUSED"
    fi
}

# count N ONE IS MANY ARE: "1 thing is" or "3 things are".
count() {
    if [ "$1" -eq 1 ]; then printf '1 %s %s' "$2" "$3"; else printf '%s %s %s' "$1" "$4" "$5"; fi
}

# seconds_since START: whole seconds since a value of $SECONDS.
seconds_since() { printf '%s' "$((SECONDS - $1))"; }
