# shellcheck shell=bash
# The files in deploy/secrets/: which are needed, what is wrong with those that are there, how missing ones are made.
# Nothing here prints what a file holds.

SECRET_GROUP=10001 # the group of our containers' user; images with a user of their own are in it too

# needed_secrets: name, how it is made, the volume it opens, the setting it is taken from; only those the stack uses.
needed_secrets() {
    local name made opens from
    while read -r name made opens from; do
        [[ $name =~ ^[a-z] ]] || continue
        [ -z "$(secret_path "$name")" ] || printf '%s %s %s %s\n' "$name" "$made" "$opens" "$from"
    done <"$ROOT/deploy/lib/secrets.table"
}

secret_path() { config_value "secrets/$1/file"; }

secrets_folder() { dirname "$(secret_path secret_key)"; }

has_volume() { [ -n "$(docker volume ls --quiet --filter "name=^${PROJECT}_$1\$")" ]; }

# weakness FILE MADE: what is wrong with a secret that is there; nothing when it is good.
weakness() {
    local file=$1 made=$2 value
    if [ ! -r "$file" ]; then
        printf 'cannot be read by %s' "$(id -un)"
        return
    fi
    value=$(tr -d '\0' <"$file")
    if [ -z "$value" ]; then
        [ "$made" = given ] || printf 'is empty'
    elif is_placeholder "$value"; then
        printf 'still holds a placeholder or a password that everybody knows'
    elif [ "$made" = random ] && ! is_secret "$value" 32; then
        printf 'is too short, or has a space in it: it must be 32 random characters or more'
    elif [ "$made" = base64 ] && ! is_base64 "$value" 32; then
        printf 'is malformed: it must be 32 random bytes in base64'
    elif [ "$made" = age ] && ! grep -qE '^(age1|ssh-)' "$file"; then
        printf 'holds no age recipient (a line that starts with age1)'
    elif [ "$made" = login ] && [[ $value != *:?* ]]; then
        printf 'is malformed: it must be user:hash, as htpasswd writes it'
    fi
}

check_secrets() {
    local name made opens from file wrong
    while read -r name made opens from; do
        file=$(secret_path "$name")
        if [ -e "$file" ]; then
            wrong=$(weakness "$file" "$made")
            [ -z "$wrong" ] || problem "deploy/secrets/$name $wrong. Put a good one there$(unless_data "$opens")."
        elif [ "$opens" != - ] && has_volume "$opens"; then
            problem "deploy/secrets/$name is missing, but volume ${PROJECT}_$opens holds data that only it opens. Put it back from where you keep it."
        fi
    done < <(needed_secrets)
    check_unknown_secrets
}

# unless_data VOLUME: what to do with a bad secret differs once data hang on it.
unless_data() {
    if [ "$1" != - ] && has_volume "$1"; then
        printf ' (not a new one: volume %s_%s hangs on it)' "$PROJECT" "$1"
    else
        printf ', or remove the file and it is made'
    fi
}

check_unknown_secrets() {
    local name
    while read -r name; do
        grep -q "^$name " "$ROOT/deploy/lib/secrets.table" || [ -e "$(secret_path "$name")" ] ||
            problem "secret $name: $(secret_path "$name") is missing, and deploy.sh does not know how to make it. Put it there."
    done < <(sed -n 's|^secrets/\([^/]*\)/file=.*|\1|p' "$WORK/config.flat")
}

# missing_secrets: names, one a line.
missing_secrets() {
    local name rest
    while read -r name rest; do
        [ -e "$(secret_path "$name")" ] || printf '%s\n' "$name"
    done < <(needed_secrets)
}

# make_secret NAME MADE FROM: written whole or not at all.
make_secret() {
    local name=$1 made=$2 from=$3 file value=""
    file=$(secret_path "$name")
    [ "$from" = - ] || value=${ENV_VALUE[$from]:-}
    case $made in
        random) [ -n "$value" ] || value=$(openssl rand -hex 32) ;;
        base64) [ -n "$value" ] || value=$(openssl rand -base64 32) ;;
        login) value=$(make_login) ;;
        age) value=$(make_backup_key) ;;
        kibana) value=$(make_kibana_settings) ;;
        given) value="" ;;
        *) fail "secret $name: unknown way to make it ($made). Mend deploy/lib/secrets.table." ;;
    esac
    [ -n "$value" ] || [ "$made" = given ] || fail "secret $name could not be made."
    (umask 077 && printf '%s' "${value:+$value$'\n'}" >"$file.new")
    mv "$file.new" "$file"
}

# make_login: a password for the dashboards, kept beside for you to read, and the line nginx wants.
make_login() {
    local password file
    file="$(secrets_folder)/dashboards_password"
    password=$(openssl rand -hex 16)
    (umask 077 && printf '%s\n' "$password" >"$file")
    printf 'admin:%s' "$(openssl passwd -6 -stdin <<<"$password")"
}

# make_kibana_settings: Kibana reads no password from a file of its own; it does read its configuration. After
# elasticsearch_password, whose value it takes over (deploy/elasticsearch/apply.sh gives it to the account).
make_kibana_settings() {
    printf 'server.host: "0.0.0.0"\nserver.shutdownTimeout: 5s\nelasticsearch.username: kibana_system\nelasticsearch.password: "%s"' \
        "$(tr -d '\n' <"$(secret_path elasticsearch_password)")"
}

# make_backup_key: the half that opens backups stays out of every container, and belongs on another machine.
make_backup_key() {
    local file image
    file="$(secrets_folder)/backup_age_identity"
    image=$(config_value services/backup/image)
    (umask 077 && docker run --rm --network none --entrypoint age-keygen "$image" >"$file" 2>"$WORK/age.log") ||
        fail "no key for the backups: $(last_line "$WORK/age.log"). Make one with age-keygen and put its public half into deploy/secrets/backup_age_recipients."
    sed -n 's/^# public key: //p' "$file"
}

# open_to_containers: readable by the containers' group and by nobody else. Without root the folder keeps others out.
open_to_containers() {
    local folder file
    folder=$(secrets_folder)
    chmod 0700 "$folder"
    while read -r file; do
        file=$(secret_path "$file")
        [ -f "$file" ] || continue
        if [ "$(id -u)" -eq 0 ]; then
            chown "0:$SECRET_GROUP" "$file"
            chmod 0440 "$file"
        else
            chmod 0444 "$file"
        fi
    done < <(needed_secrets | cut -d ' ' -f 1)
}
