#!/usr/bin/env bash
# deploy.sh [--check] [FOLDER | FILE]: checks, applies FOLDER (this one, or overlays/NAME) or FILE (such as optional/NAME.yaml),
# waits until everything is ready.
#
#   --check      only check; nothing is changed
#   WAIT         seconds for the migration and for each rollout (1200)
#
# Everything that is wrong is named at once. Nothing is changed until all checks are passed.
set -eEuo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly NAMESPACE=legal-ai-intake OLDEST=31
wrong=()

bad() { wrong+=("$1"); }
say() { printf '%s\n' "$*"; }

usage() {
    sed -n '2,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
    exit "$1"
}

# named_secrets FILE...: "namespace name key" for each key of a Secret that a pod or an operator reads, "namespace name -" where the
# whole one is needed.
named_secrets() {
    awk '
        function leave() { if (secret && !keys) print space, secret, "-"; inside = 0; secret = ""; keys = 0 }
        { match($0, /^ */); depth = RLENGTH; line = $0; sub(/^ *(- )?/, "", line); split(line, part, ": ") }
        FNR == 1 || line == "---" { leave(); pulling = 0; space = "" }
        depth == 2 && part[1] == "namespace" { space = part[2] }
        pulling && line !~ /^name: / { pulling = 0 }
        pulling { print space, part[2], "-" }
        line ~ /^imagePullSecrets:$/ { pulling = 1 }
        inside && depth < floor { leave() }
        inside && (part[1] == "name" || part[1] == "secretName") && !secret { secret = part[2] }
        inside && part[1] == "key" { print space, secret, part[2]; keys++ }
        !inside && part[1] == "secretName" { print space, part[2], "-" }
        line ~ /^(secret|accessKeyId|secretAccessKey):$/ { leave(); inside = 1; floor = depth + 1 }
        END { leave() }
    ' "$@" | sort -u
}

check_files() {
    local found
    files=("$folder"/*.yaml)
    [[ -d $folder ]] || files=("$folder")
    [[ -e ${files[0]} ]] || { say "$folder holds no YAML file" >&2; exit 2; }
    found=$(grep -nE 'example\.(org|com)' "${files[@]}" | head -n 3 || true)
    [[ -z $found ]] || bad "names of examples are left; replace them with yours, such as: ${found//$'\n'/; }"
    found=$(grep -nE '^ *image: ([^ ]*:latest|[^: ]*)$' "${files[@]}" | head -n 3 || true)
    [[ -z $found ]] || bad "an image without a release of its own: ${found//$'\n'/; }"
}

check_cluster() {
    local minor
    command -v kubectl >/dev/null || { bad 'kubectl is not here: install it first'; return 0; }
    minor=$(kubectl version -o json 2>/dev/null | tr -d ' \n' | sed -n 's/.*"serverVersion":{[^}]*"minor":"\([0-9]*\).*/\1/p' || true)
    if [[ -z $minor ]]; then
        bad "no cluster answers: set KUBECONFIG, or choose one with kubectl config use-context"
        return 0
    fi
    ((minor >= OLDEST)) || bad "the cluster runs Kubernetes 1.$minor: 1.$OLDEST is the oldest that this works with"
    check_may
    check_kinds
    check_secrets
    check_metrics
}

# Kinds of operators: without one, half of a file would be applied.
check_kinds() {
    local group
    while read -r group; do
        [[ -n $(kubectl api-resources --api-group="$group" -o name 2>/dev/null) ]] \
            || bad "the cluster knows no kind of $group: install its operator first (docs/kubernetes.md, step 3)"
    done < <(sed -n 's,^apiVersion: \(.*\..*\)/.*,\1,p' "${files[@]}" | sort -u | awk '/^gateway\./ || !/\.k8s\.io$/')
}

# is_there NAMESPACE
is_there() { kubectl get namespace "$1" >/dev/null 2>&1; }

# made_now NAMESPACE: one of the files makes it.
made_now() { grep -qx 'kind: Namespace' "${files[@]}" && grep -qxF "  name: $1" "${files[@]}"; }

check_may() {
    local kind
    for kind in deployments.apps jobs.batch networkpolicies.networking.k8s.io persistentvolumeclaims; do
        kubectl auth can-i create "$kind" -n "$NAMESPACE" >/dev/null 2>&1 || bad "you may not create $kind in $NAMESPACE"
    done
}

check_secrets() {
    local space name key keys
    while read -r space name key; do
        # shellcheck disable=SC2016  # a template of kubectl
        keys=$(kubectl get secret "$name" -n "$space" -o go-template='{{range $k, $v := .data}}{{$k}} {{end}}' 2>/dev/null) || {
            [[ " ${missing:-} " == *" $name "* ]] || lacks "$space" "$name"
            missing="${missing:-} $name"
            continue
        }
        [[ $key == - || " $keys " == *" $key "* ]] || bad "Secret $name has no key $key"
    done < <(named_secrets "${files[@]}")
}

lacks() {
    if [[ $1 != "$NAMESPACE" ]] && ! is_there "$1" && made_now "$1"; then
        say "Warning: $1 is made now; pods wait there for the Secret $2, which you make then." >&2
    else
        bad "Secret $2 is missing in $1: docs/kubernetes.md says how to make it"
    fi
}

check_metrics() {
    grep -qs 'kind: HorizontalPodAutoscaler' "${files[@]}" || return 0
    kubectl get apiservice v1beta1.metrics.k8s.io >/dev/null 2>&1 \
        || say 'Warning: the cluster has no metrics-server, so nothing scales by CPU until it has.' >&2
}

# The API server itself judges each object, in the namespace that is there by then.
dry_run() {
    local said
    said=$(kubectl apply --dry-run=server "${apply[@]}" 2>&1 >/dev/null) || {
        say "The API server refuses what would be applied:" "$said" >&2
        return 1
    }
}

report() {
    [[ ${#wrong[@]} -gt 0 ]] || return 0
    printf '%s\n' "${wrong[@]/#/- }" >&2
    say "Nothing was changed." >&2
    exit 1
}

wait_for() {
    local name
    for name in $(kubectl get job -n "$NAMESPACE" -l app.kubernetes.io/component=migrate --sort-by=.metadata.creationTimestamp -o name | tail -n 1); do
        say "waiting for $name"
        kubectl wait --for=condition=complete --timeout="${WAIT}s" -n "$NAMESPACE" "$name" \
            || { say "The migration is not done: kubectl logs -n $NAMESPACE $name" >&2; exit 1; }
    done
    for name in $(kubectl get deployment,statefulset -n "$NAMESPACE" -l app.kubernetes.io/part-of=legal-intake -o name); do
        kubectl rollout status --timeout="${WAIT}s" -n "$NAMESPACE" "$name" \
            || { say "$name is not ready: kubectl describe -n $NAMESPACE $name" >&2; exit 1; }
    done
}

main() {
    local only_check='' folder=$here files=() apply=() later='' space spaces
    WAIT=${WAIT:-1200}
    while (($#)); do
        case $1 in
            --check) only_check=yes ;;
            -h | --help) usage 0 ;;
            -*) usage 2 >&2 ;;
            *) folder=$1 ;;
        esac
        shift
    done
    [[ -e $folder ]] || folder=$here/$folder
    check_files
    check_cluster
    report
    apply=(-f "$folder")
    # Without its namespace nothing else can be judged. It holds nothing, and a second time nothing changes.
    spaces=$(sed -n 's/^  namespace: //p' "${files[@]}" | sort -u)
    for space in $NAMESPACE $spaces; do is_there "$space" || later=yes; done
    [[ -n $later ]] || dry_run || exit 1
    if [[ -n $only_check ]]; then
        say "Everything is ready to be applied. Nothing was changed."
        return 0
    fi
    kubectl apply "${apply[@]}"
    wait_for
    say "Everything is ready. The edge: kubectl get service -n $NAMESPACE legal-intake-edge"
}
main "$@"
