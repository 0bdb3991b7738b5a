# shellcheck shell=bash disable=SC2034 # used by those who source it
# Where things are: caches, run-time data, ports. Sourced; sets variables only.

REPO=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=dev/versions.env
source "$REPO/dev/versions.env"

# PostgreSQL refuses to run as root, and the user it runs as cannot look into root's home:
# so root caches where anybody may read.
if [ "$(id -u)" = 0 ] && [ -z "${XDG_CACHE_HOME:-}" ]; then
  CACHE=${WALBROOK_CACHE:-/var/cache/walbrook}
else
  CACHE=${WALBROOK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/walbrook}
fi
RUN=${WALBROOK_RUN:-$CACHE/run}

# A second stack beside the first one: another WALBROOK_RUN and other ports.
PG15_PORT=${WALBROOK_PG15_PORT:-25415}
PG18_PORT=${WALBROOK_PG18_PORT:-25418}
MYSQL_PORT=${WALBROOK_MYSQL_PORT:-25306}
MARIADB_PORT=${WALBROOK_MARIADB_PORT:-25310}
KAFKA_PORT=${WALBROOK_KAFKA_PORT:-25092}
KAFKA_CONTROLLER_PORT=${WALBROOK_KAFKA_CONTROLLER_PORT:-25093}
REGISTRY_PORT=${WALBROOK_REGISTRY_PORT:-25081}
