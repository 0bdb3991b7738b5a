// An unmodified client of Kafka Connect lists, shows, pauses, resumes, stops and reads offsets.
const assert = require("node:assert");
const { KafkaConnectClient } = require("kafka-connect-client");

const [, , address, name] = process.argv;
const url = new URL(address);
const client = new KafkaConnectClient({ protocol: "http", host: url.hostname, port: Number(url.port) });
const connector = client.connector(name);

async function state(wanted) {
  const end = Date.now() + 30_000;
  for (;;) {
    const { data } = await connector.getStatus();
    const states = [data.connector.state, ...data.tasks.map((task) => task.state)];
    if (states.every((state) => state === wanted)) return;
    assert(Date.now() < end, `still ${states}, not ${wanted}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function main() {
  const { data: cluster } = await client.getCluster();
  assert(cluster.version && "kafka_cluster_id" in cluster, JSON.stringify(cluster));
  assert((await client.getConnectors()).data.includes(name));
  const { data: all } = await client.getConnectors({ expand: "info" });
  assert.equal(all[name].info.type, "source");
  assert.equal((await connector.get()).data.config.name, name);
  assert.equal((await connector.getConfig()).data.topic_prefix, name);
  assert.equal((await connector.getTasks()).data[0].id.task, 0);
  assert.equal((await connector.getTaskStatus(0)).data.state, "RUNNING");
  assert((await client.getConnectorPlugins()).data.some((plugin) => plugin.type === "source"));

  assert.equal((await connector.pause()).status, 202);
  await state("PAUSED");
  assert.equal((await connector.resume()).status, 202);
  await state("RUNNING");
  assert.equal((await connector.restartTask(0)).status, 204);
  await state("RUNNING");
  assert.equal((await connector.stop()).status, 204);
  await state("STOPPED");
  const { data: offsets } = await connector.getOffsets();
  assert.equal(offsets.offsets[0].partition.server, name);
  assert(Object.keys(offsets.offsets[0].offset).length > 0, JSON.stringify(offsets));
  assert.equal((await connector.alterOffsets(offsets.offsets)).status, 200);
  await connector.resume();
  await state("RUNNING");

  const refused = await connector.delete().catch((error) => error.response);
  assert.equal(refused.status, 405);
  assert.match(refused.data.message, /walbrook drop/);
  const missing = await client.connector("nobody").getStatus().catch((error) => error.response);
  assert.deepEqual([missing.data.error_code, missing.data.message], [404, "No status found for connector nobody"]);
}

main().catch((error) => {
  console.error(error.response ? `${error.message}: ${JSON.stringify(error.response.data)}` : error);
  process.exit(1);
});
