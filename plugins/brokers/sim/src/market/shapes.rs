//! What a day looks like: phases one after the other, each with a drift and some noise. The noise ends
//! each phase where its drift says, so that what a shape promises holds for every seed.

use serde::{Deserialize, Serialize};

/// A stretch of a day. Parts per million are of the day's open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phase {
    /// How long it lasts in a session of 390 minutes; a shorter session shortens it.
    pub minutes: u32,
    /// How far the price moves in a minute, in parts per million; the phase ends exactly there.
    pub drift_per_minute: i32,
    /// How far a minute may stray from the drift, in parts per million.
    pub noise: u32,
    /// How far a bar may reach beyond its body on either side, in parts per million.
    pub wick: u32,
    /// The volume, in percent of the instrument's.
    pub volume_percent: u32,
}

impl Phase {
    /// A phase of `minutes` minutes with this drift and noise, wicks as long as the noise and the
    /// usual volume.
    #[must_use]
    pub const fn new(minutes: u32, drift_per_minute: i32, noise: u32) -> Self {
        Self {
            minutes,
            drift_per_minute,
            noise,
            wick: noise,
            volume_percent: 100,
        }
    }

    /// The same phase with other wicks.
    #[must_use]
    pub const fn with_wick(self, wick: u32) -> Self {
        Self { wick, ..self }
    }

    /// The same phase with another volume.
    #[must_use]
    pub const fn with_volume(self, volume_percent: u32) -> Self {
        Self {
            volume_percent,
            ..self
        }
    }

    /// The same phase upside down.
    #[must_use]
    pub const fn mirrored(self) -> Self {
        Self {
            drift_per_minute: self.drift_per_minute.saturating_neg(),
            ..self
        }
    }
}

/// What the days of an instrument look like. Apart from listed phases, each day moves by 80 to 120 %
/// of what is said here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// A random walk with gaps overnight, a busier open and close, and calm and wild months.
    Walk,
    /// A tight hour, a breakout upward, a steady rise with small pullbacks, a reversal after five
    /// hours that gives back more than half.
    TrendUp,
    /// [`Self::TrendUp`] upside down.
    TrendDown,
    /// Four hours up and down within a range, then a fall out of it and a rise back through it.
    ChopThenReverse,
    /// A rise like [`Self::TrendUp`]'s, with a fall of 4 % within one minute after three hours that
    /// takes out every close stop, and a slow recovery.
    Spike,
    /// Days exactly as listed.
    Phases(Vec<Phase>),
}

impl Shape {
    /// The phases of a shaped day as they are on average; `None` for a random walk.
    pub(super) fn phases(&self) -> Option<Vec<Phase>> {
        match self {
            Self::Walk => None,
            Self::TrendUp => Some(trend()),
            Self::TrendDown => Some(trend().into_iter().map(Phase::mirrored).collect()),
            Self::ChopThenReverse => Some(chop()),
            Self::Spike => Some(spike()),
            Self::Phases(phases) => Some(phases.clone()),
        }
    }
}

/// The first hour: a tight range.
fn opening() -> [Phase; 3] {
    [
        Phase::new(20, 60, 250).with_volume(200),
        Phase::new(20, -120, 250),
        Phase::new(20, 60, 200),
    ]
}

/// `count` legs of 20 minutes up and 6 minutes back.
fn legs(count: usize) -> impl Iterator<Item = Phase> {
    let leg = [
        Phase::new(20, 320, 330).with_wick(140).with_volume(120),
        Phase::new(6, -240, 220).with_wick(140).with_volume(60),
    ];
    std::iter::repeat_n(leg, count).flatten()
}

fn trend() -> Vec<Phase> {
    let mut phases = opening().to_vec();
    phases.push(Phase::new(4, 900, 300).with_volume(300));
    phases.extend(legs(9));
    phases.push(Phase::new(40, -900, 450).with_volume(150));
    phases.push(Phase::new(52, -20, 450));
    phases
}

fn chop() -> Vec<Phase> {
    let swing = [Phase::new(15, 260, 450), Phase::new(15, -260, 450)];
    let mut phases: Vec<Phase> = std::iter::repeat_n(swing, 8).flatten().collect();
    phases.push(Phase::new(50, -350, 350).with_volume(180));
    phases.push(Phase::new(100, 300, 400).with_volume(150));
    phases
}

fn spike() -> Vec<Phase> {
    let mut phases = opening().to_vec();
    phases.push(Phase::new(4, 900, 300).with_volume(300));
    phases.extend(legs(4));
    phases.push(Phase::new(12, 300, 250));
    phases.push(Phase::new(1, -40_000, 0).with_volume(800));
    phases.push(Phase::new(20, 500, 600).with_volume(200));
    phases.push(Phase::new(189, 20, 450));
    phases
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_fills_a_full_session() {
        for shape in [
            Shape::TrendUp,
            Shape::TrendDown,
            Shape::ChopThenReverse,
            Shape::Spike,
        ] {
            let phases = shape.phases().unwrap();
            let minutes: u32 = phases.iter().map(|phase| phase.minutes).sum();
            assert_eq!(minutes, 390, "{shape:?}");
        }
    }
}
