//! Columns that line up.

use crate::terminal::Style;
use crate::text::wrap;

/// On which side of its column a cell stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// Narrowest column that words are still broken for.
const WORDS_MIN: usize = 20;

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

    /// The same in at most `width` columns, as far as breaking the words of the widest column of text can do it. What is broken hangs below
    /// its first line, beside which the other cells stand.
    pub(crate) fn render_within(&self, style: Style, width: usize) -> String {
        let widths = self.widths();
        let all = self.indent + widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1);
        let text_columns = (0..widths.len()).filter(|at| self.columns[*at].1 == Align::Left);
        let Some(widest) = text_columns.max_by_key(|at| widths[*at]).filter(|_| all > width) else {
            return self.render(style);
        };
        let room = widths[widest].saturating_sub(all - width).max(WORDS_MIN);
        let mut broken = Self { rows: Vec::new(), ..self.clone() };
        for row in &self.rows {
            let lines = row.get(widest).map(|cell| wrap(cell, room)).unwrap_or_default();
            let mut first = row.clone();
            if let (Some(cell), Some(line)) = (first.get_mut(widest), lines.first()) {
                cell.clone_from(line);
            }
            broken.rows.push(first);
            for line in lines.into_iter().skip(1) {
                let mut rest = vec![String::new(); row.len()];
                rest[widest] = line;
                broken.rows.push(rest);
            }
        }
        broken.render(style)
    }

    /// The widest cell of each column.
    fn widths(&self) -> Vec<usize> {
        let chars = |text: &str| text.chars().count();
        (0..self.columns.len())
            .map(|at| {
                let cells = self.rows.iter().filter_map(|row| row.get(at)).map(|cell| chars(cell));
                cells.chain([chars(self.columns[at].0)]).max().unwrap_or(0)
            })
            .collect()
    }

    pub(crate) fn render(&self, style: Style) -> String {
        let chars = |text: &str| text.chars().count();
        let widths = self.widths();
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
    fn words_are_broken_where_a_row_is_too_wide() {
        let mut table =
            Table::new([("gate", Align::Left), ("found", Align::Left), ("n", Align::Right)]).indented(2);
        table.row(["whole".to_owned(), "short".to_owned(), "1,000".to_owned()]);
        let long = "as many words as nobody would like to read in one line";
        table.row(["broken".to_owned(), long.to_owned(), "7".to_owned()]);
        assert_eq!(table.render_within(Style::PLAIN, 100), table.render(Style::PLAIN));
        insta::assert_snapshot!(table.render_within(Style::PLAIN, 40), @r"
          gate    found                        n
          whole   short                    1,000
          broken  as many words as nobody      7
                  would like to read in
                  one line
        ");
    }

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
