//! Identifiers that cannot be mixed up, and the client order id, a pure function of an intent.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt::{self, Write};
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::text::ShortText;

/// The generation of a store, drawn when it is created or restored. It is part of every client
/// order id, so that two stores never make the same one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Epoch(pub u32);

/// The number of an intent within its session, counted from 1 over all routes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct IntentNo(pub u32);

/// The place of a route in the configuration of one engine run. Never stored: its name is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RouteId(pub u16);

/// What an order is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u16)]
pub enum OrderRole {
    /// Opens a position.
    Entry,
    /// The protective stop.
    Stop,
    /// Takes a profit at a limit.
    Target,
    /// Closes a position now.
    Exit,
}

impl OrderRole {
    const ALL: [(Self, char); 4] = [
        (Self::Entry, 'e'),
        (Self::Stop, 's'),
        (Self::Target, 't'),
        (Self::Exit, 'x'),
    ];

    /// Whether an order of this role can only make a position smaller.
    #[must_use]
    pub const fn is_reducing(self) -> bool {
        !matches!(self, Self::Entry)
    }

    fn letter(self) -> char {
        Self::ALL
            .into_iter()
            .find_map(|(role, c)| (role == self).then_some(c))
            .unwrap_or('?')
    }
}

impl fmt::Display for OrderRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Entry => "entry",
            Self::Stop => "stop",
            Self::Target => "target",
            Self::Exit => "exit",
        })
    }
}

/// Our id of an order, which the broker keeps unique: `<epoch>-<session>-<intent><role><attempt>`
/// written as `0000002a-20110110-17-e1`. A resend keeps the id; a new attempt needs proof that the
/// one before it is terminal.
// The last part lies first, without gaps, so that all of them are read as the one number that they compare as.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct ClientOrderId {
    /// Counts the orders of this role for this intent, from 1.
    pub attempt: u16,
    /// What the order is for.
    pub role: OrderRole,
    /// The intent it serves.
    pub intent: IntentNo,
    /// The session as a number, `yyyymmdd`.
    pub session: u32,
    /// The store's generation.
    pub epoch: Epoch,
}

impl ClientOrderId {
    /// The id of the next order of the same role for the same intent.
    #[must_use]
    pub const fn next_attempt(self) -> Self {
        Self {
            attempt: self.attempt.saturating_add(1),
            ..self
        }
    }

    /// The first order of another role for the same intent.
    #[must_use]
    pub const fn with_role(self, role: OrderRole) -> Self {
        Self {
            role,
            attempt: 1,
            ..self
        }
    }
}

impl ClientOrderId {
    /// All parts in one number that sorts as they do one after the other.
    const fn key(self) -> u128 {
        (self.epoch.0 as u128) << 96
            | (self.session as u128) << 64
            | (self.intent.0 as u128) << 32
            | (self.role as u128) << 16
            | self.attempt as u128
    }
}

impl PartialEq for ClientOrderId {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for ClientOrderId {}

impl Hash for ClientOrderId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

// Order books are searched by this id with every report, and one comparison is much less than five.
impl Ord for ClientOrderId {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl PartialOrd for ClientOrderId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl ClientOrderId {
    fn text(self) -> Result<ShortText, fmt::Error> {
        let mut text = ShortText::new();
        write!(text, "{:08x}-", self.epoch.0)?;
        text.write_number(self.session.into(), 8)?;
        text.write_str("-")?;
        text.write_number(self.intent.0.into(), 1)?;
        text.write_str("-")?;
        text.write_char(self.role.letter())?;
        text.write_number(self.attempt.into(), 1)?;
        Ok(text)
    }
}

impl fmt::Display for ClientOrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.text()?.as_str())
    }
}

impl fmt::Debug for ClientOrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a text is no client order id of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an order id of this daemon (they look like 0000002a-20110110-17-e1)")]
pub struct IdError(String);

impl FromStr for ClientOrderId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let parse = || {
            let mut parts = text.split('-');
            let epoch = u32::from_str_radix(parts.next()?, 16).ok()?;
            let session = parts.next()?.parse().ok()?;
            let intent = parts.next()?.parse().ok()?;
            let mut last = parts.next()?.chars();
            let letter = last.next()?;
            let role = OrderRole::ALL
                .into_iter()
                .find_map(|(r, c)| (c == letter).then_some(r))?;
            let attempt = last.as_str().parse().ok()?;
            let id = Self {
                epoch: Epoch(epoch),
                session,
                intent: IntentNo(intent),
                role,
                attempt,
            };
            // One text per id: a second spelling would be a second order to the broker.
            (parts.next().is_none() && id.to_string() == text).then_some(id)
        };
        parse().ok_or_else(|| IdError(text.to_owned()))
    }
}

// Text where somebody may read it, its parts where nobody does.
impl<'de> Deserialize<'de> for ClientOrderId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = Cow::<'de, str>::deserialize(deserializer)?;
            return text.parse().map_err(serde::de::Error::custom);
        }
        let (epoch, session, intent, role, attempt) = Deserialize::deserialize(deserializer)?;
        Ok(Self {
            attempt,
            role,
            intent,
            session,
            epoch,
        })
    }
}

impl Serialize for ClientOrderId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            let parts = (
                self.epoch,
                self.session,
                self.intent,
                self.role,
                self.attempt,
            );
            return parts.serialize(serializer);
        }
        let text = self.text().map_err(serde::ser::Error::custom)?;
        serializer.serialize_str(text.as_str())
    }
}

impl From<ClientOrderId> for String {
    fn from(id: ClientOrderId) -> Self {
        id.to_string()
    }
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub Arc<str>);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

text_id! {
    /// The broker's id of an order.
    BrokerOrderId
}
text_id! {
    /// The broker's id of an execution; the key that makes a report count once.
    ExecutionId
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_order_id_reads_back_and_has_one_spelling() {
        let id = ClientOrderId {
            epoch: Epoch(42),
            session: 20_110_110,
            intent: IntentNo(17),
            role: OrderRole::Stop,
            attempt: 3,
        };
        assert_eq!(id.to_string(), "0000002a-20110110-17-s3");
        assert_eq!(id.to_string().parse::<ClientOrderId>().unwrap(), id);
        for bad in [
            "",
            "2a-20110110-17-s3",
            "0000002a-20110110-17-s03",
            "0000002a-20110110-17-q1",
        ] {
            assert!(bad.parse::<ClientOrderId>().is_err(), "{bad:?}");
        }
        assert_eq!(format!("{id:>25}|"), "  0000002a-20110110-17-s3|");
    }

    proptest! {
        #[test]
        fn order_ids_sort_by_their_parts(left: [u32; 5], right: [u32; 5]) {
            let parts = |[epoch, session, intent, role, attempt]: [u32; 5]| {
                let (role, _) = OrderRole::ALL[(role % 4) as usize];
                // Few values each, so that later parts decide too.
                (Epoch(epoch % 2), session % 2, IntentNo(intent % 2), role, (attempt % 3) as u16)
            };
            let id = |(epoch, session, intent, role, attempt)| ClientOrderId {
                epoch,
                session,
                intent,
                role,
                attempt,
            };
            let (left, right) = (parts(left), parts(right));
            prop_assert_eq!(id(left).cmp(&id(right)), left.cmp(&right));
        }

        #[test]
        fn an_order_id_of_any_size_reads_back(epoch: u32, session: u32, intent: u32, attempt: u16) {
            for (role, _) in OrderRole::ALL {
                let id = ClientOrderId {
                    epoch: Epoch(epoch),
                    session,
                    intent: IntentNo(intent),
                    role,
                    attempt,
                };
                prop_assert_eq!(id.to_string().parse::<ClientOrderId>(), Ok(id));
                let bytes = postcard::to_stdvec(&id).unwrap();
                prop_assert_eq!(postcard::from_bytes::<ClientOrderId>(&bytes), Ok(id));
                // Equal by value wherever the parts lie.
                prop_assert_eq!(id == id.next_attempt(), attempt == u16::MAX);
            }
        }
    }
}
