# shellcheck shell=bash
# Finds certificates, checks each against its key, and lays copies beside the configuration that names them.
# A pair that is half written, broken or for another key never reaches nginx: the last good copy stays.

declare -A name_is_taken=() known=()
pair_count=0

make_fallback() { # DIR DOMAIN: signed by itself, until a real one is there
    local dir=$1 domain=$2
    [[ -s $dir/fullchain.pem && -s $dir/privkey.pem && $(cat "$dir/domain" 2>/dev/null) == "$domain" ]] && return
    mkdir -p "$dir"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj "/CN=${domain:0:60}" \
        -addext "subjectAltName=DNS:$domain,DNS:*.$domain" -addext 'basicConstraints=critical,CA:FALSE' \
        -keyout "$dir/privkey.pem" -out "$dir/fullchain.pem" 2>/dev/null \
        || refuse "openssl could not make a certificate for $domain in $dir"
    echo "$domain" >"$dir/domain"
    say warning "no certificate yet for $domain: browsers will warn until one is issued (docs/certificates.md)"
}

pair_signature() { # DIR: changes whenever one of its two files does
    stat -L -c '%i-%s-%Y' "$1/fullchain.pem" "$1/privkey.pem" 2>/dev/null
}

# Copies a pair to TO if it fits together, and prints the names it is for. Otherwise prints why not and fails.
check_pair() { # FROM TO
    local from=$1 to=$2 said name names=()
    mkdir -p "$to"
    for name in fullchain privkey; do
        [[ -r $from/$name.pem ]] || { echo "$name.pem cannot be read"; return 1; }
    done
    (umask 077 && exec cp -L --no-preserve=all "$from/fullchain.pem" "$from/privkey.pem" "$to/") 2>/dev/null \
        || { echo "it cannot be copied"; return 1; }
    said=$(openssl x509 -in "$to/fullchain.pem" -noout -pubkey -ext subjectAltName 2>/dev/null) \
        || { echo "fullchain.pem holds no certificate"; return 1; }
    [[ $said == *"$(openssl pkey -in "$to/privkey.pem" -pubout 2>/dev/null || echo 'no key')"* ]] \
        || { echo "privkey.pem is not the certificate's key"; return 1; }
    for name in $said; do
        [[ $name != DNS:?* ]] || { name=${name#DNS:} && names+=("${name%,}"); }
    done
    [[ ${#names[@]} -gt 0 ]] || { echo "the certificate names no host (subjectAltName)"; return 1; }
    name=${names[*]}
    echo "${name,,}"
}

# Takes one folder's pair over into DIR/certs/N.
add_pair() { # SOURCE DIR
    local source=$1 dir=$2 signature names old to
    signature=$(pair_signature "$source" || true)
    to=$dir/certs/$((pair_count += 1))
    old=${known[$source]:-}
    if [[ -n $old && -n $signature && $signature == "$(<"$old/signature")" ]]; then
        keep_pair "$old" "$to"
    elif names=$(check_pair "$source" "$to"); then
        printf '%s' "$signature" >"$to/signature"
        printf '%s' "$names" >"$to/names"
        printf '%s' "$source" >"$to/source"
    elif rm -rf "$to" && [[ -n $old ]]; then
        say warning "$source: $names; the certificate before it stays in use"
        keep_pair "$old" "$to"
    else
        say warning "$source: $names; it is left out"
        return 0
    fi
    claim_names "$to"
}

read_known() { # PREVIOUS: the copies that the configuration before this one has, by their source
    local source pair
    [[ -n $1 && -r $1/certs/index ]] || return 0
    while IFS=$'\t' read -r source pair; do known[$source]=$pair; done <"$1/certs/index"
}

keep_pair() { # OLD TO
    cp -a "$1" "$2"
}

# A name belongs to the first pair that has it: the operator's own before Certbot's.
claim_names() { # PAIR
    local name names
    read -ra names <"$1/names" || true
    for name in "${names[@]}"; do
        [[ $name =~ ^(\*\.)?[a-z0-9.-]+$ && -z ${name_is_taken[$name]:-} ]] || continue
        name_is_taken[$name]=$1
        echo "$name $1;" >>"${1%/certs/*}/pairs.map"
    done
    printf '%s\t%s\n' "$(<"$1/source")" "$1" >>"${1%/*}/index"
}

collect_pairs() { # DIR PREVIOUS
    local source
    mkdir -p "$1/certs"
    : >"$1/pairs.map"
    read_known "$2"
    for source in "$NGINX_OWN_CERTIFICATES"/*/ "$NGINX_ACME_CERTIFICATES"/*/; do
        [[ -e ${source}fullchain.pem ]] || continue
        add_pair "${source%/}" "$1"
    done
}

pair_for() { # NAME...: the first of these names that a pair is for; else the fallback
    local name
    for name in "$@"; do
        if [[ -n ${name_is_taken[$name]:-} ]]; then
            echo "${name_is_taken[$name]}"
            return
        fi
    done
    echo "$NGINX_RUN/fallback"
}

certificates_signature() { # changes whenever any certificate does
    find -L "$NGINX_OWN_CERTIFICATES" "$NGINX_ACME_CERTIFICATES" -name '*.pem' -printf '%p %i %s %T@\n' 2>/dev/null | sort | cksum || true
}
