//! Which records of a shard are done: parallel lanes finish out of order, a checkpoint may not skip any.

use std::collections::VecDeque;

#[derive(Debug, Default)]
pub(super) struct Checkpoint {
    /// Number of the first record in `open`.
    first: u64,
    open: VecDeque<(String, bool)>,
    reached: Option<String>,
}

impl Checkpoint {
    /// Notes a record that was read and answers its number.
    pub fn opened(&mut self, sequence_number: &str) -> u64 {
        self.open.push_back((sequence_number.to_owned(), false));
        self.first + self.open.len() as u64 - 1
    }

    /// Notes that the record with this number is done.
    pub fn done(&mut self, number: u64) {
        let index = usize::try_from(number.saturating_sub(self.first)).unwrap_or(usize::MAX);
        if let Some((_, done)) = self.open.get_mut(index) {
            *done = true;
        }
        while let Some((sequence_number, _)) = self.open.pop_front_if(|(_, done)| *done) {
            self.reached = Some(sequence_number);
            self.first += 1;
        }
    }

    /// The sequence number up to which every record is done.
    pub fn reached(&self) -> Option<&str> {
        self.reached.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checkpoint_never_passes_a_record_that_is_not_done() {
        let mut checkpoint = Checkpoint::default();
        let numbers: Vec<u64> = ["10", "11", "12"].into_iter().map(|n| checkpoint.opened(n)).collect();
        checkpoint.done(numbers[1]);
        assert_eq!(checkpoint.reached(), None);
        checkpoint.done(numbers[0]);
        assert_eq!(checkpoint.reached(), Some("11"));
        checkpoint.done(numbers[2]);
        assert_eq!(checkpoint.reached(), Some("12"));
    }
}
