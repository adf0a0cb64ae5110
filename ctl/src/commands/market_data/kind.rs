//! Names of what rows are.

use clap::builder::PossibleValuesParser;

/// What the rows of a series can be.
const KINDS: [&str; 11] = [
    "1min",
    "1s",
    "1hour",
    "1day",
    "quotes-1min",
    "quotes-1s",
    "quotes-1hour",
    "quotes-1day",
    "trades",
    "quotes",
    "actions",
];

/// One of them.
pub(super) fn kind() -> PossibleValuesParser {
    PossibleValuesParser::new(KINDS)
}
