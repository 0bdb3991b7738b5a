# shellcheck shell=bash
# Leaves the machine as it was: also after Ctrl-C at any moment, and after a demo that was killed.

finish() {
  local code=$?
  trap '' INT TERM HUP # once is enough
  trap - EXIT
  set +e
  [ -z "${SHOWN:-}" ] || kill "$SHOWN" 2>/dev/null
  [ -z "${STACK:-}" ] || kill -- "-$STACK" 2>/dev/null
  if [ -e "$DIR/leftovers" ]; then
    step "cleaning up"
    eval "$("$here/stack" env)"
    KAFKA=$WALBROOK_TEST_KAFKA REGISTRY=$WALBROOK_TEST_REGISTRY
    remove_leftovers
  fi
  # shellcheck disable=SC2086 # a list of services
  [ -z "${STARTED:-}" ] || "$here/stack" stop $STARTED
  exit $code
}

choose_from_leftovers() { choose "$(cat "$DIR/leftovers")"; }

# In a process of its own, because they may be on another database than this demo's.
remove_leftovers() (
  choose_from_leftovers
  customers_go
  end_of "$DIR/daemon" 2 # the keeper first, else it starts the daemon again
  end_of_daemon
  remove_topics &
  remove_database || say "the database shop could not be removed"
  wait $!
  rm -f "$DIR/leftovers"
)

end_of_daemon() {
  local pid
  pid=$(cat "$DIR/walbrook.pid" 2>/dev/null) || return 0
  # The file may be old and the number somebody else's by now.
  if grep -qsF -- "$CONFIG" "/proc/$pid/cmdline"; then
    kill "$pid" 2>/dev/null
    wait_until 12 gone "$pid" || kill -KILL "$pid" 2>/dev/null
  fi
  rm -f "$DIR/walbrook.pid"
}

remove_topics() {
  local subject
  java -XX:TieredStopAtLevel=1 -cp "$(kafka_home)/libs/*" org.apache.kafka.tools.TopicCommand --bootstrap-server "$KAFKA" \
    --delete --if-exists --topic 'shop\..*|__walbrook-shop-.*' >"$DIR/topics.log" 2>&1 || say "the topics of the shop could not be removed: $DIR/topics.log"
  for subject in $(curl -sf -m 5 "$REGISTRY/subjects" | jq -r '.[] | select(startswith("shop."))'); do
    curl -sf -m 5 -o /dev/null -X DELETE "$REGISTRY/subjects/$subject"
  done
}
