-- One round of the demo's workload, told to each session many times a second: a customer orders three
-- things in one transaction; now and then an order moves on, is cancelled, or is rolled back. What luck
-- does not want changes no row.

SET @customer = CAST(1 + floor(rand() * 40000) AS signed), @product = CAST(1 + floor(rand() * 3990) AS signed),
    @old = CAST(1 + floor(rand() * 120000) AS signed), @luck = CAST(1 + floor(rand() * 10) AS signed);

BEGIN;
INSERT INTO orders (customer_id, note) VALUES (@customer, NULL);
SET @order = last_insert_id();
-- The stock first, and products in the order of their ids: so no two sessions wait for each other.
UPDATE products SET stock = stock - 1 WHERE id = @product + 1;
INSERT INTO order_items
    SELECT @order, id - @product, id, id - @product, price
    FROM products WHERE id BETWEEN @product + 1 AND @product + 3;
UPDATE orders SET total = (SELECT sum(quantity * price) FROM order_items WHERE order_id = @order)
    WHERE id = @order;
COMMIT;

UPDATE orders SET status = CASE status WHEN 'new' THEN 'paid' WHEN 'paid' THEN 'sent' ELSE 'done' END
    WHERE id = @order AND @luck <= 3;
UPDATE customers SET balance = balance + 1.50 WHERE id = @customer AND @luck <= 3;

BEGIN;
DELETE FROM order_items WHERE order_id = @old AND @luck = 4;
DELETE FROM orders WHERE id = @old AND @luck = 4;
COMMIT;

BEGIN;
UPDATE customers SET balance = -1 WHERE id = @customer AND @luck = 5;
ROLLBACK;
