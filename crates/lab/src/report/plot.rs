//! The plot: stale reads of each strategy at each level, on a logarithmic scale.

use plotters::prelude::*;

use super::Report;
use crate::run::Outcome;

/// The plot could not be drawn.
#[derive(Debug, thiserror::Error)]
#[error("the plot: {0}")]
pub struct PlotError(String);

const SIZE: (u32, u32) = (900, 520);
/// What is less is drawn as this, in percent.
const LEAST: f64 = 0.0001;
const EDGE: RGBColor = RGBColor(0x1f, 0x6f, 0xb4);
const API: RGBColor = RGBColor(0xf2, 0x9e, 0x38);
const INK: RGBColor = RGBColor(0x33, 0x33, 0x33);

/// Draws the report as SVG.
pub fn plot(report: &Report) -> Result<String, PlotError> {
    let mut svg = String::new();
    draw(report, &mut svg).map_err(|error| PlotError(error.to_string()))?;
    Ok(svg)
}

fn draw(report: &Report, svg: &mut String) -> Result<(), Box<dyn std::error::Error>> {
    let area = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let rows = report.outcomes.len().max(1) as f64;
    let title =
        format!("Stale reads in percent ({} h, seed {})", report.workload.hours, report.workload.seed);
    let mut chart = ChartBuilder::on(&area)
        .caption(title, ("sans-serif", 20, &INK))
        .margin(14)
        .x_label_area_size(30)
        .y_label_area_size(130)
        .build_cartesian_2d((LEAST..10.0).log_scale(), 0.0..rows)?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .disable_y_axis()
        .y_labels(0)
        .x_label_formatter(&|percent| format!("{percent} %"))
        .label_style(("sans-serif", 13, &INK))
        .draw()?;
    let bar = |row: f64, percent: f64, colour: RGBColor| {
        let shape = [(LEAST, row), (percent.clamp(LEAST, 10.0), row + 0.36)];
        Rectangle::new(shape, colour.filled())
    };
    let row = |place: usize| rows - 1.0 - place as f64;
    let each = |level: fn(&Outcome) -> f64, up: f64, colour| {
        let outcomes = report.outcomes.iter().enumerate();
        outcomes.map(move |(place, outcome)| bar(row(place) + up, level(outcome), colour))
    };
    chart
        .draw_series(each(|outcome| outcome.edge.stale_percent, 0.47, EDGE))?
        .label("edge")
        .legend(|(x, y)| Rectangle::new([(x, y - 5), (x + 14, y + 5)], EDGE.filled()));
    chart
        .draw_series(each(|outcome| outcome.api.stale_percent, 0.1, API))?
        .label("API")
        .legend(|(x, y)| Rectangle::new([(x, y - 5), (x + 14, y + 5)], API.filled()));
    for (place, outcome) in report.outcomes.iter().enumerate() {
        let (_, y) = chart.backend_coord(&(LEAST, row(place) + 0.47));
        area.draw(&Text::new(
            outcome.strategy.name,
            (16, y - 6),
            ("sans-serif", 14).into_font().color(&INK),
        ))?;
    }
    chart
        .configure_series_labels()
        .label_font(("sans-serif", 14, &INK))
        .background_style(WHITE)
        .border_style(INK)
        .draw()?;
    area.present()?;
    drop(chart);
    Ok(())
}
