//! Tables, as Markdown, as JSON and as bars.

use std::fmt::Write;
use std::path::Path;

use serde::Serialize;

use crate::machine::Machine;

/// One table.
#[derive(Debug, Clone, Serialize)]
pub struct Table {
    /// What was measured.
    pub title: String,
    /// How.
    pub how: String,
    /// The first column names the row, the others are numbers.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<Row>,
}

/// One row. A number that is none (`NaN`) does not apply.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// What it is about.
    pub name: String,
    /// One number for each further column.
    pub numbers: Vec<f64>,
}

impl Row {
    /// A row.
    pub fn new(name: impl Into<String>, numbers: Vec<f64>) -> Row {
        Row { name: name.into(), numbers }
    }
}

impl Table {
    /// A table without rows.
    pub fn new(title: &str, how: String, columns: &[&str]) -> Table {
        let columns = columns.iter().map(|name| (*name).to_owned()).collect();
        Table { title: title.to_owned(), how, columns, rows: Vec::new() }
    }

    /// Adds a row.
    pub fn push(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// The table under its heading.
    pub fn markdown(&self) -> String {
        let mut text = format!("## {}\n\n{}\n\n| {} |\n", self.title, self.how, self.columns.join(" | "));
        let _ = writeln!(text, "|---|{}", "---:|".repeat(self.columns.len().saturating_sub(1)));
        for row in &self.rows {
            let numbers: Vec<_> = row.numbers.iter().map(|number| show(*number)).collect();
            let _ = writeln!(text, "| {} | {} |", row.name, numbers.join(" | "));
        }
        text
    }

    /// One column as horizontal bars, from 0 to its largest number.
    pub fn bars(&self, column: usize) -> String {
        const WIDE: f64 = 420.0;
        let number = |row: &Row| row.numbers.get(column).copied().unwrap_or(f64::NAN);
        let most = self.rows.iter().map(number).filter(|n| n.is_finite()).fold(f64::MIN_POSITIVE, f64::max);
        let high = 24 * self.rows.len() + 40;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"860\" height=\"{high}\" font-family=\"sans-serif\" font-size=\"13\">\n<text x=\"10\" y=\"20\" font-weight=\"bold\">{}: {}</text>\n",
            escape(&self.title),
            escape(self.columns.get(column + 1).map_or("", String::as_str))
        );
        for (place, row) in self.rows.iter().enumerate() {
            let (y, value) = (34 + 24 * place, number(row));
            let width = if value.is_finite() { WIDE * value / most } else { 0.0 };
            let _ = writeln!(
                svg,
                "<text x=\"350\" y=\"{}\" text-anchor=\"end\">{}</text><rect x=\"360\" y=\"{y}\" width=\"{width:.1}\" height=\"18\" fill=\"#2a7f9e\"/><text x=\"{:.1}\" y=\"{}\">{}</text>",
                y + 14,
                escape(&row.name),
                366.0 + width,
                y + 14,
                show(value)
            );
        }
        svg.push_str("</svg>\n");
        svg
    }
}

/// A whole report: what machine, then its tables.
pub fn markdown(machine: &Machine, tables: &[Table]) -> String {
    let tables: Vec<_> = tables.iter().map(Table::markdown).collect();
    format!("# Measurements\n\n{}\n{}", machine.markdown(), tables.join("\n"))
}

/// Writes `report.md`, `report.json` and a plot for each table.
pub fn write(folder: &Path, machine: &Machine, tables: &[Table]) -> Result<(), String> {
    let said = |error: std::io::Error| format!("{}: {error}", folder.display());
    std::fs::create_dir_all(folder).map_err(said)?;
    std::fs::write(folder.join("report.md"), markdown(machine, tables)).map_err(said)?;
    let json = serde_json::json!({ "machine": machine, "tables": tables }).to_string();
    std::fs::write(folder.join("report.json"), json).map_err(said)?;
    for table in tables {
        let name = format!("{}.svg", table.title.to_lowercase().replace(' ', "-"));
        std::fs::write(folder.join(name), table.bars(0)).map_err(said)?;
    }
    println!("written to {}", folder.display());
    Ok(())
}

/// Three significant digits, without a fraction from 100 on.
fn show(number: f64) -> String {
    match number {
        none if !none.is_finite() => "–".to_owned(),
        0.0 => "0".to_owned(),
        large if large.abs() >= 100.0 => format!("{large:.0}"),
        middle if middle.abs() >= 10.0 => format!("{middle:.1}"),
        small => format!("{small:.2}"),
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_written_in_markdown_and_drawn_as_bars() {
        let mut table = Table::new("Hits", "Quietly.".to_owned(), &["variant", "× floor", "µs"]);
        table.push(Row::new("floor", vec![1.0, 30.04]));
        table.push(Row::new("a < b", vec![1.447, f64::NAN]));
        let expected = "## Hits\n\nQuietly.\n\n| variant | × floor | µs |\n|---|---:|---:|\n| floor | 1.00 | 30.0 |\n| a < b | 1.45 | – |\n";
        assert_eq!(table.markdown(), expected);
        let svg = table.bars(0);
        assert!(
            svg.contains("width=\"420.0\"") && svg.contains("a &lt; b") && svg.contains("Hits: × floor"),
            "{svg}"
        );
    }
}
