//! Configurations by the thousand that nobody would write: lines of the sample changed, cut, doubled and
//! out of order. Each is refused in words or taken, and what is taken reads back as the same.
//!
//! `TRADER_FUZZ_CASES` by a hundred is how many there are, `TRADER_FUZZ_SEED` where they begin.

use super::tests::read;
use super::{Layer, SAMPLE};

/// Cases where nothing is said.
const CASES: u64 = 500;

/// Numbers drawn from a seed: `splitmix64`.
struct Dice(u64);

impl Dice {
    const fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end.max(1)).unwrap();
        usize::try_from(self.number().checked_rem(end).unwrap()).unwrap()
    }
}

const VALUES: [&str; 14] = [
    "-1",
    "0",
    "1",
    "99999999999999999999",
    "1e400",
    "nan",
    "true",
    "\"\"",
    "\"\\u0000\"",
    "[]",
    "[[[[]]]]",
    "{}",
    "1979-05-27T07:32:00Z",
    "\"alpaca\"",
];

/// A line of the sample, as it is or otherwise.
fn line(dice: &mut Dice) -> String {
    let lines: Vec<&str> = SAMPLE.lines().filter(|line| !line.is_empty()).collect();
    let line = lines[dice.below(lines.len())].trim_start_matches('#');
    let mut text = match (dice.below(4), line.split_once(" = ")) {
        (0, Some((key, _))) => format!("{key} = {}", VALUES[dice.below(VALUES.len())]),
        (1, Some((key, value))) => format!("{key}x = {value}"),
        _ => line.to_owned(),
    };
    if dice.below(12) == 0 {
        let at = (0..=text.len()).filter(|at| text.is_char_boundary(*at));
        let at: Vec<usize> = at.collect();
        text.truncate(at[dice.below(at.len())]);
    }
    text
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

#[test]
fn a_configuration_is_refused_in_words_or_reads_back_as_the_same() {
    let first = setting("TRADER_FUZZ_SEED").unwrap_or(1);
    let cases = setting("TRADER_FUZZ_CASES").map_or(CASES, |cases| cases.div_ceil(100));
    println!("configurations: {cases} cases from seed {first}");
    let mut taken = 0_u32;
    for seed in (0..cases).map(|number| first.wrapping_add(number)) {
        let mut dice = Dice(seed);
        let count = dice.below(12);
        let lines: Vec<String> = (0..count).map(|_| line(&mut dice)).collect();
        let text = lines.join("\n");
        match read(&[&text]) {
            Ok(config) => {
                taken += 1;
                let shown = config.to_toml();
                let back = read(&[&shown]);
                assert_eq!(back.as_ref(), Ok(&config), "seed {seed}:\n{text}\n{shown}");
            }
            Err(words) => assert!(words.len() > 10, "seed {seed}: {words:?}\n{text}"),
        }
        // Two files, of which the later one counts.
        let halves = text.split_at(text.floor_char_boundary(text.len() / 2));
        let layers = [halves.0, halves.1].map(|half| Layer {
            name: "half".to_owned(),
            text: half.to_owned(),
            loose: true,
        });
        drop(super::parse(&layers, crate::plugins::strategies()));
    }
    assert!(taken > 0, "none of {cases} was taken: nothing was tried");
}
