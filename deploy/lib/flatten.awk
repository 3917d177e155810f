# Turns what `docker compose config` prints (YAML, always in the same form) into lines of path=value:
#
#     services/api/deploy/resources/limits/cpus=2
#     services/nginx/ports/0/published=443
#
# Texts over several lines are left out; nothing that deploy.sh asks for is one.
function indent_of(line) { match(line, /^ */); return RLENGTH }
function unquoted(text) {
    if (text ~ /^".*"$/ || text ~ /^'.*'$/) return substr(text, 2, length(text) - 2)
    return text
}
function path_to(level,    text, index_) {
    text = name[1]
    for (index_ = 2; index_ <= level; index_++) text = text "/" name[index_]
    return text
}
function push(at, kind_, text) { depth++; indent[depth] = at; kind[depth] = kind_; name[depth] = text }
function pair(at, text,    split_, key, value) {
    while (depth > 0 && indent[depth] >= at) depth--
    if (!match(text, /^("[^"]*"|'[^']*'|[^ :]+|[^ ]*[^ :]):( |$)/)) return
    split_ = RSTART + RLENGTH - 1
    key = substr(text, 1, RLENGTH); sub(/: ?$/, "", key)
    value = substr(text, split_ + 1); sub(/^ +/, "", value)
    push(at, "key", unquoted(key))
    if (value ~ /^[|>][-+0-9]*$/) { skip = at; return }
    if (value != "") print path_to(depth) "=" unquoted(value)
}
/^ *(#|$)/ { next }
{
    at = indent_of($0)
    if (skip != "" && at > skip) next
    skip = ""
    text = substr($0, at + 1)
    if (text !~ /^-( |$)/) { pair(at, text); next }
    while (depth > 0 && (indent[depth] > at || (indent[depth] == at && kind[depth] == "item"))) depth--
    parent = path_to(depth)
    push(at, "item", number[parent]++)
    sub(/^- */, "", text)
    if (text ~ /^[|>][-+0-9]*$/) skip = at
    else if (text ~ /^[A-Za-z_][A-Za-z0-9_.-]*:( |$)/) pair(at + 2, text)
    else if (text != "") print path_to(depth) "=" unquoted(text)
}
