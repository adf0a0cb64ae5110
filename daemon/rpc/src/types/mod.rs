//! What answers are made of. Money, prices and quantities are decimal strings, times RFC 3339 in
//! UTC, names `snake_case`. A field that may be absent is `null`, never left out.

mod account;
mod alert_test;
mod audit;
mod authority;
mod backtest;
mod day;
mod diary;
mod doctor;
mod download;
mod event;
mod intent;
mod job;
mod metrics;
mod order;
mod reload;
mod route;
mod session;
mod status;
mod why;

pub use account::{Accepted, CalendarDay, EffectiveConfig, Hello};
pub use alert_test::{AlertTest, AlertWay};
pub use audit::{AuditExportSpec, AuditResult, AuditSpec, JournalHead};
pub use authority::{ArmedAccount, BlockedSymbol, JournalAlert, Kill, Obstacle, Scope};
pub use backtest::{
    Adjustment, BacktestCounts, BacktestData, BacktestDay, BacktestInputs, BacktestPosition,
    BacktestResult, BacktestRoute, BacktestSpec, BacktestTrade, DataFile, EquityPoint,
};
pub use day::{DataGaps, DaySummary, MissingMinutes, Slippage};
pub use diary::{EditKind, Note, NoteError, Tag, TagError, TradeEdit, TradeName, TradeNameError};
pub use doctor::{Check, Diagnosis, Outcome};
pub use download::{DownloadResult, DownloadSpec, DownloadedSymbol};
pub use event::{Event, EventStream, JournalLine, LogLevel, LogLine};
pub use intent::{IntentName, IntentNameError};
pub use job::{
    DataFault, DataFileInfo, DataSeries, ExportSpec, FileChunk, GapsResult, ImportResult,
    ImportSpec, Job, JobFile, JobKind, JobProgress, JobState, SeriesFilter, SeriesGaps,
    SessionGaps, UploadState, VerifyResult, Work,
};
pub use metrics::{Breakdown, BuyAndHold, CurveMetrics, Metrics, TradeGroup, TradeMetrics};
pub use order::{ExitReason, Order, OrderStatus, Position, Trade};
pub use reload::Reloaded;
pub use route::{Lane, Pending, Route, RouteState, Sides, Signal, WarmUp};
pub use session::{
    RecordedSegment, RecordedSession, ReplaySpec, SegmentBeginning, SessionExportSpec, TraceSpec,
};
pub use status::{
    Alert, Link, LinkState, Messages, Mode, Phase, RecordingInfo, RouteCounts, SessionInfo,
    Severity, SocketInfo, Status, StoreInfo, TradingState, TradingStatus,
};
pub use why::{Why, WhyBar, WhyFact, WhyStep, WhySubject};
