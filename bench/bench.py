"""Measures the daemon from outside: what a read_committed consumer sees, and what the kernel counts.

Ratios count, not absolute figures: each is the median of rounds that alternate between the daemon
and PostgreSQL's own tool in one run on one machine.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import psycopg
from confluent_kafka import Consumer, IsolationLevel, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

KAFKA = os.environ["WALBROOK_TEST_KAFKA"]
REGISTRY = os.environ["WALBROOK_TEST_REGISTRY"]
BINARY = os.environ["WALBROOK_BIN"]
RUN = f"{os.getpid() % 100000}"
TICKS = os.sysconf("SC_CLK_TCK")
admin = AdminClient({"bootstrap.servers": KAFKA})

# Seven columns, about 200 bytes.
TABLE = """
CREATE TABLE {name} (id bigint PRIMARY KEY, customer int NOT NULL, amount numeric(12, 2) NOT NULL,
    status text NOT NULL, at timestamptz NOT NULL DEFAULT now(), note text, paid boolean NOT NULL)"""
ROWS = """INSERT INTO {name} SELECT i, i % 10007, (i % 100000) / 100.0, 'state ' || i % 7, now(),
    repeat(md5(i::text), 4), i % 2 = 0 FROM generate_series({first}, {last}) i"""


class Database:
    """A database of its own, dropped in the end with its slots."""

    def __init__(self, server):
        self.root = os.environ[f"WALBROOK_TEST_PG{server}"]
        self.name = f"bench_{RUN}_{server}"
        self.url = self.root.rsplit("/", 1)[0] + "/" + self.name
        self.sql(f"CREATE DATABASE {self.name}", self.root)

    def sql(self, text, url=None):
        with psycopg.connect(url or self.url, autocommit=True) as connection:
            cursor = connection.execute(text)
            return cursor.fetchone()[0] if cursor.description else None

    def write(self, table, rows, per_transaction):
        """Rows 1 to `rows`."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            for first in range(1, rows + 1, per_transaction):
                last = min(first + per_transaction - 1, rows)
                connection.execute(ROWS.format(name=table, first=first, last=last))

    def drop(self):
        slots = f"FROM pg_replication_slots WHERE database = '{self.name}'"
        self.sql(f"SELECT count(pg_terminate_backend(active_pid)) {slots}", self.root)
        time.sleep(0.5)
        self.sql(f"SELECT count(pg_drop_replication_slot(slot_name)) {slots}", self.root)
        self.sql(f"DROP DATABASE {self.name} WITH (FORCE)", self.root)


class Daemon:
    """One connector, configured for one table."""

    ports = iter(range(25700, 25800))

    def __init__(self, database, name, table, snapshot="no_data"):
        self.name, self.topic = f"b{RUN}{name}", f"b{RUN}{name}.public.{table}"
        self.directory = Path(tempfile.mkdtemp(prefix="walbrook-bench-"))
        self.port = next(self.ports)
        (self.directory / "walbrook.toml").write_text(f"""
            [kafka]
            brokers = "{KAFKA}"
            [registry]
            url = "{REGISTRY}"
            [admin]
            listen = "127.0.0.1:{self.port}"
            [connectors.{self.name}]
            url = "{database.url}"
            topic_prefix = "{self.name}"
            tables = ["public.{table}"]
            snapshot = "{snapshot}"
            """)
        self.process = None

    @contextmanager
    def running(self):
        log = open(self.directory / "log", "ab")
        command = [BINARY, "run", "--config", self.directory / "walbrook.toml"]
        self.process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            yield self
        finally:
            self.process.terminate()
            self.process.wait(20)

    def streaming(self):
        def phase():
            if self.process.poll() is not None:
                sys.exit(f"the daemon ended: {self.directory}/log")
            try:
                with urlopen(f"http://127.0.0.1:{self.port}/connectors/{self.name}/status") as answer:
                    return json.load(answer)["walbrook"]["phase"]
            except OSError:
                return None

        until(lambda: phase() == "streaming", 60)

    def committed(self):
        """Offset up to which a read_committed consumer may read: records and commit markers."""
        place = TopicPartition(self.topic, 0)
        ask = {"isolation_level": IsolationLevel.READ_COMMITTED}
        try:
            answer = admin.list_offsets({place: OffsetSpec.latest()}, **ask)
            return answer[place].result().offset
        except Exception:  # the topic is not there yet
            return 0

    def visible(self, offset, limit=300):
        until(lambda: self.committed() >= offset, limit)

    def records(self):
        """Number of committed records, counted by reading them."""
        return sum(len(batch) for batch in read(self.topic, 0, self.committed()))

    def peak_mib(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024

    def cpu(self):
        """Seconds of processor time so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def threads(self):
        return len(os.listdir(f"/proc/{self.process.pid}/task"))


def until(done, limit):
    end = time.monotonic() + limit
    while not done():
        if time.monotonic() > end:
            sys.exit(f"waited {limit} s in vain")
        time.sleep(0.01)


def read(topic, first, end):
    """Batches of records of the topic's only partition as a read_committed consumer gets them."""
    settings = {"bootstrap.servers": KAFKA, "group.id": "bench", "isolation.level": "read_committed"}
    settings |= {"enable.auto.commit": False, "enable.partition.eof": False, "fetch.wait.max.ms": 100}
    consumer = Consumer(settings)
    consumer.assign([TopicPartition(topic, 0, first)])
    while consumer.position([TopicPartition(topic, 0)])[0].offset < end:
        yield consumer.consume(10_000, 0.2)
    consumer.close()


def drain(database, options):
    """A backlog, drained by pg_recvlogical to /dev/null and by the daemon to Kafka."""
    rows, rounds = options.rows, options.rounds
    database.sql(TABLE.format(name="backlog"))
    daemons = [Daemon(database, f"d{n}", "backlog") for n in range(rounds)]
    for number, daemon in enumerate(daemons):
        with daemon.running():  # makes slot, topic and schemas
            daemon.streaming()
            database.sql(ROWS.format(name="backlog", first=-number - 1, last=-number - 1))
            daemon.visible(1)
    database.sql("CREATE PUBLICATION bench FOR TABLE backlog")
    database.sql(f"SELECT pg_create_logical_replication_slot('{database.name}', 'pgoutput')")
    database.write("backlog", rows, options.transaction)
    end = database.sql("SELECT pg_current_wal_flush_lsn()")
    theirs, ours = [], []
    for number, daemon in enumerate(daemons):
        theirs.append(rows / recvlogical(database, f"{database.name}_{number}", end))
        before = daemon.committed()
        begin = time.monotonic()
        with daemon.running():
            daemon.visible(before + rows)
            took, cpu, peak = time.monotonic() - begin, daemon.cpu(), daemon.peak_mib()
        ours.append(rows / took)
        print(f"  round {number}: pg_recvlogical {theirs[-1]:,.0f} rows/s, walbrook {ours[-1]:,.0f},"
              f" ratio {ours[-1] / theirs[-1]:.2f}, {cpu * 1e6 / rows:.2f} µs CPU a row, peak {peak:.0f} MiB")
    # Rounds began with different numbers of first rows: each saw those of the rounds after it.
    found, wanted = daemons[0].records(), rows + rounds
    assert found == wanted, f"{found} records instead of {wanted}"
    median = statistics.median
    return {"pg_recvlogical_rows_s": round(median(theirs)), "walbrook_rows_s": round(median(ours)),
            "ratio": round(median(o / t for o, t in zip(ours, theirs)), 2),
            "cpu_us_per_row": round(cpu * 1e6 / rows, 2), "peak_mib": round(peak)}


def recvlogical(database, slot, end):
    database.sql(f"SELECT pg_copy_logical_replication_slot('{database.name}', '{slot}')")
    command = ["pg_recvlogical", "-d", database.url, "--slot", slot, "--start", "-f", "-", "--no-loop",
               "--endpos", end, "-o", "proto_version=1", "-o", "publication_names=bench"]
    begin = time.monotonic()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    took = time.monotonic() - begin
    database.sql(f"SELECT pg_drop_replication_slot('{slot}')")
    return took


def latency(database, options):
    """From the clock reading inside a transaction, so from before its commit, to a consumer."""
    database.sql("CREATE TABLE tick (id bigserial PRIMARY KEY, us bigint NOT NULL DEFAULT"
                 " (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)")
    daemon = Daemon(database, "l", "tick")
    script = daemon.directory / "tick.sql"
    script.write_text("INSERT INTO tick DEFAULT VALUES;\n")
    writer = ["pgbench", "-n", "-M", "prepared", "-c", "4", "-f", script]
    with daemon.running():
        daemon.streaming()
        database.sql("INSERT INTO tick DEFAULT VALUES")
        daemon.visible(1)
        figures = {}
        for rate in (10, 100, 1000):
            seconds = options.seconds if rate == 1000 else 5
            before, cpu = daemon.committed(), daemon.cpu()
            command = [*writer, "-R", str(rate), "-T", str(seconds), database.url]
            pgbench = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            times = sorted(ticks(daemon.topic, before, rate * seconds * 0.9, seconds + 5))
            pgbench.wait()
            cpu = (daemon.cpu() - cpu) / seconds
            at = lambda q: round(times[int((len(times) - 1) * q)] / 1000, 1)
            figures[f"{rate}/s"] = {"p50_ms": at(0.5), "p90_ms": at(0.9), "p99_ms": at(0.99), "max_ms": at(1)}
            figures[f"{rate}/s"]["cpu_percent"] = round(cpu * 100, 1)
            print(f"  {rate}/s, {len(times)} seen: {figures[f'{rate}/s']}")
    return figures


def ticks(topic, first, wanted, limit):
    """Microseconds that each row took."""
    settings = {"bootstrap.servers": KAFKA, "group.id": "bench", "isolation.level": "read_committed",
                "enable.auto.commit": False, "fetch.wait.max.ms": 500, "fetch.min.bytes": 1}
    consumer = Consumer(settings)
    consumer.assign([TopicPartition(topic, 0, first)])
    end, times = time.monotonic() + limit, []
    while time.monotonic() < end:
        message = consumer.poll(0.2)
        now = time.time_ns() // 1000
        if message is not None and not message.error():
            times.append(now - tick(message.value()))
        elif len(times) >= wanted:
            break
    consumer.close()
    return times


def tick(value):
    """The second field of `after`: prefix, no before, after, id, us."""
    place = 7
    for _ in range(2):
        number, shift = 0, 0
        while True:
            byte = value[place]
            place += 1
            number |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
    return number >> 1


def memory(database, options):
    """One transaction of many rows."""
    rows = options.large
    database.sql(TABLE.format(name="large"))
    daemon = Daemon(database, "m", "large")
    with daemon.running():
        daemon.streaming()
        idle = daemon.peak_mib()
        database.write("large", rows, rows)
        begin = time.monotonic()
        daemon.visible(rows)
        took, peak = time.monotonic() - begin, daemon.peak_mib()
        print(f"  {rows} rows in one transaction: {rows / took:,.0f} rows/s after its commit,"
              f" peak {peak:.0f} MiB, {idle:.0f} before")
    found = daemon.records()
    assert found == rows, f"{found} records instead of {rows}"
    return {"rows": rows, "rows_s": round(rows / took), "peak_mib": round(peak), "before_mib": round(idle)}


def snapshot(database, options):
    """The rows of a table, by COPY to /dev/null and by the daemon's snapshot."""
    rows = options.rows
    database.sql(TABLE.format(name="old"))
    database.write("old", rows, rows)
    database.sql("VACUUM ANALYZE old")
    theirs, ours = [], []
    for number in range(options.rounds):
        begin = time.monotonic()
        command = ["psql", "-qd", database.url, "-c", "COPY old TO STDOUT"]
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        theirs.append(rows / (time.monotonic() - begin))
        daemon = Daemon(database, f"s{number}", "old", "initial")
        begin = time.monotonic()
        with daemon.running():
            daemon.visible(rows)
            took, cpu, peak = time.monotonic() - begin, daemon.cpu(), daemon.peak_mib()
            daemon.streaming()
        ours.append(rows / took)
        print(f"  round {number}: COPY {theirs[-1]:,.0f} rows/s, walbrook {ours[-1]:,.0f},"
              f" {cpu * 1e6 / rows:.2f} µs CPU a row, peak {peak:.0f} MiB")
    median = statistics.median
    return {"copy_rows_s": round(median(theirs)), "walbrook_rows_s": round(median(ours)),
            "ratio": round(median(o / t for o, t in zip(ours, theirs)), 2), "peak_mib": round(peak)}


def idle(database, options):
    """A daemon that has nothing to do."""
    database.sql(TABLE.format(name="quiet"))
    daemon = Daemon(database, "i", "quiet")
    with daemon.running():
        daemon.streaming()
        time.sleep(2)
        before = daemon.cpu()
        time.sleep(10)
        used = (daemon.cpu() - before) / 10
        figures = {"cpu_percent": round(used * 100, 2), "threads": daemon.threads(), "peak_mib": round(daemon.peak_mib())}
    print(f"  {figures}")
    return figures


PARTS = {part.__name__: part for part in (drain, latency, memory, snapshot, idle)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="all unless named")
    parser.add_argument("--server", default="18", choices=["15", "18"])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--transaction", type=int, default=500, help="rows in a transaction of the backlog")
    parser.add_argument("--large", type=int, default=3_000_000, help="rows of the one large transaction")
    parser.add_argument("--seconds", type=int, default=20, help="of load at 1000 transactions a second")
    options = parser.parse_args()
    database, results = Database(options.server), {"postgres": options.server}
    try:
        for part in options.parts or PARTS:
            print(f"{part}: {PARTS[part].__doc__}", flush=True)
            results[part] = PARTS[part](database, options)
    finally:
        database.drop()
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
