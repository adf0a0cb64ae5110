//! The engine: a state machine without I/O, clock or randomness. Events go in, commands come out.
//! What reads the clock, opens sockets, touches disks or draws numbers lives in the shell.

pub mod bars;
pub mod book;
pub mod chain;
pub mod command;
pub mod config;
pub mod engine;
pub mod event;
pub mod lane;
pub mod orders;
pub mod planted;
pub mod record;
pub mod risk;
pub mod trace;

pub use command::{Command, Commands, Refused};
pub use config::{
    Authority, DayRules, EndOfDay, EngineConfig, ForeignPolicy, Instrument, Market, OrderRules,
    Route, Rows, Sides, Watch,
};
pub use engine::{
    DataState, Engine, EngineError, LinkState, Phase, Protection, RestoreError, RouteInfo, Snapshot,
};
pub use event::{BrokerDay, Event, OperatorCommand};
