# shellcheck shell=bash
# Apicurio Registry, with Confluent's API.

registry_url() { echo "http://127.0.0.1:$REGISTRY_PORT/apis/ccompat/v7"; }

# Its default store is in memory; a restarted registry must still know the ids that are in the topics.
# WRITE_DELAY=0: also after kill -9.
registry_start() {
  local dir=$RUN/registry home
  home=$(registry_home)
  need java && need curl
  mkdir -p "$dir"
  launch "$dir" java -Xms128m -Xmx384m -XX:-UsePerfData -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
    -Dquarkus.http.host=127.0.0.1 -Dquarkus.http.port="$REGISTRY_PORT" \
    -Dapicurio.datasource.url="jdbc:h2:file:$dir/db;WRITE_DELAY=0" \
    -jar "$home/apicurio-registry-app-$REGISTRY_VERSION-runner.jar"
}

registry_answers() { curl -sf -m 2 -o /dev/null "$(registry_url)/subjects"; }
