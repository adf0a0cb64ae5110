//! Alpaca's messages as values: parsing and writing, without I/O, clock or state. Whatever Alpaca
//! leaves out is absent, whatever it adds is passed over, and a word that is not known is kept.

pub mod account;
pub mod actions;
pub mod activity;
pub mod asset;
pub mod auction;
mod json;
pub mod market;
pub mod markets;
mod msgpack;
pub mod news;
pub mod number;
pub mod order;
pub mod path;
pub mod refusal;
pub mod request;
pub mod stream;
mod tape;
pub mod trading;
pub mod words;

#[cfg(test)]
mod samples;

pub use number::{Number, Rounding};
pub use tape::{BYTES_MAX, Format, Malformed, Reader, View};
