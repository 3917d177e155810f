#!/usr/bin/env bash
# Deploys Legal Intake on this server by Docker Compose. `./deploy.sh --help` says how.
# shellcheck disable=SC2034 # the parts read what is set here
set -eEuo pipefail
if [ "${BASH_VERSINFO[0]}" -lt 4 ]; then
    echo "error: bash $BASH_VERSION is too old: 4.4 or later is needed. Update the system." >&2
    exit 3
fi

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
STATE_DIR="$ROOT/.deploy"
COMMAND=deploy
WISH=${VERSION:-} # the release that the caller asks for
NO_GAP=""
TARGET=""
PROJECT=""
BACK_FILE=/nonexistent # the configuration that a failure goes back to

for part in say kinds guard env state release compose maintenance roll secrets backups commands; do
    # shellcheck source-path=SCRIPTDIR source=/dev/null
    . "$ROOT/deploy/lib/$part.sh"
done
for part in "$ROOT"/deploy/steps/[0-9]*.sh; do
    # shellcheck source=/dev/null
    . "$part"
done

usage() {
    cat <<'TEXT'
Legal Intake on this server, by Docker Compose.

    ./deploy.sh              check, then deploy this checkout; the same again upgrades. Nobody is cut off.
    ./deploy.sh --check      only check: settings, secrets, machine, ports, DNS; say what a deploy would replace
    ./deploy.sh rollback     back to the release before, without touching schemas
    ./deploy.sh status       which release runs, and how each service is
    ./deploy.sh logs [NAME]  follow the logs of all services, or of those named
    ./deploy.sh backup       back up now
    ./deploy.sh restore      bring a backup back: list, or [--to TIME] [--backup ID] [--identity FILE] [--force]
    ./deploy.sh drill        restore the last backup into a scratch stack and compare
    ./deploy.sh promote      make the standby the primary (profile ha)
    ./deploy.sh maintenance on|off   the maintenance page by hand

Options of a deploy: --no-gap refuses when nginx or a data service would have to be replaced.
VERSION=1.4.0 ./deploy.sh deploys that release; without it this checkout, or the VERSION that you set in .env.
Settings: .env (see .env.example). More: docs/operations.md
TEXT
}

# step NAME: run it, so that whatever cuts it off can say where.
step() {
    STEP_NAME=$1
    "step_${1//-/_}"
}

checks() {
    say "Checking; nothing is changed."
    step programs
    step settings
    step secrets
    step machine
    step network
    stop_on_problems
}

deploy() {
    mkdir -p "$STATE_DIR"
    chmod 0700 "$STATE_DIR"
    take_lock
    checks
    back_to "$(state_of current)"
    say "Deploying $TARGET."
    step images
    step make-secrets
    step plan
    step data
    step migrate
    step roll
    step front
    step search
    step rest
    step certificate
    step verify
    step record
    say "Done."
}

check_only() {
    checks
    step plan
    say "All is well; nothing was changed."
}

main() {
    local arguments=()
    while [ $# -gt 0 ]; do
        case $1 in
            --check) COMMAND=check ;;
            --no-gap) NO_GAP=1 ;;
            -h | --help | help)
                usage
                return
                ;;
            deploy | upgrade) COMMAND=deploy ;;
            rollback | status | logs | backup | restore | drill | promote | maintenance)
                COMMAND=$1
                shift
                arguments=("$@")
                break
                ;;
            *)
                echo "error: unknown argument \"$1\". ./deploy.sh --help says what there is." >&2
                exit 2
                ;;
        esac
        shift
    done
    umask 022
    cd "$ROOT"
    WORK=$(mktemp -d)
    guard
    case $COMMAND in
        deploy) deploy ;;
        check) check_only ;;
        *) "command_$COMMAND" ${arguments[@]+"${arguments[@]}"} ;;
    esac
    FINISHED=1
}

main "$@"
