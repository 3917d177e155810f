# shellcheck shell=bash
# Finds certificates, checks each against its key, and lays copies beside the configuration that names them.
# A pair that is half written, broken or for another key never reaches nginx: the last good copy stays.
#
# Two kinds, since a process for each of a thousand pairs would take half a minute at each start:
#   laid down by anybody      NAME/fullchain.pem, privkey.pem: checked and copied when it is new; what is known is linked
#   fetched and checked       NAME -> .pairs/NAME@VERSION, with `names`, by legal_intake/certificates/folders.py, which
#                             never changes such a folder: used where it is, without looking into it

declare -A name_is_taken=() known=() known_signature=() known_names=() signatures=()
kept=()
pair_count=0 served_count=0 pairs_map='' pairs_index=''

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

# Takes one folder's pair over into DIR/certs/N. N is never used again while a copy of that number is in use.
add_pair() { # SOURCE DIR
    local source=$1 dir=$2 signature=${signatures[$1]:-} names old=${known[$1]:-} to
    if [[ -n $old && -n $signature && $signature == "${known_signature[$source]}" ]]; then
        keep_pair "$source" "$dir" "$signature"
        return
    fi
    to=$dir/certs/$((pair_count += 1))
    if names=$(check_pair "$source" "$to"); then
        use_copy "$source" "$to" "$signature" "$names"
    elif rm -rf "$to" && [[ -n $old ]]; then
        say warning "$source: $names; the certificate before it stays in use"
        keep_pair "$source" "$dir" "${known_signature[$source]}"
    else
        say warning "$source: $names; it is left out"
    fi
}

keep_pair() { # SOURCE DIR SIGNATURE: links to the copy that is there, all of them at once (link_kept)
    kept+=("${known[$1]}")
    use_copy "$1" "$2/certs/${known[$1]##*/}" "$3" "${known_names[$1]}"
}

use_copy() { # SOURCE PAIR SIGNATURE NAMES
    claim_names "$1" "$2" "$4"
    pairs_index+="$1"$'\t'"$2"$'\t'"$3"$'\t'"$4"$'\n'
}

link_kept() { # DIR: one process for all; the same files, under paths that nginx has not read before
    [[ ${#kept[@]} -eq 0 ]] || printf '%s\0' "${kept[@]}" | xargs -0 cp -al -t "$1/certs" --
}

read_known() { # PREVIOUS: the copies that the configuration before this one has, by their source
    local source pair signature names
    [[ -n $1 && -r $1/certs/index ]] || return 0
    while IFS=$'\t' read -r source pair signature names; do
        known[$source]=$pair known_signature[$source]=$signature known_names[$source]=$names
        ((pair_count >= ${pair##*/})) || pair_count=${pair##*/}
    done <"$1/certs/index"
}

# A name belongs to the first pair that has it: the operator's own before Certbot's.
claim_names() { # SOURCE PAIR NAMES
    local name before=$served_count
    for name in $3; do
        if [[ ! $name =~ ^(\*\.)?[a-z0-9.-]+$ ]]; then
            say warning "$1: a name in it is no host name, and is left out"
            continue
        fi
        [[ -z ${name_is_taken[$name]:-} ]] || continue
        name_is_taken[$name]=$2
        served_count=$((before + 1))
        pairs_map+="$name $2;"$'\n'
    done
}

# Those that legal_intake/certificates/fetching.py checked: the folder that the link leads to, never the link.
add_fetched() {
    local name folder names
    while IFS=$'\t' read -r name folder; do
        folder=$NGINX_OWN_CERTIFICATES/$folder names=
        if [[ -s $folder/fullchain.pem && -s $folder/privkey.pem ]] && read -r names 2>/dev/null <"$folder/names"; then
            claim_names "$name" "$folder" "$names"
        else
            say warning "$NGINX_OWN_CERTIFICATES/$name: it is not whole; it is left out"
        fi
    done < <(list_fetched '%f\t%l\n')
}

collect_pairs() { # DIR PREVIOUS
    mkdir -p "$1/certs"
    read_known "$2"
    set -f # a wildcard certificate's name is no pattern
    add_folders "$NGINX_OWN_CERTIFICATES" "$1"
    add_fetched
    add_folders "$NGINX_ACME_CERTIFICATES" "$1"
    set +f
    link_kept "$1"
    printf '%s' "$pairs_map" >"$1/pairs.map"
    printf '%s' "$pairs_index" >"$1/certs/index"
    echo "$served_count" >"$1/certs/count"
}

add_folders() { # ROOT DIR
    local folder part sources=()
    while IFS=$'\t' read -r folder part; do
        [[ $part != fullchain.pem-* ]] || sources+=("$folder")
        signatures[$folder]=${signatures[$folder]:-}/$part
    done < <(list_files "$1" '%h\t%f-%i-%s-%T@\n')
    for folder in "${sources[@]}"; do add_pair "$folder" "$2"; done
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

# What was fetched: a link for each name into `.pairs`.
list_fetched() { # FORMAT
    find "$NGINX_OWN_CERTIFICATES" -mindepth 1 -maxdepth 1 -type l -lname '.pairs/*' -printf "$1" 2>/dev/null | sort || true
}

# The two files of each pair that anybody laid down.
list_files() { # ROOT FORMAT
    local folders=()
    mapfile -d '' folders < <(find "$1" -mindepth 1 -maxdepth 1 ! -name '.*' ! -lname '.pairs/*' -print0 2>/dev/null | sort -z)
    [[ ${#folders[@]} -eq 0 ]] || find -L "${folders[@]}" -mindepth 1 -maxdepth 1 \
        '(' -name fullchain.pem -o -name privkey.pem ')' -printf "$2" 2>/dev/null || true
}

certificates_signature() { # changes whenever any certificate does, and not when one that was replaced is removed
    local format='%p %i %s %T@\n'
    { list_fetched '%f %l\n' && list_files "$NGINX_OWN_CERTIFICATES" "$format" && list_files "$NGINX_ACME_CERTIFICATES" "$format"; } \
        | sort | cksum
}
