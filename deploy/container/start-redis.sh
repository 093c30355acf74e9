#!/bin/sh
# Starts Valkey (or Redis) as campaigns need it: durable, never evicting, with a password that no command line shows.
# Read by compose.yaml as a file and by kubernetes/redis.yaml as a ConfigMap.
set -eu

file=${REDIS_PASSWORD_FILE:-/run/secrets/redis_password}
password=
IFS= read -r password <"$file" || [ -n "$password" ] || true
case $password in
    "" | *[!A-Za-z0-9_-]*)
        printf 'Error: the first line of %s must be a password of letters, digits, - and _: openssl rand -hex 32.\n' "$file" >&2
        exit 1
        ;;
esac
server=$(command -v valkey-server || command -v redis-server)
configuration=${TMPDIR:-/tmp}/steer-redis.conf
umask 077
cat >"$configuration" <<END
port ${REDIS_PORT:-6379}
dir ${REDIS_DATA:-/data}
requirepass $password
appendonly yes
appendfsync everysec
maxmemory-policy noeviction
maxclients 10000
END
exec "$server" "$configuration"
