//! The schema's history, embedded. Forward only; a released migration is never edited.

use sqlx::{
    SqlSafeStr as _,
    migrate::{Migration, MigrationType, Migrator},
};

use crate::{Db, Result};

macro_rules! migrations {
    ($engine:literal: $($version:literal $file:literal),+ $(,)?) => {
        vec![$(Migration::new(
            $version,
            $file.into(),
            MigrationType::Simple,
            include_str!(concat!("../../../migrations/", $engine, "/", $file, ".sql")).into_sql_str(),
            false,
        )),+]
    };
}

impl Db {
    /// Brings the schema up to date; running it again changes nothing.
    pub async fn migrate(&self) -> Result<()> {
        match self {
            Self::Sqlite(pool) => {
                Migrator::with_migrations(
                    migrations!["sqlite": 1 "0001_house", 2 "0002_discovery", 3 "0003_tenancy", 4 "0004_sign_in", 9 "0009_passkeys", 12 "0012_doors", 13 "0013_due"],
                )
                .run(pool)
                .await?;
            }
            Self::Postgres(pool) => {
                Migrator::with_migrations(
                    migrations!["postgres": 1 "0001_house", 2 "0002_discovery", 3 "0003_tenancy", 4 "0004_sign_in", 9 "0009_passkeys", 12 "0012_doors", 13 "0013_due"],
                )
                .run(pool)
                .await?;
            }
        }
        Ok(())
    }
}
