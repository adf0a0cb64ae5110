//! The kinds of fault that there are. What each one does is where it strikes: transport, feed, disk,
//! market, clock.

use serde::{Deserialize, Serialize};

/// One kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// A request never reaches the broker, and nobody answers.
    RequestLost,
    /// A request acts, and its answer never comes.
    ReplyLost,
    /// The connection breaks under a request; it has acted or not.
    RequestReset,
    /// The gateway answers 502, 503 or 504; the request has acted or not.
    GatewayFailed,
    /// The broker answers 429 and does nothing.
    RateLimited,
    /// A request takes seconds, and its answer is in time.
    RequestDelayed,
    /// A request takes longer than anybody waits; it acts after the daemon has given it up.
    RequestSlow,
    /// The broker answers 401 or 403 for a while.
    Unauthorised,
    /// The answer cannot be read; a write has acted.
    ReplyGarbled,
    /// A new order is accepted and then rejected by the venue.
    VenueRejects,
    /// A snapshot shows the state of some seconds ago.
    SnapshotStale,
    /// The parts of a snapshot were read at different moments.
    SnapshotTorn,
    /// Reading a snapshot fails.
    SnapshotFailed,
    /// A snapshot is never answered.
    SnapshotLost,
    /// One message of the order stream never comes, and the stream lives on.
    StreamDrop,
    /// A message of the order stream comes twice.
    StreamDuplicate,
    /// Two messages of the order stream change places.
    StreamReorder,
    /// Messages of the order stream are late, over a new connection if need be.
    StreamDelay,
    /// The order stream breaks; what happens until it stands again is lost.
    StreamCut,
    /// The order stream is silent and says nothing of it.
    StreamMute,
    /// Another session has taken the order stream.
    StreamStolen,
    /// One bar never comes.
    BarDropped,
    /// A bar is late.
    BarDelayed,
    /// A bar comes twice.
    BarDuplicated,
    /// Two bars of a symbol change places.
    BarReordered,
    /// Nothing comes of one symbol.
    SymbolMute,
    /// Nothing comes of any symbol, and the feed says nothing of it.
    FeedMute,
    /// The feed breaks, and says so.
    FeedCut,
    /// A bar has prices that never were.
    WildPrice,
    /// The feed begins after the open.
    FeedLate,
    /// The venue halts a symbol.
    Halt,
    /// A symbol jumps from one minute to the next.
    Gap,
    /// The broker's clock and ours differ.
    ClockSkew,
    /// Our clock is set, forward or back.
    WallStep,
    /// The journal takes nothing from one commit on, until the daemon is started anew.
    DiskFull,
    /// The journal refuses one commit.
    CommitFailed,
    /// A commit is on the disk, and yet it is reported as failed.
    CommitMisreported,
    /// The broker takes an execution back.
    FillBusted,
    /// The broker changes an execution.
    FillCorrected,
    /// A symbol cannot be borrowed for a while.
    HardToBorrow,
    /// The broker lets the account open nothing for a while.
    AccountBlocked,
    /// A quote's bid stands above its ask.
    QuoteCrossed,
    /// A quote is wider than anybody trades at.
    QuoteWide,
    /// A quote has one side only.
    QuoteHalf,
    /// No quotes come for a while.
    QuotesMute,
    /// A company splits its shares over the night.
    SplitForward,
    /// A company draws its shares together over the night.
    SplitReverse,
    /// A symbol opens far from where it closed, and nobody says why.
    Jump,
}

impl FaultKind {
    /// Every one, in order.
    pub const ALL: [Self; 48] = [
        Self::RequestLost,
        Self::ReplyLost,
        Self::RequestReset,
        Self::GatewayFailed,
        Self::RateLimited,
        Self::RequestDelayed,
        Self::RequestSlow,
        Self::Unauthorised,
        Self::ReplyGarbled,
        Self::VenueRejects,
        Self::SnapshotStale,
        Self::SnapshotTorn,
        Self::SnapshotFailed,
        Self::SnapshotLost,
        Self::StreamDrop,
        Self::StreamDuplicate,
        Self::StreamReorder,
        Self::StreamDelay,
        Self::StreamCut,
        Self::StreamMute,
        Self::StreamStolen,
        Self::BarDropped,
        Self::BarDelayed,
        Self::BarDuplicated,
        Self::BarReordered,
        Self::SymbolMute,
        Self::FeedMute,
        Self::FeedCut,
        Self::WildPrice,
        Self::FeedLate,
        Self::Halt,
        Self::Gap,
        Self::ClockSkew,
        Self::WallStep,
        Self::DiskFull,
        Self::CommitFailed,
        Self::CommitMisreported,
        Self::FillBusted,
        Self::FillCorrected,
        Self::HardToBorrow,
        Self::AccountBlocked,
        Self::QuoteCrossed,
        Self::QuoteWide,
        Self::QuoteHalf,
        Self::QuotesMute,
        Self::SplitForward,
        Self::SplitReverse,
        Self::Jump,
    ];

    /// Those that a daemon meets for certain once they are planned: they need nothing of it.
    pub const CERTAIN: [Self; 8] = [
        Self::StreamCut,
        Self::StreamMute,
        Self::StreamStolen,
        Self::BarDropped,
        Self::BarDelayed,
        Self::BarDuplicated,
        Self::FeedCut,
        Self::ClockSkew,
    ];

    /// Its name, as it is counted.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RequestLost => "request_lost",
            Self::ReplyLost => "reply_lost",
            Self::RequestReset => "request_reset",
            Self::GatewayFailed => "gateway_failed",
            Self::RateLimited => "rate_limited",
            Self::RequestDelayed => "request_delayed",
            Self::RequestSlow => "request_slow",
            Self::Unauthorised => "unauthorised",
            Self::ReplyGarbled => "reply_garbled",
            Self::VenueRejects => "venue_rejects",
            Self::SnapshotStale => "snapshot_stale",
            Self::SnapshotTorn => "snapshot_torn",
            Self::SnapshotFailed => "snapshot_failed",
            Self::SnapshotLost => "snapshot_lost",
            Self::StreamDrop => "stream_drop",
            Self::StreamDuplicate => "stream_duplicate",
            Self::StreamReorder => "stream_reorder",
            Self::StreamDelay => "stream_delay",
            Self::StreamCut => "stream_cut",
            Self::StreamMute => "stream_mute",
            Self::StreamStolen => "stream_stolen",
            Self::BarDropped => "bar_dropped",
            Self::BarDelayed => "bar_delayed",
            Self::BarDuplicated => "bar_duplicated",
            Self::BarReordered => "bar_reordered",
            Self::SymbolMute => "symbol_mute",
            Self::FeedMute => "feed_mute",
            Self::FeedCut => "feed_cut",
            Self::WildPrice => "wild_price",
            Self::FeedLate => "feed_late",
            Self::Halt => "halt",
            Self::Gap => "gap",
            Self::ClockSkew => "clock_skew",
            Self::WallStep => "wall_step",
            Self::DiskFull => "disk_full",
            Self::CommitFailed => "commit_failed",
            Self::CommitMisreported => "commit_misreported",
            Self::FillBusted => "fill_busted",
            Self::FillCorrected => "fill_corrected",
            Self::HardToBorrow => "hard_to_borrow",
            Self::AccountBlocked => "account_blocked",
            Self::QuoteCrossed => "quote_crossed",
            Self::QuoteWide => "quote_wide",
            Self::QuoteHalf => "quote_half",
            Self::QuotesMute => "quotes_mute",
            Self::SplitForward => "split_forward",
            Self::SplitReverse => "split_reverse",
            Self::Jump => "jump",
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Its place in [`Self::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Whether it lasts for its whole window; the others strike so many times within it.
    #[must_use]
    pub const fn lasts(self) -> bool {
        matches!(
            self,
            Self::Unauthorised
                | Self::StreamCut
                | Self::StreamMute
                | Self::StreamStolen
                | Self::SymbolMute
                | Self::FeedMute
                | Self::FeedCut
                | Self::FeedLate
                | Self::Halt
                | Self::ClockSkew
                | Self::WallStep
                | Self::HardToBorrow
                | Self::AccountBlocked
                | Self::QuotesMute
        )
    }

    /// Whether it happens once, at the moment at which it begins.
    #[must_use]
    pub const fn happens_at_once(self) -> bool {
        matches!(self, Self::Gap | Self::FillBusted | Self::FillCorrected)
    }

    /// Whether the journal takes nothing more after it.
    #[must_use]
    pub const fn stops_the_journal(self) -> bool {
        matches!(
            self,
            Self::DiskFull | Self::CommitFailed | Self::CommitMisreported
        )
    }

    /// Whether it is about quotes, which do not come in every run.
    #[must_use]
    pub const fn is_about_quotes(self) -> bool {
        matches!(
            self,
            Self::QuoteCrossed | Self::QuoteWide | Self::QuoteHalf | Self::QuotesMute
        )
    }

    /// Whether it happens over the night.
    #[must_use]
    pub const fn is_of_the_night(self) -> bool {
        matches!(self, Self::SplitForward | Self::SplitReverse | Self::Jump)
    }

    /// How long after it has struck or ended its consequences for the way of an order may last, in
    /// seconds: the watch over single invariants looks away so long. 0 for what leaves orders alone.
    #[must_use]
    pub const fn aftermath_seconds(self) -> i64 {
        match self {
            Self::BarDropped
            | Self::BarDelayed
            | Self::BarDuplicated
            | Self::BarReordered
            | Self::SymbolMute
            | Self::FeedMute
            | Self::FeedCut
            | Self::FeedLate
            | Self::StreamDuplicate
            | Self::ClockSkew
            | Self::FillBusted
            | Self::FillCorrected
            | Self::HardToBorrow
            | Self::AccountBlocked
            | Self::QuoteCrossed
            | Self::QuoteWide
            | Self::QuoteHalf
            | Self::QuotesMute
            | Self::SplitForward
            | Self::SplitReverse
            | Self::Jump => 0,
            // The market passes a stop, or an exit is refused once.
            Self::Gap | Self::WildPrice | Self::WallStep | Self::VenueRejects => 10,
            Self::StreamReorder | Self::StreamDelay | Self::RequestDelayed | Self::SnapshotTorn => {
                20
            }
            Self::StreamDrop | Self::StreamCut | Self::StreamStolen | Self::RateLimited => 30,
            Self::Halt => 30,
            Self::RequestLost
            | Self::ReplyLost
            | Self::RequestReset
            | Self::GatewayFailed
            | Self::RequestSlow
            | Self::Unauthorised
            | Self::ReplyGarbled
            | Self::SnapshotStale
            | Self::SnapshotFailed
            | Self::SnapshotLost
            | Self::StreamMute
            | Self::DiskFull
            | Self::CommitFailed
            | Self::CommitMisreported => 60,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_place_and_a_name_of_its_own() {
        for (index, kind) in FaultKind::ALL.into_iter().enumerate() {
            assert_eq!(kind.index(), index);
            assert_eq!(FaultKind::named(kind.name()), Some(kind));
            let text = serde_json::to_value(kind).unwrap();
            assert_eq!(text, kind.name());
        }
    }
}
