//! The doors from outside: whole requests through the router, over a market on every engine there is.

mod app;
mod callers;
mod documents;
mod forms;
mod money;
mod services;
mod wrong;
