//! What the engine is made of, and what a recording of it opens with.

use chrono::NaiveDate;
use trader_contract::{Epoch, Timestamp};
use trader_core::book::Book;
use trader_core::{Engine, EngineConfig};
use trader_recording::{Beginning, FORMAT, Opening};

use super::BROKER_FILE;
use crate::backtest::program;
use crate::config::BrokerKind;
use crate::exit::{self, Failure};
use crate::recording::{Keep, Recorder, Recordings};
use crate::start::Prepared;
use crate::{assemble, keys};

/// What the engine is made of.
pub(super) fn engine(prepared: &Prepared, epoch: Epoch) -> Result<EngineConfig, Failure> {
    let config = &prepared.config;
    let named = std::env::var(keys::VARIABLE).ok();
    let live = keys::live_account(config.mode, named.as_deref(), None)
        .map_err(|error| Failure::new(exit::CONFIG, error))?;
    let mut program = env!("CARGO_PKG_VERSION").to_owned();
    if live.is_some() {
        // An arming is for this very program, not for whatever bears its number.
        let sum = program::sum().map_err(|error| Failure::new(exit::FAILED, error))?;
        program = format!("{program} {sum}");
    }
    assemble::engine(config, &prepared.calendar, epoch, (live, &program))
        .map_err(|error| Failure::new(exit::CONFIG, error))
}

/// Refuses a store of another kind of broker, before anything is sent: its orders mean nothing to
/// this one. Which of two accounts of the same kind it is, the engine looks at when the broker names it.
pub(super) fn is_of_this_broker(prepared: &Prepared, book: &Book) -> Result<(), Failure> {
    let kind = prepared.config.broker.kind;
    let state = &prepared.folders.state;
    let of_inside = match book.account.as_deref() {
        Some(account) => account == trader_broker_sim::ACCOUNT,
        // A store of before accounts were written down, or of a run that never heard of one.
        None => !book.orders.is_empty() && state.join(BROKER_FILE).exists(),
    };
    let (whose, its_kind) = match (kind, of_inside, book.account.as_deref()) {
        (BrokerKind::Alpaca, true, _) => ("the simulated broker".to_owned(), BrokerKind::Sim),
        (BrokerKind::Sim, false, Some(account)) => {
            (format!("account {account} at Alpaca"), BrokerKind::Alpaca)
        }
        _ => return Ok(()),
    };
    Err(Failure::new(
        exit::CONFIG,
        format!(
            "the store in {} belongs to {whose}, and broker.kind is \"{kind}\", which knows none of its \
             orders and positions; start with another folder (--state-dir), or set broker.kind = \
             \"{its_kind}\" again",
            state.display()
        ),
    ))
}

/// The recorder that the configuration wants.
pub(super) fn recorder(prepared: &Prepared) -> Recorder {
    let settings = prepared.config.recording;
    if !settings.enabled {
        return Recorder::off();
    }
    let keep = Keep {
        days: settings.keep_days,
        bytes: u64::from(settings.max_megabytes) << 20,
    };
    Recorder::start(Recordings::below(&prepared.folders.state), keep)
}

/// The opening of a life that begins in a session; the recorder adds what is its own.
pub(super) fn opening(
    prepared: &Prepared,
    engine: &Engine,
    session: NaiveDate,
    at: Timestamp,
) -> Opening {
    let config = &prepared.config;
    let authority = engine.authority();
    Opening {
        format: FORMAT,
        session,
        segment: 0,
        at,
        mode: config.mode.to_string().into(),
        version: env!("CARGO_PKG_VERSION").into(),
        binary: Box::default(),
        config: config.to_shown_toml().into(),
        config_hash: authority.config.clone(),
        program: authority.program.clone(),
        live: authority.live.clone(),
        calendar: crate::jobs::overrides(config).map(Into::into),
        epoch: engine.epoch(),
        symbols: engine
            .symbols()
            .iter()
            .map(|state| state.instrument.symbol)
            .collect(),
        begins: Beginning::Start {
            book: Box::new(engine.book().clone()),
            next_seq: engine.next_seq(),
        },
    }
}
