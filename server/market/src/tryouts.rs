//! Trying a service in the page.

use crate::Market;

/// The service for it.
#[derive(Debug, Clone, Copy)]
pub struct Tryouts<'a>(pub(crate) &'a Market);
