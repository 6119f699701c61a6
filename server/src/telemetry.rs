//! Logs to standard error, figures to `/metrics`.

use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

use crate::settings::Settings;

/// Upper bounds in seconds, from what a local answer takes to what a long stream does.
const SECONDS: &[f64] = &[0.001, 0.005, 0.02, 0.1, 0.5, 1.0, 5.0, 20.0, 60.0, 300.0];

/// Starts logging as `CMP_LOG` says.
pub fn start(settings: &Settings) {
    let filter = EnvFilter::try_new(&settings.log).unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}

/// Starts counting; the handle prints the counts.
pub fn count() -> anyhow::Result<PrometheusHandle> {
    Ok(PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS)?
        .install_recorder()?)
}

/// Sums up what was measured every few seconds; without it samples would pile up until somebody asks for them.
pub fn keep_up(figures: PrometheusHandle) {
    market::spawn("sum up figures", async move {
        loop {
            tokio::time::sleep(Duration::from_secs(5)).await;
            figures.run_upkeep();
        }
    });
}
