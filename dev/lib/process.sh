# shellcheck shell=bash
# Processes: is a server alive, wait for it, kill it. No pgrep: a bare Debian has none.

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }

# alive SERVICE: prints the pid of its server, or fails. A pid file may be older than the machine's
# last start, so the process must name the service's directory on its command line.
alive() {
  local pid
  pid=$(head -n 1 "$(pid_file "$1")" 2>/dev/null) && [ -n "$pid" ] || return 1
  tr '\0' '\n' 2>/dev/null <"/proc/$pid/cmdline" | grep -qF -- "$RUN/$1/" || return 1
  echo "$pid"
}

# PostgreSQL keeps a pid file of its own.
pid_file() {
  case $1 in
    postgres*) echo "$RUN/$1/data/postmaster.pid" ;;
    *) echo "$RUN/$1/pid" ;;
  esac
}

# wait_until SECONDS COMMAND…: polls until it succeeds.
wait_until() {
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.1
  done
}

# A dead child that nobody has waited for still has a directory in /proc, and the state Z there. That it
# has no command line would not tell: a program that is just being started has none for a moment either.
gone() { ! grep -q '^State:[[:space:]]*[^ZX[:space:]]' "/proc/$1/status" 2>/dev/null; }

# greets PORT: also accepts a connection and speaks first, as MySQL and MariaDB do.
greets() { (exec 3<>"/dev/tcp/127.0.0.1/$1" && IFS= read -r -t 2 -n 1 <&3) 2>/dev/null; }

port_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
port_closed() { ! port_open "$1"; }

# launch DIRECTORY COMMAND…: a server in a session of its own, so that a Ctrl-C or a closed terminal
# does not reach it.
launch() {
  local dir=$1
  shift
  (cd "$dir" && let_go && exec setsid "$@" </dev/null >>"$dir/log" 2>&1) &
  echo $! >"$dir/pid"
}

# Closes every inherited descriptor (9 is the service's lock): who waits for the end of our output
# must not wait for the server.
let_go() {
  local fd
  for fd in /proc/self/fd/*; do
    fd=${fd##*/}
    [ "$fd" -le 2 ] || exec {fd}>&-
  done
}

# kill_tree PID: kill -9 for a server and its children. Stopped first, so that it cannot fork another
# child in between, which would keep PostgreSQL's shared memory busy at the next start.
kill_tree() {
  local pid children
  kill -STOP "$1" 2>/dev/null || return 0
  children=$(grep -ls "^PPid:[[:space:]]*$1\$" /proc/[0-9]*/status | cut -d/ -f3 || true)
  # shellcheck disable=SC2086 # a list of numbers
  kill -KILL "$1" $children 2>/dev/null || true
  for pid in "$1" $children; do wait_until 10 gone "$pid"; done
}
