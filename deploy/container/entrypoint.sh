#!/bin/sh
# Entry point of the container images: takes the password from a file where one is named, then becomes steer.
set -eu

if [ -n "${STEER_REDIS_PASSWORD_FILE:-}" ]; then
    STEER_REDIS_PASSWORD=
    IFS= read -r STEER_REDIS_PASSWORD <"$STEER_REDIS_PASSWORD_FILE" || [ -n "$STEER_REDIS_PASSWORD" ] || {
        printf 'Error: the first line of %s must be the password of the Redis server.\n' "$STEER_REDIS_PASSWORD_FILE" >&2
        exit 3
    }
    export STEER_REDIS_PASSWORD
fi
exec steer "$@"
