//! `alpaca-sim`: a server that speaks Alpaca's language on loopback, in front of a simulated exchange.

fn main() {}
