"""Finds what README and docs tell people to type, and what they show as the answer."""
import glob
import os
import re
from collections import namedtuple

# A command, where it stands, and the lines that are shown below it.
Command = namedtuple("Command", "page line text shown")

# Reports and decisions are about the past; nobody types what they tell.
APART = ("docs/STATUS.md", "docs/SUMMARY.md", "docs/acceptance/", "docs/adr/")

# What the first word of a command may be. A program that is not in here has no line in the pages that begins with it.
PROGRAMS = re.compile(
    r"(walbrook|target/ci/walbrook|make|dev/\w+|\./\S+|curl|wget|psql|mysql|mariadb|docker|cargo|kill|sudo|apt(-get)?|git"
    r"|npm|pip3?|python3?|systemctl|journalctl|kafka-[\w-]+|promtool|mdbook|export|cd|bash|sh)( |$)")


def pages(repository):
    found = ["README.md"] + sorted(os.path.relpath(it, repository) for it in glob.glob(repository + "/docs/**/*.md", recursive=True))
    return [it for it in found if not it.startswith(APART)]


def blocks(lines):
    """(number of the first line, kind, lines) of every block: kind is the fence's word, or `indented`; and the text between."""
    at = 0
    while at < len(lines):
        line = lines[at]
        if line.lstrip().startswith("```"):
            end = next(n for n in range(at + 1, len(lines)) if lines[n].lstrip().startswith("```"))
            yield at + 1, line.strip()[3:], [it.strip() if it.lstrip().startswith("$ ") else it for it in lines[at + 1:end]]
            at = end + 1
        elif line.startswith("    ") and line.strip():
            end = at
            while end < len(lines) and lines[end].startswith("    "):
                end += 1
            yield at, "indented", [it[4:] for it in lines[at:end]]
            at = end
        else:
            yield at, "text", [line]
            at += 1


def without_comment(text):
    return re.sub(r"\s+# .*$", "", text).strip()


def of_block(page, at, kind, lines):
    """A block is one of commands where its fence says so or, without a fence, where its first line is one."""
    if kind == "indented" and not PROGRAMS.match(lines[0]):
        return []
    if kind not in ("indented", "sh", "bash", "console", "shell"):
        return []
    found, joined = [], ""
    for number, line in enumerate(lines, at + 1):
        if kind == "console" and not line.startswith("$ "):
            found[-1].shown.append(line)
            continue
        joined += line.removeprefix("$ ").rstrip("\\") if line.endswith("\\") else line.removeprefix("$ ")
        if not line.endswith("\\") and joined.strip() and not joined.lstrip().startswith("#"):
            found.append(Command(page, number, without_comment(joined), []))
        joined = "" if not line.endswith("\\") else joined
    return found


def of_text(page, at, line):
    """What stands between backquotes and begins as a command does. One word alone is a name."""
    for text in re.findall(r"`([^`]+)`", line):
        if PROGRAMS.match(text) and (" " in text or text.startswith("dev/")):
            yield Command(page, at + 1, text, [])


def commands(repository, page):
    with open(os.path.join(repository, page), encoding="utf-8") as file:
        lines = file.read().splitlines()
    found, answer_to = [], None
    for at, kind, block in blocks(lines):
        if kind == "text":
            new = list(of_text(page, at, block[0]))
            answer_to = None if block[0].strip() else answer_to
        else:
            new = of_block(page, at, kind, block)
            # A block right below one of commands shows what the last of them answers.
            if not new and kind == "indented" and answer_to:
                answer_to.shown.extend(block)
            answer_to = new[-1] if new else None
        found += new
    return found


def block_with(repository, page, text):
    """The block of a page that has this text: a configuration, or SQL."""
    with open(os.path.join(repository, page), encoding="utf-8") as file:
        found = [block for _, kind, block in blocks(file.read().splitlines()) if kind != "text" and any(text in it for it in block)]
    return "\n".join(found[0])


def shape(line, name):
    """What a line that is shown looks like: numbers and spaces may be others, … stands for anything."""
    text = re.sub(r"\\?…", ".*", re.escape(line.strip().replace("shop", name)))
    text = re.sub(r"(\d|\\\.(?=\d))+", lambda _: r"[\\d.]+", text)
    return re.compile(re.sub(r"(\\ )+", lambda _: r"\\s+", text).replace("\\\\s", "\\s").replace("\\\\d", "\\d"))
