# shellcheck shell=bash
# Kafka, one node that is broker and controller.

kafka_url() { echo "127.0.0.1:$KAFKA_PORT"; }

kafka_start() {
  local dir=$RUN/kafka home
  home=$(kafka_home)
  need java
  mkdir -p "$dir"
  kafka_properties >"$dir/server.properties"
  [ -e "$dir/data/meta.properties" ] ||
    java -cp "$home/libs/*" kafka.tools.StorageTool format --standalone -t d2FsYnJvb2stdGVzdC0wMQ -c "$dir/server.properties" >"$dir/format.log" 2>&1 ||
    { cat "$dir/format.log" >&2; die "kafka: format failed"; }
  launch "$dir" java -Xms256m -Xmx512m -XX:-UsePerfData -XX:MaxGCPauseMillis=20 \
    -Dorg.slf4j.simpleLogger.showDateTime=true -Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS \
    -cp "$home/libs/*" kafka.Kafka "$dir/server.properties"
}

kafka_properties() {
  cat <<END
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:$KAFKA_CONTROLLER_PORT
listeners=PLAINTEXT://127.0.0.1:$KAFKA_PORT,CONTROLLER://127.0.0.1:$KAFKA_CONTROLLER_PORT
advertised.listeners=PLAINTEXT://127.0.0.1:$KAFKA_PORT
controller.listener.names=CONTROLLER
log.dirs=$RUN/kafka/data
# A broker that was killed may come back only when its old session is over (9 s by default).
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500

auto.create.topics.enable=false
log.retention.hours=-1
log.cleaner.backoff.ms=1000
log.cleaner.dedupe.buffer.size=16777216
log.segment.delete.delay.ms=1000
group.initial.rebalance.delay.ms=0

offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
END
}

kafka_answers() { port_open "$KAFKA_PORT"; }
