//! Long lists on both engines: a survey tells what counting and skipping would.

use std::time::Duration;

use model::Timestamp;
use store::{
    Db, Row,
    lists::{Asked, Clause, Kind, Shelf, filter},
    sql,
    surveys::{Long, Surveys},
};

use crate::{postgres, sqlite};

const ROWS: i64 = 21_000;

static THINGS: Shelf = Shelf {
    select: "t.id, t.state, n.name",
    from: "things t JOIN named n ON n.state = t.state",
    counted: "things t",
    filters: &[
        filter("state", Kind::Text, "t.state IN (?)"),
        filter("name", Kind::Text, "n.name IN (?)"),
    ],
    orders: &[("created", "t.created_at"), ("state", "t.state"), ("name", "n.name")],
    usual_order: "t.created_at DESC",
    id: "t.id",
};
const LIST: Long = Long { shelf: &THINGS, at: "t.created_at", changed: "t.changed_at" };

/// Six of seven things are open; three are always made at the same time.
async fn fill(db: &Db) {
    for text in [
        "CREATE TABLE named (state TEXT PRIMARY KEY NOT NULL, name TEXT NOT NULL)",
        "INSERT INTO named (state, name) VALUES ('open', 'Open'), ('shut', 'Shut')",
        "CREATE TABLE things (id TEXT PRIMARY KEY NOT NULL, state TEXT NOT NULL, created_at BIGINT NOT NULL,
             changed_at BIGINT NOT NULL)",
        "CREATE INDEX things_by_age ON things (created_at, id)",
        "CREATE INDEX things_by_state ON things (state, created_at, id)",
        "CREATE INDEX things_by_change ON things (changed_at, created_at, id)",
    ] {
        sql(db, text).execute().await.unwrap();
    }
    sql(
        db,
        "WITH RECURSIVE counted (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM counted WHERE i + 1 < $1)
         INSERT INTO things (id, state, created_at, changed_at)
         SELECT CAST(1000000 + i * 7919 % 1000000 AS TEXT), CASE WHEN i % 7 = 0 THEN 'shut' ELSE 'open' END, i / 3 * 10, i / 3 * 10
         FROM counted",
    )
    .bind(ROWS)
    .execute()
    .await
    .unwrap();
}

fn read(row: &Row) -> store::Result<(String, String)> {
    Ok((row.get("id")?, row.get("name")?))
}

fn asked(pairs: &[(&str, &str)]) -> Asked {
    Asked::read(&THINGS, pairs.iter().copied()).unwrap()
}

/// What the survey tells must be what the plain list tells.
async fn compare(
    surveys: &Surveys,
    db: &Db,
    now: i64,
    pairs: &[(&str, &str)],
    offsets: &[i64],
) -> u64 {
    let (asked, now) = (asked(pairs), Timestamp::from_ms(now));
    let mut counted = 0;
    for offset in offsets {
        let plain = THINGS.page(db, &asked, (50, *offset), read).await.unwrap();
        let found = surveys.page(LIST, db, now, &asked, (50, *offset), read).await.unwrap();
        assert_eq!(found, plain, "{pairs:?} after {offset} on {}", db.engine());
        counted = found.1;
    }
    counted
}

const OFFSETS: [i64; 12] =
    [0, 50, 1_999, 2_000, 2_001, 9_970, 9_999, 17_950, 17_999, 20_980, 21_000, 90_000];

async fn pages_are_those_of_the_plain_list(db: Db) {
    fill(&db).await;
    let surveys = Surveys::default();
    let now = 1_000_000;
    for order in ["-created", "created", "", "state", "-name"] {
        assert_eq!(compare(&surveys, &db, now, &[("o", order)], &OFFSETS).await, 21_000);
        let open = [("state", "open"), ("o", order)];
        assert_eq!(compare(&surveys, &db, now, &open, &OFFSETS).await, 18_000);
        let shut = [("state", "shut"), ("o", order)];
        assert_eq!(compare(&surveys, &db, now, &shut, &[0, 100, 2_990, 3_000]).await, 3_000);
        assert_eq!(
            compare(&surveys, &db, now, &[("name", "Open"), ("o", order)], &[0, 9_000]).await,
            18_000
        );
    }
    let none = Asked::default().and(Clause::of("t.state IN (?)", Vec::<String>::new()));
    let found =
        surveys.page(LIST, &db, Timestamp::from_ms(now), &none, (50, 0), read).await.unwrap();
    assert_eq!(found, (vec![], 0));

    // Many who ask for a list at once that nobody has asked for before.
    let fresh = Surveys::default();
    let wanted = asked(&[("state", "open")]);
    let at_once =
        (0..8).map(|_| fresh.page(LIST, &db, Timestamp::from_ms(now), &wanted, (50, 12_345), read));
    let answers = futures_util::future::join_all(at_once).await;
    let first = THINGS.page(&db, &wanted, (50, 12_345), read).await.unwrap();
    assert!(answers.into_iter().all(|answer| answer.unwrap() == first));
}

async fn changes_are_seen(db: Db) {
    fill(&db).await;
    let surveys = Surveys::default();
    let mut now = 1_000_000;
    let lists: [&[(&str, &str)]; 3] =
        [&[], &[("state", "open")], &[("state", "open"), ("o", "created")]];
    for list in lists {
        compare(&surveys, &db, now, list, &[0]).await;
    }
    // Some leave a condition, some come into it, new ones come at the top and in the middle; more than a stride has room
    // for, so that it is cut.
    let mut before = 18_000;
    for text in [
        "UPDATE things SET state = 'shut', changed_at = $1 WHERE created_at BETWEEN 30000 AND 31000 AND state = 'open'",
        "UPDATE things SET state = 'open', changed_at = $1 WHERE created_at BETWEEN 500 AND 600 AND state = 'shut'",
        "INSERT INTO things (id, state, created_at, changed_at) VALUES ('a', 'open', 45000, $1), ('b', 'open', 90000, $1)",
        "WITH RECURSIVE counted (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM counted WHERE i < 4500)
             INSERT INTO things (id, state, created_at, changed_at)
             SELECT 'x' || CAST(i AS TEXT), 'open', 95000 + i, $1 FROM counted",
    ] {
        now += 60_000;
        sql(&db, text).bind(now - 9_000).execute().await.unwrap();
        tokio::time::sleep(Duration::from_millis(250)).await;
        let counted = compare(&surveys, &db, now, &[("state", "open")], &OFFSETS).await;
        assert_ne!(counted, before, "nothing was changed by {text}");
        before = counted;
        for list in lists {
            compare(&surveys, &db, now, list, &OFFSETS).await;
        }
    }
    // What was deleted, or written with a time long past, is seen when the survey is made anew.
    sql(&db, "DELETE FROM things WHERE created_at BETWEEN 40000 AND 40090")
        .execute()
        .await
        .unwrap();
    surveys.renew(&db, Timestamp::from_ms(now), Duration::ZERO).await.unwrap();
    for list in lists {
        compare(&surveys, &db, now, list, &OFFSETS).await;
    }
    // A list that has become short is counted again.
    now += 60_000;
    sql(&db, "UPDATE things SET state = 'shut', changed_at = $1 WHERE created_at > 5000")
        .bind(now)
        .execute()
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(250)).await;
    for list in lists {
        compare(&surveys, &db, now, list, &[0, 1_000]).await;
    }
    sql(&db, "DELETE FROM things WHERE state = 'open'").execute().await.unwrap();
    assert_eq!(compare(&surveys, &db, now, &[("state", "open")], &[0]).await, 0);
}

#[tokio::test]
async fn pages_of_long_lists_on_sqlite() {
    pages_are_those_of_the_plain_list(sqlite().await).await;
}

#[tokio::test]
async fn pages_of_long_lists_on_postgres() {
    pages_are_those_of_the_plain_list(postgres("surveys_pages").await).await;
}

#[tokio::test]
async fn changes_of_long_lists_on_sqlite() {
    changes_are_seen(sqlite().await).await;
}

#[tokio::test]
async fn changes_of_long_lists_on_postgres() {
    changes_are_seen(postgres("surveys_changes").await).await;
}
