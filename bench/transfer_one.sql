-- The same transfer in one statement, one round trip and one commit. 90 % are paid by account 1.
\set dice random(1, 100)
\set other random(2, 1000)
\set shift random(1, 998)
\set payee 2 + (:other - 2 + :shift) % 999
\set payer CASE WHEN :dice <= 90 THEN 1 ELSE :other END
\set amount random(1, 100)
WITH paid AS (UPDATE accounts SET balance = balance - :amount WHERE id = :payer AND balance >= :amount RETURNING id), received AS (UPDATE accounts SET balance = balance + :amount WHERE id = :payee AND EXISTS (SELECT 1 FROM paid)) INSERT INTO transfers (payer, payee, amount) SELECT id, :payee, :amount FROM paid;
