//! `cargo xtask costs`: what a month costs, by component, for a load of your own or the three of `docs/costs.md`.
//!
//! - [`prices`]: what is paid for what, and who says so
//! - [`bill`](mod@bill): from a load to a bill, with the formula of each line

mod bill;
mod prices;

use bill::{Line, bill};
use clap::Args;
use prices::PRICES;

use crate::command::Failure;

/// What happens in a month.
#[derive(Debug, Clone, Args)]
pub struct Load {
    /// Reads a day, by all viewers
    #[arg(long = "reads", default_value_t = 1e6)]
    reads: f64,
    /// Changes of items a day, through the API or past it [default: a thousandth of the reads]
    #[arg(long = "writes")]
    writes: Option<f64>,
    /// Share of reads that the edge answers
    #[arg(long = "edge-hits", default_value_t = 0.9)]
    edge_hits: f64,
    /// Share of the others that Valkey answers
    #[arg(long = "cache-hits", default_value_t = 0.9)]
    cache_hits: f64,
    /// Size of an answer, and of an item, in kilobytes
    #[arg(long = "kilobytes", default_value_t = 2.0)]
    kilobytes: f64,
    /// Items in Valkey
    #[arg(long = "items", default_value_t = 1e5)]
    items: f64,
    /// How long the read function takes, in milliseconds
    #[arg(long = "milliseconds", default_value_t = 10.0)]
    milliseconds: f64,
    /// What purges may cost beyond the free ones, in US dollars a month (MonthlyBudgetUsd)
    #[arg(long = "budget", default_value_t = 10.0)]
    budget: f64,
    /// Share of changes that the auditor follows (AuditSamplePercent)
    #[arg(long = "audited", default_value_t = 0.1)]
    audited: f64,
}

impl Load {
    /// The load of `docs/costs.md` at so many reads a day.
    fn of(reads: f64) -> Load {
        Load {
            reads,
            writes: None,
            edge_hits: 0.9,
            cache_hits: 0.9,
            kilobytes: 2.0,
            items: 1e5,
            milliseconds: 10.0,
            budget: 10.0,
            audited: 0.1,
        }
    }
}

/// Prints the bill of one load, or with none given the tables of `docs/costs.md`.
pub fn run(load: Option<&Load>) -> Result<(), Failure> {
    match load {
        Some(load) => print!("{}", table(&["USD a month"], &[bill(load)])),
        None => print!("{}", tables()),
    }
    Ok(())
}

fn tables() -> String {
    let mut text = String::from("| what is paid for | USD | a | source |\n|---|--:|---|---|\n");
    for price in PRICES {
        let (name, usd, unit, source) = (price.name, price.usd, price.unit, price.source);
        text.push_str(&format!("| {name} | {usd} | {unit} | {source} |\n"));
    }
    text.push('\n');
    text + &table(&["0 reads a day", "1 M", "100 M"], &[0.0, 1e6, 1e8].map(|reads| bill(&Load::of(reads))))
}

/// A column for each bill.
fn table(heads: &[&str], bills: &[Vec<Line>]) -> String {
    let mut text = format!(
        "| USD a month | {} | formula |\n|---|{}---|\n",
        heads.join(" | "),
        "--:|".repeat(heads.len())
    );
    let amounts =
        |place: usize| bills.iter().map(move |bill| money(bill[place].usd)).collect::<Vec<_>>().join(" | ");
    for (place, line) in bills[0].iter().enumerate() {
        text.push_str(&format!("| {} | {} | {} |\n", line.name, amounts(place), line.formula));
    }
    let totals = bills.iter().map(|bill| format!("**{}**", money(bill.iter().map(|line| line.usd).sum())));
    text.push_str(&format!("| **sum** | {} | |\n", totals.collect::<Vec<_>>().join(" | ")));
    text
}

fn money(usd: f64) -> String {
    if usd >= 100.0 { format!("{usd:.0}") } else { format!("{usd:.2}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_of_the_document_are_what_is_computed() {
        let document = std::fs::read_to_string(crate::command::root().join("docs/costs.md")).unwrap();
        assert!(document.contains(&tables()), "put the output of `cargo xtask costs` into docs/costs.md");
    }

    #[test]
    fn purges_end_at_their_budget_and_nothing_is_paid_for_nothing() {
        let line = |load: &Load, name: &str| bill(load).iter().find(|line| line.name == name).unwrap().usd;
        let busy = Load { writes: Some(1e6), ..Load::of(1e6) };
        assert_eq!(line(&busy, "Invalidations"), 10.0);
        for used in ["CloudFront requests", "API Gateway", "Lambda, reads", "Invalidations", "EventBridge"] {
            assert_eq!(line(&Load::of(0.0), used), 0.0, "{used}");
        }
    }

    #[test]
    fn more_reads_never_cost_less() {
        for (less, more) in [(0.0, 1e3), (1e3, 1e6), (1e6, 1e8), (1e8, 1e9)] {
            for (less, more) in bill(&Load::of(less)).iter().zip(bill(&Load::of(more))) {
                assert!(less.usd <= more.usd, "{}: {} {}", less.name, less.usd, more.usd);
            }
        }
    }
}
