# shellcheck shell=bash
# Checks that the programs are here and new enough, and that the engine answers.

LEAST_BASH=4.4
LEAST_DOCKER=24.0
LEAST_COMPOSE=2.24 # `required: false`, `up --wait`, interpolation as docker-compose.yml uses it

step_programs() {
    local program docker_version compose_version
    at_least "${BASH_VERSINFO[0]}.${BASH_VERSINFO[1]}" "$LEAST_BASH" ||
        problem "bash $BASH_VERSION is too old: $LEAST_BASH or later is needed. Update the system."
    for program in awk base64 df find flock getent openssl sed sha256sum sort xargs; do
        command -v "$program" >/dev/null || problem "$program is missing. On Debian: apt install gawk coreutils findutils util-linux libc-bin openssl"
    done
    command -v docker >/dev/null || fail "docker is missing. Install Docker $LEAST_DOCKER or later: https://docs.docker.com/engine/install/"
    docker_version=$(docker version --format '{{.Server.Version}}' 2>"$WORK/docker.err") ||
        fail "the Docker engine does not answer: $(last_line "$WORK/docker.err"). Start it (systemctl start docker), and run this as root or in group docker."
    at_least "$docker_version" "$LEAST_DOCKER" ||
        problem "Docker $docker_version is too old: $LEAST_DOCKER or later is needed. Update it."
    compose_version=$(docker compose version --short 2>/dev/null) ||
        fail "docker compose is missing. Install the Compose plugin $LEAST_COMPOSE or later: apt install docker-compose-plugin"
    at_least "${compose_version#v}" "$LEAST_COMPOSE" ||
        problem "Docker Compose $compose_version is too old: $LEAST_COMPOSE or later is needed. Update it."
    stop_on_problems
    did "bash ${BASH_VERSINFO[0]}.${BASH_VERSINFO[1]}, Docker $docker_version, Compose ${compose_version#v}"
}

# at_least VERSION LEAST
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }
