#!/bin/sh
# Well is a Redis that takes a write with its password: one that loads, cannot reach its disk or is full does not.
set -eu
REDISCLI_AUTH=$(cat "${REDIS_PASSWORD_FILE:-/run/secrets/redis_password}")
export REDISCLI_AUTH
answer=$(redis-cli -h 127.0.0.1 -t 3 SET legal-intake:health 1 EX 60 2>&1) || {
    echo "$answer"
    exit 1
}
[ "$answer" = OK ] || {
    echo "$answer"
    exit 1
}
