# shellcheck shell=bash
# Reads `.env` without running it, and checks it against deploy/lib/settings.table.

declare -A ENV_VALUE=() # name -> value, as `.env` says
declare -A ENV_LINE=()  # name -> the line it stands on
declare -A KIND=() NEEDED=() SECRET=() MEANING=()

read_table() {
    local name needed kind secret meaning
    while read -r name needed kind secret meaning; do
        [[ $name =~ ^[A-Z] ]] || continue
        NEEDED[$name]=$needed KIND[$name]=$kind SECRET[$name]=$secret MEANING[$name]=$meaning
    done <"$ROOT/deploy/lib/settings.table"
}

# read_env: fill ENV_VALUE from the operator's part of `.env`; a line that is no setting is a problem.
read_env() {
    local line number=0 name value
    ENV_VALUE=() ENV_LINE=()
    while IFS= read -r line || [ -n "$line" ]; do
        number=$((number + 1))
        line=${line%$'\r'}
        [[ $line =~ ^[[:space:]]*(#|$) ]] && continue
        if [[ ! $line =~ ^[[:space:]]*(export[[:space:]]+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)$ ]]; then
            problem ".env, line $number: this is no setting. Write NAME=value, or put a # before it."
            continue
        fi
        name=${BASH_REMATCH[2]} value=${BASH_REMATCH[3]}
        if [ -n "${ENV_LINE[$name]:-}" ]; then
            problem ".env, line $number: $name is set in line ${ENV_LINE[$name]} already. Keep one of them."
        fi
        ENV_LINE[$name]=$number
        read_value "$name" "$value" "$number"
    done < <(env_of_operator)
}

# read_value NAME TEXT LINE: what stands behind the = sign, without quotes and without a comment.
read_value() {
    local name=$1 text=$2 single="^'([^']*)'[[:space:]]*(#.*)?\$" double='^"([^"\\]*)"[[:space:]]*(#.*)?$'
    if [[ $text =~ $single ]]; then
        ENV_VALUE[$name]=${BASH_REMATCH[1]}
        return
    fi
    if [[ $text =~ $double ]]; then
        text=${BASH_REMATCH[1]}
    elif [[ $text == [\'\"]* ]]; then
        problem ".env, line $3: $name has a quote without its end, or a backslash. Put the value between single quotes."
        return
    else
        text=${text%%[[:space:]]#*}
        text=${text%"${text##*[![:space:]]}"}
    fi
    if [[ $text == *'$'* ]]; then
        problem ".env, line $3: $name holds a \$. Put the value between single quotes, or it means something else."
        return
    fi
    ENV_VALUE[$name]=$text
}

# setting NAME [DEFAULT]: the environment's value, else that of `.env`, else the default.
setting() {
    local value=${!1-}
    [ -n "$value" ] || value=${ENV_VALUE[$1]-}
    printf '%s' "${value:-${2-}}"
}

# has_profile NAME
has_profile() { [[ ,$(setting COMPOSE_PROFILES), == *,"$1",* ]]; }

check_env() {
    local name
    read_table
    for name in $(printf '%s\n' "${!ENV_VALUE[@]}" | sort); do
        if [ -z "${KIND[$name]:-}" ]; then
            if is_size "$name"; then continue; fi
            warn ".env, line ${ENV_LINE[$name]}: nothing reads $name. A typing mistake? .env.example lists all."
        elif [ -n "${ENV_VALUE[$name]}" ]; then
            check_value "$name" "${ENV_VALUE[$name]}"
        fi
    done
    check_missing
    check_together
}

# is_size NAME: one of the sizes that the presets set, which may be set here instead.
is_size() { grep -q "^$1=" "$ROOT/deploy/presets/standard.env"; }

# check_value NAME VALUE: a secret's value is never printed.
check_value() {
    local name=$1 value=$2 kind=${KIND[$1]%%:*} detail="" where=".env, line ${ENV_LINE[$1]}"
    [[ ${KIND[$name]} != *:* ]] || detail=${KIND[$name]#*:}
    if is_placeholder "$value" && [[ ${SECRET[$name]} == yes || $kind == host || $kind == email ]]; then
        problem "$where: $name still holds a placeholder. Set it: ${MEANING[$name]}."
    elif [[ $kind == host || $kind == email ]] && is_example_host "$value"; then
        problem "$where: $name is an example's ($value). Set your own: ${MEANING[$name]}."
    elif ! "is_$kind" "$value" "$detail"; then
        [ "${SECRET[$name]}" = no ] || value="not shown"
        problem "$where: $name is malformed ($value). It must be $(wants "$kind" "$detail")."
    fi
}

check_missing() {
    local name needed
    for name in $(printf '%s\n' "${!NEEDED[@]}" | sort); do
        needed=${NEEDED[$name]}
        if [ "$needed" = optional ] || [ -n "$(setting "$name")" ]; then continue; fi
        if [ "$needed" = required ]; then
            problem ".env: $name is missing. Add a line $name=...: ${MEANING[$name]}."
        elif has_profile "$needed"; then
            problem ".env: $name is missing, and the profile $needed needs it. Add a line $name=...: ${MEANING[$name]}."
        fi
    done
}

# check_together: settings that only make sense with another one.
check_together() {
    if has_profile monitoring && [ -z "$(setting SLACK_CHANNEL)" ]; then
        if [ -z "$(setting SMTP_HOST)" ] || [ -z "$(setting ALERT_EMAIL_TO)" ]; then
            warn ".env: nobody is told of alerts. Set ALERT_EMAIL_TO and SMTP_HOST, or SLACK_CHANNEL."
        fi
    fi
    if [ "$(setting AUDIO_RECOGNISER)" = remote ] && [ -z "$(setting MODELS_URL)" ] && ! has_profile models; then
        problem ".env: AUDIO_RECOGNISER=remote needs MODELS_URL, or models among COMPOSE_PROFILES."
    fi
    if [ "$(setting BASE_DOMAIN)" = "$(setting OPERATOR_HOST)" ] && [ -n "$(setting BASE_DOMAIN)" ]; then
        problem ".env: OPERATOR_HOST and BASE_DOMAIN are the same. The operators need a host of their own."
    fi
}
