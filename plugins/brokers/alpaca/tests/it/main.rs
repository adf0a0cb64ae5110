//! Tests of the client over real sockets, against the simulator: two readings of Alpaca's language that
//! were written apart.

#![cfg(feature = "simulator")]

#[cfg(test)]
mod harness;

#[cfg(test)]
mod account;
#[cfg(test)]
mod data;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod orders;
