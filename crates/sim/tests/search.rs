//! The engine survives the search, and what is broken on purpose does not.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use sim::{Flaw, Tally, run, search, search_on_every_core};

/// Enough for every flaw to show; see the seeds in the assertion's message when one does not.
const ENOUGH: u64 = 20_000;

#[test]
fn a_hundred_thousand_schedules_break_no_guarantee() {
    let (broken, tally) = search_on_every_core(1, 100_000);
    assert_eq!(broken, None, "replay it with `cargo xtask sim --seed N`");
    println!("{tally:#?}");
    let Tally { hits, validated, timed, joined, revalidated, stood_in, kept, refused, bypassed, .. } = tally;
    for often in
        [hits, validated, timed, joined, revalidated, stood_in, kept, refused, bypassed, tally.acknowledged]
    {
        assert!(often > 1_000, "everything of interest has happened often: {tally:?}");
    }
}

#[test]
fn every_flaw_is_found() {
    let searches = Flaw::ALL.map(|flaw| (flaw, search(1, ENOUGH, Some(flaw)).0));
    let missed: Vec<_> = searches.iter().filter(|(_, seed)| seed.is_none()).collect();
    assert!(missed.is_empty(), "{searches:?}");
    println!("{searches:?}");
}

#[test]
fn a_seed_decides_everything() {
    for seed in 1..50 {
        assert_eq!(run(seed, None).history, run(seed, None).history, "seed {seed}");
    }
    assert_ne!(run(1, None).history, run(2, None).history);
}
