//! What a peer may do, and how much it may ask.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use trader_rpc::Role;

/// What a peer may do: the socket decides, and on the control socket root and the daemon's own user
/// may do everything.
#[must_use]
pub(super) const fn role_of(socket: Role, uid: u32, own_uid: u32) -> Role {
    match socket {
        Role::Control if uid == 0 || uid == own_uid => Role::Admin,
        other => other,
    }
}

/// How much a client may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Requests in a second, on average.
    pub per_second: u32,
    /// Requests at once.
    pub burst: u32,
}

/// A bucket of requests that fills with time.
#[derive(Debug)]
pub(super) struct Bucket {
    allowance: Allowance,
    state: Mutex<Level>,
}

#[derive(Debug, Clone, Copy)]
struct Level {
    /// Thousandths of a request.
    left: u64,
    filled_at: Duration,
}

impl Bucket {
    const REQUEST: u64 = 1_000;

    pub(super) fn full(allowance: Allowance, now: Duration) -> Self {
        let state = Level {
            left: u64::from(allowance.burst).saturating_mul(Self::REQUEST),
            filled_at: now,
        };
        Self {
            allowance,
            state: Mutex::new(state),
        }
    }

    /// Takes one request out; false if none is left.
    pub(super) fn take(&self, now: Duration) -> bool {
        let mut level = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = now.saturating_sub(level.filled_at).as_millis();
        if let Ok(millis @ 1..) = u64::try_from(passed) {
            let most = u64::from(self.allowance.burst).saturating_mul(Self::REQUEST);
            // Thousandths of a request per millisecond are requests per second.
            let gained = millis.saturating_mul(u64::from(self.allowance.per_second));
            level.left = level.left.saturating_add(gained).min(most);
            level.filled_at = level
                .filled_at
                .saturating_add(Duration::from_millis(millis));
        }
        match level.left.checked_sub(Self::REQUEST) {
            Some(rest) => {
                level.left = rest;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_control_socket_makes_root_an_administrator() {
        assert_eq!(role_of(Role::Control, 0, 990), Role::Admin);
        assert_eq!(role_of(Role::Control, 990, 990), Role::Admin);
        assert_eq!(role_of(Role::Control, 1000, 990), Role::Control);
        assert_eq!(role_of(Role::Read, 0, 990), Role::Read);
        assert_eq!(role_of(Role::Read, 990, 990), Role::Read);
    }

    #[test]
    fn a_burst_is_allowed_and_then_the_rate() {
        let allowance = Allowance {
            per_second: 50,
            burst: 100,
        };
        let at = Duration::from_millis;
        let bucket = Bucket::full(allowance, at(0));
        let taken = |now| (0..1_000).filter(|_| bucket.take(now)).count();
        assert_eq!(taken(at(0)), 100);
        assert_eq!(taken(at(19)), 0);
        assert_eq!(taken(at(20)), 1);
        assert_eq!(taken(at(1_020)), 50);
        assert_eq!(taken(at(60_000)), 100);
    }
}
