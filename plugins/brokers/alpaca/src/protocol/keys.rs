//! The keys of an account. They are in memory once, wiped when they are dropped, and shown by nothing.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

/// A key id and its secret.
#[derive(Clone)]
pub struct Keys {
    pair: Arc<(SecretString, SecretString)>,
}

impl Keys {
    /// Takes a pair.
    #[must_use]
    pub fn new(id: &str, secret: &str) -> Self {
        Self {
            pair: Arc::new((id.into(), secret.into())),
        }
    }

    /// Id and secret, for whoever sends them.
    pub(crate) fn expose(&self) -> (&SecretString, &SecretString) {
        (&self.pair.0, &self.pair.1)
    }
}

/// Whether it is the same pair.
impl PartialEq for Keys {
    fn eq(&self, other: &Self) -> bool {
        let (ours, theirs) = (self.expose(), other.expose());
        ours.0.expose_secret() == theirs.0.expose_secret()
            && ours.1.expose_secret() == theirs.1.expose_secret()
    }
}

impl Eq for Keys {}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(..)")
    }
}
