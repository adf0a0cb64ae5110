//! What the host and its plugins agree on: exact numbers, ids, bars, orders, intents, reports and
//! the strategy and broker traits. Holds no engine logic and depends on nothing else of ours.

pub mod advice;
pub mod bar;
pub mod broker;
pub mod condition;
pub mod feed;
pub mod ids;
pub mod indicator;
pub mod intent;
pub mod money;
pub mod number;
pub mod order;
pub mod price;
pub mod quantity;
pub mod quote;
pub mod report;
pub mod settings;
pub mod side;
pub mod strategy;
pub mod symbol;
mod text;
pub mod time;
pub mod trail;

pub use bar::{Bar, BarError, Timeframe};
pub use broker::{
    AccountFacts, Broker, BrokerEvent, BrokerRequest, BrokerSnapshot, ForeignOrder, RequestFailure,
};
pub use condition::{Comparison, Condition, Conditions};
pub use feed::{Channel, FeedEvent};
pub use ids::{BrokerOrderId, ClientOrderId, Epoch, ExecutionId, IntentNo, OrderRole, RouteId};
pub use indicator::{IndicatorSpec, Mean, Reading, Slot};
pub use intent::{EntryPrice, EntrySize, Fact, Intent, Reason};
pub use money::{Money, Ratio};
pub use number::NumberError;
pub use order::{
    Attached, OrderKind, OrderRequest, OrderState, Outcome, Replacement, TimeInForce,
    UnexpectedTransition,
};
pub use price::{Level, Price};
pub use quantity::{NetQty, Qty};
pub use quote::Quote;
pub use report::{Execution, OrderReport, ReportStatus};
pub use settings::{Parameter, ParameterKind, SettingError, SettingValue, Settings};
pub use side::{Direction, Side};
pub use strategy::{
    BuildError, Built, Context, Intents, PendingView, PositionView, SessionView, Strategy,
    StrategyPlugin, TradeSummary,
};
pub use symbol::{Symbol, SymbolError, SymbolId, TickRule};
pub use time::Timestamp;
pub use trail::Trail;
