# shellcheck shell=bash disable=SC2034 # other parts read what is set here
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

# last_line FILE: the last that is not empty.
# shellcheck disable=SC2016 # sed's own $
last_line() { sed -n '/[^[:space:]]/h; ${x;p}' "$1"; }

# containers SERVICE [docker ps option]...: ids of its containers, the oldest first.
containers() {
    local service=$1
    shift
    docker ps --quiet --no-trunc "$@" --filter "label=$LABEL.project=$PROJECT" --filter "label=$LABEL.service=$service" \
        --filter "label=$LABEL.oneoff=False" | tac
}

# Healthy, unhealthy, starting, or the container's state where it has no health check.
HEALTH='{{if and (eq .State.Status "running") .State.Health}}{{.State.Health.Status}}{{else}}{{.State.Status}}{{end}}'

health_of() { docker inspect --format "$HEALTH" "$1" 2>/dev/null || printf 'gone'; }

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
        while read -r id state; do
            case $state in
                healthy | running) ;;
                starting | created | restarting) pending=$id ;;
                *) fail "$service: $(name_of "$id") is $state. It said: $(why_not_well "$id"). More: docker logs $(name_of "$id")" ;;
            esac
        done < <(docker inspect --format "{{.Id}} $HEALTH" "$@" 2>/dev/null || echo "$1 gone")
        [ -n "$pending" ] || return 0
        if [ "$((SECONDS - began))" -ge "$WAIT_SECONDS" ]; then
            fail "$service: $(name_of "$pending") is $(health_of "$pending") after $WAIT_SECONDS s. It said: $(why_not_well "$pending"). More: docker logs $(name_of "$pending")"
        fi
        sleep 1
    done
}

# image_id IMAGE: the id of an image that is here; nothing when it is not.
image_id() { docker image inspect --format '{{.Id}}' "$1" 2>/dev/null || true; }

# survey: note every container of the stack as a line "service id image hash state", the oldest first, and the ids of the
# images that are here. `difference` and `outdated` look into it, so that a plan asks the engine once.
survey() {
    local ids images
    mapfile -t ids < <(docker ps --all --quiet --no-trunc --filter "label=$LABEL.project=$PROJECT" \
        --filter "label=$LABEL.oneoff=False" | tac)
    : >"$WORK/table"
    if [ "${#ids[@]}" -gt 0 ]; then
        docker inspect --format "{{index .Config.Labels \"$LABEL.service\"}} {{.Id}} {{.Image}} {{index .Config.Labels \"$LABEL.config-hash\"}} {{.State.Status}}" \
            "${ids[@]}" >"$WORK/table" 2>/dev/null || true
    fi
    mapfile -t images < <(config_images)
    # Those that are not here are left out, and make it fail.
    docker image inspect --format '{{.Id}}{{range .RepoTags}} {{.}}{{end}}{{range .RepoDigests}} {{.}}{{end}}' "${images[@]}" >"$WORK/image-ids" 2>/dev/null || true
}

# wanted_state SERVICE: "image hash" as the configuration wants them.
wanted_state() {
    local image
    image=$(config_value "services/$1/image")
    image=${image#docker.io/}
    image=${image#library/}
    if [[ $image =~ ^(.*):[^/:@]+(@.*)$ ]]; then image=${BASH_REMATCH[1]}${BASH_REMATCH[2]}; fi
    awk -v service="$1" -v image="$image" '
        FILENAME ~ /image-ids$/ { for (i = 2; i <= NF; i++) if ($i == image) id = $1; next }
        $1 == service { hash = $2 }
        END { print (id == "" ? "none" : id) " " hash }' "$WORK/image-ids" "$WORK/hashes"
}

# difference SERVICE: how its containers differ from the configuration: new, image, config, files or same.
difference() {
    local service=$1 image hash found
    read -r image hash < <(wanted_state "$service")
    found=$(awk -v service="$service" -v image="$image" -v hash="$hash" '
        $1 == service && $5 == "running" { any = 1; if ($3 != image) other = "image"; else if ($4 != hash && other == "") other = "config" }
        END { print (any ? (other == "" ? "same" : other) : "new") }' "$WORK/table")
    if [ "$found" = same ] && [ "$(state_of "files.$service")" != "$(files_hash "$service")" ]; then found=files; fi
    printf '%s' "$found"
}

# outdated SERVICE: ids of its containers that are not as the configuration says.
outdated() {
    local service=$1 image hash
    read -r image hash < <(wanted_state "$service")
    awk -v service="$service" -v image="$image" -v hash="$hash" -v all="$([ "${PLAN[$service]}" != files ] || echo 1)" \
        '$1 == service && (all || $3 != image || $4 != hash || $5 != "running") { print $2 }' "$WORK/table"
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
