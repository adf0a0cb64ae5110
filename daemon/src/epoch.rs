//! The number of a new store, or of one that came back from a copy: part of every order id.

use crate::clock;

/// Draws one from the system: the one place that does.
#[must_use]
pub fn draw() -> u32 {
    let mut bytes = [0_u8; 4];
    // Without the system's generator the clock's nanoseconds have to do.
    match rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty()) {
        Ok(4) => u32::from_ne_bytes(bytes),
        _ => u32::try_from(clock::now().nanos() & i64::from(u32::MAX)).unwrap_or(1),
    }
}
