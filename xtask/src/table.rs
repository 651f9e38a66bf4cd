//! Tables for the terminal and for Markdown.

/// Aligns the columns of `rows` (the first row is the head) with spaces.
pub(crate) fn plain(rows: &[Vec<String>]) -> String {
    let widths = widths(rows);
    let mut text = String::new();
    for row in rows {
        let cells = pad(row, &widths);
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// Writes `rows` (the first row is the head) as a Markdown table.
pub(crate) fn markdown(rows: &[Vec<String>]) -> String {
    let widths = widths(rows);
    let mut text = String::new();
    for (index, row) in rows.iter().enumerate() {
        text.push_str(&format!("| {} |\n", pad(row, &widths).join(" | ")));
        if index == 0 {
            let rule: Vec<_> = widths.iter().map(|width| "-".repeat(*width)).collect();
            text.push_str(&format!("| {} |\n", rule.join(" | ")));
        }
    }
    text
}

/// One row of a table.
pub(crate) fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_owned).to_vec()
}

fn widths(rows: &[Vec<String>]) -> Vec<usize> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    (0..columns)
        .map(|column| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        })
        .collect()
}

fn pad(row: &[String], widths: &[usize]) -> Vec<String> {
    let cells = row.iter().zip(widths);
    cells.map(|(cell, width)| format!("{cell:width$}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [row(["step", "time"]), row(["features", "2 s"])];
        assert_eq!(plain(&rows), "step      time\nfeatures  2 s\n");
        assert_eq!(markdown(&rows), "| step     | time |\n| -------- | ---- |\n| features | 2 s  |\n");
    }
}
