//! Falls of a daily curve below its highest point so far: how deep, how long, until when.

use chrono::NaiveDate;

/// The falls of a daily curve.
///
/// - A day's drawdown is its equity over the highest so far, less one; never below -1: equity of zero
///   or less has lost all there was.
/// - A peak is reached again at the first equity that is not below it. Of equal peaks the last one is
///   where the fall began; of equally deep falls the first one counts.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct DailyDrawdown {
    /// The deepest fall, not positive.
    pub(super) deepest: f64,
    /// The day of the peak before it; `None` of a curve that never falls.
    pub(super) from: Option<NaiveDate>,
    /// The day on which it was deepest.
    pub(super) at: Option<NaiveDate>,
    /// The day on which its peak was reached again.
    pub(super) until: Option<NaiveDate>,
    /// The most points in a row below a peak.
    pub(super) longest_sessions: u32,
    /// The most days from a peak until it was reached again, or until the end.
    pub(super) longest_days: u32,
    /// Root of the mean square of the drawdowns of all points.
    pub(super) ulcer_index: Option<f64>,
}

impl DailyDrawdown {
    /// Takes a curve of numbers that begins above zero.
    pub(super) fn of(points: &[(NaiveDate, f64)]) -> Self {
        let mut found = Self::default();
        let Some(&(mut peak_day, mut peak)) = points.first() else {
            return found;
        };
        let mut sessions = 0_u32;
        let mut squares = 0.0;
        for &(day, equity) in points {
            let was_below = sessions > 0;
            let is_below = equity < peak;
            if was_below || is_below {
                let days = day.signed_duration_since(peak_day).num_days();
                found.longest_days = found.longest_days.max(u32::try_from(days).unwrap_or(0));
            }
            if is_below {
                sessions = sessions.saturating_add(1);
                found.longest_sessions = found.longest_sessions.max(sessions);
                let depth = (equity / peak - 1.0).max(-1.0);
                squares += depth * depth;
                if depth < found.deepest {
                    found.deepest = depth;
                    (found.from, found.at, found.until) = (Some(peak_day), Some(day), None);
                }
            } else {
                if found.from == Some(peak_day) {
                    found.until = Some(day);
                }
                sessions = 0;
                (peak_day, peak) = (day, equity);
            }
        }
        found.ulcer_index = Some((squares / points.len() as f64).sqrt());
        found
    }
}
