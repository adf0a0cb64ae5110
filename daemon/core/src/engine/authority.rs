//! Kills and armings: what nobody but a person may undo, the keys of a live account, and what the
//! broker says of the account.
//!
//! A live account is entered only with a leave: a person armed this account for this configuration and
//! this program, less than 30 days ago, and the broker says that it is this account. A
//! kill of everything, a disarm, another configuration and another program end the leave.

use serde::{Deserialize, Serialize};
use trader_contract::{
    AccountFacts, BrokerSnapshot, ClientOrderId, Money, Symbol, SymbolId, Timestamp,
};

use super::Engine;
use super::cause::Cause;
use crate::command::{Commands, Refused};
use crate::record::{Arming, Origin, Record, Scope, Severity, TradingState};
use crate::risk::gate::Refusal;

/// How long an arming holds, in nanoseconds: 30 days.
const ARMED_FOR: i64 = 30 * 24 * 60 * Timestamp::MINUTE;

/// What was heard of the account in this run, and of the journal.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Heard {
    account: Option<(Timestamp, AccountFacts)>,
    /// The journal takes nothing more.
    journal_failed: bool,
}

impl Heard {
    /// What the broker last said of the account.
    pub(super) fn account(&self) -> Option<&AccountFacts> {
        self.account.as_ref().map(|(_, facts)| facts)
    }

    /// Whether a restart will know of what is decided from here on.
    pub(super) const fn is_kept(&self) -> bool {
        !self.journal_failed
    }

    /// When that was so.
    fn account_at(&self) -> Timestamp {
        self.account.as_ref().map_or(Timestamp::MIN, |(at, _)| *at)
    }
}

impl Engine {
    /// Takes what the broker says of the account, and tells a person what that forbids.
    pub(super) fn take_account(
        &mut self,
        at: Timestamp,
        held: &BrokerSnapshot,
        out: &mut Commands,
    ) {
        self.heard.account = Some((held.at, (*held.account).clone()));
        match &held.account.blocked {
            Some(why) => self.raise_standing(
                at,
                (Severity::Critical, "account_blocked", None),
                (
                    format!("the broker lets the account not trade: {why}"),
                    "ask the broker; nothing is entered meanwhile",
                ),
                out,
            ),
            None => self.clear_standing(at, "account_blocked", None, out),
        }
        self.name_account(at, out);
        self.tell_wrong_account(at, out);
    }

    /// The journal takes nothing more: entries stop. An adoption that was lost with what could not be
    /// written is taken back, since nothing of it has left: a restart would use its ids again.
    pub(super) fn on_journal_failed(
        &mut self,
        at: Timestamp,
        (why, lost): (&str, &[ClientOrderId]),
        out: &mut Commands,
    ) {
        self.heard.journal_failed = true;
        let why = format!("the journal cannot be written: {why}");
        self.halt(at, &why, out);
        let lost = self.book.holdings.values().filter(|holding| {
            let unasked = self.book.orders_for(holding).next().is_none();
            unasked && lost.contains(&holding.entry)
        });
        let lost: Vec<_> = lost.map(|h| (h.symbol, h.entry)).collect();
        for (symbol, client_id) in lost {
            self.write(at, Record::TradeVoided { symbol, client_id }, out);
        }
    }

    /// What the broker lets us spend; `None` where it does not say, and where it is not asked again and
    /// again: there its word is too old to count with.
    pub(super) fn spendable(&self) -> Option<Money> {
        self.watch.sweep_nanos?;
        self.heard.account()?.buying_power
    }

    /// What was sent from here on may be missing in what the broker said may be spent: an order that
    /// left shortly before it was asked may not have arrived.
    pub(super) fn counted_until(&self) -> Timestamp {
        let in_flight = self.watch.answer_nanos.saturating_neg();
        self.heard.account_at().plus_nanos(in_flight)
    }

    /// What the broker last said of the account in this run.
    #[must_use]
    pub fn account(&self) -> Option<&AccountFacts> {
        self.heard.account()
    }

    /// Whether this account may be entered by this program under this configuration.
    ///
    /// # Errors
    /// It is a live account without a leave that holds, or another one than the broker's.
    pub fn leave(&self) -> Result<(), Refusal> {
        self.is_our_account()?;
        let Some(live) = &self.authority.live else {
            return Ok(());
        };
        let no = |rule, detail: String| Err(Refusal { rule, detail });
        let Some(facts) = self.heard.account() else {
            return no(
                "wrong_account",
                "the broker has not said which account this is".to_owned(),
            );
        };
        if facts.id != *live {
            let detail = format!("the broker's account is {}, not {live}", facts.id);
            return no("wrong_account", detail);
        }
        match &self.book.arming {
            None => no(
                "not_armed",
                format!("account {live} is not armed; `traderctl arm` arms it"),
            ),
            Some(arming) => match self.why_void(arming, self.now) {
                None => Ok(()),
                Some(why) => no("not_armed", format!("the arming of {live} is void: {why}")),
            },
        }
    }

    /// Why an arming does not hold, if it does not.
    fn why_void(&self, arming: &Arming, at: Timestamp) -> Option<&'static str> {
        let authority = &self.authority;
        if authority.live.as_ref() != Some(&arming.account) {
            return Some("it was given for another account");
        }
        if arming.config != authority.config {
            return Some("the configuration has changed since");
        }
        if arming.program != authority.program {
            return Some("the program has changed since");
        }
        (at >= arming.until).then_some("it has expired")
    }

    /// When the arming ends, in live mode.
    pub(super) fn arming_ends(&self) -> Timestamp {
        match (&self.authority.live, &self.book.arming) {
            (Some(_), Some(arming)) => arming.until,
            _ => Timestamp::MAX,
        }
    }

    /// Ends an arming that does not hold any more.
    pub(super) fn check_arming(&mut self, at: Timestamp, out: &mut Commands) {
        let Some(arming) = &self.book.arming else {
            return;
        };
        if let Some(why) = self.why_void(arming, at) {
            self.end_arming(at, why, Origin::Engine, out);
        }
    }

    fn end_arming(&mut self, at: Timestamp, why: &str, origin: Origin, out: &mut Commands) {
        let record = Record::Disarmed {
            why: why.into(),
            origin,
        };
        self.write(at, record, out);
        self.alert(
            at,
            (Severity::Warning, "disarmed", None),
            (
                format!("the account is armed no longer: {why}"),
                "`traderctl arm` arms it, if it is to be traded",
            ),
            out,
        );
        self.tend_all(at, out);
    }

    /// No new positions in a scope until somebody arms again. Written before it is answered; waiting
    /// entries in scope are cancelled in the same step.
    pub(super) fn kill(
        &mut self,
        at: Timestamp,
        (scope, flatten): (&Scope, bool),
        origin: Origin,
        out: &mut Commands,
    ) -> Result<String, Refused> {
        self.check_scope(scope)?;
        let before = self.is_killed(scope);
        if !before {
            let record = Record::Killed {
                scope: scope.clone(),
                origin: origin.clone(),
            };
            self.write(at, record, out);
            self.tell_kills(at, out);
        }
        self.tend_all(at, out);
        let mut message = match before {
            true => format!("{scope} was killed already"),
            false => format!(
                "{scope} is killed: no entries until `traderctl arm`; the cancels of waiting ones are asked for, stops stay"
            ),
        };
        if flatten && !self.is_at_another_account() {
            message.push_str("; ");
            message.push_str(&self.flatten_scope(at, scope, origin, out));
        }
        Ok(message)
    }

    /// A scope that nothing answers to is a slip of the pen, and would give false comfort.
    fn check_scope(&self, scope: &Scope) -> Result<(), Refused> {
        match scope {
            Scope::All => Ok(()),
            Scope::Symbol(symbol) => {
                let known = self.by_ticker.contains_key(symbol);
                let unknown = || Refused::UnknownSymbol(symbol.as_str().into());
                known.then_some(()).ok_or_else(unknown)
            }
            Scope::Strategy(name) => {
                let known = (self.routes.iter()).any(|r| r.name == *name || r.strategy == *name)
                    || self.book.holdings.values().any(|h| h.route == *name)
                    || self.book.kills.contains_key(scope);
                let unknown =
                    || Refused::NotNow(format!("no route and no strategy is called {name}").into());
                known.then_some(()).ok_or_else(unknown)
            }
        }
    }

    fn is_killed(&self, scope: &Scope) -> bool {
        match scope {
            Scope::All => matches!(self.book.trading, TradingState::Killed(_)),
            scope => self.book.kills.contains_key(scope),
        }
    }

    /// Closes what is open in a scope.
    fn flatten_scope(
        &mut self,
        at: Timestamp,
        scope: &Scope,
        origin: Origin,
        out: &mut Commands,
    ) -> String {
        if *scope == Scope::All {
            return self.flatten(at, &origin, out);
        }
        let ids: Vec<SymbolId> = (self.held_symbols().into_iter())
            .filter(|id| self.is_in_scope(*id, scope))
            .collect();
        for id in &ids {
            self.plan_exit(at, *id, Cause::asked(origin.clone()), out);
        }
        format!("closing {} positions and entries in it", ids.len())
    }

    fn is_in_scope(&self, id: SymbolId, scope: &Scope) -> bool {
        let symbol = self.symbols.get(id.index()).map(|s| s.instrument.symbol);
        let Some(holding) = symbol.and_then(|symbol| self.book.holdings.get(&symbol)) else {
            return false;
        };
        match scope {
            Scope::All => true,
            Scope::Symbol(symbol) => holding.symbol == *symbol,
            Scope::Strategy(name) => {
                let mut routes = self.routes.iter();
                holding.route == *name
                    || routes.any(|r| r.name == holding.route && r.strategy == *name)
            }
        }
    }

    /// Keeps the standing alerts about kills in line with the kills.
    fn tell_kills(&mut self, at: Timestamp, out: &mut Commands) {
        match &self.book.trading {
            TradingState::Killed(why) => {
                let message = format!("entries are killed: {why}");
                self.tell_kill(at, "killed", None, message, out);
            }
            _ => self.clear_standing(at, "killed", None, out),
        }
        let scopes: Vec<Scope> = self.book.kills.keys().cloned().collect();
        let mut names = Vec::new();
        for scope in scopes {
            match scope {
                Scope::Symbol(symbol) => {
                    let message = format!("entries in {symbol} are killed");
                    self.tell_kill(at, "symbol_killed", Some(symbol), message, out);
                }
                Scope::Strategy(name) => names.push(name),
                Scope::All => {}
            }
        }
        if names.is_empty() {
            return self.clear_standing(at, "strategy_killed", None, out);
        }
        let message = format!("entries of {} are killed", names.join(", "));
        self.tell_kill(at, "strategy_killed", None, message, out);
    }

    fn tell_kill(
        &mut self,
        at: Timestamp,
        kind: &str,
        symbol: Option<Symbol>,
        message: String,
        out: &mut Commands,
    ) {
        let action = "`traderctl arm` lifts it, once whoever killed it agrees";
        let about = (Severity::Critical, kind, symbol);
        self.raise_standing(at, about, (message, action), out);
    }

    /// Lifts the kill of a scope, and of nothing else; in live mode, with everything in scope, gives the
    /// leave to trade the account. Of a symbol it also lifts a block that waits for a person's look.
    pub(super) fn arm(
        &mut self,
        at: Timestamp,
        scope: &Scope,
        account: Option<&str>,
        origin: Origin,
        out: &mut Commands,
    ) -> Result<String, Refused> {
        let not_now = |why: String| Refused::NotNow(why.into());
        self.check_scope(scope)?;
        let heard = self.reconciling.is_done() || self.is_at_another_account();
        let Some(facts) = self.heard.account().filter(|_| heard) else {
            let why =
                "the broker has not been heard yet; arm once `traderctl status` says reconciled";
            return Err(not_now(why.to_owned()));
        };
        let theirs = facts.id.clone();
        let named = [self.authority.live.as_deref(), self.book.account.as_deref()];
        for wanted in account.into_iter().chain(named.into_iter().flatten()) {
            if *wanted != *theirs {
                let why =
                    format!("the broker's account is {theirs}, not {wanted}; nothing is armed");
                return Err(not_now(why));
            }
        }
        let mut done: Vec<String> = Vec::new();
        if self.is_killed(scope) {
            let record = Record::KillLifted {
                scope: scope.clone(),
                origin: origin.clone(),
            };
            self.write(at, record, out);
            if let Scope::Symbol(symbol) = scope {
                self.clear_standing(at, "symbol_killed", Some(*symbol), out);
            }
            self.tell_kills(at, out);
            done.push(format!("{scope} is killed no longer"));
        }
        if let Scope::Symbol(symbol) = scope
            && let Some(freed) = self.free_by_hand(at, *symbol, &origin, out)
        {
            done.push(freed);
        }
        if let (Some(live), Scope::All) = (self.authority.live.clone(), scope) {
            done.push(self.give_leave(at, live, origin, out));
        }
        self.tend_all(at, out);
        if done.is_empty() {
            return Ok(format!("{scope} was not killed; nothing has changed"));
        }
        let state = match self.book.trading {
            TradingState::Active => String::new(),
            _ => format!("; entries are {} all the same", self.book.trading),
        };
        Ok(format!("{}{state}", done.join("; ")))
    }

    fn give_leave(
        &mut self,
        at: Timestamp,
        account: Box<str>,
        origin: Origin,
        out: &mut Commands,
    ) -> String {
        let until = at.plus_nanos(ARMED_FOR);
        let arming = Arming {
            account: account.clone(),
            config: self.authority.config.clone(),
            program: self.authority.program.clone(),
            until,
        };
        self.write(at, Record::Armed { arming, origin }, out);
        let message = format!("account {account} is armed for this configuration until {until}");
        self.alert(
            at,
            (Severity::Notice, "armed", None),
            (message.clone(), "`traderctl disarm`, if that was not meant"),
            out,
        );
        self.find_due();
        message
    }

    /// Takes the leave to trade a live account back.
    pub(super) fn disarm(&mut self, at: Timestamp, origin: Origin, out: &mut Commands) -> String {
        if self.book.arming.is_some() {
            self.end_arming(at, "a person disarmed it", origin, out);
            return "disarmed; waiting entries are cancelled, stops stay".to_owned();
        }
        match &self.authority.live {
            Some(live) => format!("account {live} was not armed"),
            None => "nothing is armed: no live account is traded".to_owned(),
        }
    }
}
