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
    PG18_ADMIN=$WALBROOK_TEST_PG18 KAFKA=$WALBROOK_TEST_KAFKA REGISTRY=$WALBROOK_TEST_REGISTRY
    remove_leftovers
  fi
  # shellcheck disable=SC2086 # a list of services
  [ -z "${STARTED:-}" ] || "$here/stack" stop $STARTED
  exit $code
}

remove_leftovers() {
  end_of "$DIR/workload" 5
  end_of "$DIR/daemon" 2 # the keeper first, else it starts the daemon again
  end_of_daemon
  remove_topics &
  remove_database
  wait $!
  rm -f "$DIR/leftovers"
}

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

remove_database() {
  admin_sql <<'END' || say "the database shop could not be removed"
SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE database = 'shop' AND active;
SELECT pg_sleep(0.2);
SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = 'shop';
DROP DATABASE IF EXISTS shop WITH (FORCE);
DROP ROLE IF EXISTS walbrook;
END
}

remove_topics() {
  local subject
  java -XX:TieredStopAtLevel=1 -cp "$(kafka_home)/libs/*" org.apache.kafka.tools.TopicCommand --bootstrap-server "$KAFKA" \
    --delete --if-exists --topic 'shop\..*|__walbrook-shop-checkpoint' >"$DIR/topics.log" 2>&1 || say "the topics of the shop could not be removed: $DIR/topics.log"
  for subject in $(curl -sf -m 5 "$REGISTRY/subjects" | jq -r '.[] | select(startswith("shop."))'); do
    curl -sf -m 5 -o /dev/null -X DELETE "$REGISTRY/subjects/$subject"
  done
}
