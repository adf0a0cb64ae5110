//! The keys of an account. They are in memory once, wiped when they are dropped, and shown by nothing.

use std::sync::Arc;

use secrecy::SecretString;

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

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(..)")
    }
}
