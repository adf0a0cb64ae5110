//! A server that speaks Alpaca's language on loopback, in front of the simulated exchange.
