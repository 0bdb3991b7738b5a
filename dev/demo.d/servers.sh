# shellcheck shell=bash
# The servers, in the background while cargo builds. What was down before is stopped at the end.

start_servers() {
  step "starting $DATABASE, Kafka and the schema registry"
  STARTED=$("$here/stack" ps | awk '!/ up, pid/ { print $1 }' | grep -xF "$(printf '%s\n' "${SERVICES[@]}")" || true)
  setsid "$here/stack" up "${SERVICES[@]}" >"$DIR/servers.log" 2>&1 7>&- &
  STACK=$!
}

wait_for_servers() {
  wait "$STACK" || { cat "$DIR/servers.log" >&2; die "the servers did not start"; }
  STACK=''
  cat "$DIR/servers.log"
  eval "$("$here/stack" env)"
  KAFKA=$WALBROOK_TEST_KAFKA
  REGISTRY=$WALBROOK_TEST_REGISTRY
  # The configuration names the usual ports; where they are others, the environment says so.
  grep -qF "\"$KAFKA\"" "$CONFIG" || export WALBROOK__KAFKA__BROKERS=$KAFKA
  grep -qF "\"$REGISTRY\"" "$CONFIG" || export WALBROOK__REGISTRY__URL=$REGISTRY
  grep -qF "\"$SHOP_URL\"" "$CONFIG" || export WALBROOK__CONNECTORS__SHOP__URL=$SHOP_URL
}
