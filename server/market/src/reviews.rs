//! What customers say.

use crate::Market;

/// The service for it.
#[derive(Debug, Clone, Copy)]
pub struct Reviews<'a>(pub(crate) &'a Market);
