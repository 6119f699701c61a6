-- One transfer as the textbook has it: lock both rows, move the money, note it. 90 % are paid by account 1.
\set dice random(1, 100)
\set other random(2, 1000)
\set shift random(1, 998)
\set payee 2 + (:other - 2 + :shift) % 999
\set payer CASE WHEN :dice <= 90 THEN 1 ELSE :other END
\set amount random(1, 100)
BEGIN;
SELECT id, balance FROM accounts WHERE id IN (:payer, :payee) ORDER BY id FOR UPDATE;
UPDATE accounts SET balance = balance - :amount WHERE id = :payer;
UPDATE accounts SET balance = balance + :amount WHERE id = :payee;
INSERT INTO transfers (payer, payee, amount) VALUES (:payer, :payee, :amount);
COMMIT;
