# shellcheck shell=bash
# Builds our images, or pulls them where IMAGE_PREFIX names a registry; pulls the others. What is here stays.

step_images() {
    local image ours=() others=() began=$SECONDS
    while read -r image; do
        if [ -n "$(image_id "$image")" ]; then continue; fi
        if is_our_image "$image" && ! is_registry "$(setting IMAGE_PREFIX)"; then ours+=("$image"); else others+=("$image"); fi
    done < <(config_images)
    for image in ${others[@]+"${others[@]}"}; do pull_image "$image"; done
    [ "${#ours[@]}" -eq 0 ] || build_images "${ours[@]}"
    if [ "$((${#ours[@]} + ${#others[@]}))" -eq 0 ]; then
        did "all $(config_images | wc -l) are here"
    else
        did "${#ours[@]} built, ${#others[@]} pulled in $(seconds_since "$began") s"
    fi
}

# is_our_image IMAGE: built from this repository, and so one of the release.
is_our_image() { [[ $1 =~ (^|/)legal-intake(-[a-z-]+)?(:|@|$) ]]; }

pull_image() {
    if ! docker pull --quiet "$1" >"$WORK/pull.log" 2>&1 </dev/null; then
        fail "image $1 cannot be pulled: $(last_line "$WORK/pull.log"). Check the name (VERSION, IMAGE_PREFIX), the network, and docker login."
    fi
}

# build_images IMAGE...: by name; the frontend keeps the files of the release that runs for one release more.
build_images() {
    local names=("$@") previous="" container
    names=("${names[@]##*/}")
    names=("${names[@]%%:*}")
    container=$(containers frontend | head -n 1)
    [ -z "$container" ] || previous=$(docker inspect --format '{{.Config.Image}}' "$container")
    if ! VERSION=$TARGET IMAGE_PREFIX=$(setting IMAGE_PREFIX) PREVIOUS=$previous \
        "$ROOT/scripts/images" "${names[@]}" >"$WORK/build.log" 2>&1 </dev/null; then
        mkdir -p "$STATE_DIR"
        cp "$WORK/build.log" "$STATE_DIR/build.log"
        fail "an image cannot be built: $(last_line "$WORK/build.log"). All of it: .deploy/build.log"
    fi
}
