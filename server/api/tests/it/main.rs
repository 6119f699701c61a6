//! The doors from outside.
