//! What people do in a run: calls of operators, with the role that each has, and what the owner does at
//! the broker by hand.

use serde::{Deserialize, Serialize};
use trader_contract::Timestamp;
use trader_rpc::Role;

/// Something that a person does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// When.
    pub at: Timestamp,
    /// What.
    pub deed: Deed,
    /// Whether the same call is sent twice.
    pub twice: bool,
    /// The role of who calls; not always enough.
    #[serde(default = "admin")]
    pub role: Role,
}

const fn admin() -> Role {
    Role::Admin
}

impl Action {
    /// A deed of somebody who may do it.
    #[must_use]
    pub const fn of(at: Timestamp, deed: Deed) -> Self {
        Self {
            at,
            deed,
            twice: false,
            role: Role::Admin,
        }
    }
}

/// What a kill or an arming is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// The account.
    All,
    /// The symbol at this place.
    Symbol(usize),
    /// The first route of the symbol at this place.
    Route(usize),
    /// The strategy of that route, wherever it works.
    Strategy(usize),
}

/// What a person may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// No new positions.
    Pause,
    /// New positions again.
    Resume,
    /// Close a symbol.
    Close(usize),
    /// Cancel the oldest open order.
    Cancel,
    /// Close everything.
    Flatten,
    /// End the daemon, closing everything first or not, and start it again so many nanoseconds later.
    Stop {
        /// Closing everything first.
        flatten: bool,
        /// How long it stays down.
        down: i64,
    },
    /// Take no new positions until it is armed again.
    Kill {
        /// Where.
        reach: Reach,
        /// Closing what is open there.
        flatten: bool,
    },
    /// Lift a kill.
    Arm(Reach),
    /// Take the leave to trade live back.
    Disarm,
    /// Compare with the broker now.
    Reconcile,
    /// Take the owner's position in a symbol under protection.
    Adopt(usize),
    /// Leave what is the owner's in a symbol to the owner.
    Ignore(usize),
    /// Say that the newest standing alert was seen.
    AckAlert,
    /// Have the entry that was refused last shown, to be sent past the limits that refused it if that
    /// is confirmed within so many seconds.
    Override {
        /// Seconds.
        within: u32,
    },
    /// Confirm what was shown.
    Confirm {
        /// Whether with its code.
        right: bool,
    },
    /// The owner rests an order by hand in a symbol.
    Rest(usize),
    /// The owner takes back what rests by hand in a symbol.
    Withdraw(usize),
    /// The owner trades by hand in a symbol.
    Trade {
        /// The symbol's place; one beyond the last is a symbol that nothing here trades.
        symbol: usize,
        /// What.
        trade: HandTrade,
    },
    /// Look at everything.
    Look,
}

/// What the owner trades by hand. Whatever rests in the symbol is cancelled first, as it must be: it
/// holds the shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HandTrade {
    /// Buys so many shares.
    Buy(u32),
    /// Sells so many, held or not.
    Sell(u32),
    /// Closes half of what is held.
    Halve,
    /// Closes all of it.
    Close,
    /// Closes it and opens as much on the other side.
    Flip,
}

impl Deed {
    /// The name of every one, as it is counted.
    pub const NAMES: [&'static str; 24] = [
        "pause",
        "resume",
        "close",
        "cancel",
        "flatten",
        "stop",
        "kill",
        "kill_flatten",
        "arm",
        "disarm",
        "reconcile",
        "adopt",
        "ignore",
        "ack_alert",
        "override",
        "confirm",
        "rest",
        "withdraw",
        "hand_buy",
        "hand_sell",
        "hand_halve",
        "hand_close",
        "hand_flip",
        "look",
    ];

    /// Its name, as it is counted.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Close(_) => "close",
            Self::Cancel => "cancel",
            Self::Flatten => "flatten",
            Self::Stop { .. } => "stop",
            Self::Kill { flatten: false, .. } => "kill",
            Self::Kill { flatten: true, .. } => "kill_flatten",
            Self::Arm(_) => "arm",
            Self::Disarm => "disarm",
            Self::Reconcile => "reconcile",
            Self::Adopt(_) => "adopt",
            Self::Ignore(_) => "ignore",
            Self::AckAlert => "ack_alert",
            Self::Override { .. } => "override",
            Self::Confirm { .. } => "confirm",
            Self::Rest(_) => "rest",
            Self::Withdraw(_) => "withdraw",
            Self::Trade { trade, .. } => match trade {
                HandTrade::Buy(_) => "hand_buy",
                HandTrade::Sell(_) => "hand_sell",
                HandTrade::Halve => "hand_halve",
                HandTrade::Close => "hand_close",
                HandTrade::Flip => "hand_flip",
            },
            Self::Look => "look",
        }
    }

    /// Whether the owner does it at the broker, whatever becomes of the daemon.
    #[must_use]
    pub const fn is_by_hand(self) -> bool {
        matches!(self, Self::Rest(_) | Self::Withdraw(_) | Self::Trade { .. })
    }

    /// The place of the symbol that it is about, if it is about one.
    pub const fn symbol_mut(&mut self) -> Option<&mut usize> {
        match self {
            Self::Close(place)
            | Self::Adopt(place)
            | Self::Ignore(place)
            | Self::Rest(place)
            | Self::Withdraw(place)
            | Self::Trade { symbol: place, .. } => Some(place),
            Self::Kill { reach, .. } | Self::Arm(reach) => match reach {
                Reach::Symbol(place) | Reach::Route(place) | Reach::Strategy(place) => Some(place),
                Reach::All => None,
            },
            _ => None,
        }
    }
}
