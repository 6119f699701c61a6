//! `cmp-server`: reads the settings, opens the marketplace, and does one of the things below. Wiring only.

mod accept;
mod bench;
mod cache;
mod commands;
mod pages;
mod settings;
mod site;
mod telemetry;

use clap::Parser as _;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<()> {
    let command = commands::Command::parse();
    let settings = match settings::Settings::load() {
        Ok(settings) => settings,
        Err(wrong) => {
            eprintln!("{wrong}");
            std::process::exit(2);
        }
    };
    telemetry::start(&settings);
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(settings.workers)
        .enable_all()
        .build()?
        .block_on(commands::run(command, settings))
}
