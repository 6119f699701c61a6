//! The design system: pieces of view that take data and give markup. Nothing here asks the market for anything.

pub mod areas;
pub mod badges;
pub mod cards;
pub mod charts;
pub mod code;
pub mod compare;
pub mod comparison;
pub mod crumbs;
pub mod detail;
pub mod fields;
pub mod filters;
pub mod frames;
pub mod highlight;
pub mod icons;
pub mod invoices;
pub mod log;
pub mod notices;
pub mod orders;
pub mod pages;
pub mod prices;
pub mod ratings;
pub mod table;
pub mod tickets;
pub mod timeline;
pub mod views;
