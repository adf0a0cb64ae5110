//! Bars in few bytes: nearly all of a recording is bars, and nearly all that a bar says follows from the
//! one before it of the same symbol.

use trader_contract::{Bar, Price, SymbolId, Timestamp};

use crate::bytes::{Cursor, Malformed, put, put_signed};

/// The steps that prices are counted in, in millionths of a dollar: the coarsest that fits is taken.
const UNITS: [i64; 3] = [10_000, 100, 1];
/// The start is the expected one.
const EXPECTED_START: u8 = 1 << 2;
/// The stamp is that of the bar before.
const SAME_STAMP: u8 = 1 << 3;

/// Reads and writes bars; both sides begin as new and see the same bars.
#[derive(Debug, Clone, Default)]
pub(crate) struct BarCodec {
    /// The last close of each symbol, in millionths.
    closes: Vec<i64>,
    symbol: i64,
    at: i64,
}

impl BarCodec {
    /// Writes a bar that was handed to the engine at `at`.
    #[inline]
    pub(crate) fn put(&mut self, out: &mut Vec<u8>, at: Timestamp, symbol: SymbolId, bar: &Bar) {
        let at = at.nanos();
        let index = symbol_number(symbol);
        let stamp = if at == self.at { SAME_STAMP } else { 0 };
        let expected = at.wrapping_sub(Timestamp::MINUTE);
        put_signed(out, index.wrapping_sub(self.symbol));
        self.put_bar(out, symbol, bar, (expected, stamp), |out| {
            if stamp == 0 {
                put_signed(out, at.wrapping_sub(self.at));
            }
        });
        self.symbol = index;
        self.at = at;
        self.close(symbol, bar);
    }

    /// Reads one.
    pub(crate) fn take(
        &mut self,
        from: &mut Cursor<'_>,
    ) -> Result<(Timestamp, SymbolId, Bar), Malformed> {
        let index = self.symbol.wrapping_add(from.signed()?);
        let symbol = symbol_of(index)?;
        let flags = from.byte()?;
        let at = if flags & SAME_STAMP == 0 {
            self.at.wrapping_add(from.signed()?)
        } else {
            self.at
        };
        let bar = self.take_bar(from, symbol, flags, at.wrapping_sub(Timestamp::MINUTE))?;
        self.symbol = index;
        self.at = at;
        self.close(symbol, &bar);
        Ok((Timestamp::from_nanos(at), symbol, bar))
    }

    /// Writes bars of the past of one symbol.
    pub(crate) fn put_history(
        &mut self,
        out: &mut Vec<u8>,
        at: Timestamp,
        symbol: SymbolId,
        bars: &[Bar],
    ) {
        put_signed(out, at.nanos());
        put_signed(out, symbol_number(symbol));
        let mut before = 0_i64;
        for bar in bars {
            let expected = before.wrapping_add(Timestamp::MINUTE);
            self.put_bar(out, symbol, bar, (expected, 0), |_| {});
            before = bar.start.nanos();
            self.close(symbol, bar);
        }
    }

    /// Reads them: they end where the bytes end.
    pub(crate) fn take_history(
        &mut self,
        from: &mut Cursor<'_>,
    ) -> Result<(Timestamp, SymbolId, Vec<Bar>), Malformed> {
        let at = Timestamp::from_nanos(from.signed()?);
        let symbol = symbol_of(from.signed()?)?;
        let mut bars: Vec<Bar> = Vec::new();
        while !from.is_empty() {
            let before = bars.last().map_or(0, |bar| bar.start.nanos());
            let flags = from.byte()?;
            let bar = self.take_bar(from, symbol, flags, before.wrapping_add(Timestamp::MINUTE))?;
            self.close(symbol, &bar);
            bars.push(bar);
        }
        Ok((at, symbol, bars))
    }

    #[inline]
    fn put_bar(
        &self,
        out: &mut Vec<u8>,
        symbol: SymbolId,
        bar: &Bar,
        (expected, flags): (i64, u8),
        stamp: impl FnOnce(&mut Vec<u8>),
    ) {
        let [open, high, low, close] = [bar.open, bar.high, bar.low, bar.close].map(Price::micros);
        let steps = [
            open.wrapping_sub(self.last(symbol)),
            close.wrapping_sub(open),
            high.wrapping_sub(open.max(close)),
            open.min(close).wrapping_sub(low),
        ];
        let (place, steps) = in_units(steps);
        let start = bar.start.nanos();
        let as_expected = if start == expected { EXPECTED_START } else { 0 };
        out.push(place | as_expected | flags);
        stamp(out);
        if as_expected == 0 {
            put_signed(out, start.wrapping_sub(expected));
        }
        for step in steps {
            put_signed(out, step);
        }
        put(out, bar.volume);
    }

    #[inline]
    fn take_bar(
        &self,
        from: &mut Cursor<'_>,
        symbol: SymbolId,
        flags: u8,
        expected: i64,
    ) -> Result<Bar, Malformed> {
        let unit = *UNITS.get(usize::from(flags & 3)).ok_or(Malformed)?;
        let start = if flags & EXPECTED_START == 0 {
            expected.wrapping_add(from.signed()?)
        } else {
            expected
        };
        let mut step = || from.signed().map(|steps| steps.wrapping_mul(unit));
        let open = self.last(symbol).wrapping_add(step()?);
        let close = open.wrapping_add(step()?);
        let high = open.max(close).wrapping_add(step()?);
        let low = open.min(close).wrapping_sub(step()?);
        let price = |micros| Price::from_micros(micros).ok_or(Malformed);
        Ok(Bar {
            start: Timestamp::from_nanos(start),
            open: price(open)?,
            high: price(high)?,
            low: price(low)?,
            close: price(close)?,
            volume: from.number()?,
        })
    }

    fn last(&self, symbol: SymbolId) -> i64 {
        self.closes.get(symbol.index()).copied().unwrap_or(0)
    }

    fn close(&mut self, symbol: SymbolId, bar: &Bar) {
        let index = symbol.index();
        if index >= self.closes.len() {
            self.closes.resize(index.saturating_add(1), 0);
        }
        if let Some(close) = self.closes.get_mut(index) {
            *close = bar.close.micros();
        }
    }
}

/// The place of the coarsest unit that fits, and the steps counted in it. Each unit is a constant of its
/// own, since a division by one that is not known takes ten times as long.
#[inline]
fn in_units(steps: [i64; 4]) -> (u8, [i64; 4]) {
    const COARSE: i64 = UNITS[0];
    const FINE: i64 = UNITS[1];
    if steps.iter().all(|step| step.checked_rem(COARSE) == Some(0)) {
        (0, steps.map(|step| step.checked_div(COARSE).unwrap_or(0)))
    } else if steps.iter().all(|step| step.checked_rem(FINE) == Some(0)) {
        (1, steps.map(|step| step.checked_div(FINE).unwrap_or(0)))
    } else {
        (2, steps)
    }
}

/// More symbols than any exchange lists: what names a higher one is no recording.
const SYMBOLS_MAX: i64 = 1 << 20;

fn symbol_number(symbol: SymbolId) -> i64 {
    i64::try_from(symbol.index()).unwrap_or(i64::MAX)
}

fn symbol_of(index: i64) -> Result<SymbolId, Malformed> {
    if !(0..SYMBOLS_MAX).contains(&index) {
        return Err(Malformed);
    }
    u32::try_from(index)
        .map(SymbolId::new)
        .map_err(|_| Malformed)
}
