//! Reports of problems.

use crate::Market;

/// The service for it.
#[derive(Debug, Clone, Copy)]
pub struct Tickets<'a>(pub(crate) &'a Market);
