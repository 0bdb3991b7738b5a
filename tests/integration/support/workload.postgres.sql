-- The workload's tables and its verbs. Every verb notes what it did in the ledger, in the same
-- transaction, so that whatever is rolled back leaves no trace and no gap.

CREATE TABLE items (
    id    bigint PRIMARY KEY,
    lane  int NOT NULL,
    ver   bigint NOT NULL,          -- rises by one with each change of this key
    v     text,
    n     numeric(12,2),
    flag  boolean,
    mark  bigint NOT NULL,          -- over the cells of the row; 0: not computed
    at    timestamptz NOT NULL DEFAULT clock_timestamp()
);
ALTER TABLE items REPLICA IDENTITY FULL;
ALTER TABLE items ALTER COLUMN v SET STORAGE EXTERNAL;

CREATE TABLE pairs (
    a     int,
    b     text,
    lane  int NOT NULL,
    ver   bigint NOT NULL,
    v     text,
    mark  bigint NOT NULL,
    PRIMARY KEY (a, b)
);

CREATE TABLE keyless_log (lane int NOT NULL, seq bigint NOT NULL, note text);

CREATE TABLE ledger (
    lane  int NOT NULL,
    seq   bigint NOT NULL,          -- gapless in its lane
    tbl   text NOT NULL,
    op    text NOT NULL,
    pk    text NOT NULL,
    ver   bigint NOT NULL,
    xid   bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
    at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (lane, seq)
);
CREATE INDEX ledger_key ON ledger (tbl, pk, ver);

-- Whoever changes a key waits for whoever is changing it.
CREATE FUNCTION hold(t text, k text) RETURNS void LANGUAGE sql AS $$
    SELECT pg_advisory_xact_lock(hashtextextended(t || ' ' || k, 0))
$$;

-- A volatile function sees what was committed while it waited.
CREATE FUNCTION next_ver(t text, k text, present bigint) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    RETURN 1 + greatest(coalesce(present, 0),
        coalesce((SELECT max(ver) FROM ledger WHERE tbl = t AND pk = k), 0));
END $$;

CREATE FUNCTION note(l int, t text, o text, k text, r bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ledger (lane, seq, tbl, op, pk, ver) VALUES
        (l, coalesce((SELECT max(seq) FROM ledger WHERE lane = l), 0) + 1, t, o, k, r);
END $$;

CREATE FUNCTION put_item(l int, i bigint, val text, num text, fl boolean, mk bigint)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE r bigint;
BEGIN
    PERFORM hold('items', i::text);
    SELECT ver INTO r FROM items WHERE id = i;
    IF FOUND THEN
        r := next_ver('items', i::text, r);
        UPDATE items SET lane = l, ver = r, v = val, n = num::numeric, flag = fl, mark = mk WHERE id = i;
        PERFORM note(l, 'items', 'u', i::text, r);
    ELSE
        r := next_ver('items', i::text, 0);
        INSERT INTO items (id, lane, ver, v, n, flag, mark) VALUES (i, l, r, val, num::numeric, fl, mk);
        PERFORM note(l, 'items', 'c', i::text, r);
    END IF;
END $$;

-- Leaves the cells alone, above all a long v, which then is not in the WAL again.
CREATE FUNCTION touch_item(l int, i bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE r bigint;
BEGIN
    PERFORM hold('items', i::text);
    SELECT ver INTO r FROM items WHERE id = i;
    IF FOUND THEN
        r := next_ver('items', i::text, r);
        UPDATE items SET lane = l, ver = r WHERE id = i;
        PERFORM note(l, 'items', 'u', i::text, r);
    END IF;
END $$;

CREATE FUNCTION drop_item(l int, i bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE r bigint;
BEGIN
    PERFORM hold('items', i::text);
    DELETE FROM items WHERE id = i RETURNING ver INTO r;
    IF FOUND THEN
        PERFORM note(l, 'items', 'd', i::text, next_ver('items', i::text, r));
    END IF;
END $$;

CREATE FUNCTION rekey_item(l int, o bigint, i bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE gone bigint; r bigint;
BEGIN
    PERFORM hold('items', least(o, i)::text), hold('items', greatest(o, i)::text);
    SELECT ver INTO gone FROM items WHERE id = o;
    IF FOUND AND o <> i AND NOT EXISTS (SELECT 1 FROM items WHERE id = i) THEN
        r := next_ver('items', i::text, 0);
        -- mark covers the key, so it cannot stay.
        UPDATE items SET id = i, lane = l, ver = r, mark = 0 WHERE id = o;
        PERFORM note(l, 'items', 'd', o::text, next_ver('items', o::text, gone));
        PERFORM note(l, 'items', 'c', i::text, r);
    END IF;
END $$;

CREATE FUNCTION put_pair(l int, x int, y text, val text, mk bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE r bigint; k text := x || '/' || y;
BEGIN
    PERFORM hold('pairs', k);
    SELECT ver INTO r FROM pairs WHERE a = x AND b = y;
    IF FOUND THEN
        r := next_ver('pairs', k, r);
        UPDATE pairs SET lane = l, ver = r, v = val, mark = mk WHERE a = x AND b = y;
        PERFORM note(l, 'pairs', 'u', k, r);
    ELSE
        r := next_ver('pairs', k, 0);
        INSERT INTO pairs VALUES (x, y, l, r, val, mk);
        PERFORM note(l, 'pairs', 'c', k, r);
    END IF;
END $$;

CREATE FUNCTION drop_pair(l int, x int, y text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE r bigint; k text := x || '/' || y;
BEGIN
    PERFORM hold('pairs', k);
    DELETE FROM pairs WHERE a = x AND b = y RETURNING ver INTO r;
    IF FOUND THEN
        PERFORM note(l, 'pairs', 'd', k, next_ver('pairs', k, r));
    END IF;
END $$;

CREATE FUNCTION append(l int, t text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE s bigint;
BEGIN
    SELECT coalesce(max(ver), 0) + 1 INTO s FROM ledger WHERE tbl = 'keyless_log' AND pk = l::text;
    INSERT INTO keyless_log VALUES (l, s, t);
    PERFORM note(l, 'keyless_log', 'c', l::text, s);
END $$;
