//! Who may make which call: deny by default. The server asks before a call is read, and the kernel once
//! more before it acts, so that no way to the engine goes past it.

use trader_core::planted::{Bug, is};
use trader_rpc::{Failure, Role, method};

/// Why a peer may not make a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// No table names the method: nobody may call it.
    Unknown,
    /// It needs a stronger role.
    Role {
        /// The weakest that may call it.
        required: Role,
    },
}

impl Denied {
    /// As the caller hears it; `None` for a method that there is not, which has a code of its own on the
    /// wire.
    #[must_use]
    pub fn failure(self, method: &str, has: Role) -> Option<Failure> {
        match self {
            Self::Unknown => None,
            Self::Role { required } => Some(Failure::wrong_role(method, required, has)),
        }
    }
}

/// Whether a peer of this role may call a method, by its name on the wire.
///
/// # Errors
/// It may not.
pub fn may_call(role: Role, method: &str) -> Result<(), Denied> {
    let required = method::required_role(method).ok_or(Denied::Unknown)?;
    if role.allows(required) || is(Bug::RoleUnchecked) {
        return Ok(());
    }
    Err(Denied::Role { required })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_call_what_its_row_says_and_nobody_what_has_none() {
        for method in trader_rpc::METHODS {
            for role in Role::ALL {
                let may = may_call(role, method.name);
                let required = method.role;
                assert_eq!(may.is_ok(), role >= required, "{role} {}", method.name);
                if let Err(denied) = may {
                    assert_eq!(denied, Denied::Role { required });
                    let failure = denied.failure(method.name, role).unwrap();
                    assert!(failure.to_string().contains(required.name()), "{failure}");
                }
            }
        }
        let nowhere = may_call(Role::Admin, "rpc.discover").unwrap_err();
        assert_eq!(nowhere, Denied::Unknown);
        assert!(nowhere.failure("rpc.discover", Role::Admin).is_none());
    }
}
