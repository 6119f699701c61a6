//! The store on both engines: the schemas agree, and statements that no other test reaches do what they say.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "what is not as it must be fails the test"
)]

mod surveys;

use std::collections::{BTreeMap, BTreeSet};

use store::{Db, sql};

async fn sqlite() -> Db {
    let db = Db::open("sqlite::memory:").await.unwrap();
    db.migrate().await.unwrap();
    db
}

async fn postgres(name: &str) -> Db {
    let server =
        std::env::var("TEST_DATABASE_URL").expect("TEST_DATABASE_URL; `make test` starts a server");
    let name = format!("store_{name}_{}", std::process::id());
    store::testing::create_database(&server, &name).await.unwrap();
    let base = server.rsplit_once('/').unwrap().0;
    let db = Db::open(&format!("{base}/{name}")).await.unwrap();
    db.migrate().await.unwrap();
    db
}

fn names(folder: &str) -> BTreeSet<String> {
    let path = format!("{}/../../migrations/{folder}", env!("CARGO_MANIFEST_DIR"));
    let files = std::fs::read_dir(path).unwrap();
    files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn both_engines_have_the_same_migrations() {
    assert_eq!(names("sqlite"), names("postgres"));
    assert!(!names("sqlite").is_empty());
}

/// Each table's columns, and whether they may be null.
type Schema = BTreeMap<String, BTreeMap<String, bool>>;

async fn sqlite_schema(db: &Db) -> Schema {
    let rows = sql(
        db,
        "SELECT m.name AS tab, c.name AS col, c.\"notnull\" = 0 AND c.pk = 0 AS nullable
         FROM sqlite_master m JOIN pragma_table_info(m.name) c
         WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' AND m.name <> '_sqlx_migrations'",
    );
    schema(rows.rows().await.unwrap())
}

async fn postgres_schema(db: &Db) -> Schema {
    let rows = sql(
        db,
        "SELECT table_name::text AS tab, column_name::text AS col,
             CASE is_nullable WHEN 'YES' THEN 1::BIGINT ELSE 0::BIGINT END AS nullable
         FROM information_schema.columns
         WHERE table_schema = 'public' AND table_name <> '_sqlx_migrations'",
    );
    schema(rows.rows().await.unwrap())
}

fn schema(rows: Vec<store::Row>) -> Schema {
    let mut found = Schema::new();
    for row in rows {
        let nullable = row.get::<i64>("nullable").unwrap() != 0;
        found.entry(row.get("tab").unwrap()).or_default().insert(row.get("col").unwrap(), nullable);
    }
    found
}

#[tokio::test]
async fn both_engines_have_the_same_schema() {
    let (one, two) = (sqlite().await, postgres("parity").await);
    assert_eq!(sqlite_schema(&one).await, postgres_schema(&two).await);
}

#[tokio::test]
async fn migrating_again_changes_nothing() {
    for db in [sqlite().await, postgres("again").await] {
        db.migrate().await.unwrap();
        assert_eq!(store::versions::read(&db, "catalog").await.unwrap(), 1);
    }
}

#[tokio::test]
async fn a_dropped_transaction_leaves_nothing() {
    for db in [sqlite().await, postgres("dropped").await] {
        let mut tx = db.begin().await.unwrap();
        store::versions::bump(&mut tx, "catalog").await.unwrap();
        drop(tx);
        assert_eq!(store::versions::read(&db, "catalog").await.unwrap(), 1);
    }
}

#[tokio::test]
async fn a_backup_is_a_whole_database() {
    let dir = std::env::temp_dir().join(format!("cmp-backup-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let (from, to) = (dir.join("a.db"), dir.join("b.db"));
    let db = Db::open(&format!("sqlite://{}", from.display())).await.unwrap();
    db.migrate().await.unwrap();
    let mut tx = db.begin().await.unwrap();
    store::versions::bump(&mut tx, "catalog").await.unwrap();
    tx.commit().await.unwrap();
    store::backup::to_file(&db, to.to_str().unwrap()).await.unwrap();
    assert!(
        store::backup::to_file(&db, to.to_str().unwrap()).await.is_err(),
        "a backup never overwrites"
    );
    let copy = Db::open(&format!("sqlite://{}", to.display())).await.unwrap();
    assert_eq!(store::versions::read(&copy, "catalog").await.unwrap(), 2);
    std::fs::remove_dir_all(dir).unwrap();
}

#[tokio::test]
async fn other_addresses_are_refused() {
    assert!(matches!(Db::open("mysql://x").await, Err(store::Error::Address)));
    assert!(store::testing::create_database("postgres://x", "a; DROP DATABASE b").await.is_err());
}
