//! Scenarios of the engine: events in, commands out, as text that a trader can read. Each runs long
//! and short, mirrored about a price of 100, and must read the same.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "small numbers; an overflow would panic"
)]

#[cfg(test)]
mod account;
#[cfg(test)]
mod arming;
#[cfg(test)]
mod asked;
#[cfg(test)]
mod breakers;
#[cfg(test)]
mod caps;
#[cfg(test)]
mod cash;
#[cfg(test)]
mod corrections;
#[cfg(test)]
mod day;
#[cfg(test)]
mod ending;
#[cfg(test)]
mod entries;
#[cfg(test)]
mod exits;
#[cfg(test)]
mod explained;
#[cfg(test)]
mod exposure;
#[cfg(test)]
mod foreign;
#[cfg(test)]
mod gate;
#[cfg(test)]
mod hours;
#[cfg(test)]
mod kill;
#[cfg(test)]
mod ladder;
#[cfg(test)]
mod late;
#[cfg(test)]
mod left_behind;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod liveness;
#[cfg(test)]
mod lost;
#[cfg(test)]
mod observe;
#[cfg(test)]
mod operator;
#[cfg(test)]
mod overnight;
#[cfg(test)]
mod overrides;
#[cfg(test)]
mod permutations;
#[cfg(test)]
mod protection;
#[cfg(test)]
mod races;
#[cfg(test)]
mod random;
#[cfg(test)]
mod reached;
#[cfg(test)]
mod recovery;
#[cfg(test)]
mod reopened;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod reservations;
#[cfg(test)]
mod residue;
#[cfg(test)]
mod restart;
#[cfg(test)]
mod routes;
#[cfg(test)]
mod rows;
#[cfg(test)]
mod say;
#[cfg(test)]
mod scene;
#[cfg(test)]
mod setup;
#[cfg(test)]
mod sizes;
#[cfg(test)]
mod splits;
#[cfg(test)]
mod starts;
#[cfg(test)]
mod summary;
#[cfg(test)]
mod sweep;
#[cfg(test)]
mod targets;
#[cfg(test)]
mod traffic;
#[cfg(test)]
mod unknown;
#[cfg(test)]
mod unwritten;
#[cfg(test)]
mod venue;
