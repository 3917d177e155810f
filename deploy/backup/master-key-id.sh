#!/usr/bin/env bash
# master-key-id.sh FILE...: what names the master key in each file without telling it. Runs anywhere.
set -eEuo pipefail
[ $# -gt 0 ] || { echo "master-key-id.sh wants the file of a master key, such as deploy/secrets/master_key" >&2; exit 2; }
for file in "$@"; do
    [ -r "$file" ] || { echo "$file cannot be read" >&2; exit 1; }
    bytes=$(tr -d ' \n\r' <"$file" | base64 -d 2>/dev/null | wc -c) || bytes=0
    [ "$bytes" -eq 32 ] || { echo "$file holds no master key: it is base64 of 32 bytes" >&2; exit 1; }
    { printf 'LI1 master key id'; tr -d ' \n\r' <"$file" | base64 -d; } | sha256sum | cut -c1-16
done
