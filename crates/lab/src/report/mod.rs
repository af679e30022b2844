//! What is reported: Markdown for people, JSON for programs, a plot; each with machine, versions and command.

mod machine;
mod markdown;
mod plot;

use serde::Serialize;

pub use machine::Machine;
pub use plot::{PlotError, plot};

use crate::faults::Faults;
use crate::floor::Floor;
use crate::formula::{Below, Predicted, predict};
use crate::real::Real;
use crate::run::Outcome;
use crate::times::Times;
use crate::workload::Workload;

/// What came of one run of the lab.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Where and how it was made.
    pub made: Made,
    /// What was read and written.
    pub workload: Workload,
    /// What a reader meets: writes a second of an item, averaged over reads.
    pub writes_met: f64,
    /// What went wrong.
    pub faults: Faults,
    /// How long things took.
    pub times: Times,
    /// What came of each strategy.
    pub outcomes: Vec<Outcome>,
    /// What the formula says, by strategy.
    pub predicted: Vec<(&'static str, Predicted)>,
}

/// Where and how a report was made.
#[derive(Debug, Clone, Serialize)]
pub struct Made {
    /// The command that repeats it.
    pub command: String,
    /// The machine.
    pub machine: Machine,
    /// How many seconds it took.
    pub seconds: f64,
}

impl Report {
    /// Puts a report together.
    pub fn of(
        made: Made,
        workload: &Workload,
        faults: &Faults,
        times: &Times,
        outcomes: Vec<Outcome>,
    ) -> Self {
        let predicted = |outcome: &Outcome| {
            let below = Below::of(outcome.strategy.name, workload, times)?;
            Some((outcome.strategy.name, predict(workload, times, below)))
        };
        Report {
            made,
            writes_met: workload.writes_met(),
            workload: workload.clone(),
            faults: faults.clone(),
            times: times.clone(),
            predicted: outcomes.iter().filter_map(predicted).collect(),
            outcomes,
        }
    }

    /// Tables.
    pub fn markdown(&self) -> String {
        markdown::of(self)
    }

    fn outcome(&self, name: &str) -> Option<&Outcome> {
        self.outcomes.iter().find(|outcome| outcome.strategy.name == name)
    }
}

/// What came of very many reads, as Markdown.
pub fn floor_markdown(made: &Made, strategy: &str, floor: &Floor) -> String {
    markdown::of_floor(made, strategy, floor)
}

/// What came of real time, as Markdown, beside what virtual time makes of the same workload.
pub fn real_markdown(made: &Made, real: &Real, virtually: &Outcome) -> String {
    markdown::of_real(made, real, virtually)
}
