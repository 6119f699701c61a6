//! Background work that belongs to the process.

use std::future::Future;

/// Starts background work. A panic in it is logged with its name by the panic hook; the process lives on.
pub fn spawn(name: &'static str, work: impl Future<Output = ()> + Send + 'static) {
    tracing::debug!(task = name, "background task starts");
    drop(tokio::spawn(work));
}
