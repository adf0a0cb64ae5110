//! What is listed on the simulated exchange. Some of it is there so that a client can meet each
//! refusal that an asset gives rise to.

use serde_json::{Value, json};
use trader_broker_sim::market::{Instrument, Shape};
use trader_contract::{Price, Symbol};

use super::ids;

/// One listed asset.
#[derive(Debug, Clone)]
pub(crate) struct Asset {
    pub(crate) id: String,
    pub(crate) symbol: Symbol,
    name: String,
    pub(crate) exchange: &'static str,
    pub(crate) active: bool,
    pub(crate) tradable: bool,
    pub(crate) shortable: bool,
    pub(crate) easy_to_borrow: bool,
    pub(crate) fractionable: bool,
}

/// What an asset is besides its price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trait {
    Plain,
    WholeSharesOnly,
    HardToBorrow,
    Inactive,
}

/// Symbol, name, exchange, price around which it wanders in dollars, shares a minute, trait.
type Row = (&'static str, &'static str, &'static str, i64, u32, Trait);

const LISTED: [Row; 14] = [
    (
        "AAPL",
        "Apple Inc. Common Stock",
        "NASDAQ",
        230,
        120_000,
        Trait::Plain,
    ),
    (
        "AMZN",
        "Amazon.com, Inc. Common Stock",
        "NASDAQ",
        190,
        90_000,
        Trait::Plain,
    ),
    (
        "BRK.B",
        "Berkshire Hathaway Inc. Class B",
        "NYSE",
        460,
        9_000,
        Trait::WholeSharesOnly,
    ),
    ("F", "Ford Motor Company", "NYSE", 12, 110_000, Trait::Plain),
    (
        "GME",
        "GameStop Corporation",
        "NYSE",
        24,
        20_000,
        Trait::HardToBorrow,
    ),
    (
        "GOOGL",
        "Alphabet Inc. Class A",
        "NASDAQ",
        180,
        60_000,
        Trait::Plain,
    ),
    ("KO", "Coca-Cola Company", "NYSE", 70, 30_000, Trait::Plain),
    (
        "META",
        "Meta Platforms, Inc.",
        "NASDAQ",
        560,
        30_000,
        Trait::Plain,
    ),
    (
        "MSFT",
        "Microsoft Corporation",
        "NASDAQ",
        430,
        50_000,
        Trait::Plain,
    ),
    (
        "NVDA",
        "NVIDIA Corporation",
        "NASDAQ",
        140,
        400_000,
        Trait::Plain,
    ),
    (
        "QQQ",
        "Invesco QQQ Trust, Series 1",
        "NASDAQ",
        510,
        80_000,
        Trait::Plain,
    ),
    (
        "SPY",
        "SPDR S&P 500 ETF Trust",
        "ARCA",
        600,
        130_000,
        Trait::Plain,
    ),
    (
        "TSLA",
        "Tesla, Inc. Common Stock",
        "NASDAQ",
        260,
        200_000,
        Trait::Plain,
    ),
    ("TWTR", "Twitter, Inc.", "NYSE", 53, 0, Trait::Inactive),
];

impl Asset {
    /// The asset of a row, and what its price is like.
    fn listed(row: &Row) -> Option<(Self, Instrument)> {
        let (symbol, name, exchange, dollars, volume_per_minute, peculiar) = *row;
        let symbol: Symbol = symbol.parse().ok()?;
        let asset = Self {
            name: name.to_owned(),
            exchange,
            active: peculiar != Trait::Inactive,
            tradable: peculiar != Trait::Inactive,
            shortable: !matches!(peculiar, Trait::HardToBorrow | Trait::Inactive),
            easy_to_borrow: !matches!(peculiar, Trait::HardToBorrow | Trait::Inactive),
            fractionable: !matches!(peculiar, Trait::WholeSharesOnly | Trait::Inactive),
            ..Self::of(symbol)
        };
        let instrument = Instrument {
            symbol,
            base: Price::from_cents(dollars.saturating_mul(100))?,
            shape: Shape::Walk,
            volume_per_minute,
        };
        Some((asset, instrument))
    }

    /// An ordinary asset with this symbol.
    pub(crate) fn of(symbol: Symbol) -> Self {
        Self {
            id: ids::named(symbol.as_str()),
            symbol,
            name: format!("{symbol} Common Stock"),
            exchange: "NASDAQ",
            active: true,
            tradable: true,
            shortable: true,
            easy_to_borrow: true,
            fractionable: true,
        }
    }

    /// Whether it can be borrowed: who sells what is hard to borrow needs a locate, and there are none.
    pub(crate) const fn can_be_sold_short(&self) -> bool {
        self.shortable && self.easy_to_borrow
    }

    /// The letter of the tape that the exchange reports to.
    pub(crate) fn tape(&self) -> &'static str {
        match self.exchange {
            "NASDAQ" => "C",
            "NYSE" => "A",
            _ => "B",
        }
    }

    /// The letter of the exchange.
    pub(crate) fn venue(&self) -> &'static str {
        match self.exchange {
            "NASDAQ" => "Q",
            "NYSE" => "N",
            _ => "P",
        }
    }

    /// The asset as the API shows it.
    pub(crate) fn json(&self) -> Value {
        let attributes: &[&str] = if self.fractionable {
            &["fractional_eh_enabled", "has_options"]
        } else {
            &["has_options"]
        };
        json!({
            "id": self.id,
            "class": "us_equity",
            "exchange": self.exchange,
            "symbol": self.symbol.as_str(),
            "name": self.name,
            "status": if self.active { "active" } else { "inactive" },
            "tradable": self.tradable,
            "marginable": self.active,
            "shortable": self.shortable,
            "easy_to_borrow": self.easy_to_borrow,
            "borrow_status": if self.easy_to_borrow { "easy_to_borrow" } else { "hard_to_borrow" },
            "fractionable": self.fractionable,
            "maintenance_margin_requirement": 30,
            "margin_requirement_long": "30",
            "margin_requirement_short": "30",
            "attributes": attributes,
        })
    }
}

/// Everything that is listed, and what the prices are like.
pub(crate) fn listed() -> (Vec<Asset>, Vec<Instrument>) {
    LISTED.iter().filter_map(Asset::listed).unzip()
}
