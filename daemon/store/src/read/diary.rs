//! Questions about what people write about trades.

use diesel::prelude::*;

use super::{Page, Reader, typed};
use crate::column::row_number;
use crate::diary::{self, Row};
use crate::schema::trade_edits as t;
use crate::{ClosedTrade, DiaryPage, PastEdit, StoreError, TradeFilter};

impl Reader {
    /// What is written about a trade; nothing where nobody wrote.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn diary_page(&mut self, trade: u64) -> Result<DiaryPage, StoreError> {
        diary::page(&mut self.db, trade)
    }

    /// Trades as [`Self::trades`] gives them, each with what is written about it, all of the same
    /// moment.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn trades_with_diary(
        &mut self,
        filter: &TradeFilter,
        page: Page,
    ) -> Result<Vec<(ClosedTrade, DiaryPage)>, StoreError> {
        self.consistently(|reader| {
            let trades = reader.trades(filter, page)?;
            trades
                .into_iter()
                .map(|trade| {
                    let written = reader.diary_page(trade.id)?;
                    Ok((trade, written))
                })
                .collect()
        })
    }

    /// The edits of what is written about a trade, newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn diary_edits(&mut self, trade: u64, limit: u32) -> Result<Vec<PastEdit>, StoreError> {
        typed(
            t::table
                .filter(t::trade.eq(row_number(trade)))
                .order(t::id.desc())
                .limit(Page::newest(limit).rows())
                .select(Row::as_select())
                .load(&mut self.db)?,
        )
    }
}
