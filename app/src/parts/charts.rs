//! Charts as SVG from the server: a title, a sentence that says the same, and the figures as a table beneath.

mod uptime;
mod usage;

pub use self::{
    uptime::{Step, uptime_blocks, uptime_legend},
    usage::credits_per_day,
};
