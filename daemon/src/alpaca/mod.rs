//! What of Alpaca the daemon needs beside its trading connection: keys and endpoints by configuration.

use std::path::Path;

use chrono::NaiveTime;
use trader_broker_alpaca::face::credentials::{self, CredentialError};
use trader_broker_alpaca::face::{EndpointError, Feed, Keys, Simulator};
use trader_broker_alpaca::wire::asset::CalendarDay;
use trader_calendar::{Session, new_york};
use trader_core::BrokerDay;

use crate::config::{AlpacaFeed, AlpacaSettings};

/// The name of systemd's credential with the keys: one of its own (`LoadCredential=alpaca:…`, also
/// encrypted), or the file of that name in the folder that the unit loads whole.
const CREDENTIALS: [&str; 2] = ["alpaca", "etc_alpaca"];

/// The keys, from where the configuration says.
///
/// # Errors
/// There are none, others can read them, or the file holds something else; the message never holds any
/// of it.
pub(crate) fn keys(settings: &AlpacaSettings) -> Result<Keys, CredentialError> {
    let [own, of_folder] = CREDENTIALS;
    let file = settings.keys_file.as_deref();
    match credentials::load(own, file) {
        Err(none @ CredentialError::None { .. }) => match credentials::load(of_folder, file) {
            Err(CredentialError::None { .. }) => Err(none),
            found => found,
        },
        found => found,
    }
}

/// Where the installed unit takes the credential from.
const INSTALLED: &str = "/etc/traderd/credentials/alpaca";

/// The keys as a person beside the daemon finds them: systemd hands them over to the daemon alone, so that
/// the file is read that it takes them from.
///
/// # Errors
/// As [`keys`].
pub(crate) fn keys_beside(settings: &AlpacaSettings) -> Result<Keys, CredentialError> {
    match keys(settings) {
        Err(CredentialError::None { .. }) if Path::new(INSTALLED).exists() => {
            credentials::load(CREDENTIALS[0], Some(Path::new(INSTALLED)))
        }
        found => found,
    }
}

/// The feed of the configuration as Alpaca's client knows it.
pub(crate) const fn feed(settings: &AlpacaSettings) -> Feed {
    match settings.feed {
        AlpacaFeed::Iex => Feed::Iex,
        AlpacaFeed::Sip => Feed::Sip,
        AlpacaFeed::Delayed => Feed::DelayedSip,
    }
}

/// The days on which Alpaca's calendar and ours do not say the same, as Alpaca has them, oldest first.
pub(crate) fn differing_days(ours: &[Session], theirs: &[CalendarDay]) -> Vec<BrokerDay> {
    let theirs: Vec<BrokerDay> = theirs.iter().map(brokers_day).collect();
    let agrees = |day: &BrokerDay| {
        let same =
            |ours: &Session| ours.date == day.date && day.hours == Some((ours.open, ours.close));
        ours.iter().any(same)
    };
    let otherwise = theirs.iter().filter(|day| !agrees(day)).copied();
    let closed = ours
        .iter()
        .filter(|ours| theirs.iter().all(|day| day.date != ours.date));
    let closed = closed.map(|ours| BrokerDay {
        date: ours.date,
        hours: None,
    });
    let mut days: Vec<BrokerDay> = otherwise.chain(closed).collect();
    days.sort_by_key(|day| day.date);
    days
}

/// A day of Alpaca's calendar in the engine's words. One whose hours are no moments counts as closed.
fn brokers_day(day: &CalendarDay) -> BrokerDay {
    let at = |time: NaiveTime| new_york::timestamp(day.date.and_time(time));
    BrokerDay {
        date: day.date,
        hours: at(day.open).zip(at(day.close)),
    }
}

/// The simulator that the configuration names.
///
/// # Errors
/// It names none.
pub(crate) fn simulator(settings: &AlpacaSettings) -> Result<Simulator, EndpointError> {
    let address = settings.address.map(|address| format!("http://{address}"));
    Simulator::at(&address.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use trader_calendar::Calendar;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_that_one_of_both_lacks_or_has_otherwise_differs() {
        let calendar = Calendar::nyse();
        let (first, last) = (day("2026-11-23"), day("2026-11-27"));
        let ours = calendar.sessions(first..=last).unwrap();
        let time = |text: &str| text.parse().unwrap();
        let theirs = |date: &str, close: &str| CalendarDay {
            date: day(date),
            open: time("09:30:00"),
            close: time(close),
            session_open: None,
            session_close: None,
            settlement: None,
        };
        let mut week = vec![
            theirs("2026-11-23", "16:00:00"),
            theirs("2026-11-24", "16:00:00"),
            theirs("2026-11-25", "16:00:00"),
            theirs("2026-11-27", "13:00:00"),
        ];
        assert_eq!(differing_days(ours, &week), Vec::new());
        week[3].close = time("16:00:00");
        week[0].date = day("2026-11-26");
        let found: Vec<(NaiveDate, bool)> = differing_days(ours, &week)
            .iter()
            .map(|day| (day.date, day.hours.is_some()))
            .collect();
        let expected = [
            ("2026-11-23", false),
            ("2026-11-26", true),
            ("2026-11-27", true),
        ];
        assert_eq!(found, expected.map(|(date, open)| (day(date), open)));
    }
}
