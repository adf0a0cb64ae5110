//! A line chart of letters: braille dots where the terminal has them, plain ASCII elsewhere. Knows
//! nothing of what it draws; labels come with it.

/// Dots of a braille letter, from left to right and from top to bottom.
const DOTS_ACROSS: usize = 2;
const DOTS_DOWN: usize = 4;
/// The bits of a braille letter's dots, column by column, from the top.
const DOTS: [[u32; DOTS_DOWN]; DOTS_ACROSS] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];
const BLANK: u32 = 0x2800;

/// What is drawn.
#[derive(Debug)]
pub(crate) struct Chart<'a> {
    /// The line that it is about, at even steps.
    pub(crate) main: &'a [f64],
    /// A line to compare it with, over the same range, thinner.
    pub(crate) other: &'a [f64],
    /// Letters, without labels, across and down.
    pub(crate) width: usize,
    /// Letters down.
    pub(crate) height: usize,
    /// Whether braille can be shown.
    pub(crate) unicode: bool,
}

/// One letter, and which line it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cell {
    /// Nothing is there.
    Empty,
    /// The main line, or both.
    Main(char),
    /// The line to compare with.
    Other(char),
}

impl Cell {
    /// The letter.
    pub(crate) const fn letter(self) -> char {
        match self {
            Self::Empty => ' ',
            Self::Main(letter) | Self::Other(letter) => letter,
        }
    }
}

/// The letters of a chart.
#[derive(Debug)]
pub(crate) struct Drawing {
    /// The value at the middle of the top row.
    pub(crate) top: f64,
    /// The value at the middle of the bottom row.
    pub(crate) bottom: f64,
    /// Rows, from the top.
    pub(crate) rows: Vec<Vec<Cell>>,
}

impl Chart<'_> {
    /// Draws it; `None` where there is no line to draw.
    pub(crate) fn draw(&self) -> Option<Drawing> {
        let values = || self.main.iter().chain(self.other).filter(|v| v.is_finite());
        let highest = values().copied().fold(f64::NEG_INFINITY, f64::max);
        let lowest = values().copied().fold(f64::INFINITY, f64::min);
        if self.main.len() < 2 || highest < lowest || self.width == 0 || self.height == 0 {
            return None;
        }
        // A flat line lies in the middle.
        let margin = if highest > lowest { 0.0 } else { 1.0 };
        let (top, bottom) = (highest + margin, lowest - margin);
        let (across, down) = if self.unicode {
            (DOTS_ACROSS, DOTS_DOWN)
        } else {
            (1, 1)
        };
        let wide = self.width.saturating_mul(across);
        let high = self.height.saturating_mul(down);
        let plot = |line: &[f64], thin: bool| dots(line, thin, (top, bottom), (wide, high));
        // In dots the second line is told from the first by its gaps.
        let (main, other) = (plot(self.main, false), plot(self.other, self.unicode));
        let rows = (0..self.height)
            .map(|row| {
                (0..self.width)
                    .map(|column| self.cell(&main, &other, column, row))
                    .collect()
            })
            .collect();
        Some(Drawing { top, bottom, rows })
    }

    fn cell(&self, main: &Dots, other: &Dots, column: usize, row: usize) -> Cell {
        if !self.unicode {
            return match (main.has(column, row), other.has(column, row)) {
                (true, _) => Cell::Main('*'),
                (false, true) => Cell::Other('.'),
                (false, false) => Cell::Empty,
            };
        }
        let (mains, others) = (main.braille(column, row), other.braille(column, row));
        let letter = char::from_u32(BLANK | mains | others).unwrap_or(' ');
        match (mains, others) {
            (0, 0) => Cell::Empty,
            (0, _) => Cell::Other(letter),
            _ => Cell::Main(letter),
        }
    }
}

/// Which dots are set, from the top left.
#[derive(Debug)]
struct Dots {
    wide: usize,
    set: Vec<bool>,
}

impl Dots {
    fn place(&self, x: usize, y: usize) -> usize {
        y.saturating_mul(self.wide).saturating_add(x)
    }

    fn has(&self, x: usize, y: usize) -> bool {
        self.set.get(self.place(x, y)).copied().unwrap_or(false)
    }

    fn braille(&self, column: usize, row: usize) -> u32 {
        let (left, top) = (
            column.saturating_mul(DOTS_ACROSS),
            row.saturating_mul(DOTS_DOWN),
        );
        let mut bits = 0;
        for (x, dots) in DOTS.iter().enumerate() {
            for (y, bit) in dots.iter().enumerate() {
                if self.has(left.saturating_add(x), top.saturating_add(y)) {
                    bits |= bit;
                }
            }
        }
        bits
    }
}

/// A line as dots: in each column everything between its lowest and its highest value, joined to the
/// column before. A thin line has only every third column.
fn dots(line: &[f64], thin: bool, range: (f64, f64), (wide, high): (usize, usize)) -> Dots {
    let mut dots = Dots {
        wide,
        set: vec![false; wide.saturating_mul(high)],
    };
    let mut before: Option<usize> = None;
    for (x, (lowest, highest, last)) in columns(line, wide).into_iter().enumerate() {
        let (mut up, mut down) = (level(highest, range, high), level(lowest, range, high));
        if let Some(before) = before {
            up = up.min(before.saturating_add(1));
            down = down.max(before.saturating_sub(1));
        }
        before = Some(level(last, range, high));
        if thin && x.checked_rem(3) != Some(0) {
            continue;
        }
        for y in up..=down {
            let place = dots.place(x, y);
            if let Some(dot) = dots.set.get_mut(place) {
                *dot = true;
            }
        }
    }
    dots
}

/// Lowest, highest and last value of each column, interpolated where values are fewer.
fn columns(line: &[f64], wide: usize) -> Vec<(f64, f64, f64)> {
    if line.len() < 2 {
        return Vec::new();
    }
    let steps = line.len().saturating_sub(1) as f64;
    let at = |position: f64| {
        let index = floor(position);
        let from = line.get(index).copied().unwrap_or(0.0);
        let to = line.get(index.saturating_add(1)).copied().unwrap_or(from);
        from + (to - from) * (position - index as f64)
    };
    let across = wide.saturating_sub(1).max(1) as f64;
    (0..wide)
        .map(|x| {
            let here = steps * x as f64 / across;
            let begin = steps * x.saturating_sub(1) as f64 / across;
            let last = at(here);
            let inside = line
                .get(floor(begin).saturating_add(1)..=floor(here))
                .unwrap_or(&[]);
            let lowest = inside.iter().copied().fold(last, f64::min);
            let highest = inside.iter().copied().fold(last, f64::max);
            (lowest, highest, last)
        })
        .collect()
}

/// The row of a value, counted from the top.
fn level(value: f64, (top, bottom): (f64, f64), high: usize) -> usize {
    let last = high.saturating_sub(1);
    floor((top - value) / (top - bottom) * last as f64 + 0.5).min(last)
}

fn floor(value: f64) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "such a cast saturates, and what is out of range is not drawn"
    )]
    let whole = value as usize;
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(main: &[f64], other: &[f64], unicode: bool) -> String {
        let chart = Chart {
            main,
            other,
            width: 8,
            height: 4,
            unicode,
        };
        let drawing = chart.draw().unwrap();
        let rows = drawing.rows.iter().map(|row| {
            let row: String = row.iter().map(|cell| cell.letter()).collect();
            row.trim_end().to_owned()
        });
        rows.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_rise_goes_from_the_lower_left_to_the_upper_right() {
        assert_eq!(drawn(&[0.0, 3.0], &[], false), "      **\n    **\n  **\n**");
        assert_eq!(drawn(&[0.0, 3.0], &[], true), "      ⡠⠊\n    ⡠⠊\n  ⡠⠊\n⡠⠊");
    }

    #[test]
    fn a_spike_between_two_columns_is_not_lost_and_lines_have_no_holes() {
        let mut line = vec![0.0; 1_000];
        line[500] = 3.0;
        let text = drawn(&line, &[], false);
        assert!(text.lines().all(|row| row.contains('*')), "{text}");
    }

    #[test]
    fn the_second_line_is_told_apart() {
        assert_eq!(
            drawn(&[3.0, 3.0, 3.0], &[0.0, 0.0, 0.0], false),
            "********\n\n\n........"
        );
        let text = drawn(&[3.0, 3.0], &[0.0, 0.0], true);
        assert_eq!(text.lines().next(), Some("⠉⠉⠉⠉⠉⠉⠉⠉"));
        assert_eq!(
            text.lines().last(),
            Some("⡀⢀⠀⡀⢀⠀⡀⢀".replace('⠀', " ").as_str())
        );
    }

    #[test]
    fn what_cannot_be_drawn_is_not() {
        let chart = |main: &[f64], width| {
            Chart {
                main,
                other: &[],
                width,
                height: 4,
                unicode: true,
            }
            .draw()
            .is_some()
        };
        assert!(!chart(&[1.0], 8) && !chart(&[1.0, 2.0], 0) && !chart(&[f64::NAN, f64::NAN], 8));
        assert!(chart(&[5.0, 5.0], 8), "a flat line is a line");
    }
}
