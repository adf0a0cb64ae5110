//! Plain tables: a heading, columns apart by two spaces, numbers to the right; one line per row, so
//! that `grep` and `awk` can read them.

use comfy_table::{Cell, CellAlignment, ContentArrangement, Row, Table, TableStyle};

use crate::output::{Output, Style};
use crate::screen::Screen;

/// A column's heading and side.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Column {
    /// Words, to the left.
    Left(&'static str),
    /// Numbers, to the right.
    Right(&'static str),
}

/// A table that is being filled.
pub(crate) struct Plain<'a> {
    output: &'a Output,
    columns: &'a [Column],
    rows: Vec<(Vec<String>, Option<Style>)>,
    screen: Option<Screen>,
}

impl<'a> Plain<'a> {
    /// Begins a table.
    pub(crate) const fn new(output: &'a Output, columns: &'a [Column]) -> Self {
        Self {
            output,
            columns,
            rows: Vec::new(),
            screen: None,
        }
    }

    /// Cuts lines that the screen is too narrow for; whoever reads a pipe gets them whole.
    pub(crate) const fn cut_to(mut self, screen: Screen) -> Self {
        self.screen = Some(screen);
        self
    }

    /// Adds a row, as many cells as there are columns.
    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push((cells, None));
    }

    /// Adds a row in a colour.
    pub(crate) fn styled_row(&mut self, cells: Vec<String>, style: Style) {
        self.rows.push((cells, Some(style)));
    }

    /// Writes the table; `empty` where it has no rows.
    pub(crate) fn write(self, empty: &str) -> String {
        if self.rows.is_empty() {
            return empty.to_owned();
        }
        let mut table = Table::new();
        table
            .load_style(TableStyle::new())
            .set_content_arrangement(ContentArrangement::Disabled)
            .force_no_tty()
            .set_header(Row::from(self.columns.iter().map(|column| match column {
                Column::Left(name) | Column::Right(name) => Cell::new(name),
            })));
        for (cells, _) in &self.rows {
            table.add_row(cells.iter().map(|cell| printable(cell)).collect::<Vec<_>>());
        }
        for (column, kind) in table.column_iter_mut().zip(self.columns) {
            column.set_padding((0, 2));
            if matches!(kind, Column::Right(_)) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        let styles = std::iter::once(Some(Style::Strong)).chain(self.rows.iter().map(|row| row.1));
        let lines = table.lines().zip(styles).map(|(line, style)| {
            let line = line.trim_end();
            let line = self
                .screen
                .map_or_else(|| line.to_owned(), |screen| screen.cut(line));
            style.map_or_else(|| line.clone(), |style| self.output.paint(style, &line))
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// Text from outside on one line and without control characters, so that no broker or data feed can
/// draw on the terminal.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}
