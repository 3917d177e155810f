# shellcheck shell=bash
# Sourced by restore.sh and drill.sh. `--identity -` as the first words: the age identity comes on standard input and is
# kept in memory (/tmp is) until the end. A file that is mounted often cannot be read by the container's account.
if [ "${1:-}" = --identity ] && [ "${2:-}" = - ]; then
    shift 2
    BACKUP_AGE_IDENTITY_FILE=$(mktemp)
    export BACKUP_AGE_IDENTITY_FILE
    trap 'rm -f "$BACKUP_AGE_IDENTITY_FILE"' EXIT
    cat >"$BACKUP_AGE_IDENTITY_FILE"
    grep -q '^AGE-SECRET-KEY-' "$BACKUP_AGE_IDENTITY_FILE" || {
        echo "standard input holds no age identity (a line AGE-SECRET-KEY-…): give it as < deploy/secrets/backup_age_identity" >&2
        exit 1
    }
fi
