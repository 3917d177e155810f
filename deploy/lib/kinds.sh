# shellcheck shell=bash
# What a setting's value may look like. `is_KIND VALUE [DETAIL]` answers; `wants KIND DETAIL` says it in words.

is_text() { [[ $1 != *[[:cntrl:]]* ]]; }
is_word() { [[ $1 =~ ^[a-z0-9][a-z0-9_-]*$ ]]; }
is_version() { [[ $1 =~ ^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$ && $1 != latest ]]; }
is_prefix() { [[ $1 =~ ^[a-z0-9]([a-z0-9._-]*[a-z0-9])?(:[0-9]+)?/([a-z0-9._-]+/)*$ ]]; }
is_path() { [[ $1 =~ ^[^[:cntrl:]]+$ ]]; }
is_bool() { [[ ${1,,} =~ ^(0|1|on|off|true|false|yes|no)$ ]]; }
is_email() { [[ $1 =~ ^[^[:space:]@\<\>]+@[A-Za-z0-9.-]+$ ]]; }
is_secret() { [[ ${#1} -ge ${2:-16} && $1 != *[[:space:]]* ]]; }
is_rate() { [[ $1 =~ ^[1-9][0-9]*r/[sm]$ ]]; }
is_target() { [[ $1 == /* || $1 == ./* || $1 =~ ^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?$ ]]; }

is_host() {
    local label='[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?'
    [[ ${#1} -le 253 && $1 =~ ^($label\.)*$label$ ]]
}

is_int() {
    local low=${2%%:*} high=${2##*:}
    [[ $1 =~ ^[0-9]{1,9}$ ]] && ((10#$1 >= low && 10#$1 <= high))
}

is_port() { is_int "$1" 1:65535; }

is_choice() { [[ ,$2, == *,"$1",* ]]; }

is_list() {
    local item
    for item in ${1//,/ }; do
        [[ $item =~ ^(${2})$ ]] || return 1
    done
}

is_address() {
    local part
    [[ $1 == *:* && $1 =~ ^[0-9A-Fa-f:.]+$ ]] && return 0
    [[ $1 =~ ^([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})$ ]] || return 1
    for part in "${BASH_REMATCH[@]:1}"; do
        ((10#$part <= 255)) || return 1
    done
}

is_network() {
    local address=${1%/*} bits=${1##*/} most=32
    [[ $1 == */* ]] && is_address "$address" || return 1
    [[ $address != *:* ]] || most=128
    is_int "$bits" "0:$most"
}

is_networks() {
    local item
    for item in ${1//,/ }; do
        is_network "$item" || return 1
    done
}

is_url() {
    local scheme=${1%%://*}
    [[ $1 == ?*://?* && $1 != *[[:space:]]* ]] && is_choice "$scheme" "${2:-http,https}"
}

is_base64() {
    local size
    size=$(printf '%s' "$1" | base64 -d 2>/dev/null | wc -c) || return 1
    [ "$size" -eq "$2" ]
}

# wants KIND DETAIL: what a value of this kind looks like.
wants() {
    case $1 in
        choice) printf 'one of: %s' "${2//,/, }" ;;
        int) printf 'a whole number from %s to %s' "${2%%:*}" "${2##*:}" ;;
        port) printf 'a port from 1 to 65535' ;;
        bool) printf '0 or 1' ;;
        host) printf 'a host name in small letters, such as intake.smith-law.com' ;;
        email) printf 'an e-mail address' ;;
        url) printf 'an address that starts with %s://' "${2:-https}" ;;
        address) printf 'an IP address, such as 127.0.0.1' ;;
        network) printf 'a network, such as 10.203.1.0/24' ;;
        networks) printf 'networks with commas between, such as 10.203.1.0/24' ;;
        version) printf 'an image tag of letters, digits, dots and dashes, not latest' ;;
        prefix) printf 'a registry and folder with a slash at its end, such as ghcr.io/smith/' ;;
        target) printf 'a folder from the root, such as /srv/backups, or s3://bucket/folder' ;;
        secret) printf '%s random characters or more, made by: openssl rand -hex 32' "${2:-16}" ;;
        base64) printf '%s random bytes in base64: openssl rand -base64 %s' "$2" "$2" ;;
        rate) printf 'a rate, such as 10r/s or 30r/m' ;;
        list) printf 'words with commas between' ;;
        word) printf 'small letters, digits, _ and -' ;;
        *) printf 'one line of text' ;;
    esac
}

# is_placeholder VALUE: a value that somebody wrote to be replaced, or that everybody knows.
is_placeholder() {
    [[ ${1,,} =~ (change[-_]?me|change[-_]this|changeit|replace[-_]?me|insecure|your[-_]|^x{3,}$|^\<.*\>$) ]] ||
        [[ ${1,,} =~ ^(secret|password|passwd|postgres|redis|admin|test|default|example|123456.*|letmein)$ ]]
}

# is_example_host VALUE: a name that belongs to nobody.
is_example_host() { [[ $1 =~ (^|[.@])example(\.(com|org|net))?$ ]]; }
