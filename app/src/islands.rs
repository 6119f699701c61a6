//! What is interactive in the browser. Each island works as plain HTML first; wasm only makes it immediate.
//!
//! Copying and the details dialog are not here: they must answer the very first click, which a bundle that is fetched
//! on intent cannot promise, and they need a few lines of script. They are in `public/boot.js`.

mod estimates;

pub use self::estimates::CostEstimate;
