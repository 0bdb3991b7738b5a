-- The workload's tables and its verbs for MySQL and MariaDB: what workload.postgres.sql does, in their
-- words. Called at READ COMMITTED. Nobody waits for a key that is not there: two writers who make the
-- same key meet at a unique index, and one of them is rolled back.

CREATE TABLE items (
    id    bigint PRIMARY KEY,
    lane  int NOT NULL,
    ver   bigint NOT NULL,          -- rises by one with each change of this key
    v     longtext,
    n     decimal(12,2),
    flag  bit(1),                   -- a boolean to Kafka
    mark  bigint NOT NULL,          -- over the cells of the row; 0: not computed
    at    timestamp(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)
) DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE pairs (
    a     int,
    b     varchar(100),
    lane  int NOT NULL,
    ver   bigint NOT NULL,
    v     longtext,
    mark  bigint NOT NULL,
    PRIMARY KEY (a, b)
) DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE keyless_log (lane int NOT NULL, seq bigint NOT NULL, note longtext)
    DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE ledger (
    lane  int NOT NULL,
    seq   bigint NOT NULL,          -- gapless in its lane
    tbl   varchar(40) NOT NULL,
    op    varchar(1) NOT NULL,
    pk    varchar(150) NOT NULL,
    ver   bigint NOT NULL,
    xid   bigint NOT NULL,          -- the writer's own number of the transaction
    at    timestamp(6) NOT NULL,
    PRIMARY KEY (lane, seq),
    UNIQUE KEY ledger_key (tbl, pk, ver)
) DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_bin;

CREATE PROCEDURE next_ver(t varchar(40), k varchar(150) CHARSET utf8mb4, present bigint, OUT r bigint)
BEGIN
    SELECT 1 + greatest(coalesce(present, 0), coalesce(max(ver), 0)) INTO r
        FROM ledger WHERE tbl = t AND pk = k COLLATE utf8mb4_bin;
END;

CREATE PROCEDURE note(l int, t varchar(40), o varchar(1), k varchar(150) CHARSET utf8mb4, r bigint)
BEGIN
    DECLARE s bigint;
    SELECT 1 + coalesce(max(seq), 0) INTO s FROM ledger WHERE lane = l;
    INSERT INTO ledger VALUES (l, s, t, o, k, r, @xid, sysdate(6));
END;

CREATE PROCEDURE put_item(l int, i bigint, val longtext CHARSET utf8mb4, num varchar(20), fl boolean, mk bigint)
BEGIN
    DECLARE p, r bigint;
    SELECT ver INTO p FROM items WHERE id = i FOR UPDATE;
    CALL next_ver('items', i, p, r);
    IF p IS NOT NULL THEN
        UPDATE items SET lane = l, ver = r, v = val, n = num, flag = fl, mark = mk WHERE id = i;
        CALL note(l, 'items', 'u', i, r);
    ELSE
        INSERT INTO items (id, lane, ver, v, n, flag, mark) VALUES (i, l, r, val, num, fl, mk);
        CALL note(l, 'items', 'c', i, r);
    END IF;
END;

-- Leaves the cells alone, above all a long v, which a MINIMAL row image then leaves out.
CREATE PROCEDURE touch_item(l int, i bigint)
BEGIN
    DECLARE p, r bigint;
    SELECT ver INTO p FROM items WHERE id = i FOR UPDATE;
    IF p IS NOT NULL THEN
        CALL next_ver('items', i, p, r);
        UPDATE items SET lane = l, ver = r WHERE id = i;
        CALL note(l, 'items', 'u', i, r);
    END IF;
END;

CREATE PROCEDURE drop_item(l int, i bigint)
BEGIN
    DECLARE p, r bigint;
    SELECT ver INTO p FROM items WHERE id = i FOR UPDATE;
    IF p IS NOT NULL THEN
        CALL next_ver('items', i, p, r);
        DELETE FROM items WHERE id = i;
        CALL note(l, 'items', 'd', i, r);
    END IF;
END;

CREATE PROCEDURE rekey_item(l int, o bigint, i bigint)
BEGIN
    DECLARE p, gone, r bigint;
    SELECT ver INTO p FROM items WHERE id = o FOR UPDATE;
    IF p IS NOT NULL AND NOT EXISTS (SELECT 1 FROM items WHERE id = i) THEN
        CALL next_ver('items', o, p, gone);
        CALL next_ver('items', i, 0, r);
        -- mark covers the key, so it cannot stay.
        UPDATE items SET id = i, lane = l, ver = r, mark = 0 WHERE id = o;
        CALL note(l, 'items', 'd', o, gone);
        CALL note(l, 'items', 'c', i, r);
    END IF;
END;

CREATE PROCEDURE put_pair(l int, x int, y varchar(100) CHARSET utf8mb4, val longtext CHARSET utf8mb4, mk bigint)
BEGIN
    DECLARE p, r bigint;
    DECLARE k varchar(150) CHARSET utf8mb4 DEFAULT concat(x, '/', y);
    SELECT ver INTO p FROM pairs WHERE a = x AND b = y COLLATE utf8mb4_bin FOR UPDATE;
    CALL next_ver('pairs', k, p, r);
    IF p IS NOT NULL THEN
        UPDATE pairs SET lane = l, ver = r, v = val, mark = mk WHERE a = x AND b = y COLLATE utf8mb4_bin;
        CALL note(l, 'pairs', 'u', k, r);
    ELSE
        INSERT INTO pairs VALUES (x, y, l, r, val, mk);
        CALL note(l, 'pairs', 'c', k, r);
    END IF;
END;

CREATE PROCEDURE drop_pair(l int, x int, y varchar(100) CHARSET utf8mb4)
BEGIN
    DECLARE p, r bigint;
    DECLARE k varchar(150) CHARSET utf8mb4 DEFAULT concat(x, '/', y);
    SELECT ver INTO p FROM pairs WHERE a = x AND b = y COLLATE utf8mb4_bin FOR UPDATE;
    IF p IS NOT NULL THEN
        CALL next_ver('pairs', k, p, r);
        DELETE FROM pairs WHERE a = x AND b = y COLLATE utf8mb4_bin;
        CALL note(l, 'pairs', 'd', k, r);
    END IF;
END;

CREATE PROCEDURE append(l int, t longtext CHARSET utf8mb4)
BEGIN
    DECLARE s bigint;
    CALL next_ver('keyless_log', l, 0, s);
    INSERT INTO keyless_log VALUES (l, s, t);
    CALL note(l, 'keyless_log', 'c', l, s);
END;
