# shellcheck shell=bash
# Compose and the engine: which services there are, which containers they have, whether these are well.

WAIT_SECONDS=${DEPLOY_WAIT_SECONDS:-300}    # until a new container must be healthy
SETTLE_SECONDS=${DEPLOY_SETTLE_SECONDS:-6}  # until nginx has asked for names again
LABEL=com.docker.compose

compose() { docker compose --project-directory "$ROOT" --env-file "$WORK/env" "$@"; }

# compose_of FILE: Compose with a configuration that `resolve` wrote: that of a former release.
compose_of() {
    local file=$1
    shift
    docker compose --project-directory "$ROOT" --env-file /dev/null --project-name "$PROJECT" --profile '*' --file "$file" "$@"
}

# compose_files: the files that Compose reads, one a line.
compose_files() {
    local files file
    files=$(setting COMPOSE_FILE)
    if [ -z "$files" ]; then
        files=docker-compose.yml
        [ ! -e "$ROOT/docker-compose.override.yml" ] || files+=:docker-compose.override.yml
    fi
    while read -r file; do
        case $file in /*) printf '%s\n' "$file" ;; ?*) printf '%s/%s\n' "$ROOT" "$file" ;; esac
    done <<<"${files//:/$'\n'}"
}

# resolve: write the configuration with every setting filled in, and the same as lines of path=value.
resolve() {
    if ! compose config >"$WORK/config.yml" 2>"$WORK/config.err"; then
        fail "docker-compose.yml does not go with .env: $(last_line "$WORK/config.err"). Mend .env and run it again."
    fi
    awk -f "$ROOT/deploy/lib/flatten.awk" "$WORK/config.yml" >"$WORK/config.flat"
    PROJECT=$(config_value name)
    compose config --hash '*' >"$WORK/hashes"
}

config_value() { sed -n "s|^$1=||p" "$WORK/config.flat" | head -n 1; }

config_services() { awk -F/ '$1 == "services" && !seen[$2]++ { print $2 }' "$WORK/config.flat"; }

has_service() { grep -q "^services/$1/" "$WORK/config.flat"; }

# config_images: every image, once.
config_images() { sed -n 's|^services/[^/]*/image=||p' "$WORK/config.flat" | sort -u; }

last_line() { sed -n '/[^[:space:]]/h; ${x;p}' "$1"; }

# containers SERVICE [docker ps option]...: ids of its containers, the oldest first.
containers() {
    local service=$1
    shift
    docker ps --quiet --no-trunc "$@" --filter "label=$LABEL.project=$PROJECT" --filter "label=$LABEL.service=$service" \
        --filter "label=$LABEL.oneoff=False" | tac
}

# health_of ID: healthy, unhealthy, starting, or the container's state where it has no health check.
health_of() {
    docker inspect --format '{{if and (eq .State.Status "running") .State.Health}}{{.State.Health.Status}}{{else}}{{.State.Status}}{{end}}' "$1" \
        2>/dev/null || printf 'gone'
}

name_of() { docker inspect --format '{{.Name}}' "$1" 2>/dev/null | sed 's|^/||'; }

# why_not_well ID: the last thing the container said.
why_not_well() {
    docker logs --tail 20 "$1" >"$WORK/container.log" 2>&1 || true
    last_line "$WORK/container.log" | cut -c 1-300
}

# wait_healthy SERVICE ID...: until all of them are healthy; one that ended or is unhealthy is an error at once.
wait_healthy() {
    local service=$1 id state began=$SECONDS pending
    shift
    while :; do
        pending=""
        for id in "$@"; do
            state=$(health_of "$id")
            case $state in
                healthy | running) ;;
                starting | created | restarting) pending="$(name_of "$id") is $state" ;;
                *) fail "$service: $(name_of "$id") is $state. It said: $(why_not_well "$id"). More: docker logs $(name_of "$id")" ;;
            esac
        done
        [ -n "$pending" ] || return 0
        if [ "$((SECONDS - began))" -ge "$WAIT_SECONDS" ]; then
            fail "$service: $pending after $WAIT_SECONDS s. It said: $(why_not_well "$id"). More: docker logs $(name_of "$id")"
        fi
        sleep 1
    done
}

# image_id IMAGE: the id of an image that is here; nothing when it is not.
image_id() { docker image inspect --format '{{.Id}}' "$1" 2>/dev/null || true; }

# difference SERVICE: how its containers differ from the configuration: new, image, config, files or same.
difference() {
    local service=$1 hash image line ids
    mapfile -t ids < <(containers "$service")
    if [ "${#ids[@]}" -eq 0 ]; then
        printf 'new'
        return
    fi
    hash=$(awk -v service="$service" '$1 == service { print $2 }' "$WORK/hashes")
    image=$(image_id "$(config_value "services/$service/image")")
    while read -r line; do
        if [ "${line%% *}" != "$image" ]; then
            printf 'image'
            return
        elif [ "${line##* }" != "$hash" ]; then
            printf 'config'
            return
        fi
    done < <(docker inspect --format "{{.Image}} {{index .Config.Labels \"$LABEL.config-hash\"}}" "${ids[@]}")
    if [ "$(state_of "files.$service")" != "$(files_hash "$service")" ]; then printf 'files'; else printf 'same'; fi
}

# outdated SERVICE: ids of its containers that are not as the configuration says.
outdated() {
    local service=$1 ids
    mapfile -t ids < <(containers "$service" --all)
    [ "${#ids[@]}" -gt 0 ] || return 0
    if [ "$(difference "$service")" = files ]; then
        printf '%s\n' "${ids[@]}"
        return
    fi
    docker inspect --format "{{.Id}} {{.Image}} {{index .Config.Labels \"$LABEL.config-hash\"}} {{.State.Status}}" "${ids[@]}" |
        awk -v hash="$(awk -v service="$service" '$1 == service { print $2 }' "$WORK/hashes")" \
            -v image="$(image_id "$(config_value "services/$service/image")")" \
            '$2 != image || $3 != hash || $4 != "running" { print $1 }'
}

# files_hash SERVICE: one hash of the files of this checkout that are mounted into it. Certificates and the maintenance
# page are not among them: nginx looks at those itself; nor what only a person reads or runs.
files_hash() {
    local source sources
    mapfile -t sources < <(sed -n "s|^services/$1/volumes/[0-9]*/source=$ROOT/||p" "$WORK/config.flat")
    for source in ${sources[@]+"${sources[@]}"}; do
        case $source in deploy/certificates | deploy/maintenance) continue ;; esac
        [ ! -e "$ROOT/$source" ] || (cd "$ROOT" && find "$source" -type f ! -name '*.md' ! -name promote.sh -print0)
    done | sort -z | (cd "$ROOT" && xargs -0 -r sha256sum) | sha256sum | cut -c 1-16
}

# running_summary: one line, such as "api 2/2, nginx 1/1 healthy".
running_summary() {
    [ -n "${PROJECT:-}" ] || return 0
    docker ps --filter "label=$LABEL.project=$PROJECT" --filter "label=$LABEL.oneoff=False" \
        --format "{{.Label \"$LABEL.service\"}} {{.Image}} {{.Status}}" | awk '
        { total[$1]++; if ($0 !~ /unhealthy|health: starting/) well[$1]++
          tag = $2; sub(/.*:/, "", tag); if (!index(tags[$1], tag)) tags[$1] = tags[$1] (tags[$1] == "" ? "" : "+") tag }
        END { for (name in total) print name " " well[name] + 0 "/" total[name] " (" tags[name] ")" }' | sort | paste -sd, | sed 's/,/, /g'
}
