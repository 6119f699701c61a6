//! `cmp-server`: reads the settings, opens the marketplace, and does one of the things below. Wiring only.

mod accept;
mod bench;
mod cache;
mod commands;
mod pages;
mod pictures;
mod settings;
mod site;
mod telemetry;
mod tries;

use std::process::ExitCode;

use clap::Parser as _;

// With its feature `override` it is C's allocator as well: SQLite asks for memory several times a column.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let command = commands::Command::parse();
    let settings = match settings::Settings::load() {
        Ok(settings) => settings,
        Err(wrong) => {
            eprintln!("{wrong}");
            return ExitCode::from(2);
        }
    };
    telemetry::start(&settings);
    match start(command, settings) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn start(command: commands::Command, settings: settings::Settings) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(settings.workers)
        .enable_all()
        .build()?
        .block_on(commands::run(command, settings))
}
