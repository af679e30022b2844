//! The checker can fail: it breaks every variant that leaves a part of the protocol out.

use model::{CacheModel, Scope, Variant, check, trace};

const ONE_WRITE: Scope = Scope { writes: 1, ..Scope::DEFAULT };
const RECREATED: Scope = Scope { deletes: true, ..Scope::DEFAULT };

/// The shortest counterexample has this many steps. Returns it in words.
fn breaks(variant: Variant, scope: Scope, steps: usize) -> String {
    let model = CacheModel { scope, variant };
    let way = check(model).counterexample.unwrap_or_default();
    let told = trace::narrate(model, &way);
    println!("{variant}, {} steps:\n{told}", way.len());
    assert_eq!(way.len(), steps, "{variant} in {scope:?}\n{told}");
    told
}

fn holds(variant: Variant, scope: Scope) {
    let model = CacheModel { scope, variant };
    let told = check(model).counterexample.map(|way| trace::narrate(model, &way)).unwrap_or_default();
    assert!(told.is_empty(), "{variant} in {scope:?}\n{told}");
}

#[test]
fn plain_delete_and_set_is_broken() {
    let told = breaks(Variant::PlainDelete, ONE_WRITE, 7);
    assert!(told.contains("\n 6 reader 1: FILL with version 1 (content 0) is stored, answers;"), "{told}");
    assert!(
        told.contains("\n 7 reader 1 begins and READs: a hit, answers version 1 (content 0)\n"),
        "{told}"
    );
}

#[test]
fn a_floor_without_a_token_is_broken_by_an_eviction_during_a_load() {
    let told = breaks(Variant::FloorWithoutToken, ONE_WRITE, 10);
    assert!(told.contains("the store loses the record"), "{told}");
}

#[test]
fn a_token_without_strong_loads_is_broken() {
    breaks(Variant::EventualLoads, ONE_WRITE, 6);
}

#[test]
fn a_fence_by_clock_is_broken_when_the_store_forgets_it() {
    let told = breaks(Variant::ClockFence, ONE_WRITE, 10);
    assert!(told.contains("the store loses the record"), "{told}");
}

#[test]
fn joining_any_running_load_is_broken() {
    breaks(Variant::JoinAny, Scope { joining: true, ..ONE_WRITE }, 9);
}

#[test]
fn joining_by_the_floor_alone_is_broken_when_the_store_forgets_it() {
    let told = breaks(Variant::JoinByFloor, Scope { joining: true, ..ONE_WRITE }, 10);
    assert!(told.contains("the store loses the record"), "{told}");
}

#[test]
fn an_absence_guarded_by_the_floor_alone_is_broken() {
    let told = breaks(Variant::AbsentByFloor, RECREATED, 9);
    assert!(told.contains("broken: the answer is an absence"), "{told}");
}

#[test]
fn a_created_row_that_raises_the_floor_is_broken_when_it_has_no_version() {
    let told = breaks(Variant::CreateRaisesFloor, Scope { foreign: true, ..RECREATED }, 9);
    assert!(told.contains("broken: the answer is an absence"), "{told}");
}

#[test]
fn l1_without_a_head_is_broken() {
    let told = breaks(Variant::L1WithoutHead, Scope { l1: true, ..ONE_WRITE }, 9);
    assert!(told.contains("\n 9 reader 1 begins and READs the head: L1 answers version 1"), "{told}");
}

/// A limit of the protocol itself: a write-through orders by version, and a foreign writer has set the version back.
/// Until the stream delivers that writer's change, the row's old content of the same version answers.
#[test]
fn a_write_through_after_a_version_was_set_back_does_not_invalidate_what_had_that_version() {
    let scope = Scope { readers: 1, writes: 3, lowering: true, ..Scope::DEFAULT };
    let told = breaks(Variant::Sound, scope, 9);
    assert!(told.contains("write-through of version 2 (content 3): INVALIDATE(2) is acknowledged"), "{told}");
    assert!(!told.contains("the stream delivers"), "{told}");
}

/// What breaks these is what they are said to be broken by, not a slip in how they are written down.
#[test]
fn what_breaks_when_the_store_forgets_holds_while_it_does_not() {
    let nothing_lost = Scope { losses: false, ..Scope::DEFAULT };
    holds(Variant::FloorWithoutToken, nothing_lost);
    holds(Variant::ClockFence, Scope { foreign: true, deletes: true, ..nothing_lost });
    holds(Variant::JoinByFloor, Scope { joining: true, ..nothing_lost });
}

#[test]
fn a_created_row_may_raise_the_floor_if_it_is_sure_to_have_a_version() {
    holds(Variant::CreateRaisesFloor, RECREATED);
}
