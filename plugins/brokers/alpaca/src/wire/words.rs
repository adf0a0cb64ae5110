//! Alpaca's words: sets that grow. A word that is not known is kept as it came, so that it can be
//! counted, told and shown; it is never taken for another.

use std::fmt;

/// Declares a set of words with a place for those that are not known.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum $name {
            $(
                #[doc = concat!("`", $text, "`.")]
                $variant,
            )+
            /// A word that is not known here.
            Unknown(Box<str>),
        }

        impl $name {
            /// Every word that is known.
            pub const KNOWN: &'static [Self] = &[$(Self::$variant),+];

            /// Reads a word.
            #[must_use]
            pub fn read(word: &str) -> Self {
                match word {
                    $($text => Self::$variant,)+
                    other => Self::Unknown(other.into()),
                }
            }

            /// The word.
            #[must_use]
            pub fn word(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Unknown(word) => word,
                }
            }

            /// Whether it is a word that is known here.
            #[must_use]
            pub const fn is_known(&self) -> bool {
                !matches!(self, Self::Unknown(_))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.word())
            }
        }
    };
}

words! {
    /// Which part of the day it is for a market.
    MarketPhase {
        Closed = "closed",
        Pre = "pre",
        Core = "core",
        Lunch = "lunch",
        Post = "post",
    }
}

words! {
    /// Where an order is.
    Status {
        PendingNew = "pending_new",
        Accepted = "accepted",
        New = "new",
        PartiallyFilled = "partially_filled",
        Filled = "filled",
        DoneForDay = "done_for_day",
        Canceled = "canceled",
        Expired = "expired",
        Replaced = "replaced",
        PendingCancel = "pending_cancel",
        PendingReplace = "pending_replace",
        PendingReview = "pending_review",
        AcceptedForBidding = "accepted_for_bidding",
        Stopped = "stopped",
        Suspended = "suspended",
        Calculated = "calculated",
        Held = "held",
        Rejected = "rejected",
    }
}

words! {
    /// What has happened to an order.
    UpdateKind {
        Accepted = "accepted",
        PendingNew = "pending_new",
        New = "new",
        PartialFill = "partial_fill",
        Fill = "fill",
        Canceled = "canceled",
        Expired = "expired",
        DoneForDay = "done_for_day",
        Replaced = "replaced",
        Rejected = "rejected",
        PendingCancel = "pending_cancel",
        PendingReplace = "pending_replace",
        CancelRejected = "order_cancel_rejected",
        ReplaceRejected = "order_replace_rejected",
        Stopped = "stopped",
        Suspended = "suspended",
        Calculated = "calculated",
        Restated = "restated",
        Held = "held",
        TradeBust = "trade_bust",
        TradeCorrect = "trade_correct",
    }
}

words! {
    /// What makes an order fill.
    OrderType {
        Market = "market",
        Limit = "limit",
        Stop = "stop",
        StopLimit = "stop_limit",
        TrailingStop = "trailing_stop",
    }
}

words! {
    /// What an order is to others.
    OrderClass {
        Simple = "simple",
        Bracket = "bracket",
        Oco = "oco",
        Oto = "oto",
        Mleg = "mleg",
    }
}

words! {
    /// Buy or sell. A request has no `sell_short`; executions of the past may.
    OrderSide {
        Buy = "buy",
        Sell = "sell",
        SellShort = "sell_short",
    }
}

words! {
    /// What an account is allowed as a whole. It trades only while it is active.
    AccountStatus {
        Active = "ACTIVE",
        Onboarding = "ONBOARDING",
        SubmissionFailed = "SUBMISSION_FAILED",
        Submitted = "SUBMITTED",
        AccountUpdated = "ACCOUNT_UPDATED",
        ApprovalPending = "APPROVAL_PENDING",
        Rejected = "REJECTED",
        Inactive = "INACTIVE",
        PaperOnly = "PAPER_ONLY",
        AccountClosed = "ACCOUNT_CLOSED",
        AccountClosedPending = "ACCOUNT_CLOSED_PENDING",
        Approved = "APPROVED",
        ActionRequired = "ACTION_REQUIRED",
        Limited = "LIMITED",
    }
}

words! {
    /// How shares of a company can be borrowed.
    BorrowStatus {
        Easy = "easy_to_borrow",
        Hard = "hard_to_borrow",
    }
}

words! {
    /// What a line of the account's history is about, as far as anything here acts on it.
    ActivityType {
        Fill = "FILL",
        Fee = "FEE",
        Dividend = "DIV",
        Interest = "INT",
        Split = "SPLIT",
        Transfer = "TRANS",
        Journal = "JNLC",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_is_not_known_is_kept_as_it_came() {
        let status = Status::read("pending_miracle");
        assert_eq!(status, Status::Unknown("pending_miracle".into()));
        assert_eq!(status.to_string(), "pending_miracle");
        assert!(!status.is_known());
    }

    #[test]
    fn every_word_reads_back() {
        assert_eq!(Status::KNOWN.len(), 18);
        for status in Status::KNOWN {
            assert_eq!(&Status::read(status.word()), status);
        }
        for kind in UpdateKind::KNOWN {
            assert_eq!(&UpdateKind::read(kind.word()), kind);
        }
        assert_eq!(OrderClass::read(""), OrderClass::Unknown("".into()));
    }
}
