//! Columns that line up.

use crate::terminal::Style;

/// On which side of its column a cell stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// Rows under headings. Cells are shown whole, however long: a table is data.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    columns: Vec<(&'static str, Align)>,
    rows: Vec<Vec<String>>,
    indent: usize,
}

impl Table {
    pub(crate) fn new(columns: impl Into<Vec<(&'static str, Align)>>) -> Self {
        Self { columns: columns.into(), rows: Vec::new(), indent: 0 }
    }

    /// The same, moved to the right.
    pub(crate) const fn indented(mut self, by: usize) -> Self {
        self.indent = by;
        self
    }

    /// Adds a row; what would steer a terminal is escaped.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(|cell| crate::text::clean(&cell).into_owned()).collect());
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(crate) fn render(&self, style: Style) -> String {
        let chars = |text: &str| text.chars().count();
        let widths: Vec<usize> = (0..self.columns.len())
            .map(|at| {
                let cells = self.rows.iter().filter_map(|row| row.get(at)).map(|cell| chars(cell));
                cells.chain([chars(self.columns[at].0)]).max().unwrap_or(0)
            })
            .collect();
        let line = |cells: &mut dyn Iterator<Item = &str>| {
            let mut text = " ".repeat(self.indent);
            for ((cell, width), (_, align)) in cells.zip(&widths).zip(&self.columns) {
                let gap = " ".repeat(width - chars(cell).min(*width));
                match align {
                    Align::Left => text += &format!("{cell}{gap}  "),
                    Align::Right => text += &format!("{gap}{cell}  "),
                }
            }
            text.trim_end().to_owned()
        };
        let mut text = String::new();
        let heading = line(&mut self.columns.iter().map(|(title, _)| *title));
        if !heading.is_empty() {
            text += &style.faint(&heading);
            text.push('\n');
        }
        for row in &self.rows {
            text += &line(&mut row.iter().map(String::as_str));
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_nothing_is_cut() {
        let mut table = Table::new([("id", Align::Left), ("scrip", Align::Right), ("", Align::Left)]);
        table.row(["a".to_owned(), "1,000".to_owned(), "x\u{1b}[2J".to_owned()]);
        table.row(["longer_than_that".to_owned(), "7".to_owned(), String::new()]);
        insta::assert_snapshot!(table.render(Style::PLAIN), @r"
        id                scrip
        a                 1,000  x\u{1b}[2J
        longer_than_that      7
        ");
    }
}
