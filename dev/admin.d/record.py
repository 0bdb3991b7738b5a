"""Asks a real Kafka Connect what the admin interface is compared with, and prints its answers as JSON.

record.py URL CONNECTOR: the connector exists, runs, has one task, and has stored offsets.
"""

import json
import sys
import time

import requests

URL, NAME = sys.argv[1:]
JSON = {"Content-Type": "application/json"}
OFFSET = {"offsets": [{"partition": {"server": "x"}, "offset": {"position": 1}}]}

# method, path (@ is the connector), body
ASKED = [
    ("GET", "/", None),
    ("GET", "/connectors", None),
    ("GET", "/connectors/", None),
    ("GET", "/connectors?expand=status&expand=info", None),
    ("GET", "/connectors?expand=status", None),
    ("GET", "/connectors?expand=nothing", None),
    ("GET", "/connectors/@", None),
    ("GET", "/connectors/@/", None),
    ("GET", "/connectors/@/status", None),
    ("GET", "/connectors/@/config", None),
    ("GET", "/connectors/@/tasks", None),
    ("GET", "/connectors/@/tasks-config", None),
    ("GET", "/connectors/@/tasks/0/status", None),
    ("GET", "/connectors/@/tasks/1/status", None),
    ("GET", "/connectors/@/tasks/x/status", None),
    ("GET", "/connectors/@/topics", None),
    ("GET", "/connectors/@/offsets", None),
    ("GET", "/connectors/nope", None),
    ("GET", "/connectors/nope/status", None),
    ("GET", "/connectors/nope/config", None),
    ("GET", "/connectors/nope/tasks", None),
    ("GET", "/connectors/nope/tasks/0/status", None),
    ("GET", "/connectors/nope/topics", None),
    ("GET", "/connectors/nope/offsets", None),
    ("PUT", "/connectors/nope/pause", None),
    ("PUT", "/connectors/nope/resume", None),
    ("PUT", "/connectors/nope/stop", None),
    ("POST", "/connectors/nope/restart", None),
    ("POST", "/connectors/nope/restart?includeTasks=true", None),
    ("POST", "/connectors/nope/tasks/0/restart", None),
    ("DELETE", "/connectors/nope", None),
    ("DELETE", "/connectors/nope/offsets", None),
    ("PATCH", "/connectors/nope/offsets", OFFSET),
    ("GET", "/nope", None),
    ("DELETE", "/", None),
    ("PUT", "/connectors", None),
    ("POST", "/connectors/@/pause", None),
    ("GET", "/health", None),
    ("GET", "/connector-plugins", None),
    ("GET", "/admin/loggers", None),
    ("PUT", "/admin/loggers/x", {}),
    ("POST", "/connectors/@/restart?includeTasks=true&onlyFailed=true", None),
    ("POST", "/connectors/@/restart?onlyFailed=true", None),
    ("POST", "/connectors/@/restart?includeTasks=maybe", None),
    ("POST", "/connectors/@/restart?includeTasks=true", None),
    ("POST", "/connectors/@/tasks/0/restart", None),
    ("POST", "/connectors/@/tasks/7/restart", None),
    ("DELETE", "/connectors/@/offsets", None),
    ("PATCH", "/connectors/@/offsets", OFFSET),
    ("PATCH", "/connectors/@/offsets", {}),
    ("PATCH", "/connectors/@/offsets", {"offsets": []}),
    ("PUT", "/connectors/@/pause", None),
    ("PUT", "/connectors/@/pause", None),
    ("GET", "/connectors/@/status", None),
    ("PUT", "/connectors/@/resume", None),
    ("GET", "/connectors/@/status", None),
    ("PUT", "/connectors/@/stop", None),
    ("GET", "/connectors/@/status", None),
    ("GET", "/connectors/@/tasks", None),
    ("GET", "/connectors/@", None),
    ("GET", "/connectors/@/tasks/0/status", None),
    ("POST", "/connectors/@/restart?includeTasks=true", None),
    ("GET", "/connectors/@/offsets", None),
    ("PATCH", "/connectors/@/offsets", OFFSET),
    ("PATCH", "/connectors/@/offsets", {"offsets": []}),
    ("DELETE", "/connectors/@/offsets", None),
    ("GET", "/connectors/@/offsets", None),
]


def body(text):
    try:
        return json.loads(text)
    except ValueError:
        return text or None


answers = []
for method, path, sent in ASKED:
    data = None if sent is None else json.dumps(sent)
    got = requests.request(
        method, URL + path.replace("@", NAME), data=data, headers=JSON if data else None, timeout=30
    )
    answers.append({"ask": f"{method} {path}", "body": sent, "status": got.status_code, "answer": body(got.text.replace(NAME, "@"))})
    if method in ("PUT", "POST"):
        time.sleep(4)
print("[\n" + ",\n".join(json.dumps(answer) for answer in answers) + "\n]")
