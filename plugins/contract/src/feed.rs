//! What a feed of market data says of itself, beside the data: whether it stands, whether it lives,
//! and what the provider's own records have that it may not have brought.

use serde::{Deserialize, Serialize};

use crate::symbol::Symbol;
use crate::time::Timestamp;

/// One kind of data of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Bars.
    Bars,
    /// Best bids and offers.
    Quotes,
}

impl Channel {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bars => "bars",
            Self::Quotes => "quotes",
        }
    }
}

impl std::fmt::Display for Channel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// What a feed says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedEvent {
    /// The stream was made or lost, or is still lost for another reason. What happened while it was lost is
    /// not sent again.
    Link {
        /// The channel.
        channel: Channel,
        /// Whether it stands now.
        up: bool,
        /// Why it was lost, as [`crate::advice`] has it; empty when it stands.
        why: Box<str>,
    },
    /// The stream has given a sign of life: a message of any symbol, or the answer to a ping.
    Alive {
        /// The channel.
        channel: Channel,
    },
    /// The newest finished bar that the provider's own records have of a symbol. A stream that does
    /// not bring it is mute in that symbol.
    Newest {
        /// The symbol.
        symbol: Symbol,
        /// When that bar started.
        start: Timestamp,
    },
}
