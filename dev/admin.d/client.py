"""Another unmodified client of Kafka Connect: lists, shows, pauses, resumes, restarts."""

import sys
import time

from kafka_connect import KafkaConnect

url, name = sys.argv[1:]
client = KafkaConnect(url=url)


def wait(state):
    end = time.monotonic() + 30
    while True:
        status = client.get_connector_status(name)
        states = [status["connector"]["state"], *(task["state"] for task in status["tasks"])]
        if set(states) == {state}:
            return
        assert time.monotonic() < end, f"still {states}, not {state}"
        time.sleep(0.2)


assert client.get_cluster_info()["version"]
assert client.list_connectors(pattern=name, state="running") == [name]
assert client.list_connectors(expand="status")[name]["status"]["type"] == "source"
assert client.get_connector(name)["config"]["topic_prefix"] == name
assert client.get_connector_config(name)["name"] == name
assert client.list_connector_tasks(name)[0]["id"] == {"connector": name, "task": 0}
assert client.get_connector_task_status(name, 0)["id"] == 0
assert client.list_connector_topics(name)[name]["topics"] is not None
assert len(client.list_connector_plugins()) == 3
client.pause_connector(name)
wait("PAUSED")
client.resume_connector(name)
wait("RUNNING")
assert client.restart_connector(name, include_tasks=True)["connector"]["state"] == "RESTARTING"
wait("RUNNING")
client.stop_connector(name)
wait("STOPPED")
client.resume_connector(name)
wait("RUNNING")
