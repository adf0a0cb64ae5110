//! Which account the store belongs to. It is written down when the broker first says it; what is said of
//! another one is not believed, and nothing is sent to that one: its positions are not ours to close. That
//! holds where requests leave, whoever asked for them.

use trader_contract::{BrokerEvent, Timestamp};

use super::Engine;
use crate::command::{Commands, Refused};
use crate::event::OperatorCommand;
use crate::record::{Record, Severity};
use crate::risk::gate::Refusal;

/// The alert of keys that are those of another account.
const WRONG: &str = "wrong_account";
/// The rule that the account must be known.
const UNHEARD: &str = "account_unheard";

impl Engine {
    /// Whether the broker speaks of another account than the one that this store belongs to.
    #[must_use]
    pub fn is_at_another_account(&self) -> bool {
        self.other_account().is_some()
    }

    /// The broker's account and the store's, where they are not the same.
    fn other_account(&self) -> Option<(&str, &str)> {
        let theirs = &*self.heard.account()?.id;
        let ours = self.book.account.as_deref()?;
        (theirs != ours).then_some((theirs, ours))
    }

    /// Refuses what needs the store's own account.
    pub(super) fn is_our_account(&self) -> Result<(), Refusal> {
        self.other_account().map_or(Ok(()), |(theirs, ours)| {
            Err(Refusal {
                rule: WRONG,
                detail: format!("the broker's account is {theirs}, this store belongs to {ours}"),
            })
        })
    }

    /// Refuses what would change something at the broker, unless the account there is known to be the
    /// store's. A store without a name may be any account's.
    pub(super) fn may_send(&self) -> Result<(), Refusal> {
        self.is_our_account()?;
        if self.book.account.is_some() && self.heard.account().is_none() {
            let detail = "the broker has not said yet which account this is".to_owned();
            return Err(Refusal {
                rule: UNHEARD,
                detail,
            });
        }
        Ok(())
    }

    /// Why a call is refused that cannot be carried out without the broker.
    pub(super) fn why_not_sent(&self, refusal: &Refusal) -> Refused {
        let next = match self.other_account() {
            Some((theirs, ours)) => Self::right_keys(theirs, ours),
            None => "try again in a moment".to_owned(),
        };
        let why = format!("{}: nothing is sent; {next}", refusal.detail);
        Refused::NotNow(why.into())
    }

    fn right_keys(theirs: &str, ours: &str) -> String {
        format!("start traderd with the keys of {ours}, or with a new state folder for {theirs}")
    }

    /// Refuses what a person asks for where it would be nothing but requests to another account. What
    /// also holds without them is done, and [`Engine::with_what_is_not_sent`] tells the rest.
    pub(super) fn may_ask_for(&self, command: &OperatorCommand) -> Result<(), Refused> {
        let needs_broker = matches!(
            command,
            OperatorCommand::Close(_)
                | OperatorCommand::Cancel(_)
                | OperatorCommand::Flatten
                | OperatorCommand::Adopt { .. }
        );
        match self.is_our_account() {
            Err(refusal) if needs_broker => Err(self.why_not_sent(&refusal)),
            _ => Ok(()),
        }
    }

    /// What a person is told of a call that is done as far as it goes without the broker.
    pub(super) fn with_what_is_not_sent(&self, command: &OperatorCommand, said: String) -> String {
        let sends = matches!(
            command,
            OperatorCommand::Pause
                | OperatorCommand::Kill { .. }
                | OperatorCommand::Disarm
                | OperatorCommand::Stop { .. }
        );
        match self.other_account().filter(|_| sends) {
            Some((theirs, ours)) => format!(
                "{said}; nothing is cancelled or closed now: the broker's account is {theirs}, this store \
                 belongs to {ours}; {}",
                Self::right_keys(theirs, ours)
            ),
            None => said,
        }
    }

    /// Whether an event tells of what another account holds: nothing of it is taken.
    pub(super) fn is_of_another_account(&self, event: &BrokerEvent) -> bool {
        let tells = matches!(
            event,
            BrokerEvent::Order(_) | BrokerEvent::Foreign(_) | BrokerEvent::Corrected { .. }
        );
        tells && self.is_at_another_account()
    }

    /// Writes down which account this is, where nobody has yet. Where a live account may be traded, it
    /// must be that one. Without comparisons, as in a backtest, nothing is ever started again.
    pub(super) fn name_account(&mut self, at: Timestamp, out: &mut Commands) {
        if self.book.account.is_some() || self.watch.reconcile_nanos.is_none() {
            return;
        }
        let Some(account) = self.heard.account().map(|facts| facts.id.clone()) else {
            return;
        };
        let live = self.authority.live.as_deref();
        if !account.is_empty() && live.is_none_or(|live| *live == *account) {
            self.write(at, Record::AccountNamed { account }, out);
        }
    }

    /// Tells a person while the broker's account is not the one that is to be traded.
    pub(super) fn tell_wrong_account(&mut self, at: Timestamp, out: &mut Commands) {
        let (message, action) = if let Some((theirs, ours)) = self.other_account() {
            (
                format!(
                    "the broker's account is {theirs}, this store belongs to {ours}: nothing of {theirs} is \
                     taken in, and nothing is sent"
                ),
                format!(
                    "{}; what {ours} holds is not looked after meanwhile",
                    Self::right_keys(theirs, ours)
                ),
            )
        } else if let Some((theirs, live)) = self.other_than_live() {
            (
                format!("the broker's account is {theirs}, the one that may be traded is {live}"),
                "correct TRADERD_LIVE_ACCOUNT or the credential; nothing is entered meanwhile"
                    .to_owned(),
            )
        } else {
            return self.clear_standing(at, WRONG, None, out);
        };
        let what = (Severity::Critical, WRONG, None);
        self.raise_standing(at, what, (message, &action), out);
    }

    /// The broker's account and the live one that may be traded, where they are not the same.
    fn other_than_live(&self) -> Option<(&str, &str)> {
        let theirs = &*self.heard.account()?.id;
        let live = self.authority.live.as_deref()?;
        (theirs != live).then_some((theirs, live))
    }

    /// What another account holds answers no question of ours. Whoever waits for the start waits no longer:
    /// a person is told, and the broker is asked again and again.
    pub(super) fn refuse_snapshot(&mut self, at: Timestamp, number: u32) {
        if self.reconciling.take_answer(number).is_some() {
            self.reconciling.give_up();
            self.reconciling.leave(at, false);
        }
        self.find_due();
    }
}
