#!/usr/bin/env bash
# Give Elasticsearch the life cycle, the templates and the data stream of our logs. Can be run again at any time.
# usage: apply.sh [URL]      (default http://elasticsearch:9200; password in /run/secrets/elasticsearch_password or
#                             the file that ELASTICSEARCH_PASSWORD_FILE names; without such a file, without a login)
set -eEuo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
url=${1:-http://elasticsearch:9200}
password_file=${ELASTICSEARCH_PASSWORD_FILE:-/run/secrets/elasticsearch_password}
stream=logs-legal_intake-default
answer=$(mktemp)
trap 'rm -f "$answer"' EXIT

# The password goes through a file of curl's own form on standard input: arguments can be read by everybody here.
login() {
    [ -r "$password_file" ] || return 0
    printf 'user = "elastic:%s"\n' "$(tr -d '\n' <"$password_file")"
}

put() { # PATH [FILE]
    local status body=() file=${2:-}
    [[ $file == '' || $file == /* ]] || file=$here/$file
    [ -z "$file" ] || body=(-H 'Content-Type: application/json' --data-binary "@$file")
    status=$(login | curl --config - -sS --max-time 30 -o "$answer" -w '%{http_code}' -X PUT "$url/$1" "${body[@]}") || {
        echo "apply.sh: $url does not answer; is elasticsearch up and healthy?" >&2
        exit 1
    }
    case $status in
        2??) echo "done: $1" ;;
        400)
            # The only 400 that is right: the stream is there from the last time.
            if [ "$1" = "_data_stream/$stream" ] && grep -q resource_already_exists_exception "$answer"; then
                echo "there already: $1"
            else
                refuse "$1" "$status"
            fi
            ;;
        *) refuse "$1" "$status" ;;
    esac
}

refuse() { # PATH STATUS
    echo "apply.sh: elasticsearch answered $2 to $1: $(head -c 400 "$answer")" >&2
    [ "$2" != 401 ] || echo "apply.sh: the password in $password_file is not the server's; see docs/operations.md, Logs" >&2
    exit 1
}

# Kibana logs in as its own account, with the same password: the first thing, for it needs no module of the server's.
if [ -r "$password_file" ]; then
    asked=$(mktemp)
    trap 'rm -f "$answer" "$asked"' EXIT
    printf '{"password": "%s"}' "$(tr -d '\n' <"$password_file")" >"$asked"
    put _security/user/kibana_system/_password "$asked"
fi
put _ilm/policy/legal-intake-logs ilm-policy.json
put _component_template/legal-intake-logs-settings component-settings.json
put _component_template/legal-intake-logs-mappings component-mappings.json
put _index_template/legal-intake-logs index-template.json
put "_data_stream/$stream"
