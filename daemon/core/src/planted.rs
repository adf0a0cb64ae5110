//! Bugs put in on purpose, so that the simulation can prove that it would notice them. None of them
//! exists in a build without the feature `planted`; with it, none acts until [`plant`] is called.

use trader_calendar::Session;
use trader_contract::{ClientOrderId, IntentNo, OrderRole, Qty, Timestamp};

use crate::book::{Book, Holding};
use crate::command::{Command, Commands};
use crate::record::{Record, TradingState};

/// Writes the list down once: what is wrong, a name, and the invariant that it breaks.
macro_rules! bugs {
    ($($(#[$doc:meta])* $name:ident breaks $invariant:literal,)*) => {
        /// One thing that is wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Bug {
            $($(#[$doc])* $name,)*
        }

        impl Bug {
            /// Every one, in order.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Its name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                }
            }

            /// The invariant that it breaks by what it is; another one may notice first.
            #[must_use]
            pub const fn breaks(self) -> &'static str {
                match self {
                    $(Self::$name => $invariant,)*
                }
            }
        }
    };
}

bugs! {
    /// An entry's id follows from the time, and not from its intent's row.
    RandomId breaks "INV-2",
    /// A request whose answer was lost counts as refused.
    TimeoutIsRejected breaks "INV-3",
    /// A stop or an exit of unknown fate is sent again under another id.
    RetryWithNewId breaks "INV-2",
    /// One snapshot without an order of unknown fate ends it.
    OneSnapshotDrops breaks "INV-3",
    /// Orders of unknown fate are cancelled at the start.
    UnknownCancelledAtStart breaks "INV-1",
    /// The broker is not asked again and again what it holds.
    NoSweep breaks "INV-4",
    /// A position that one snapshot shows otherwise is taken at its word.
    AdoptOnOneSnapshot breaks "INV-4",
    /// An execution counts as often as it is heard of.
    DeltaFills breaks "INV-11",
    /// What an execution cost is not counted.
    FeesDropped breaks "INV-4",
    /// Executions that only a snapshot tells of are not counted.
    SnapshotExecutionsIgnored breaks "INV-4",
    /// Reports before the first snapshot are thrown away.
    SubscribeAfterSnapshot breaks "INV-11",
    /// A report that is older than the newest one moves the order all the same.
    OlderReportOverrides breaks "INV-10",
    /// An order that has ended comes back to life.
    TerminalReopens breaks "INV-10",
    /// A stop is for as many shares as the entry was planned for, and not for those that are there.
    StopForPlannedQty breaks "INV-15",
    /// A position is protected only once its entry has filled completely.
    ProtectOnCompleteFill breaks "INV-1",
    /// A position that stays without a stop is not closed.
    BareIsPatient breaks "INV-1",
    /// A stop that the market has reached counts as protection for as long as it rests.
    ReachedStopProtects breaks "INV-1",
    /// A position is closed while its stop rests.
    ExitWhileStopRests breaks "INV-15",
    /// A cancel that was not answered counts as done.
    CancelTimeoutIsDone breaks "INV-15",
    /// An exit that has ended without closing everything is not followed by another one.
    ExitNotFollowedUp breaks "INV-8",
    /// Half a day is taken for a whole one.
    HalfDayIgnored breaks "INV-8",
    /// The day's hours are those of a fixed distance from UTC.
    UtcDay breaks "INV-8",
    /// What is sent leaves before it is on the disk.
    SendBeforeCommit breaks "INV-19",
    /// A commit that failed counts as done.
    CommitFailureIgnored breaks "INV-19",
    /// A call is answered before what it did is on the disk.
    AnswerBeforeCommit breaks "INV-19",
    /// Where a stop was moved to is only in memory.
    PlannedStopInMemory breaks "INV-19",
    /// A kill is only in memory.
    KillInMemory breaks "INV-7",
    /// A kill leaves the entries that wait.
    KillLeavesEntries breaks "INV-7",
    /// A resume lifts a kill.
    ResumeLiftsKill breaks "INV-7",
    /// A breaker that has tripped is forgotten by a restart.
    BreakerLostOnRestart breaks "INV-16",
    /// Losing trades in a row are not counted.
    LossesNotCounted breaks "INV-16",
    /// Open losses do not count for the day.
    OpenLossIgnored breaks "INV-16",
    /// Entries go on while they are paused, tripped or halted.
    HaltedEnters breaks "INV-16",
    /// A call that comes twice acts twice.
    RequestActsTwice breaks "INV-22",
    /// Whoever can make a call may make it.
    RoleUnchecked breaks "INV-22",
    /// What the broker takes back of what had filled stays in the ledger.
    CorrectionIgnored breaks "INV-4",
    /// What the broker holds after its owner has traded is not taken for the truth.
    OwnersWordIgnored breaks "INV-15",
    /// A split is not heard of.
    SplitIgnored breaks "INV-4",
    /// An unexplained jump over the night stops nothing.
    JumpIgnored breaks "INV-14",
    /// Quotes are not looked at before the market is entered.
    QuotesIgnored breaks "INV-14",
    /// What cannot be borrowed is sold short.
    BorrowIgnored breaks "INV-12",
    /// Entries of a minute are not counted.
    RateUncapped breaks "INV-13",
    /// What waiting entries may still cost does not count for the account's exposure.
    ReservationsIgnored breaks "INV-5",
    /// A symbol is entered while the fate of an order in it is unknown.
    EnterableWhileUnknown breaks "INV-3",
    /// Entries go on with data, reports or clocks that are too old.
    StaleDataAllowed breaks "INV-12",
    /// A symbol that the venue has halted is entered.
    HaltIgnored breaks "INV-12",
}

/// Whether a bug is there. Never in a build without the feature.
#[cfg(not(feature = "planted"))]
#[must_use]
pub const fn is(_bug: Bug) -> bool {
    false
}

#[cfg(feature = "planted")]
pub use active::{is, plant};

/// The switch, one for each thread.
#[cfg(feature = "planted")]
mod active {
    use std::cell::Cell;

    use super::Bug;

    thread_local! {
        static PLANTED: Cell<Option<Bug>> = const { Cell::new(None) };
    }

    /// Whether a bug is there, on this thread.
    #[must_use]
    pub fn is(bug: Bug) -> bool {
        PLANTED.get() == Some(bug)
    }

    /// Puts a bug in, or takes the one that is there out, on this thread.
    pub fn plant(bug: Option<Bug>) {
        PLANTED.set(bug);
    }
}

/// Whether this build can have bugs put in: never one that trades.
pub const COMPILED: bool = cfg!(feature = "planted");

/// The session that a bug in the calendar makes of one.
pub(crate) fn day(mut session: Session) -> Session {
    let usual = session.open.plus_minutes(390);
    if is(Bug::HalfDayIgnored) {
        session.close = usual;
    }
    if is(Bug::UtcDay) {
        let day = Timestamp::MINUTE.saturating_mul(24 * 60);
        let into = session.open.nanos().rem_euclid(day);
        // Half past two in the afternoon, as in winter.
        let late = Timestamp::MINUTE
            .saturating_mul(14 * 60 + 30)
            .saturating_sub(into);
        session.open = session.open.plus_nanos(late);
        session.close = session.close.plus_nanos(late);
    }
    session
}

/// The book that a forgetful restart makes of one.
pub(crate) fn recalled(mut book: Book) -> Book {
    if is(Bug::BreakerLostOnRestart) && matches!(book.trading, TradingState::Tripped(_)) {
        book.trading = TradingState::Active;
    }
    book
}

/// The number that an intent gets.
pub(crate) fn number(number: IntentNo, at: Timestamp) -> IntentNo {
    if !is(Bug::RandomId) {
        return number;
    }
    let drawn = at.nanos().rem_euclid(899_999_963);
    IntentNo(u32::try_from(drawn).unwrap_or(number.0))
}

/// Whether a record changes the book and is never written down.
pub(crate) fn is_in_memory(record: &Record) -> bool {
    match record {
        Record::StopPlanned { .. } => is(Bug::PlannedStopInMemory),
        Record::Killed { .. } => is(Bug::KillInMemory),
        _ => false,
    }
}

/// How many shares an order is for that protects or closes a position.
pub(crate) fn stop_qty(book: &Book, holding: &Holding, role: OrderRole) -> Qty {
    let entry = book.orders.get(&holding.entry);
    match entry.filter(|_| is(Bug::StopForPlannedQty) && role != OrderRole::Exit) {
        Some(entry) => entry.planned.request.qty,
        None => holding.net.magnitude(),
    }
}

/// What a hasty start does to the orders of which it does not know.
pub(crate) fn cancel_unknown<'a>(
    orders: impl Iterator<Item = &'a ClientOrderId>,
    out: &mut Commands,
) {
    if is(Bug::UnknownCancelledAtStart) {
        orders.for_each(|id| out.push(Command::Cancel(*id)));
    }
}
