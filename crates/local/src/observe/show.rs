//! What `cargo xtask trace` and `cargo xtask top` print.

use std::fmt::Write;

use super::account::{Account, Row};
use super::traffic::{Counts, Key};

/// One change: each row with the time since the first and since the row before.
pub fn account(account: &Account) -> String {
    let mut text = format!("product {}, version {}\n", account.product, account.version);
    let begun = account.rows.first().map_or(0, |row| row.at_ms);
    let mut before = begun;
    for row in &account.rows {
        let (since, step) = (row.at_ms.saturating_sub(begun), row.at_ms.saturating_sub(before));
        before = row.at_ms;
        let _ = writeln!(
            text,
            "{since:>7} ms {:>9}  {:<10} {:<19} {}",
            format!("+{step}"),
            row.step,
            row.by,
            ids(row)
        );
    }
    let at = |step: &str| row_of(account, step).map(|row| row.at_ms.saturating_sub(begun));
    let spans = [
        ("until the cache knew", at("floor").or(at("told"))),
        ("until the edge was purged", at("purged")),
        ("until the edge had it again", at("stored")),
    ];
    for (what, span) in spans {
        if let Some(span) = span {
            let _ = writeln!(text, "{what:>30}: {span} ms");
        }
    }
    text
}

fn row_of<'a>(account: &'a Account, step: &str) -> Option<&'a Row> {
    account.rows.iter().find(|row| row.step == step)
}

fn ids(row: &Row) -> String {
    let named = [
        ("", row.note.as_str()),
        ("request ", row.request_id.as_str()),
        ("trace ", row.trace_id.as_str()),
        ("event ", row.event_id.as_str()),
    ];
    let said =
        named.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| format!("{name}{value}"));
    said.collect::<Vec<_>>().join("  ")
}

/// The busiest keys, one a line.
pub fn top(keys: &[Key]) -> String {
    let width = keys.iter().map(|key| key.key.len()).max().unwrap_or(0).clamp(20, 60);
    let mut text = format!(
        "{:<width$} {:>8} {:>6} {:>8} {:>7} {:>7}  {:>7}  written\n",
        "key", "edge", "hit", "API", "memory", "valkey", "purged"
    );
    for Key { key, counts } in keys {
        let _ = writeln!(
            text,
            "{key:<width$} {:>8} {:>6} {:>8} {:>7} {:>7}  {:>7}  {}",
            counts.edge,
            share(counts.edge_hits, counts.edge),
            counts.api,
            share(counts.memory_hits, counts.api),
            share(counts.valkey_hits, counts.api.saturating_sub(counts.memory_hits)),
            counts.purges,
            causes(counts),
        );
    }
    text
}

fn share(part: u64, whole: u64) -> String {
    if whole == 0 { "-".to_owned() } else { format!("{:.0} %", part as f64 * 100.0 / whole as f64) }
}

fn causes(counts: &Counts) -> String {
    let causes = [
        ("PUT", counts.puts),
        ("PATCH", counts.patches),
        ("DELETE", counts.deletes),
        ("other programs", counts.foreign()),
    ];
    let there =
        causes.iter().filter(|(_, count)| *count > 0).map(|(cause, count)| format!("{cause} {count}"));
    there.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_shown_with_times_differences_and_ids() {
        let row = |at_ms, step: &str, by: &str, note: &str| Row {
            at_ms,
            step: step.to_owned(),
            by: by.to_owned(),
            note: note.to_owned(),
            ..Row::default()
        };
        let rows = vec![
            Row { request_id: "r-1".to_owned(), ..row(1_000, "written", "write-api", "updated") },
            row(1_008, "floor", "cache", ""),
            row(2_300, "purged", "edge-invalidator", "by its own items"),
        ];
        let text = account(&Account { product: "b-1".to_owned(), version: 8, rows });
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[0], "product b-1, version 8");
        assert!(lines[1].ends_with("updated  request r-1"), "{text}");
        assert!(lines[3].contains("1300 ms     +1292  purged"), "{text}");
        assert!(text.contains("until the edge was purged: 1300 ms"), "{text}");
        assert!(!text.contains("until the edge had it again"), "{text}");
    }

    #[test]
    fn the_busiest_keys_are_shown_with_their_shares_and_who_wrote_them() {
        let counts = Counts { edge: 4, edge_hits: 3, patches: 1, streamed: 3, ..Counts::default() };
        let text = top(&[Key { key: "/api/products/b-1".to_owned(), counts }]);
        let line = text.lines().nth(1).unwrap();
        assert!(line.contains(" 4   75 % "), "{text}");
        assert!(line.ends_with("PATCH 1, other programs 2"), "{text}");
    }
}
