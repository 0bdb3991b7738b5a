# shellcheck shell=bash
# Clients of others, downloaded once.

connect_client_home() {
  local home=$CACHE/connect-client-$CONNECT_CLIENT_VERSION
  [ -d "$home" ] || {
    say "downloading kafka-connect-client $CONNECT_CLIENT_VERSION"
    need npm
    new_directory
    (cd "$new" && npm install --silent --no-audit --no-fund --ignore-scripts --prefix . \
      "kafka-connect-client@$CONNECT_CLIENT_VERSION" >npm.log 2>&1) || { cat "$new/npm.log" >&2; die "npm install failed"; }
    finish "$new" "$home"
  }
  echo "$home"
}

admin_python() {
  local home=$CACHE/admin-tools wanted="${ADMIN_PACKAGES[*]}"
  mkdir -p "$CACHE"
  exec 9>"$CACHE/admin-tools.lock"
  flock 9
  if [ "$(cat "$home/packages" 2>/dev/null)" != "$wanted" ]; then
    rm -rf "$home"
    python3 -m venv "$home" >&2
    "$home/bin/pip" install --quiet --disable-pip-version-check "${ADMIN_PACKAGES[@]}" >&2
    echo "$wanted" >"$home/packages"
  fi
  echo "$home/bin/python"
}
