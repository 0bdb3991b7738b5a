# shellcheck shell=bash
# Server software: downloaded once, unpacked under $CACHE in a directory that carries the version. A
# directory appears by rename, so that it is there whole or not at all.

need() {
  command -v "$1" >/dev/null || die "$1 is missing: run dev/install"
}

# Two mvn at once can disturb each other in their common repository, hence the lock. -q still prints
# escape sequences, so its output is shown only when it fails.
maven() {
  need mvn
  flock 8
  mvn -B -ntp -q --strict-checksums "$@" >"$CACHE/mvn.log" 2>&1 || { cat "$CACHE/mvn.log" >&2; die "mvn failed"; }
} 8>"$CACHE/mvn.lock"

# The functions below run in a subshell of their own, $(…), at whose end an unfinished download goes.
new_directory() {
  new=$(mktemp -d "$CACHE/new.XXXXXX")
  trap 'rm -rf "$new"' EXIT
}

# finish DIRECTORY HOME: somebody else may have been faster.
finish() {
  chmod -R a+rX "$1"
  mv -T "$1" "$2" 2>/dev/null || [ -d "$2" ] || die "could not make $2"
}

check_sum() { # FILE SHA256
  echo "$2  $1" | sha256sum --quiet --check - >&2 || die "$(basename "$1") is not the file whose sha256 dev/versions.env pins"
}

postgres18_home() {
  local home=$CACHE/postgres-$POSTGRES18_VERSION
  [ -d "$home" ] || {
    say "downloading PostgreSQL $POSTGRES18_VERSION (24 MB)"
    need npm && need jq
    new_directory
    (cd "$new" && npm pack --silent "$POSTGRES18_PACKAGE@$POSTGRES18_VERSION" >/dev/null 2>npm.log) || { cat "$new/npm.log" >&2; die "npm pack failed"; }
    check_sum "$new"/*.tgz "$POSTGRES18_SHA256"
    tar -xzf "$new"/*.tgz -C "$new" --no-same-owner
    postgres18_links "$new/package"
    chmod a+x "$new"/package/native/bin/*
    finish "$new/package/native" "$home"
  }
  echo "$home"
}

# A tarball of npm holds no symbolic links; the package lists them and its install script makes them.
postgres18_links() {
  local source target
  jq -r '.[] | .source + "\t" + .target' "$1/native/pg-symlinks.json" | while IFS=$'\t' read -r source target; do
    mkdir -p "$(dirname "$1/$target")"
    ln -sfr "$1/$source" "$1/$target"
  done
}

kafka_home() {
  local home=$CACHE/kafka-$KAFKA_VERSION
  [ -d "$home" ] || {
    say "downloading Kafka $KAFKA_VERSION (54 MB)"
    new_directory
    kafka_pom >"$new/pom.xml"
    maven -f "$new/pom.xml" "$MAVEN_DEPENDENCY:copy-dependencies" -DincludeScope=runtime -DoutputDirectory="$new/libs"
    finish "$new" "$home"
  }
  echo "$home"
}

kafka_pom() {
  local artifact
  echo '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
  echo '<groupId>walbrook</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging><dependencies>'
  for artifact in "org.apache.kafka kafka_$KAFKA_SCALA $KAFKA_VERSION" "org.apache.kafka kafka-tools $KAFKA_VERSION" \
    "org.slf4j slf4j-simple $KAFKA_SLF4J"; do
    # shellcheck disable=SC2086 # three words
    printf '<dependency><groupId>%s</groupId><artifactId>%s</artifactId><version>%s</version></dependency>\n' $artifact
  done
  echo '</dependencies></project>'
}

registry_home() {
  local home=$CACHE/registry-$REGISTRY_VERSION
  [ -d "$home" ] || {
    say "downloading Apicurio Registry $REGISTRY_VERSION (109 MB)"
    new_directory
    maven "$MAVEN_DEPENDENCY:copy" -Dartifact="io.apicurio:apicurio-registry-app:$REGISTRY_VERSION:tar.gz:all" -DoutputDirectory="$new"
    check_sum "$new"/*.tar.gz "$REGISTRY_SHA256"
    tar -xzf "$new"/*.tar.gz -C "$new" --no-same-owner
    rm "$new"/*.tar.gz
    finish "$new" "$home"
  }
  echo "$home"
}
