"""Compares what Flink made of the orders with the same question to their database: revenue.py FILE URL."""
import decimal, json, sys, urllib.parse
path, url = sys.argv[1:]
told = {(row["minute"], row["customer_id"]): (row["orders"], decimal.Decimal(str(row["revenue"]))) for row in map(json.loads, open(path))}
at = urllib.parse.urlparse(url)
if at.scheme.startswith("postgres"):
    import psycopg
    rows = psycopg.connect(url).execute("SELECT to_char(placed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'), customer_id, count(*), sum(total) FROM orders GROUP BY 1, 2").fetchall()
else:
    import pymysql
    own = pymysql.connect(host=at.hostname, port=at.port, user=at.username, database=at.path[1:], init_command="SET time_zone = '+00:00'").cursor()
    own.execute("SELECT DATE_FORMAT(placed_at, '%Y-%m-%d %H:%i'), customer_id, count(*), sum(total) FROM orders GROUP BY 1, 2")
    rows = own.fetchall()
true = {(m, c): (n, s) for m, c, n, s in rows}
print(f"{len(true)} groups, {len(set(true.items()) ^ set(told.items()))} differ")
sys.exit(told != true or not true)
