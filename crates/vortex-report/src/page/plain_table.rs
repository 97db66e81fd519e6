//! Tables of plain text that grow with the data.

use super::escape::Text;

/// Most bytes of one table.
const BUDGET: usize = 200_000;

/// A table of texts: names of columns, and rows.
pub struct PlainTable {
    /// What it shows.
    pub title: String,
    /// Names of the columns.
    pub columns: Vec<&'static str>,
    /// Cells; the first of a row names it.
    pub rows: Vec<Vec<String>>,
}

impl PlainTable {
    /// The table, or as many rows as have room.
    pub fn html(&self) -> String {
        let text: fn(usize) -> &'static str =
            |column| if column == 0 { "" } else { " class=\"l\"" };
        let heads: String = self
            .columns
            .iter()
            .enumerate()
            .map(|(i, name)| {
                format!("<th scope=\"col\"{}>{}</th>", self.class(i).unwrap_or(text(i)), Text(name))
            })
            .collect();
        let mut html = format!(
            "<h3>{title}</h3><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{title}\"><table class=\"plain\">\
             <thead><tr>{heads}</tr></thead><tbody>\n",
            title = Text(&self.title)
        );
        let mut left = self.rows.len();
        for row in &self.rows {
            let cells = row.iter().enumerate().map(|(i, cell)| match i {
                0 => format!("<th scope=\"row\">{}</th>", Text(cell)),
                _ => format!("<td{}>{}</td>", self.class(i).unwrap_or(text(i)), Text(cell)),
            });
            let row = format!("<tr>{}</tr>\n", cells.collect::<String>());
            if html.len() + row.len() > BUDGET {
                break;
            }
            html.push_str(&row);
            left -= 1;
        }
        html.push_str("</tbody></table></div>\n");
        if left > 0 {
            html.push_str(&super::skeleton::note(&format!(
                "{left} more rows have no room on this page."
            )));
        }
        html
    }

    /// Columns of numbers are aligned right.
    fn class(&self, column: usize) -> Option<&'static str> {
        let number =
            |cell: &String| cell.is_empty() || cell.starts_with(|c: char| c.is_ascii_digit());
        let all = self.rows.iter().filter_map(|row| row.get(column)).all(number);
        (column > 0 && all).then_some("")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_tables_end_with_a_remark() {
        let rows = (0..9000).map(|i| vec![format!("<{i}>"), "7".into(), "words".into()]).collect();
        let table = PlainTable { title: "a<b".into(), columns: vec!["x", "n", "w"], rows };
        let html = table.html();
        assert!(html.len() < BUDGET + 500 && html.contains("more rows have no room"));
        assert!(
            html.contains("&lt;1&gt;") && html.contains("<td>7</td><td class=\"l\">words</td>")
        );
    }
}
