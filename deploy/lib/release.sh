# shellcheck shell=bash disable=SC2034 # other parts read what is set here
# Which release is meant, and what Compose is told: `.env` as it stands, the sizes of the preset and the release.
#
# deploy.sh keeps the last two in a block at the end of `.env`, so that a plain `docker compose up -d --scale api=5` means
# what runs. What the operator sets above the block wins.

BLOCK_BEGIN="# -- written by deploy.sh: what is changed below is lost --"
BLOCK_END="# -- end of what deploy.sh writes --"

# checkout_version: a name for exactly these files: the commit, and a hash of what is changed and not committed.
checkout_version() {
    local number commit changes
    number=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$ROOT/pyproject.toml" 2>/dev/null | head -n 1)
    if commit=$(git -C "$ROOT" rev-parse --short=12 HEAD 2>/dev/null); then
        changes=$(uncommitted | sha256sum | cut -c 1-8)
        [ -n "$(git -C "$ROOT" status --porcelain)" ] || changes=""
        printf '%s-%s%s' "${number:-0}" "$commit" "${changes:+-$changes}"
    else
        printf '%s-%s' "${number:-0}" "$(cd "$ROOT" && sources | xargs -0 sha256sum | sha256sum | cut -c 1-12)"
    fi
}

uncommitted() {
    git -C "$ROOT" diff HEAD
    git -C "$ROOT" ls-files --others --exclude-standard -z | sort -z | (cd "$ROOT" && xargs -0 -r sha256sum)
}

sources() {
    find . \( -name .git -o -name .venv -o -name .data -o -name .deploy -o -name node_modules -o -name __pycache__ \
        -o -path ./deploy/secrets -o -path ./frontend/dist -o -name '.env*' \) -prune -o -type f -print0 | sort -z
}

# env_of_operator: `.env` without the block.
env_of_operator() {
    awk -v begin="$BLOCK_BEGIN" -v end="$BLOCK_END" '$0 == begin { inside = 1 } !inside { print } $0 == end { inside = 0 }' "$ROOT/.env"
}

# block_value NAME: what the block holds.
block_value() {
    awk -v begin="$BLOCK_BEGIN" -v name="$1" '$0 == begin { inside = 1 } inside && index($0, name "=") == 1 { print substr($0, length(name) + 2) }' \
        "$ROOT/.env" | tail -n 1
}

# keep_project: a stack that was deployed under a name of its own is found again without that name being given.
keep_project() {
    local name
    name=$(block_value COMPOSE_PROJECT_NAME)
    if [ -z "$(setting COMPOSE_PROJECT_NAME)" ] && [ -n "$name" ]; then export COMPOSE_PROJECT_NAME=$name; fi
}

# choose_version: VERSION of the environment, else the one that the operator wrote into `.env`, else this checkout's.
choose_version() {
    if [ -n "$WISH" ]; then
        TARGET=$WISH
    elif [ -n "${ENV_VALUE[VERSION]:-}" ]; then
        TARGET=${ENV_VALUE[VERSION]}
    elif is_registry "$(setting IMAGE_PREFIX)"; then
        problem ".env: IMAGE_PREFIX names a registry, but VERSION is missing. Set VERSION to the release to pull."
        TARGET=none
    else
        TARGET=$(checkout_version)
    fi
    if ! is_version "$TARGET"; then
        problem "the release \"$TARGET\" is malformed. It must be $(wants version)."
    fi
}

# is_registry PREFIX: whether images come from elsewhere; without a registry they are built here.
is_registry() {
    local first=${1%%/*}
    [[ $1 == */* && ($first == *.* || $first == *:* || $first == localhost) ]]
}

# write_env FILE VERSION: what Compose is told.
write_env() {
    local preset name value
    preset="$ROOT/deploy/presets/$(setting PRESET standard).env"
    {
        env_of_operator
        printf '%s\n' "$BLOCK_BEGIN"
        [ -n "${ENV_VALUE[VERSION]:-}" ] && [ "${ENV_VALUE[VERSION]}" = "$2" ] || printf 'VERSION=%s\n' "$2"
        for name in COMPOSE_PROJECT_NAME COMPOSE_PROFILES COMPOSE_FILE; do # given by the environment, this once
            [ -z "${!name:-}" ] || [ "${!name}" = "${ENV_VALUE[$name]:-}" ] || printf '%s=%s\n' "$name" "${!name}"
        done
        while IFS='=' read -r name value; do
            [[ $name =~ ^[A-Z][A-Z0-9_]*$ ]] || continue
            [ -n "${ENV_LINE[$name]:-}" ] || printf '%s=%s\n' "$name" "$value"
        done <"$preset"
        printf '%s\n' "$BLOCK_END"
    } >"$1"
}

# keep_env VERSION: put the block into `.env`, whole or not at all, with its owner and mode.
keep_env() {
    local next="$STATE_DIR/env.next"
    cp -p "$ROOT/.env" "$next"
    write_env "$WORK/kept" "$1"
    cat "$WORK/kept" >"$next"
    mv "$next" "$ROOT/.env"
}
