//! The market of a backtest: each symbol's rows, cut to sessions, and what begins and ends at each
//! edge. A row is handed to the exchange at its start, as the truth that it plays, and to the engine
//! at its end.

use trader_calendar::{Session, new_york};
use trader_contract::{Bar, SymbolId, Timestamp};

/// How long the rows are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowLength {
    /// One minute.
    Minute,
    /// One clock hour in New York, cut to the session.
    Hour,
    /// One session.
    Session,
}

/// Puts stored rows into the sessions that they belong to: each starts no earlier than its session's
/// open, and those outside every session are left out. Both lists are in the order of time.
#[must_use]
pub fn fit(rows: Vec<Bar>, length: RowLength, sessions: &[Session]) -> Vec<Bar> {
    let mut rows = rows;
    let mut next = 0_usize;
    rows.retain_mut(|bar| {
        while let Some(session) = sessions.get(next) {
            match place(bar, length, session) {
                Place::Inside(start) => {
                    bar.start = start;
                    return true;
                }
                Place::Before => return false,
                Place::After => next = next.saturating_add(1),
            }
        }
        false
    });
    rows
}

/// Where a row lies as a session sees it.
enum Place {
    Before,
    Inside(Timestamp),
    After,
}

#[inline]
fn place(bar: &Bar, length: RowLength, session: &Session) -> Place {
    match length {
        RowLength::Minute if bar.start < session.open => Place::Before,
        RowLength::Minute if bar.start < session.close => Place::Inside(bar.start),
        RowLength::Minute => Place::After,
        RowLength::Hour if hour_end(bar.start) <= session.open => Place::Before,
        RowLength::Hour if bar.start < session.close => Place::Inside(bar.start.max(session.open)),
        RowLength::Hour => Place::After,
        RowLength::Session => match new_york::date(bar.start).cmp(&session.date) {
            std::cmp::Ordering::Less => Place::Before,
            std::cmp::Ordering::Equal => Place::Inside(session.open),
            std::cmp::Ordering::Greater => Place::After,
        },
    }
}

/// The end of the clock hour that `at` lies in. New York's offset is whole hours.
const fn hour_end(at: Timestamp) -> Timestamp {
    const HOUR: i64 = Timestamp::MINUTE.saturating_mul(60);
    let into = at.nanos().rem_euclid(HOUR);
    at.plus_nanos(HOUR.saturating_sub(into))
}

/// One symbol's rows.
#[derive(Debug, Default)]
struct Reel {
    rows: Vec<Bar>,
    /// The next row that has not begun.
    opening: usize,
    /// The next row that has not ended.
    closing: usize,
}

/// The rows of all symbols around the session that is played.
#[derive(Debug)]
pub(crate) struct Tape {
    length: RowLength,
    reels: Vec<Reel>,
    close: Timestamp,
}

impl Tape {
    pub(crate) const fn new(length: RowLength) -> Self {
        Self {
            length,
            reels: Vec::new(),
            close: Timestamp::MIN,
        }
    }

    /// Takes the rows of the next stretch of sessions, symbol by symbol.
    pub(crate) fn load(&mut self, rows: Vec<Vec<Bar>>) {
        let reel = |rows| Reel {
            rows,
            ..Reel::default()
        };
        self.reels = rows.into_iter().map(reel).collect();
    }

    /// Goes to a session.
    pub(crate) const fn enter(&mut self, session: &Session) {
        self.close = session.close;
    }

    /// When the next row of the session begins or ends.
    #[inline]
    pub(crate) fn due(&self) -> Option<Timestamp> {
        let mut due = Timestamp::MAX;
        for reel in &self.reels {
            if let Some(row) = reel.rows.get(reel.closing)
                && row.start < self.close
            {
                due = due.min(self.end(row));
            }
            if let Some(row) = reel.rows.get(reel.opening)
                && row.start < self.close
            {
                due = due.min(row.start);
            }
        }
        (due < Timestamp::MAX).then_some(due)
    }

    /// The next row that ends at `at`, symbols in the order of their ids.
    #[inline]
    pub(crate) fn ended(&mut self, at: Timestamp, from: usize) -> Option<(usize, SymbolId, Bar)> {
        let mut index = from;
        while let Some(reel) = self.reels.get(index) {
            if let Some(row) = reel.rows.get(reel.closing).copied()
                && reel.closing < reel.opening
                && self.end(&row) <= at
            {
                if let Some(reel) = self.reels.get_mut(index) {
                    reel.closing = reel.closing.saturating_add(1);
                }
                return Some((index, id(index), row));
            }
            index = index.saturating_add(1);
        }
        None
    }

    /// The next row that begins at `at`, and its length in nanoseconds.
    #[inline]
    pub(crate) fn began(
        &mut self,
        at: Timestamp,
        from: usize,
    ) -> Option<(usize, SymbolId, Bar, i64)> {
        let mut index = from;
        while let Some(reel) = self.reels.get_mut(index) {
            if let Some(row) = reel.rows.get(reel.opening).copied()
                && row.start <= at
            {
                reel.opening = reel.opening.saturating_add(1);
                let length = self.end(&row).since(row.start);
                return Some((index, id(index), row, length));
            }
            index = index.saturating_add(1);
        }
        None
    }

    #[inline]
    fn end(&self, row: &Bar) -> Timestamp {
        match self.length {
            RowLength::Minute => row.start.plus_nanos(Timestamp::MINUTE),
            RowLength::Hour => hour_end(row.start).min(self.close),
            RowLength::Session => self.close,
        }
    }
}

/// The id at a place in the symbol table.
fn id(index: usize) -> SymbolId {
    SymbolId::new(u32::try_from(index).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use trader_calendar::Calendar;
    use trader_contract::Price;

    fn bar(start: &str) -> Bar {
        let price = Price::from_cents(10_000).unwrap();
        Bar::new(start.parse().unwrap(), [price; 4], 1).unwrap()
    }

    fn sessions() -> Vec<Session> {
        let days = "2024-11-27".parse().unwrap()..="2024-11-29".parse().unwrap();
        Calendar::nyse().sessions(days).unwrap().to_vec()
    }

    fn starts(rows: &[Bar]) -> Vec<String> {
        rows.iter().map(|bar| bar.start.to_string()).collect()
    }

    #[test]
    fn minutes_outside_the_sessions_are_left_out() {
        let rows = [
            "2024-11-27T14:29:00Z",
            "2024-11-27T14:30:00Z",
            "2024-11-27T20:59:00Z",
            "2024-11-27T21:00:00Z",
            "2024-11-28T15:00:00Z",
            "2024-11-29T14:30:00Z",
            "2024-11-29T17:59:00Z",
            "2024-11-29T18:00:00Z",
        ];
        let fitted = fit(rows.map(bar).to_vec(), RowLength::Minute, &sessions());
        assert_eq!(
            starts(&fitted),
            [
                "2024-11-27T14:30:00Z",
                "2024-11-27T20:59:00Z",
                "2024-11-29T14:30:00Z",
                "2024-11-29T17:59:00Z"
            ]
        );
    }

    #[test]
    fn the_first_hour_is_cut_to_the_open_and_the_last_to_the_close() {
        let rows = [
            "2024-11-27T13:00:00Z",
            "2024-11-27T14:00:00Z",
            "2024-11-29T17:00:00Z",
            "2024-11-29T18:00:00Z",
        ];
        let fitted = fit(rows.map(bar).to_vec(), RowLength::Hour, &sessions());
        assert_eq!(
            starts(&fitted),
            ["2024-11-27T14:30:00Z", "2024-11-29T17:00:00Z"]
        );
        let mut tape = Tape::new(RowLength::Hour);
        tape.load(vec![fitted]);
        tape.enter(&sessions()[0]);
        let first = tape.due().unwrap();
        assert_eq!(first.to_string(), "2024-11-27T14:30:00Z");
        let (_, _, _, length) = tape.began(first, 0).unwrap();
        assert_eq!(length, 30 * Timestamp::MINUTE);
        assert_eq!(tape.due().unwrap().to_string(), "2024-11-27T15:00:00Z");
    }

    #[test]
    fn a_day_begins_with_the_open_and_ends_with_the_close() {
        let rows = ["2024-11-27T05:00:00Z", "2024-11-29T05:00:00Z"];
        let fitted = fit(rows.map(bar).to_vec(), RowLength::Session, &sessions());
        assert_eq!(
            starts(&fitted),
            ["2024-11-27T14:30:00Z", "2024-11-29T14:30:00Z"]
        );
        let mut tape = Tape::new(RowLength::Session);
        tape.load(vec![fitted]);
        tape.enter(&sessions()[0]);
        assert!(tape.began(tape.due().unwrap(), 0).is_some());
        let close = tape.due().unwrap();
        assert_eq!(close, sessions()[0].close);
        assert!(tape.ended(close, 0).is_some());
        assert_eq!(tape.due(), None, "the next row is another session's");
    }
}
