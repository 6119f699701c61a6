//! The questions that prove the ledger: each finds the first record that contradicts another.

use crate::{Result, Tx, db::built};

/// A record that contradicts the rest of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offence {
    /// What should hold, as a sentence.
    pub rule: &'static str,
    /// The record, as in `posting 018f… line 1`.
    pub record: String,
    pub recorded: i64,
    pub proven: i64,
}

/// The rules, each with a query that returns `record`, `recorded` and `proven` of what breaks it.
const RULES: &[(&str, &str)] = &[
    (
        "a transfer is between two known accounts",
        "SELECT 'posting ' || p.entry_id || ' line ' || CAST(p.line AS TEXT) AS record,
             p.amount AS recorded, CAST(0 AS BIGINT) AS proven
         FROM postings p
         LEFT JOIN accounts f ON f.id = p.from_account LEFT JOIN accounts t ON t.id = p.to_account
         WHERE f.id IS NULL OR t.id IS NULL OR p.from_account = p.to_account
         ORDER BY p.entry_id, p.line LIMIT 1",
    ),
    (
        "the transfers of an entry change the customer's credits by the entry's amount",
        "SELECT 'posting ' || p.entry_id || ' line ' || CAST(p.first AS TEXT) AS record,
             p.moved AS recorded, COALESCE(e.amount, 0) AS proven
         FROM (SELECT entry_id, MIN(line) AS first, CAST(SUM(
                   CASE WHEN substr(to_account, 1, 10) = 'available:' OR substr(to_account, 1, 5) = 'held:'
                        THEN amount ELSE 0 END
                 - CASE WHEN substr(from_account, 1, 10) = 'available:' OR substr(from_account, 1, 5) = 'held:'
                        THEN amount ELSE 0 END) AS BIGINT) AS moved
               FROM postings GROUP BY entry_id) p
         LEFT JOIN entries e ON e.id = p.entry_id
         WHERE p.moved <> COALESCE(e.amount, 0) ORDER BY p.entry_id LIMIT 1",
    ),
    (
        "an entry has transfers",
        "SELECT 'entry ' || e.id AS record, e.amount AS recorded, CAST(0 AS BIGINT) AS proven
         FROM entries e LEFT JOIN (SELECT DISTINCT entry_id FROM postings) p ON p.entry_id = e.id
         WHERE p.entry_id IS NULL AND e.amount <> 0 ORDER BY e.id LIMIT 1",
    ),
    (
        "an account holds the sum of its transfers",
        "SELECT 'account ' || a.id AS record, a.balance AS recorded,
             COALESCE(i.total, 0) - COALESCE(o.total, 0) AS proven
         FROM accounts a
         LEFT JOIN (SELECT to_account AS id, CAST(SUM(amount) AS BIGINT) AS total
                    FROM postings GROUP BY to_account) i ON i.id = a.id
         LEFT JOIN (SELECT from_account AS id, CAST(SUM(amount) AS BIGINT) AS total
                    FROM postings GROUP BY from_account) o ON o.id = a.id
         WHERE a.balance <> COALESCE(i.total, 0) - COALESCE(o.total, 0) ORDER BY a.id LIMIT 1",
    ),
    (
        "all accounts together hold nothing",
        "SELECT 'all accounts' AS record, total AS recorded, CAST(0 AS BIGINT) AS proven
         FROM (SELECT CAST(COALESCE(SUM(balance), 0) AS BIGINT) AS total FROM accounts) s
         WHERE total <> 0",
    ),
    (
        "each wallet entry continues the one before it",
        "SELECT 'entry ' || id AS record, balance AS recorded, previous + amount AS proven
         FROM (SELECT id, customer_id, number, amount, balance,
                   LAG(balance, 1, CAST(0 AS BIGINT)) OVER w AS previous,
                   LAG(number, 1, CAST(0 AS BIGINT)) OVER w AS before
               FROM entries WINDOW w AS (PARTITION BY customer_id ORDER BY number)) s
         WHERE balance <> previous + amount OR number <> before + 1
         ORDER BY customer_id, number LIMIT 1",
    ),
    (
        "what is held is in open holds and leases",
        "SELECT 'account ' || a.id AS record, a.balance AS recorded,
             COALESCE(h.total, 0) + COALESCE(l.total, 0) AS proven
         FROM accounts a
         LEFT JOIN (SELECT 'held:' || customer_id AS id, CAST(SUM(budget) AS BIGINT) AS total
                    FROM holds WHERE state = 'held' GROUP BY customer_id) h ON h.id = a.id
         LEFT JOIN (SELECT 'held:' || customer_id AS id, CAST(SUM(amount - spent) AS BIGINT) AS total
                    FROM leases WHERE closed_at IS NULL GROUP BY customer_id) l ON l.id = a.id
         WHERE substr(a.id, 1, 5) = 'held:'
             AND a.balance <> COALESCE(h.total, 0) + COALESCE(l.total, 0) ORDER BY a.id LIMIT 1",
    ),
    (
        "a receipt's cost is what the ledger debited",
        "SELECT 'receipt ' || r.id AS record, r.credits AS recorded, COALESCE(-e.amount, 0) AS proven
         FROM requests r LEFT JOIN entries e ON e.receipt_id = r.id
         WHERE r.credits <> COALESCE(-e.amount, 0) ORDER BY r.id LIMIT 1",
    ),
];

/// How much was proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    pub accounts: u64,
    pub postings: u64,
    pub entries: u64,
    pub receipts: u64,
}

/// Checks every rule; the first offence of each broken one.
pub async fn check(tx: &mut Tx) -> Result<(Extent, Vec<Offence>)> {
    let mut offences = Vec::new();
    for (rule, query) in RULES {
        let found = built(&mut *tx, (*query).to_owned())
            .optional(|row| {
                Ok(Offence {
                    rule,
                    record: row.get("record")?,
                    recorded: row.get("recorded")?,
                    proven: row.get("proven")?,
                })
            })
            .await?;
        offences.extend(found);
    }
    let extent = built(
        tx,
        "SELECT (SELECT COUNT(*) FROM accounts) AS accounts, (SELECT COUNT(*) FROM postings) AS postings,
             (SELECT COUNT(*) FROM entries) AS entries, (SELECT COUNT(*) FROM requests) AS receipts"
            .to_owned(),
    )
    .one(|row| {
        Ok(Extent {
            accounts: row.count("accounts")?,
            postings: row.count("postings")?,
            entries: row.count("entries")?,
            receipts: row.count("receipts")?,
        })
    })
    .await?;
    Ok((extent, offences))
}
