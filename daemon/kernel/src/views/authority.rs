//! Who may trade what: kills that hold, symbols that are not entered, the arming of a live account.

use trader_core::Engine;
use trader_core::book::{Blocked, Kill};
use trader_core::record::{Block, Origin, Scope};
use trader_rpc as rpc;

/// The kills that hold, beside that of the whole account.
pub(super) fn kills(engine: &Engine) -> Vec<rpc::Kill> {
    let kill = |(killed, kill): (&Scope, &Kill)| rpc::Kill {
        scope: scope(killed),
        since: kill.at,
        by: by(&kill.origin),
    };
    engine.book().kills.iter().map(kill).collect()
}

/// The symbols that are not entered.
pub(super) fn blocks(engine: &Engine) -> Vec<rpc::BlockedSymbol> {
    let block = |(symbol, blocked): (&_, &Blocked)| rpc::BlockedSymbol {
        symbol: *symbol,
        kind: blocked.block.name().to_owned(),
        since: blocked.at,
        why: reason(&blocked.block),
    };
    engine.book().blocks.iter().map(block).collect()
}

/// The leave to trade a live account.
pub(super) fn arming(engine: &Engine) -> Option<rpc::ArmedAccount> {
    let arming = engine.book().arming.as_ref()?;
    Some(rpc::ArmedAccount {
        account: arming.account.to_string(),
        until: arming.until,
        valid: engine.authority().live.is_some() && engine.leave().is_ok(),
    })
}

/// A scope on the wire.
fn scope(scope: &Scope) -> rpc::Scope {
    match scope {
        Scope::All => rpc::Scope::All,
        Scope::Symbol(symbol) => rpc::Scope::Symbol(*symbol),
        Scope::Strategy(name) => rpc::Scope::Strategy(name.to_string()),
    }
}

/// Who did something.
pub(super) fn by(origin: &Origin) -> String {
    match origin {
        Origin::Strategy { route } => route.to_string(),
        Origin::Operator { uid, request } => format!("uid {uid} ({request})"),
        Origin::Engine => "the engine".to_owned(),
    }
}

/// Why a symbol is not entered.
pub(super) fn reason(block: &Block) -> String {
    match block {
        Block::Foreign => "the broker has something in it that is not ours".to_owned(),
        Block::Ignored { net } => format!("its owner looks after it ({net} shares)"),
        Block::Contradicted => {
            "the broker has an order under an id of ours that is not what was sent".to_owned()
        }
        Block::Jumped => "its price has jumped over the night".to_owned(),
        Block::Residue => "it could not be closed with its session".to_owned(),
    }
}
