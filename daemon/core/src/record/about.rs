//! What a record is called and what it is about: a symbol, an order, a decision.

use trader_contract::{ClientOrderId, Symbol};

use super::{IntentId, Record};

impl Record {
    /// Its kind, as it is stored.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::AccountOpened { .. } => "account_opened",
            Self::AccountNamed { .. } => "account_named",
            Self::SessionOpened { .. } => "session_opened",
            Self::SessionClosed { .. } => "session_closed",
            Self::IntentTaken { .. } => "intent_taken",
            Self::OrderPlanned { .. } => "order_planned",
            Self::OrderReported { .. } => "order_reported",
            Self::SubmitFailed { .. } => "submit_failed",
            Self::CancelAsked { .. } => "cancel_asked",
            Self::ReplaceAsked { .. } => "replace_asked",
            Self::CancelFailed { .. } => "cancel_failed",
            Self::ReplaceFailed { .. } => "replace_failed",
            Self::OrderDropped { .. } => "order_dropped",
            Self::StopPlanned { .. } => "stop_planned",
            Self::ExitPlanned { .. } => "exit_planned",
            Self::EntryLapsed { .. } => "entry_lapsed",
            Self::TradeClosed { .. } => "trade_closed",
            Self::TradingStateSet { .. } => "trading_state_set",
            Self::StrategySaved { .. } => "strategy_saved",
            Self::Discrepancy { .. } => "discrepancy",
            Self::CashAdopted { .. } => "cash_adopted",
            Self::CashSetApart { .. } => "cash_set_apart",
            Self::TradeVoided { .. } => "trade_voided",
            Self::Alerted { .. } => "alerted",
            Self::AlertCleared { .. } => "alert_cleared",
            Self::AlertAcknowledged { .. } => "alert_acknowledged",
            Self::RunStarted { .. } => "run_started",
            Self::RunEnded => "run_ended",
            Self::SubmitRepeated { .. } => "submit_repeated",
            Self::Killed { .. } => "killed",
            Self::KillLifted { .. } => "kill_lifted",
            Self::Armed { .. } => "armed",
            Self::Disarmed { .. } => "disarmed",
            Self::SymbolBlocked { .. } => "symbol_blocked",
            Self::SymbolFreed { .. } => "symbol_freed",
            Self::ForeignSeen { .. } => "foreign_seen",
            Self::ForeignGone { .. } => "foreign_gone",
            Self::PositionAdopted { .. } => "position_adopted",
            Self::SplitApplied { .. } => "split_applied",
            Self::FillCorrected { .. } => "fill_corrected",
            Self::Exposed { .. } => "exposed",
            Self::FlattenBegan { .. } => "flatten_began",
            Self::FlattenEnded { .. } => "flatten_ended",
            Self::OverrideAsked { .. } => "override_asked",
            Self::OverrideMissed { .. } => "override_missed",
            Self::OverrideEnded { .. } => "override_ended",
            Self::Checkpoint { .. } => "checkpoint",
        }
    }

    /// The symbol it is about, if it is about one.
    #[must_use]
    pub const fn symbol(&self) -> Option<Symbol> {
        match self {
            Self::IntentTaken { symbol, .. }
            | Self::StopPlanned { symbol, .. }
            | Self::ExitPlanned { symbol, .. }
            | Self::StrategySaved { symbol, .. }
            | Self::EntryLapsed { symbol, .. }
            | Self::TradeVoided { symbol, .. }
            | Self::SymbolBlocked { symbol, .. }
            | Self::SymbolFreed { symbol, .. }
            | Self::PositionAdopted { symbol, .. }
            | Self::SplitApplied { symbol, .. }
            | Self::Exposed { symbol, .. }
            | Self::Discrepancy { symbol, .. } => Some(*symbol),
            Self::ForeignSeen { order } => Some(order.symbol),
            Self::AlertCleared { symbol, .. } => *symbol,
            Self::OrderPlanned { order } => Some(order.request.symbol),
            Self::OverrideAsked { asked } => Some(asked.order.symbol),
            Self::OrderReported { report } => Some(report.symbol),
            Self::TradeClosed { trade } => Some(trade.symbol),
            Self::Alerted { alert } => alert.symbol,
            _ => None,
        }
    }

    /// The order it is about, if it is about one.
    #[must_use]
    pub const fn client_id(&self) -> Option<ClientOrderId> {
        match self {
            Self::OrderPlanned { order } => Some(order.request.client_id),
            Self::OrderReported { report } => Some(report.client_id),
            Self::SubmitFailed { client_id, .. }
            | Self::CancelAsked { client_id, .. }
            | Self::CancelFailed { client_id, .. }
            | Self::ReplaceFailed { client_id, .. }
            | Self::EntryLapsed { client_id, .. }
            | Self::TradeVoided { client_id, .. }
            | Self::SubmitRepeated { client_id }
            | Self::FillCorrected { client_id, .. }
            | Self::PositionAdopted { client_id, .. }
            | Self::OrderDropped { client_id } => Some(*client_id),
            Self::ReplaceAsked { replacement, .. } => Some(replacement.client_id),
            _ => None,
        }
    }

    /// The decision it belongs to, if it belongs to one.
    #[must_use]
    pub fn intent(&self) -> Option<IntentId> {
        match self {
            Self::IntentTaken { id, .. } => Some(*id),
            Self::OverrideAsked { asked } => Some(asked.intent),
            Self::OverrideMissed { intent, .. } | Self::OverrideEnded { intent, .. } => {
                Some(*intent)
            }
            Self::TradeClosed { trade } => Some(trade.intent),
            _ => self.client_id().map(IntentId::from),
        }
    }
}
