//! Scenarios of the engine: events in, commands out, as text that a trader can read. Each runs long
//! and short, mirrored about a price of 100, and must read the same.

#[cfg(test)]
mod entries;
#[cfg(test)]
mod exits;
#[cfg(test)]
mod protection;
#[cfg(test)]
mod say;
#[cfg(test)]
mod scene;
#[cfg(test)]
mod venue;
