"""The commands of README and docs that dev/documented does not run itself, each with its reason."""

# Run by another stage of dev/test, which is named.
ELSEWHERE = {
    "make demo": "demo",
    "make demo DB=mysql": "demo",
    "make demo DB=mariadb": "demo",
    "make up": "install, servers",
    "make unit": "unit",
    "make integration": "smoke, kills, outages, broken",
    "make conformance": "conformance",
    "dev/console": "console",
    "dev/consumers": "acceptance",
    "kill -9": "kills",
}
# All commands of a page that begin so.
ELSEWHERE_OF_PAGE = {("docs/admin.md", "curl "): "admin"}

# Run by nobody.
NOT_RUN = {
    "make test": "it is what runs this",
    "dev/console pictures": "writes pictures into the repository; dev/console takes the same way",
    "systemctl status walbrook": "the machine of a test has no unit of that name",
}

# Named in the text and not to be typed as they stand: --help must know them.
NAMES = {
    "walbrook import debezium",
    "walbrook tail",
    "walbrook tail --json",
    "walbrook doctor",
    "walbrook doctor --print-grants",
    "walbrook drop",
    "walbrook validate",
    "walbrook validate --print",
}
