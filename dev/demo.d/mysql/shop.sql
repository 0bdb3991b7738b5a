-- The shop of the demo, for MySQL and MariaDB. Nothing cascades: before MySQL 9.6, and in MariaDB, what
-- a foreign key deletes is not in the binary log.

CREATE TABLE customers (
    id         bigint AUTO_INCREMENT PRIMARY KEY,
    name       varchar(60) NOT NULL,
    email      varchar(80) NOT NULL UNIQUE,
    birthday   date,
    balance    decimal(12,2) NOT NULL DEFAULT 0,
    profile    json,
    created_at timestamp(3) NOT NULL DEFAULT current_timestamp(3)
);

CREATE TABLE products (
    id    bigint AUTO_INCREMENT PRIMARY KEY,
    sku   char(36) CHARACTER SET ascii NOT NULL DEFAULT (uuid()),
    title varchar(60) NOT NULL,
    price decimal(10,2) NOT NULL,
    stock int NOT NULL
);

CREATE TABLE orders (
    id          bigint AUTO_INCREMENT PRIMARY KEY,
    customer_id bigint NOT NULL,
    status      enum('new', 'paid', 'sent', 'done') NOT NULL DEFAULT 'new',
    total       decimal(12,2) NOT NULL DEFAULT 0,
    placed_at   datetime(6) NOT NULL DEFAULT current_timestamp(6),
    note        text,
    FOREIGN KEY (customer_id) REFERENCES customers (id)
);

CREATE TABLE order_items (
    order_id   bigint NOT NULL,
    line       smallint NOT NULL,
    product_id bigint NOT NULL,
    quantity   int NOT NULL,
    price      decimal(10,2) NOT NULL,
    PRIMARY KEY (order_id, line),
    FOREIGN KEY (order_id) REFERENCES orders (id),
    FOREIGN KEY (product_id) REFERENCES products (id)
);

-- Each server reads its own line of these two.
/*!80000 SET cte_max_recursion_depth = 200000 */;
/*M!100600 SET max_recursive_iterations = 200000 */;

INSERT INTO customers (name, email, birthday, profile, created_at)
WITH RECURSIVE s AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM s WHERE n < 40000)
SELECT concat(elt(1 + n % 8, 'Ada', 'Ben', 'Cleo', 'Dan', 'Eve', 'Finn', 'Gita', 'Hal'), ' ', n),
       concat('customer', n, '@example.org'),
       CASE WHEN n % 5 > 0 THEN date '1950-01-01' + INTERVAL n % 20000 DAY END,
       json_object('newsletter', n % 3 = 0, 'tags', json_array(concat('t', n % 7))),
       current_timestamp(3) - INTERVAL 40000 - n MINUTE
FROM s;

INSERT INTO products (title, price, stock)
WITH RECURSIVE s AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM s WHERE n < 4000)
SELECT concat('Product ', n), 1 + n % 5000 / 100.0, 1000 FROM s;

INSERT INTO orders (customer_id, status, placed_at, note)
WITH RECURSIVE s AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM s WHERE n < 120000)
SELECT 1 + n % 40000, elt(1 + n % 3, 'paid', 'sent', 'done'),
       current_timestamp(6) - INTERVAL 120000 - n SECOND, CASE WHEN n % 9 = 0 THEN 'please ring twice' END
FROM s;

INSERT INTO order_items
SELECT o.id, l.line, p.id, 1 + l.line % 3, p.price
FROM orders o
JOIN (SELECT 1 AS line UNION SELECT 2 UNION SELECT 3) l ON l.line <= 1 + o.id % 3
JOIN products p ON p.id = 1 + (o.id * 7 + l.line) % 4000;

UPDATE orders o
JOIN (SELECT order_id, sum(quantity * price) AS total FROM order_items GROUP BY order_id) i ON i.order_id = o.id
SET o.total = i.total;

ANALYZE TABLE customers, products, orders, order_items;
