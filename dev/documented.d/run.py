"""Runs the commands of README and docs for real: see dev/documented."""
import fcntl
import json
import os
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
import urllib.request

sys.dont_write_bytecode = True  # these lie in the repository

import pages
import unrun

# Without --url and --config a command asks the daemon at the usual address; here it is at another one.
ASKS = ("status", "pause", "resume", "stop", "restart", "snapshot", "offsets", "drop")
# These go on until Ctrl-C.
ENDLESS = re.compile(r"walbrook (tail|status --watch)\b")


def fate(command):
    """Why a command is not run here, or None."""
    if command.text in unrun.NOT_RUN:
        return "not run: " + unrun.NOT_RUN[command.text]
    stage = unrun.ELSEWHERE.get(command.text)
    for (page, begin), of_page in unrun.ELSEWHERE_OF_PAGE.items():
        if command.page == page and command.text.startswith(begin):
            stage = of_page
    return stage and "run by the stage " + stage


class Fixture:
    """A folder with a walbrook.toml as README writes it, and the daemon that it describes."""

    def __init__(self):
        env = os.environ
        self.repo, self.name, self.folder = env["REPO"], env["NAME"], env["DIR"]
        self.admin, self.kafka = env["ADMIN"], env["WALBROOK_TEST_KAFKA"]
        self.registry, self.postgres = env["WALBROOK_TEST_REGISTRY"], env["PG"]
        self.mysql, self.mariadb = env["MYSQL"], env["MARIADB"]
        self.daemon = None
        os.makedirs(self.folder + "/bin")
        os.symlink(env["BIN"], self.folder + "/bin/walbrook")
        shutil.copytree(self.repo + "/config", self.folder + "/config")
        for path in (self.folder + "/config/roles-mysql.sql",):
            self.rewrite(path, lambda text: text.replace("walbrook@", self.name + "@").replace("shop.*", self.name + ".*"))
        self.environment = dict(env, PATH=self.folder + "/bin:" + env["PATH"], SHOP_PASSWORD="secret", TERM="xterm")
        self.prepare_database()
        self.write_configuration()

    def rewrite(self, path, change):
        with open(path, encoding="utf-8") as file:
            text = change(file.read())
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def prepare_database(self):
        sql = pages.block_with(self.repo, "README.md", "CREATE ROLE walbrook").replace("…", "secret")
        sql = re.sub(r"\bwalbrook\b", self.name, sql)
        subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "postgresql://postgres@%s/%s" % (self.postgres, self.name)],
                       input=sql, text=True, check=True)

    def write_configuration(self):
        toml = pages.block_with(self.repo, "README.md", "[connectors.shop]")
        toml = self.here(toml).replace("postgres://walbrook@127.0.0.1/", "postgres://%s@%s/" % (self.name, self.postgres))
        toml += '\npoison = "dead_letter"\n[connectors.%s.outbox]\ntable = "public.outbox"\n' % self.name
        toml += 'route_to = "%s.ev.${routedByValue}"\n[admin]\nlisten = "%s"\n' % (self.name, self.admin)
        with open(self.folder + "/walbrook.toml", "w", encoding="utf-8") as file:
            file.write(toml)
        connector = {"connector.class": "io.debezium.connector.postgresql.PostgresConnector", "database.hostname": "127.0.0.1",
                     "database.port": "5432", "database.user": "walbrook", "database.password": "secret", "database.dbname": "shop",
                     "plugin.name": "pgoutput", "topic.prefix": "shop", "table.include.list": "public.orders"}
        os.makedirs(self.folder + "/import")
        with open(self.folder + "/import/%s.json" % self.name, "w", encoding="utf-8") as file:
            json.dump({"name": "shop", "config": connector}, file)

    def here(self, text):
        """The same with the names and addresses of this fixture."""
        text = re.sub(r"postgres://walbrook@127\.0\.0\.1:\d+/", "postgres://postgres@%s/" % self.postgres, text)
        text = re.sub(r"mysql://\w+@127\.0\.0\.1(:\d+)?/", "mysql://root@%s/" % self.mysql, text)
        text = re.sub(r"mariadb://\w+@127\.0\.0\.1(:\d+)?/", "mariadb://root@%s/" % self.mariadb, text)
        text = re.sub(r"http://127\.0\.0\.1:(8081|25081)(/apis/ccompat/v7)?", self.registry, text)
        text = re.sub(r"127\.0\.0\.1:(9092|25092)\b", self.kafka, text)
        text = re.sub(r"127\.0\.0\.1:(8083|25083)\b", self.admin, text)
        text = text.replace("target/demo/walbrook.pid", "walbrook.pid").replace("target/ci/walbrook", "walbrook")
        text = text.replace("mysql -u root", "mysql -u root -h %s -P %s" % tuple(self.mysql.split(":")))
        text = re.sub(r"^make\b", "make --no-print-directory -C " + self.repo, text)
        return re.sub(r"\b(shop|NAME)\b", self.name, text)

    # --- the daemon

    def start(self, command):
        self.stop()
        with open(self.folder + "/log", "ab") as log:
            self.daemon = subprocess.Popen(command.split(), cwd=self.folder, env=self.environment, stdout=log, stderr=log)
        with open(self.folder + "/walbrook.pid", "w", encoding="utf-8") as file:
            file.write(str(self.daemon.pid))
        self.wait("streaming")

    def stop(self):
        if self.daemon and self.daemon.poll() is None:
            self.daemon.terminate()
            code = self.daemon.wait(20)
            if code:
                raise RuntimeError("the daemon ended with %s" % code)
        self.daemon = None

    def phase(self):
        try:
            url = "http://%s/connectors/%s/status" % (self.admin, self.name)
            return json.load(urllib.request.urlopen(url, timeout=5))["walbrook"]["phase"]
        except (OSError, ValueError, KeyError):
            return None

    def wait(self, *phases):
        end = time.time() + 60
        while self.phase() not in phases:
            if self.daemon.poll() is not None or self.phase() == "failed" or time.time() > end:
                raise RuntimeError("phase %s, wanted %s\n%s" % (self.phase(), phases, self.log()))
            time.sleep(0.2)

    def log(self):
        with open(self.folder + "/log", encoding="utf-8", errors="replace") as file:
            return "".join(file.readlines()[-30:])

    def has_dead_letters(self):
        """Rows of the outbox that name no topic, in one transaction: their letters have neighbouring offsets."""
        sql = "INSERT INTO outbox SELECT gen_random_uuid(), 'no topic!', n, 'T', '{}' FROM generate_series(1, 60) n"
        subprocess.run(["psql", "-X", "-q", "-c", sql, "postgresql://postgres@%s/%s" % (self.postgres, self.name)], check=True)
        end = time.time() + 30
        while "60" not in self.ran("walbrook dlq list %s --config walbrook.toml --json --limit 100 | wc -l" % self.name)[1]:
            if time.time() > end:
                raise RuntimeError("no dead letters\n" + self.log())
            time.sleep(0.5)

    # --- commands

    def ran(self, text, endless=False, folder=""):
        process = subprocess.Popen(["bash", "-c", ("exec " if endless else "") + text], cwd=self.folder + folder, env=self.environment,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            out, _ = process.communicate(timeout=6 if endless else 60)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
            out, _ = process.communicate(timeout=10)
            if not endless:
                raise RuntimeError("it does not end: " + text)
        return process.returncode, out

    def seen(self, text):
        """What a terminal shows of a program within some seconds, and how it ends at Ctrl-C."""
        ours, theirs = os.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        process = subprocess.Popen(["bash", "-c", "exec " + text], cwd=self.folder, env=self.environment, stdin=theirs, stdout=theirs,
                                   stderr=theirs, start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(theirs)
        out, end = b"", time.time() + 4
        while time.time() < end:
            if select.select([ours], [], [], 0.2)[0]:
                try:
                    out += os.read(ours, 65536)
                except OSError:
                    break
        os.write(ours, b"\x03")
        code = process.wait(10)
        os.close(ours)
        return code, out.decode(errors="replace")

    def run(self, command):
        text = self.here(command.text)
        if command.text in unrun.NAMES:
            return self.ran(text + " --help")
        words = text.split()
        if words[:2] == ["walbrook", "run"]:
            self.start(text)
            return 0, "streaming"
        needs_daemon = words[0] == "walbrook" and words[1] in ASKS + ("dlq",) or "walbrook.pid" in text
        if needs_daemon and (not self.daemon or self.daemon.poll() is not None):
            self.start("walbrook run --config walbrook.toml")
        if words[:2] == ["walbrook", "dlq"] and not self.letters():
            self.has_dead_letters()
        if words[0] == "walbrook" and words[1] in ASKS and "--config" not in text and "--url" not in text:
            text += " --url http://" + self.admin
        if words[:2] == ["walbrook", "drop"]:
            return self.drop(text)
        if " --watch" in text:
            code, out = self.seen(text)
        else:
            code, out = self.ran(text, bool(ENDLESS.match(text)), "/import" if " import " in text else "")
        if ENDLESS.match(text) and code in (130, -signal.SIGINT):
            code = 0
        if words[0] == "walbrook" and words[1] in ASKS and code == 0:
            self.wait("streaming", "paused")
        return code, out

    def letters(self):
        return self.ran("walbrook dlq list %s --config walbrook.toml --json" % self.name)[1].startswith("{")

    def drop(self, text):
        """A connector is dropped once it is stopped, and a new process begins it anew. Nobody is there to be asked."""
        code, out = self.ran("walbrook stop %s --config walbrook.toml" % self.name)
        if code == 0:
            code, out = self.ran(text + " --yes")
        self.stop()
        return code, out


def complaint(command, code, out, fixture):
    """What is wrong with an answer, or None."""
    if code:
        return "exit code %s" % code
    silent = command.text.startswith(("kill ", "walbrook import", "walbrook pause", "walbrook resume"))
    if not out.strip() and not silent:
        return "no answer"
    if " --watch" in command.text and fixture.name not in out:
        return "the screen does not show the connector"
    lines = out.splitlines()
    for line in command.shown:
        wanted = pages.shape(line, fixture.name)
        if line.strip() and line.strip() != "…" and not any(wanted.search(it) for it in lines):
            return "no line like: %s\n  (%s)" % (line, wanted.pattern)
    return None


def main():
    repository = os.environ.get("REPO") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    wanted = [it for it in sys.argv[1:] if it != "--list"] or pages.pages(repository)
    found = [it for page in wanted for it in pages.commands(repository, page)]
    if "--list" in sys.argv:
        for it in found:
            print("%s:%d: %s%s" % (it.page, it.line, it.text, "   # " + fate(it) if fate(it) else ""))
        return 0
    fixture, bad, count, answered = Fixture(), 0, 0, {}
    listed = set(unrun.ELSEWHERE) | set(unrun.NOT_RUN) | unrun.NAMES
    if len(sys.argv) == 1 and (stale := listed - {it.text for it in found}):
        bad = len(stale)
        print("FAILED: listed in unrun.py and on no page: %s" % sorted(stale))
    for command in found:
        begin, why = time.time(), fate(command)
        if why:
            print("%s:%d: %s   # %s" % (command.page, command.line, command.text, why), flush=True)
            continue
        count += 1
        try:
            # What was said of a name once is true on every page.
            known = command.text in unrun.NAMES and answered.get(command.text)
            code, out = known or fixture.run(command)
            answered[command.text] = code, out
            wrong = complaint(command, code, out, fixture)
        except (RuntimeError, subprocess.SubprocessError) as error:
            wrong, out = str(error), ""
        print("%s:%d: %s   %.1f s" % (command.page, command.line, command.text, time.time() - begin), flush=True)
        if wrong:
            bad += 1
            print("  FAILED: %s\n%s" % (wrong, "\n".join("    " + it for it in out.splitlines()[:30])), flush=True)
    fixture.stop()
    print("%d commands run, %d failed, %d run elsewhere or not" % (count, bad, len(found) - count))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
