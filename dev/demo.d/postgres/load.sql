-- One round of the demo's workload, run by pgbench many times a second: a customer orders three
-- things in one transaction; now and then an order moves on, is cancelled, or is rolled back.

\set customer random(1, 40000)
\set product random(1, 3990)
\set old random(1, 120000)
\set luck random(1, 10)

BEGIN;
INSERT INTO orders (customer_id, note) VALUES (:customer, NULL) RETURNING id AS order_id \gset
INSERT INTO order_items
    SELECT :order_id, line, p.id, line, p.price
    FROM generate_series(1, 3) line JOIN products p ON p.id = :product + line;
UPDATE orders SET total = (SELECT sum(quantity * price) FROM order_items WHERE order_id = :order_id)
    WHERE id = :order_id;
UPDATE products SET stock = stock - 1 WHERE id = :product + 1;
COMMIT;

\if :luck <= 3
UPDATE orders SET status = CASE status WHEN 'new' THEN 'paid' WHEN 'paid' THEN 'sent' ELSE 'done' END
    WHERE id = :order_id;
UPDATE customers SET balance = balance + 1.50 WHERE id = :customer;
\elif :luck = 4
DELETE FROM orders WHERE id = :old;
\elif :luck = 5
BEGIN;
UPDATE customers SET balance = -1 WHERE id = :customer;
ROLLBACK;
\endif
