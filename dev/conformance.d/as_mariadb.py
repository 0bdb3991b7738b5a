"""Writes cases of MySQL as cases of MariaDB: the same statements, and what the reference said of them on
MySQL, with the differences that are MariaDB's by nature. Each difference is a rule below, with its reason.

    as_mariadb.py CORPUS CASE…        mysql/outbox  ->  CORPUS/mariadb/as_mysql_outbox
    as_mariadb.py CORPUS --control    mysql/basics so written must be what the reference said on MariaDB
"""
import json
import os
import re
import shutil
import sys
from collections import OrderedDict

# What MariaDB 10.11 cannot hold, left out of the statements, of the rows and of the schemas.
WITHOUT = {"mysql/propagate": {"vec": ", vec vector(2)"}}

# SHOW CREATE TABLE of MariaDB says a display width of every integer; MySQL's only of TINYINT(1)
# and of ZEROFILL.
WIDTHS = {"BIGINT UNSIGNED": "20", "INT": "11", "INT UNSIGNED": "10"}


def objects(value):
    """Every object in a JSON value, outer ones first."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else []:
        yield from objects(inner)


def written(sql):
    """What may be JSON texts in the statements."""
    for text in re.findall(r"'((?:[^']|'')*)'", sql):
        if text[:1] in ("{", "[", '"'):
            yield text.replace("''", "'")


def loads(text):
    return json.loads(text, object_pairs_hook=OrderedDict)


# --- the rules for records

def says_mariadb(record, sql):
    """The connector's own name, in the source and in the header."""
    for header in record["headers"]:
        if header[0] == "__debezium.context.connectorName":
            header[1] = "mariadb"
    if source := (record["value"] or {}).get("source") if isinstance(record["value"], dict) else None:
        source["connector"] = "mariadb"


def no_thread(record, sql):
    """MariaDB's log does not say which connection changed a row."""
    if isinstance(record["value"], dict) and "source" in record["value"]:
        record["value"]["source"]["thread"] = None


def json_as_written(record, sql):
    """MariaDB keeps JSON as the text that was written; MySQL's order of members and spaces are its own."""
    if isinstance(record["value"], str):
        record["value"] = text_of(record["value"], sql)


def text_of(value, sql):
    for text in written(sql):
        try:
            if json.loads(text) == json.loads(value):
                return text
        except ValueError:
            continue
    return value


def expanded_as_written(record, sql):
    """So a payload that is expanded has its fields in the order in which they were written."""
    payload = record["value"].get("payload") if isinstance(record["value"], dict) else None
    if isinstance(payload, dict):
        record["value"]["payload"] = ordered(payload, order_of(payload, sql))


def order_of(names, sql):
    """The JSON object in the statements that has all these members."""
    found = (json.loads(text, object_pairs_hook=OrderedDict) for text in written(sql) if text[0] == "{")
    return next(it for it in found if set(names) <= set(it))


def ordered(value, like):
    if isinstance(value, dict) and isinstance(like, dict):
        return OrderedDict((name, ordered(value[name], like[name])) for name in like if name in value)
    if isinstance(value, list) and isinstance(like, list):
        return [ordered(inner, of) for inner, of in zip(value, like)]
    return value


def schema_changes(record, sql):
    """Statements that the connector makes of what the server has are in the server's own words, and a column
    has the width that the server keeps, where it was declared without one too (as in mariadb/ddl)."""
    if not isinstance(record["value"], dict) or not record["value"].get("ddl"):
        return
    words = [("character_set_server=utf8mb4, collation_server=utf8mb4_0900_ai_ci",
              "character_set_server=latin1, collation_server=latin1_swedish_ci"),
             ("utf8mb4_0900_ai_ci", "utf8mb4_general_ci")]
    for old, new in words:
        record["value"]["ddl"] = record["value"]["ddl"].replace(old, new)
    if ") ENGINE=" in record["value"]["ddl"]:
        record["value"]["ddl"] = record["value"]["ddl"].replace("` int ", "` int(11) ")
    for column in objects(record["value"].get("tableChanges")):
        if column.get("typeName") == "INT" and column["length"] is None:
            column["length"] = 11


RECORD_RULES = [says_mariadb, no_thread, json_as_written, expanded_as_written, schema_changes]


# --- the rules for schemas

def source_of_mariadb(schema, sql):
    """Schemas that are the connector's own have its name."""
    for it in objects(schema):
        for key in ("namespace", "connect.name"):
            if str(it.get(key)).startswith("io.debezium.connector.mysql"):
                it[key] = it[key].replace("connector.mysql", "connector.mariadb")


def json_is_text(schema, sql):
    """JSON is another word for LONGTEXT there."""
    for it in objects(schema):
        if it.get("connect.name") == "io.debezium.data.Json":
            del it["connect.name"], it["connect.version"]
            if parameters := it.get("connect.parameters"):
                parameters["__debezium.source.column.type"] = "LONGTEXT"


def plain_string(schema, sql):
    """Avro's short form of a type that has no properties left."""
    if isinstance(schema, list):
        schema[:] = ["string" if it == {"type": "string"} else it for it in schema]
    for inner in schema if isinstance(schema, list) else schema.values() if isinstance(schema, dict) else []:
        plain_string(inner, sql)


def widths(schema, sql):
    """Integers have the display width that SHOW CREATE TABLE says."""
    kind, length, name = ("__debezium.source.column." + it for it in ("type", "length", "name"))
    for it in objects(schema):
        width = WIDTHS.get(it.get(kind))
        if width and length not in it:
            members = list(it.items())
            at = [key for key, _ in members].index(kind) + 1
            it.clear()
            it.update(members[:at] + [(length, width)] + members[at:])


def fields_as_written(schema, sql):
    """Fields of an expanded payload are in the order in which they were written."""
    for it in objects(schema):
        if it.get("name") == "payload" and it.get("type") == "record":
            arrange(it, order_of([field["name"] for field in it["fields"]], sql))


def arrange(record, like):
    place = list(like).index
    record["fields"].sort(key=lambda field: place(field["name"]))
    for field in record["fields"]:
        inner = [it for it in objects(field) if it.get("type") == "record"]
        if inner:
            members = like[field["name"]]
            arrange(inner[0], members[0] if isinstance(members, list) else members)


SCHEMA_RULES = [source_of_mariadb, json_is_text, plain_string, widths, fields_as_written]


# --- how a case is written

def without(value, names):
    """The value with the columns and fields of these names left out."""
    for it in objects(value):
        for name in names:
            it.pop(name, None)
        if isinstance(it.get("fields"), list):
            it["fields"] = [field for field in it["fields"] if field.get("name") not in names]


def dumps(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def avro(value):
    """As the registry has it: what is beyond Latin-1's control characters stays, those are escaped."""
    return re.sub(r"[\x7f-\x9f]", lambda it: "\\u%04x" % ord(it[0]), dumps(value))


def texts(case):
    for root, _, names in os.walk(case):
        for name in names:
            yield os.path.join(root, name)


def rewrite(path, change):
    with open(path, encoding="utf-8", newline="") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(change(text))


def tolerated(text):
    """What is tolerated of an INT without a width is so of one with its width."""
    return text.replace('\\"INT\\"|null)', '\\"INT\\"|null|11)')


def applied(rules, left_out, sql):
    def change(text):
        value = loads(text)
        without(value, left_out)
        for rule in rules:
            rule(value, sql)
        return value
    return change


def write(corpus, case, name):
    """The case under its new name, the name also in its texts: it is the database's and the topics'."""
    source, target = os.path.join(corpus, case), os.path.join(corpus, "mariadb", name)
    shutil.copytree(source, target)
    left_out = WITHOUT.get(case, {})
    old, new = "my_" + os.path.basename(case), "ma_" + name
    for path in list(texts(target)):
        rewrite(path, lambda text: text.replace(old, new))
        os.rename(path, os.path.join(os.path.dirname(path), os.path.basename(path).replace(old, new)))
    sql = ""
    for path in (os.path.join(target, name) for name in ("setup.sql", "run.sql")):
        for statement in left_out.values():
            rewrite(path, lambda text: text.replace(statement, ""))
        sql += open(path, encoding="utf-8").read()
    record, schema = applied(RECORD_RULES, left_out, sql), applied(SCHEMA_RULES, left_out, sql)
    expected = os.path.join(target, "expected")
    rewrite(os.path.join(expected, "records.jsonl"),
            lambda text: "".join(dumps(record(line)) + "\n" for line in text.splitlines() if line.strip()))
    if os.path.exists(tolerate := os.path.join(target, "tolerate.json")):
        rewrite(tolerate, tolerated)
    for path in texts(os.path.join(expected, "schemas")):
        rewrite(path, lambda text: avro(schema(text)))
    return target


def control(corpus):
    sys.path.insert(0, corpus)
    import lib
    here = write(corpus, "mysql/basics", "as_control")
    there = os.path.join(corpus, "mariadb", "basics", "expected")
    wanted = lib.rename_all(*lib.read_dump(there), [("ma_basics", "ma_as_control")])
    bad, _, lines = lib.compare(wanted, lib.read_dump(os.path.join(here, "expected")))
    print("\n".join(lines))
    sys.exit("the rules do not give what the reference said on MariaDB" if bad else 0)


if __name__ == "__main__":
    if sys.argv[2:] == ["--control"]:
        control(sys.argv[1])
    for given in sys.argv[2:]:
        write(sys.argv[1], given, "as_mysql_" + os.path.basename(given))
