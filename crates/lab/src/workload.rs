//! What is read and written, how often, by whom.

use serde::Serialize;

/// Milliseconds of virtual time since the beginning.
pub type Millis = u64;

/// A workload: Poisson reads and writes over items of unequal popularity.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Workload {
    /// How many items there are.
    pub items: usize,
    /// How unequally they are read: the n-th most popular one n^-zipf as often as the first. 0: all alike.
    pub zipf: f64,
    /// The same for writes. Equal to `zipf`, reads and writes pick items alike, as in YCSB.
    pub write_zipf: f64,
    /// Reads a second, all items together.
    pub reads_per_second: f64,
    /// Writes a second, all items together.
    pub writes_per_second: f64,
    /// How long it goes on, in hours of virtual time.
    pub hours: f64,
    /// How many API processes there are; each request goes to one of them at random.
    pub processes: usize,
    /// How many edge locations there are, each with a cache of its own; each reader uses one of them at random.
    pub locations: usize,
    /// The share of reads that go to the API itself, past the edge (0 to 1).
    pub direct_reads: f64,
    /// The share of writes that go to the table itself, past the API (0 to 1): only the stream tells of them.
    pub direct_writes: f64,
    /// Decides everything.
    pub seed: u64,
}

impl Default for Workload {
    fn default() -> Self {
        Workload {
            items: 500,
            zipf: 1.0,
            write_zipf: 1.0,
            reads_per_second: 100.0,
            writes_per_second: 0.01,
            hours: 6.0,
            processes: 8,
            locations: 3,
            direct_reads: 0.2,
            direct_writes: 0.2,
            seed: 1,
        }
    }
}

impl Workload {
    /// How long it goes on.
    pub fn span(&self) -> Millis {
        (self.hours * 3_600_000.0) as Millis
    }

    /// The share of the reads that each item gets.
    pub fn read_shares(&self) -> Vec<f64> {
        shares(self.items, self.zipf)
    }

    /// The share of the writes that each item gets.
    pub fn write_shares(&self) -> Vec<f64> {
        shares(self.items, self.write_zipf)
    }

    /// How often an item is written, in writes a second, averaged over *reads*: what a reader meets. This number and a time
    /// make a share of stale reads; see [`formula`](crate::formula).
    pub fn writes_met(&self) -> f64 {
        let pairs = self.read_shares().into_iter().zip(self.write_shares());
        self.writes_per_second * pairs.map(|(read, write)| read * write).sum::<f64>()
    }
}

fn shares(items: usize, exponent: f64) -> Vec<f64> {
    let weights: Vec<f64> = (1..=items).map(|rank| (rank as f64).powf(-exponent)).collect();
    let total: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / total).collect()
}

/// Draws items by their shares.
#[derive(Debug, Clone)]
pub(crate) struct Popularity(Vec<f64>);

impl Popularity {
    pub(crate) fn of(shares: &[f64]) -> Self {
        let sums = shares.iter().scan(0.0, |sum, share| {
            *sum += share;
            Some(*sum)
        });
        Popularity(sums.collect())
    }

    pub(crate) fn draw(&self, rng: &mut fastrand::Rng) -> usize {
        let at = rng.f64();
        self.0.partition_point(|sum| *sum <= at).min(self.0.len().saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_and_fall_with_the_rank() {
        let shares = shares(100, 1.0);
        assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        assert!((shares[0] / shares[9] - 10.0).abs() < 1e-9);
    }

    #[test]
    fn items_are_drawn_as_often_as_their_shares_say() {
        let popularity = Popularity::of(&shares(10, 1.0));
        let mut rng = fastrand::Rng::with_seed(7);
        let first = (0..100_000).filter(|_| popularity.draw(&mut rng) == 0).count();
        assert!((33_500..34_700).contains(&first), "{first}, expected 34142");
    }

    #[test]
    fn what_a_reader_meets_is_the_write_rate_of_what_is_read() {
        let even =
            Workload { zipf: 0.0, write_zipf: 0.0, items: 10, writes_per_second: 1.0, ..Workload::default() };
        assert!((even.writes_met() - 0.1).abs() < 1e-12);
        let skewed = Workload { zipf: 1.0, write_zipf: 1.0, ..even };
        assert!(skewed.writes_met() > 0.15, "hot items are both read and written more");
    }
}
