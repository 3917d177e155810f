# shellcheck shell=bash
# Checks that the machine can carry what the settings ask for: cores, memory, CPU instructions, disk.

step_machine() {
    local cores memory root
    IFS='|' read -r cores memory root < <(docker info --format '{{.NCPU}}|{{.MemTotal}}|{{.DockerRootDir}}')
    check_limits "$cores" "$memory"
    check_instructions
    check_disk "$root"
    did "$cores cores, $(gib "$memory") memory"
}

gib() { awk -v bytes="$1" 'BEGIN { printf "%.1f GiB", bytes / 1073741824 }'; }

# limit SERVICE cpus|memory
limit() { config_value "services/$1/deploy/resources/limits/$2"; }

# check_limits CORES MEMORY: no container may be allowed more than there is, nor all of them together more memory.
check_limits() {
    local service cpus memory replicas sum=0 now=0
    for service in $(config_services); do
        cpus=$(limit "$service" cpus) memory=$(limit "$service" memory)
        replicas=$(config_value "services/$service/deploy/replicas")
        if awk -v cpus="${cpus:-0}" -v cores="$1" 'BEGIN { exit !(cpus > cores) }'; then
            problem "$service may use $cpus cores, but the machine has $1. Set PRESET=small, or $(size_name "$service" CPUS) in .env, or take a larger machine."
        fi
        if [ "${memory:-0}" -gt "$2" ]; then
            problem "$service may use $(gib "$memory") memory, but the machine has $(gib "$2"). Set PRESET=small, or $(size_name "$service" MEMORY) in .env, or take a larger machine."
        fi
        [ "$service" != migrate ] || continue
        sum=$((sum + ${memory:-0} * ${replicas:-1}))
        now=$((now + ${memory:-0} * $(wanted_replicas "$service")))
    done
    if [ "$sum" -gt "$2" ]; then
        problem "too little memory: the limits of all services add up to $(gib "$sum"), but the machine has $(gib "$2"). Set PRESET=small, or fewer COMPOSE_PROFILES, or take a larger machine."
    elif [ "$now" -gt "$2" ]; then
        warn "with the replicas that run now the limits add up to $(gib "$now"), but the machine has $(gib "$2")."
    fi
}

# size_name SERVICE WHAT: the setting that holds its size.
size_name() {
    local name=${1^^}
    name=${name//-/_}
    case $name in REDIS_*) [ "$2" = MEMORY ] || name=REDIS ;; *_EXPORTER) name=EXPORTER ;; esac
    printf '%s_%s' "$name" "$2"
}

# check_instructions: the speech models' runtime is built for AVX.
check_instructions() {
    [ "$(uname -m)" = x86_64 ] && command -v lscpu >/dev/null || return 0
    if ! lscpu | grep -qE '^Flags:.* avx( |$)'; then
        problem "this CPU (or what the hypervisor shows of it) lacks AVX, which onnxruntime needs. Take another machine, or CPU type \"host\"."
    fi
}

# check_disk FOLDER: where the engine keeps images and volumes.
check_disk() {
    local folder=$1 free least=10 meant=600
    [ -d "$folder" ] || folder=$ROOT
    free=$(df --output=avail -B 1G "$folder" | tail -n 1 | tr -d ' ')
    [ -z "$(state_of current)" ] || least=4
    [ "$(setting PRESET standard)" = standard ] || meant=40
    least=${DEPLOY_LEAST_DISK_GB:-$least}
    if [ "$free" -lt "$least" ]; then
        problem "too little disk: $free GB are free at $folder, $least GB are needed. Free some (docker image prune), or take a larger disk."
    elif [ "$free" -lt "$meant" ] && [ -z "$(state_of current)" ]; then
        warn "$free GB are free at $folder; the preset $(setting PRESET standard) is meant for $meant GB with recordings and backups."
    fi
}
