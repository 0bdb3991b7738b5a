# shellcheck shell=bash
# What the demo says.

if [ -t 1 ]; then BOLD=$'\e[1m' DIM=$'\e[2m' PLAIN=$'\e[0m'; else BOLD='' DIM='' PLAIN=''; fi

step() { printf '\n%s%s%s\n' "$BOLD" "$*" "$PLAIN"; }
note() { printf '%s%s%s\n' "$DIM" "$*" "$PLAIN"; }

# Before anything is done: what will be installed, how large it is, how long it takes, which ports.
announce() {
  local packages
  packages=$("$here/install" --list | paste -sd ' ')
  step "The Walbrook demo: $DATABASE → Kafka, exactly once"
  echo "  Debian packages  ${packages:-nothing to install}${packages:+  ($(package_size "$packages"))}"
  echo "  downloads        $(downloads)"
  echo "                   kept in $CACHE"
  if [ -n "${WALBROOK_BIN:-}" ]; then
    echo "  build            none: $BIN"
  else
    echo "  build            $TARGET/ci; the first one takes about 9 minutes on 2 cores"
  fi
  echo "  ports            127.0.0.1: $PORT $DATABASE, $KAFKA_PORT $KAFKA_CONTROLLER_PORT Kafka, $REGISTRY_PORT registry, ${ADMIN##*:} Walbrook"
  echo "  afterwards       Ctrl-C at any moment removes the shop, its topics, and stops what the demo started"
}

package_size() {
  local bytes
  # shellcheck disable=SC2086 # a list of packages
  bytes=$(apt-get install --no-install-recommends --print-uris -qq $1 2>/dev/null | awk '{ n += $3 } END { print n + 0 }') || bytes=0
  if [ "$bytes" -gt 0 ]; then echo "$((bytes / 1000000)) MB to download"; else echo "apt-get tells the size"; fi
}

downloads() {
  local missing=()
  mapfile -t missing < <(database_download)
  [ -d "$CACHE/kafka-$KAFKA_VERSION" ] || missing+=("Kafka $KAFKA_VERSION (54 MB)")
  [ -d "$CACHE/registry-$REGISTRY_VERSION" ] || missing+=("Apicurio Registry $REGISTRY_VERSION (109 MB)")
  [ ${#missing[@]} -gt 0 ] || missing=("nothing: all is there")
  printf '%s\n' "${missing[@]}" | paste -sd '+' | sed 's/+/ + /g'
}

# While it runs, for a second terminal.
invitation() {
  note "in another terminal, while this goes on:"
  note "  kill -9 \$(cat ${DIR#"$REPO"/}/walbrook.pid)      it comes back, and nothing is lost or doubled"
  note "  ${BIN#"$REPO"/} status --url $ADMIN"
  note "  ${BIN#"$REPO"/} tail ${SHOP_URL}     straight from the database"
}

farewell() {
  step "How to go on"
  cat <<END
  $(printf %-46s "make demo DB=$DB") again: kill -9 the daemon meanwhile, and compare
  make up && target/ci/walbrook tail $ADMIN_URL
                                                 changes of a database, no Kafka needed
  target/ci/walbrook validate --config ${CONFIG#"$REPO"/} --print
                                                 the configuration of this demo, with every default
  README.md                                      your own database, in five minutes
END
}
