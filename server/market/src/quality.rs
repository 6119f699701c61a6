//! Quality as measured.

use crate::Market;

/// The service for it.
#[derive(Debug, Clone, Copy)]
pub struct Quality<'a>(pub(crate) &'a Market);
