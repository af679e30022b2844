//! The protocol holds in every world it is given, and each world was really visited.

use model::{CacheModel, Scope, Variant, check, trace};

/// Visits all of a world. `at_least`: how many states it is known to have, so that it cannot shrink unseen.
fn holds(scope: Scope, at_least: usize) {
    let model = CacheModel { scope, variant: Variant::Sound };
    let outcome = check(model);
    println!("{} states, depth {}, {:.1?}", outcome.states, outcome.depth, outcome.took);
    let told = outcome.counterexample.map(|way| trace::narrate(model, &way)).unwrap_or_default();
    assert!(told.is_empty(), "{scope:?}\n{told}");
    assert_eq!(outcome.unseen, Vec::<&str>::new(), "{scope:?}");
    assert!(outcome.states >= at_least, "only {} states of {scope:?}", outcome.states);
}

#[test]
fn it_holds_for_two_readers_and_four_writes() {
    holds(Scope { writes: 4, ..Scope::default() }, 643_090);
}

#[test]
fn it_holds_for_three_readers() {
    holds(Scope { readers: 3, ..Scope::default() }, 436_118);
}

#[test]
fn it_holds_when_rows_are_deleted_and_created_again() {
    holds(Scope { writes: 3, deletes: true, ..Scope::default() }, 337_714);
}

#[test]
fn it_holds_when_foreign_writers_know_nothing_of_versions() {
    holds(Scope { writes: 3, foreign: true, ..Scope::default() }, 621_262);
}

#[test]
fn it_holds_when_foreign_writers_create_rows() {
    holds(Scope { writes: 3, foreign: true, deletes: true, ..Scope::default() }, 1_039_737);
}

#[test]
fn it_holds_when_three_readers_join_loads() {
    holds(Scope { readers: 3, joining: true, ..Scope::default() }, 950_650);
}

#[test]
fn it_holds_with_l1() {
    holds(Scope { l1: true, foreign: true, deletes: true, ..Scope::default() }, 612_273);
}

#[test]
fn it_holds_with_everything_at_once() {
    holds(Scope { l1: true, joining: true, foreign: true, deletes: true, ..Scope::default() }, 913_460);
}

#[test]
fn it_holds_for_versions_set_back_where_only_the_stream_tells() {
    holds(
        Scope { writes: 3, foreign: true, lowering: true, write_through: false, ..Scope::default() },
        413_218,
    );
}
