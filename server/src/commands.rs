//! The commands, and what each puts together.

use std::{fs, path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context as _, bail};
use clap::{Parser, Subcommand};
use market::{Market, SAMPLE_PASSWORD, SAMPLE_USERS};
use model::{Email, Role};
use store::Db;

use crate::{accept, bench, settings::Settings, site, telemetry};

/// How long a stopping server waits for running calls.
const DRAIN: Duration = Duration::from_secs(30);

/// A marketplace for AI agents and services that an organisation runs itself.
#[derive(Debug, Parser)]
#[command(name = "cmp-server", version)]
pub struct Command {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Brings the database up to date and serves the marketplace until it is told to stop.
    Serve {
        /// Fill in the sample content when the database is empty.
        #[arg(long)]
        samples: bool,
    },
    /// Brings the database up to date.
    Migrate,
    /// Fills in the sample content when the database is empty.
    Seed,
    /// Manages operators.
    Operator {
        #[command(subcommand)]
        what: Operator,
    },
    /// Prints a new API token for a user.
    Token {
        #[arg(long)]
        email: Email,
    },
    /// Recomputes the whole ledger; fails with the first offending record when it does not balance.
    Proof,
    /// Writes a consistent copy of the database to a file that does not exist yet.
    Backup { file: PathBuf },
    /// Prints the document that describes the REST doors.
    Openapi,
    /// Lists an offering with an upstream for benchmarks, and prints its model and a key.
    BenchUpstream {
        /// The base address that `/chat/completions` is added to.
        #[arg(long)]
        url: String,
        /// The name that the upstream knows the model by.
        #[arg(long, default_value = "mock")]
        model: String,
    },
    /// Fills an empty database with a large catalogue for benchmarks.
    BenchCatalog {
        #[arg(long, default_value_t = 100_000)]
        offerings: u64,
    },
    /// Fills an empty database with a marketplace that has many orders; prints the tokens of who may ask for them.
    BenchOrders {
        #[arg(long, default_value_t = 1_000_000)]
        orders: u64,
    },
    /// Measures finding in the catalogue of the database, without HTTP and pages; prints JSON.
    BenchSearch {
        /// One query string per line.
        #[arg(long)]
        queries: PathBuf,
    },
    /// Measures durable transfers with 90 % of them on one account, on a ledger of its own.
    BenchLedger {
        #[arg(long, default_value_t = 5)]
        seconds: u64,
        #[arg(long, default_value_t = 512)]
        clients: usize,
    },
    /// Makes customers with a hundred things to bill each, or measures the invoices of their last month; prints JSON.
    BenchInvoices {
        /// Makes so many customers instead of measuring.
        #[arg(long)]
        prepare: Option<usize>,
    },
    /// Answers every request with the bytes of a file: what a page can at best be served like.
    BenchStatic {
        #[arg(long)]
        file: PathBuf,
        #[arg(long)]
        addr: std::net::SocketAddr,
    },
}

#[derive(Debug, Subcommand)]
enum Operator {
    /// Makes a user with full access, or gives an existing user the role and the password.
    Create {
        #[arg(long)]
        email: Email,
        #[arg(long)]
        password: String,
        /// `staff`, or `integration` for a program that provisions and adds credits.
        #[arg(long, default_value = "staff")]
        role: Role,
    },
}

async fn database(settings: &Settings) -> anyhow::Result<Db> {
    fs::create_dir_all(&settings.data_dir)
        .with_context(|| format!("the folder {} cannot be made", settings.data_dir.display()))?;
    let db = Db::open(&settings.database_url)
        .await
        .context("the database in DATABASE_URL cannot be opened")?;
    db.migrate().await.context("the database cannot be brought up to date")?;
    Ok(db)
}

async fn market(settings: &Settings) -> anyhow::Result<Market> {
    Ok(Market::open(database(settings).await?, settings.market()).await?)
}

pub async fn run(command: Command, settings: Settings) -> anyhow::Result<()> {
    match command.what {
        What::Serve { samples } => serve(settings, samples).await,
        What::Migrate => database(&settings).await.map(drop),
        What::Seed => {
            let market = market(&settings).await?;
            let seeded = market.seed().await?;
            println!(
                "{}",
                if seeded {
                    "The sample content is in."
                } else {
                    "There is something in the database already; nothing was changed."
                }
            );
            Ok(market.stop().await?)
        }
        What::Operator { what: Operator::Create { email, password, role } } => {
            let market = market(&settings).await?;
            let id = market
                .identity()
                .create_operator(&email, password, role)
                .await
                .map_err(|e| anyhow::anyhow!(e.sentence()))?;
            println!("{id}");
            Ok(market.stop().await?)
        }
        What::Token { email } => {
            let market = market(&settings).await?;
            println!(
                "{}",
                market
                    .identity()
                    .token_of(&email)
                    .await
                    .map_err(|e| anyhow::anyhow!(e.sentence()))?
            );
            Ok(market.stop().await?)
        }
        What::Proof => prove(&settings).await,
        What::Backup { file } => backup(&settings, &file).await,
        What::Openapi => {
            println!("{:#}", api::openapi(&settings.public_url));
            Ok(())
        }
        What::BenchUpstream { url, model } => {
            let market = market(&settings).await?;
            let made = market.bench_upstream(&url, &model).await?;
            println!(
                "{}",
                serde_json::json!({ "model": made.model, "api_key": made.api_key.reveal() })
            );
            Ok(market.stop().await?)
        }
        What::BenchCatalog { offerings } => {
            let market = market(&settings).await?;
            let total = market.bench_catalog(offerings).await?;
            println!("{total} offerings are on sale.");
            Ok(market.stop().await?)
        }
        What::BenchOrders { orders } => {
            let market = market(&settings).await?;
            let made = market.bench_orders(orders).await?;
            let owner = |(token, customer): &(String, model::CustomerId)| serde_json::json!({ "token": token, "customer": customer.hex() });
            println!(
                "{}",
                serde_json::json!({
                    "orders": made.orders, "staff": made.staff, "large": owner(&made.large), "small": owner(&made.small),
                })
            );
            Ok(market.stop().await?)
        }
        What::BenchSearch { queries } => {
            let market = market(&settings).await?;
            println!("{}", bench::search(&market, &fs::read_to_string(queries)?).await?);
            Ok(market.stop().await?)
        }
        What::BenchLedger { seconds, clients } => {
            let figures = bench::ledger(
                database(&settings).await?,
                &settings,
                Duration::from_secs(seconds),
                clients,
            )
            .await?;
            println!("{figures}");
            Ok(())
        }
        What::BenchInvoices { prepare } => {
            let market = market(&settings).await?;
            println!("{}", bench::invoices(&market, prepare).await?);
            Ok(market.stop().await?)
        }
        What::BenchStatic { file, addr } => bench::serve_file(fs::read(file)?, addr).await,
    }
}

async fn prove(settings: &Settings) -> anyhow::Result<()> {
    let market = market(settings).await?;
    let (extent, offences) = market.prove().await?;
    market.stop().await?;
    println!(
        "{} accounts, {} postings, {} wallet entries and {} receipts were proven.",
        extent.accounts, extent.postings, extent.entries, extent.receipts
    );
    for offence in &offences {
        println!(
            "NOT SO: {}. {} is recorded with {} and must be {} micro-credits.",
            offence.rule, offence.record, offence.recorded, offence.proven
        );
    }
    if !offences.is_empty() {
        std::process::exit(1);
    }
    println!("The ledger balances.");
    Ok(())
}

async fn backup(settings: &Settings, file: &std::path::Path) -> anyhow::Result<()> {
    if file.exists() {
        bail!("{} exists; a backup never overwrites", file.display());
    }
    let db = database(settings).await?;
    let path = file.to_str().context("the path is not UTF-8")?;
    if matches!(db, Db::Sqlite(_)) {
        store::backup::to_file(&db, path).await?;
    } else {
        let status = std::process::Command::new("pg_dump")
            .args(["--format=custom", "--file", path, &settings.database_url])
            .status()
            .context("pg_dump is needed to back up PostgreSQL")?;
        if !status.success() {
            bail!("pg_dump failed with {status}");
        }
    }
    println!("{} was written.", file.display());
    Ok(())
}

async fn serve(settings: Settings, samples: bool) -> anyhow::Result<()> {
    let figures = telemetry::count()?;
    let market = market(&settings).await?;
    if samples {
        market.seed().await?;
    }
    if let Some(url) = &settings.smtp_url {
        let smtp = mail::Smtp::new(url, &settings.mail_from)
            .context("CMP_SMTP_URL or CMP_MAIL_FROM cannot be used")?;
        market.send_mail_by(Arc::new(smtp));
    }
    market.tell_hooks_by(Arc::new(gateway::Teller::new(&settings.gateway())));
    if let Some(provider) = settings.oidc() {
        let oidc = sso::Oidc::new(provider).context("CMP_OIDC_ISSUER cannot be used")?;
        market.sign_on_by(Arc::new(oidc));
    }
    match passkeys::Devices::new(&settings.public_url) {
        Ok(devices) => market.know_devices_by(Arc::new(devices)),
        Err(why) => tracing::info!(%why, "there are no passkeys here"),
    }
    market.start().await?;
    telemetry::keep_up(figures.clone());
    let gateway = gateway::Gateway::new(market.clone(), settings.gateway());
    let (app, site) = site::router(&market, gateway.clone(), &settings, figures)?;
    let front = Arc::new(accept::Front {
        app,
        gateway: gateway.clone(),
        site,
        trust_proxy: settings.trust_proxy,
    });
    let listener = tokio::net::TcpListener::bind(settings.addr)
        .await
        .with_context(|| format!("CMP_ADDR {} cannot be listened on", settings.addr))?;
    let probing = settings.probe_every.map(|every| gateway.probe(every));
    welcome(&settings, samples);
    accept::serve(listener, front, stop_signal(), DRAIN).await;
    if let Some(probing) = probing {
        probing.stop().await;
    }
    if !gateway.drain(DRAIN).await {
        tracing::warn!("calls were still running when the server stopped; their credits go back");
    }
    market.stop().await?;
    tracing::info!("stopped");
    Ok(())
}

fn welcome(settings: &Settings, samples: bool) {
    println!("The marketplace is at {}", settings.public_url);
    if samples {
        println!(
            "Sign in at {}/login/ with the password {SAMPLE_PASSWORD} as",
            settings.public_url
        );
        for (email, role) in SAMPLE_USERS {
            println!("  {email:<22} the sample {role}");
        }
    }
}

/// Ends when the process is asked to: by SIGTERM or from the keyboard.
async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
        }
        Err(error) => {
            tracing::error!(%error, "SIGTERM cannot be listened for");
            let _ = tokio::signal::ctrl_c().await;
        }
    }
}
