//! What people write about trades: `note_trade`, `tag_trade` and `trade_edits`. Which trade is meant and
//! whether it has room is found here; the kernel writes it down.

use std::collections::BTreeSet;
use std::sync::Arc;

use trader_kernel::Call;
use trader_rpc::{
    Accepted, Failure, NoteTradeParams, Tag, TagTradeParams, Trade, TradeEdit, TradeEditsParams,
    TradeName, limits,
};

use super::{Context, Peer};

pub(super) async fn note_trade(
    context: Arc<Context>,
    peer: Peer,
    params: NoteTradeParams,
) -> Result<Accepted, Failure> {
    let _one_at_a_time = context.diary.lock().await;
    let trade = find(&context, "note_trade", &params.trade).await?;
    context
        .ask(peer, |reply| Call::NoteTrade(trade.number, params, reply))
        .await
}

pub(super) async fn tag_trade(
    context: Arc<Context>,
    peer: Peer,
    params: TagTradeParams,
) -> Result<Accepted, Failure> {
    check(&params)?;
    // From the look at the tags until the change is on the disk, so that the bound holds.
    let _one_at_a_time = context.diary.lock().await;
    let trade = find(&context, "tag_trade", &params.trade).await?;
    let there = trade.tags.iter().chain(&params.add);
    let kept: BTreeSet<&Tag> = there.filter(|tag| !params.remove.contains(tag)).collect();
    if kept.len() > limits::TAGS_MAX {
        return Err(Failure::refused(
            "tag_trade was not done",
            format!(
                "trade {} would have {} tags, and at most {} are kept",
                params.trade,
                kept.len(),
                limits::TAGS_MAX
            ),
            "take some off: traderctl trades tag TRADE -NAME",
        ));
    }
    context
        .ask(peer, |reply| Call::TagTrade(trade.number, params, reply))
        .await
}

/// Refuses calls that say nothing, too much or opposite things.
fn check(params: &TagTradeParams) -> Result<(), Failure> {
    let wrong = |why: &str| Err(Failure::invalid_params("tag_trade", why));
    if params.add.is_empty() && params.remove.is_empty() {
        return wrong("there is no tag in add and none in remove");
    }
    if params.add.len().max(params.remove.len()) > limits::TAGS_MAX {
        return wrong(&format!(
            "add and remove hold at most {} tags each",
            limits::TAGS_MAX
        ));
    }
    match params.add.iter().find(|tag| params.remove.contains(tag)) {
        Some(tag) => wrong(&format!("{tag} is in add and in remove")),
        None => Ok(()),
    }
}

pub(super) async fn trade_edits(
    context: Arc<Context>,
    _: Peer,
    params: TradeEditsParams,
) -> Result<Vec<TradeEdit>, Failure> {
    let number = find(&context, "trade_edits", &params.trade).await?.number;
    context
        .room
        .read("trade_edits", move |archive| archive.trade_edits(number))
        .await
}

/// The one trade with this name.
async fn find(context: &Context, method: &'static str, name: &TradeName) -> Result<Trade, Failure> {
    let wanted = name.clone();
    let mut found = context
        .room
        .read(method, move |archive| archive.trades_named(&wanted))
        .await?;
    let numbers: Vec<String> = found.iter().map(|trade| trade.number.to_string()).collect();
    match (found.pop(), found.is_empty()) {
        (Some(trade), true) => Ok(trade),
        (Some(_), false) => Err(Failure::refused(
            format!("{method} was not done"),
            format!("intent {name} opened {} trades", numbers.len()),
            format!("name one by its number: {}", numbers.join(", ")),
        )),
        (None, _) => Err(Failure::refused(
            format!("{method} was not done"),
            format!("there is no trade {name}, or it has not ended"),
            "traderctl trades shows those that have, with their numbers and intents",
        )),
    }
}
