//! What a peer may do. The role belongs to the socket a peer came through, narrowed by who it is.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a peer may do. Each role includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Looks.
    Read,
    /// Gives advice, which can only shrink or veto a decision.
    Advise,
    /// Takes risk away: pause, close, cancel, flatten, stop.
    Reduce,
    /// Adds risk: resume, strategies, settings.
    Control,
    /// Arms an account.
    Admin,
}

impl Role {
    /// Every role, the weakest first.
    pub const ALL: [Self; 5] = [
        Self::Read,
        Self::Advise,
        Self::Reduce,
        Self::Control,
        Self::Admin,
    ];

    /// Whether a peer of this role may do what needs `required`.
    #[must_use]
    pub fn allows(self, required: Self) -> bool {
        self >= required
    }

    /// Its name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Advise => "advise",
            Self::Reduce => "reduce",
            Self::Control => "control",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_allows_itself_and_what_is_weaker_and_nothing_else() {
        for (have, &role) in Role::ALL.iter().enumerate() {
            for (need, &required) in Role::ALL.iter().enumerate() {
                assert_eq!(role.allows(required), have >= need, "{role} for {required}");
            }
        }
    }
}
