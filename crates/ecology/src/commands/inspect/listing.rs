//! A page of rows, for people and for programs.

use serde_json::{Value, json};

use crate::cli::Page;
use crate::render::Table;
use crate::terminal::Style;
use crate::text::count;

/// Some rows of a list.
pub(super) struct Listing {
    /// What the rows are, in the singular.
    noun: &'static str,
    table: Table,
    rows: Vec<Value>,
    /// Rows on all pages together.
    total: usize,
    offset: usize,
}

impl Listing {
    pub(super) fn new(noun: &'static str, table: Table) -> Self {
        Self { noun, table, rows: Vec::new(), total: 0, offset: 0 }
    }

    /// Takes the rows of one page out of all of them; `row` gives the cells and the object of each.
    pub(super) fn fill<T>(
        mut self,
        all: Vec<T>,
        page: Page,
        mut row: impl FnMut(&T) -> (Vec<String>, Value),
    ) -> Self {
        self.total = all.len();
        self.offset = page.offset;
        for one in all.iter().skip(page.offset).take(page.rows_max()) {
            let (cells, object) = row(one);
            self.table.row(cells);
            self.rows.push(object);
        }
        self
    }

    /// `{world, total, offset, rows}`.
    pub(super) fn json(&self, world: &str) -> Value {
        json!({ "world": world, "total": self.total, "offset": self.offset, "rows": self.rows })
    }

    pub(super) fn render(&self, style: Style) -> String {
        let total = count(self.total as u64, self.noun);
        if self.table.is_empty() {
            return match self.total {
                0 => format!("no {}s\n", self.noun),
                _ => format!("nothing on this page; {total} in all\n"),
            };
        }
        let mut text = self.table.render(style);
        if self.rows.len() < self.total {
            let (first, last) = (self.offset + 1, self.offset + self.rows.len());
            let more = if last < self.total {
                format!("; --offset {last} goes on, --limit 0 shows all")
            } else {
                String::new()
            };
            text += &format!("{}\n", style.faint(&format!("{first} to {last} of {total}{more}")));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::Align;

    fn page(limit: usize, offset: usize) -> String {
        let table = Table::new([("n", Align::Right)]);
        let row = |n: &u32| (vec![n.to_string()], json!({ "n": n }));
        Listing::new("number", table).fill(vec![1, 2, 3], Page { limit, offset }, row).render(Style::PLAIN)
    }

    #[test]
    fn pages() {
        assert_eq!(page(0, 0), "n\n1\n2\n3\n");
        assert_eq!(page(2, 0), "n\n1\n2\n1 to 2 of 3 numbers; --offset 2 goes on, --limit 0 shows all\n");
        assert_eq!(page(2, 2), "n\n3\n3 to 3 of 3 numbers\n");
        assert_eq!(page(2, 9), "nothing on this page; 3 numbers in all\n");
    }
}
