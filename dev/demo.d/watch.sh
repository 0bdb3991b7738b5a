# shellcheck shell=bash
# What is seen: the snapshot's progress, events as they come, and the account at the end.

SNAPSHOT_SECONDS=120

status() { curl -sf -m 2 "$ADMIN/connectors/shop/status"; }

watch_snapshot() {
  local end=$((SECONDS + SNAPSHOT_SECONDS)) answer='' phase='' lines=0
  step "snapshot"
  while :; do
    if answer=$(status); then
      phase=$(jq -r .walbrook.phase <<<"$answer")
      show_progress "$answer" "$lines"
      lines=$(jq '.walbrook.snapshot | length' <<<"$answer")
      case $phase in
        streaming) break ;;
        failed | fenced) die "the daemon says: $(jq -r '.walbrook.error | "\(.code) \(.message) \(.fix)"' <<<"$answer")" ;;
      esac
    fi
    daemon_runs || { tail -n 20 "$DIR/walbrook.log" >&2; die "the daemon has ended"; }
    [ "$SECONDS" -lt "$end" ] || { tail -n 20 "$DIR/walbrook.log" >&2; die "no snapshot after $SNAPSHOT_SECONDS s (phase: ${phase:-no answer})"; }
    if [ -t 1 ]; then sleep 0.1; else sleep 0.5; fi
  done
  note "the snapshot is in Kafka; every change since it began follows"
}

# show_progress STATUS LINES: bars that move up over the last LINES; plain lines elsewhere.
show_progress() {
  local table rows bytes total done width=30 filled bar
  [ ! -t 1 ] || [ "$2" = 0 ] || printf '\e[%dA' "$2"
  jq -r '.walbrook.snapshot[] | [.table, .rows, .bytes, .bytes_total, .done] | @tsv' <<<"$1" |
    while IFS=$'\t' read -r table rows bytes total done; do
      filled=$((total > 0 ? bytes * width / total : width))
      [ "$done" != true ] && [ $filled -lt $width ] || filled=$width
      if [ -t 1 ]; then
        bar=$(printf '%*s' $filled '' | tr ' ' '#')$(printf '%*s' $((width - filled)) '' | tr ' ' '.')
        printf '\r\e[K  %-20s %s %8d rows\n' "$table" "$bar" "$rows"
      else
        printf '  %-20s %3d %% %8d rows\n' "$table" $((filled * 100 / width)) "$rows"
      fi
    done
}

watch_events() {
  local end seconds=${DEMO_SECONDS:-} interrupted=''
  [ -n "$seconds" ] || [ -t 1 ] || seconds=20
  end=$((SECONDS + ${seconds:-0}))
  step "events in Kafka, decoded; at the end of each line the time from commit to here${CLOCK:-}"
  invitation
  # In the background, so that a signal is heeded at once.
  "$BIN" tail --brokers "$KAFKA" --registry "$REGISTRY" --prefix shop --max-rate 12 7>&- &
  SHOWN=$!
  trap 'interrupted=1' INT # Ctrl-C ends the events, and the demo goes on to its end
  while [ -z "$interrupted" ] && ! gone "$SHOWN" && { [ -z "$seconds" ] || [ "$SECONDS" -lt "$end" ]; }; do
    sleep 0.2 || true
  done
  trap 'exit 130' INT
  kill "$SHOWN" 2>/dev/null || true
  wait "$SHOWN" || die "tail failed"
  SHOWN=''
}

# Compares every table with what its topic tells: rows read + inserted - deleted.
compare() {
  local try
  step "the account: every row of the database against every record of Kafka"
  for try in 1 2 3 4 5; do
    # Nothing is asked of the daemon. What it has not delivered yet comes within a moment.
    tell_all >"$DIR/account"
    if awk '$2 != $6 { exit 1 }' "$DIR/account"; then break; fi
    [ "$try" -lt 5 ] || { table_of_account; die "database and Kafka differ"; }
  done
  table_of_account
  awk '{ read += $3; stream += $4 + $5 + $7 } END { exit !(read > 0 && stream > 0) }' "$DIR/account" ||
    die "no rows were read, or no changes were streamed"
  note "nothing lost, nothing doubled"
}

# TABLE ROWS READ INSERTED DELETED TOLD UPDATED, from a read_committed consumer of its own.
tell_all() {
  local table
  "$BIN" tail --brokers "$KAFKA" --registry "$REGISTRY" --prefix shop --from-beginning --idle 1 2>/dev/null |
    awk '{ n[$3 "/" $2]++ } END { for (k in n) print k, n[k] }' >"$DIR/told"
  for table in "${TABLES[@]}"; do
    awk -v t="$SCHEMA.$table" -v name="$table" -v rows="$(rows_of "$table")" '
      { n[$1] = $2 }
      END {
        r = n[t "/READ"] + 0; i = n[t "/INSERT"] + 0; d = n[t "/DELETE"] + 0
        print name, rows, r, i, d, r + i - d, n[t "/UPDATE"] + 0
      }' "$DIR/told"
  done
}

table_of_account() {
  awk -v database="${DATABASE% *}" 'BEGIN { printf "  %-12s %10s   %10s = %8s + %8s - %8s   %8s\n", "table", database, "Kafka", "read", "inserted", "deleted", "updated" }
    { printf "  %-12s %10d   %10d = %8d + %8d - %8d   %8d\n", $1, $2, $6, $3, $4, $5, $7 }' "$DIR/account"
}
