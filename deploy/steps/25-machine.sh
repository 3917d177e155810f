# shellcheck shell=bash
# Checks that the machine can carry what the settings ask for: cores, memory, CPU instructions, disk.

step_machine() {
    local cores memory root
    survey
    IFS='|' read -r cores memory root < <(docker info --format '{{.NCPU}}|{{.MemTotal}}|{{.DockerRootDir}}')
    check_limits "$cores" "$memory"
    check_instructions
    check_disk "$root"
    did "$cores cores, $(gib "$memory") memory"
}

gib() { awk -v bytes="$1" 'BEGIN { printf "%.1f GiB", bytes / 1073741824 }'; }

# limits: "service cores bytes replicas" of each service; 0 where there is none.
limits() {
    awk -F '[/=]' '
        $1 != "services" { next }
        !seen[$2]++ { names[++count] = $2 }
        $3 == "deploy" && $4 == "replicas" { replicas[$2] = $5 }
        $3 == "deploy" && $5 == "limits" { limit[$2, $6] = $7 }
        END { for (i = 1; i <= count; i++) { n = names[i]
            # %.0f: mawk prints 2 GiB and more as 2.14748e+09.
            printf "%s %s %.0f %s\n", n, limit[n, "cpus"] + 0, limit[n, "memory"] + 0, (n in replicas ? replicas[n] : 1) } }' "$WORK/config.flat"
}

# check_limits CORES MEMORY: no container may be allowed more than there is, nor all of them together more memory.
check_limits() {
    local service cpus memory replicas sum=0 now=0
    while read -r service cpus memory replicas; do
        if [ "$(awk -v cpus="$cpus" -v cores="$1" 'BEGIN { print (cpus > cores) }')" -eq 1 ]; then
            problem "$service may use $cpus cores, but the machine has $1. Set PRESET=small, or $(size_name "$service" CPUS) in .env, or take a larger machine."
        fi
        if [ "$memory" -gt "$2" ]; then
            problem "$service may use $(gib "$memory") memory, but the machine has $(gib "$2"). Set PRESET=small, or $(size_name "$service" MEMORY) in .env, or take a larger machine."
        fi
        [ "$service" != migrate ] || continue
        sum=$((sum + memory * replicas))
        now=$((now + memory * $(wanted_replicas "$service")))
    done < <(limits)
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
    [ -d "$folder" ] || folder=. # an engine elsewhere: the checkout's disk
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
