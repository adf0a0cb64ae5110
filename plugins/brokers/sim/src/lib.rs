//! A simulated exchange and broker: a state machine with its own truth, for backtest, simulated mode
//! and tests alike. It reads no clock and does no I/O; whoever turns the crank hands it the time and
//! the true bars, each at its start.
//!
//! # What happens inside a bar
//! The price goes open, nearer extreme, farther extreme, close, in straight lines, with the extremes
//! at one and two thirds of the bar and the close one nanosecond before its end. It is
//! continuous inside the bar and may jump only at the open (and where trading resumes after a halt).
//! - A stop that is crossed inside a bar fills at its stop price; one that the open jumps over fills
//!   at the open, never at the stop. Half the spread and the slippage come on top.
//! - A limit fills at its limit when the price comes to it, and at the touch when it is marketable on
//!   arrival or at the open. Limits pay no slippage.
//! - A market order fills at the price of the moment it comes to the venue; between two bars it waits
//!   for the next open. An order that arrives in mid-bar sees only the rest of the path.
//! - Prices between two knots are rounded to the tick against the order, inside the bar's range.
//! - With a participation cap, a quarter of the bar's allowance is added at the start of each quarter
//!   of the bar; all orders of the symbol share it, first come first served.
//!
//! - A trailing stop follows the path in the session and wakes like a stop; at once, as a market
//!   order. What it stands at now is in snapshots and in [`SimBroker::account`]; it is not reported
//!   each time it moves.
//! - An ioc or a fok takes what the moment of its arrival has, or nothing; an opg fills at the open of
//!   the session's first bar, a cls at the close of its last, both without spread and slippage, under
//!   the participation cap like everybody else. A fok is never split by chance.
//!
//! # What it costs
//! The fee of an execution is the broker's own, what the execution adds to the day's rounded-up sums
//! of the regulators' fees, and what borrowing its symbol's shares has come to since the execution
//! before. So the fees of all reports are what the account has paid, to the last digit, at every
//! moment; a night's borrowing that no execution has been charged with is in
//! [`AccountView::accrued_fees`], as at a broker that posts it later.
//!
//! # Time
//! Requests reach the broker in the order they were made, and events leave it in the order they
//! happened. Where several things fall on one nanosecond: the session's edge, then the market, then
//! the venue's answers, then requests; so a fill wins against a cancel of the same instant. The
//! reports of one order have strictly increasing stamps: where several fall on one instant, the later
//! ones are stamped a few nanoseconds ahead of it, and yet all of them are due at that instant.
//!
//! # Turning the crank
//! Announce the session with [`SimBroker::open_session`], load each bar at its start with
//! [`SimBroker::load_bar`], and between two bars take every event when it is due. A bar ends before
//! the instant at which the next one starts. Requests of that instant that are made before its bars
//! are loaded come before the open: without latency a market order then fills at the open, and a
//! cancel beats it. Once a bar is loaded, its open comes first.
//!
//! Bars may be loaded outside the session as well. They move the last price, and nothing fills in them
//! but what was asked to trade in the hours around the session ([`SimBroker::extend_session`],
//! [`SimBroker::trade_extended`]): that is put to work at their start, and a day order among it expires
//! at their end.
//!
//! # Assumptions where brokers are silent
//! - A replacement with a new total quantity makes an order for what the old one has not filled, which
//!   counts its own fills from zero; so every execution belongs to exactly one order.
//! - If an entry ends after a partial fill, its exits are cancelled: the filled part is bare.
//! - A target's partial fill shrinks the stop in place; the stop keeps its id.
//! - Cancelling one order of a group cancels the others, the entry included.
//! - Alpaca's gtc orders end at 16:15 of the ninetieth day after the one on which they were made, or of
//!   the first day after it that has a session.
//! - Positions without any price yet cost no buying power.
//! - A trailing stop that goes to work in the session begins at the day's last price, and one that
//!   goes to work at the open with the day's first. Its stop is rounded to the tick away from the
//!   price. Buying power counts it where it would stand behind the price of now.
//! - What an ioc, a fok or an opg leaves is cancelled, what a cls leaves expires at the close. An ioc
//!   or a fok between sessions is cancelled.
//! - The cap of a fee per trade holds for each execution.
//! - An opening order that rests over a night was counted as a day trade to come when it was taken;
//!   nothing is counted anew when it fills.

mod account;
mod ahead;
mod book;
mod broker;
mod by_hand;
mod config;
mod corrections;
mod dice;
mod faults;
mod fees;
mod groups;
mod margin;
mod matching;
mod moments;
mod order;
mod path;
mod requests;
mod rules;
mod saved;
mod session;
mod splits;
mod trailing;

pub mod market;

pub use account::AccountView;
pub use broker::SimBroker;
pub use config::{Fees, Latency, Margin, Profile, SimConfig, Slippage, Split};
pub use corrections::Correction;
pub use faults::FaultKind;
pub use margin::MarginRegime;
pub use path::price_inside;
pub use requests::ACCOUNT;
pub use rules::status_name;
pub use saved::RestoreError;
