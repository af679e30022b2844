//! Times of many invocations, and what is said of them.

use std::time::Duration;

/// Times, in nanoseconds.
#[derive(Debug, Clone, Default)]
pub struct Samples(Vec<u64>);

impl Samples {
    /// Takes one in.
    pub fn push(&mut self, time: Duration) {
        self.0.push(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The time that this share of them does not exceed, in microseconds; 0 for none.
    pub fn quantile(&self, share: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let place = (share * sorted.len().saturating_sub(1) as f64).round() as usize;
        sorted.get(place).map_or(0.0, |nanos| *nanos as f64 / 1_000.0)
    }
}

/// The middle one of some numbers; 0 for none.
pub fn median(numbers: &[f64]) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    match sorted.len() {
        0 => 0.0,
        odd if odd % 2 == 1 => sorted[odd / 2],
        even => (sorted[even / 2 - 1] + sorted[even / 2]) / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_and_medians_are_what_they_are_called() {
        let mut samples = Samples::default();
        for micros in (1..=101).rev() {
            samples.push(Duration::from_micros(micros));
        }
        assert_eq!(
            (samples.quantile(0.5), samples.quantile(0.99), samples.quantile(1.0)),
            (51.0, 100.0, 101.0)
        );
        assert_eq!((median(&[3.0, 1.0, 2.0]), median(&[4.0, 1.0, 2.0, 3.0]), median(&[])), (2.0, 2.5, 0.0));
        assert_eq!(Samples::default().quantile(0.5), 0.0);
    }
}
