use super::*;
use crate::record::{Kind, Token};
use crate::version::Version;

fn key(id: &str) -> Key {
    Key::new("n", "f", id).unwrap()
}

fn head(token: u64, version: u64, floor: u64) -> Head {
    let pending = Head::pending(Token::from_bits(token), 0, 0);
    let body_hash = u32::try_from(version).unwrap();
    Head { kind: Kind::Live, version: Version(version), floor: Version(floor), body_hash, ..pending }
}

fn body(size: usize) -> Bytes {
    Bytes::from(vec![b'x'; size])
}

fn version_of(local: &Local, id: &str) -> Option<u64> {
    local.get(&key(id)).map(|entry| entry.head.version.0)
}

/// A look that ran without anything happening meanwhile.
fn told(local: &Local, id: &str, as_of: UnixMillis, head: &Head) {
    local.learn(&key(id), local.ticket(), as_of, head, &body(100));
}

#[test]
fn a_copy_answers_only_for_the_head_it_came_with() {
    let local = Local::new(1 << 20);
    told(&local, "a", 0, &head(1, 7, 0));
    let copy = local.get(&key("a")).unwrap();
    assert!(copy.vouched_by(&head(1, 7, 5)), "floor, freshness and lease are judged anew each time");
    let others = [head(2, 7, 0), head(1, 8, 0), Head { kind: Kind::Absent, ..head(1, 7, 0) }];
    assert!(others.iter().all(|other| !copy.vouched_by(other)));
    assert!(!copy.vouched_by(&Head { body_hash: 1, ..head(1, 7, 0) }));
}

#[test]
fn what_a_slow_look_brings_is_refused_when_the_key_was_forgotten_meanwhile() {
    let local = Local::new(1 << 20);
    told(&local, "a", 0, &head(1, 7, 0));
    let slow = local.ticket();
    local.forget(&key("a"));
    local.learn(&key("a"), slow, 1, &head(1, 7, 0), &body(100));
    assert_eq!(version_of(&local, "a"), None);
    told(&local, "a", 2, &head(1, 8, 8));
    assert_eq!(version_of(&local, "a"), Some(8), "a look that began later may bring it");
}

#[test]
fn what_a_slow_look_brings_does_not_replace_what_was_learned_meanwhile() {
    let local = Local::new(1 << 20);
    let slow = local.ticket();
    told(&local, "a", 5, &head(1, 8, 8));
    local.learn(&key("a"), slow, 6, &head(1, 7, 0), &body(100));
    assert_eq!(version_of(&local, "a"), None, "of two looks that ran at once nobody knows the order");
    let slow = local.ticket();
    told(&local, "b", 5, &head(1, 7, 0));
    local.learn(&key("b"), slow, 6, &head(1, 8, 8), &body(100));
    assert_eq!(version_of(&local, "b"), Some(8), "in one life the higher version is the newer");
    let slow = local.ticket();
    told(&local, "c", 5, &head(1, 7, 0));
    local.learn(&key("c"), slow, 6, &head(2, 9, 0), &body(100));
    assert_eq!(version_of(&local, "c"), None, "lives have no order");
}

#[test]
fn a_floor_once_seen_is_not_unseen() {
    let local = Local::new(1 << 20);
    let slow = local.ticket();
    told(&local, "a", 5, &head(1, 7, 8));
    local.learn(&key("a"), slow, 6, &head(1, 7, 0), &body(100));
    assert_eq!(local.get(&key("a")).unwrap().head.floor, Version(8));
}

#[test]
fn what_was_pushed_out_is_not_brought_back_by_a_slower_look() {
    let local = Local::new(2 * (100 + ENTRY_BYTES));
    let slow = local.ticket();
    told(&local, "a", 5, &head(1, 8, 8));
    told(&local, "b", 5, &head(1, 1, 0));
    told(&local, "c", 5, &head(1, 1, 0));
    assert_eq!(version_of(&local, "a"), None);
    local.learn(&key("a"), slow, 6, &head(1, 7, 0), &body(100));
    assert_eq!(version_of(&local, "a"), None);
}

#[test]
fn a_copy_answers_alone_for_its_time_counted_from_before_it_was_asked_for() {
    let local = Local::new(1 << 20);
    told(&local, "a", 1_000, &head(1, 7, 0));
    let fresh = |now| local.fresh(&key("a"), now, Duration::from_millis(500)).is_some();
    assert!(fresh(1_000) && fresh(1_499));
    assert!(!fresh(1_500), "its time is over");
    assert!(!fresh(999), "a clock that went backwards proves nothing");
    assert_eq!(local.fresh(&key("a"), 1_000, Duration::ZERO), None);
}

#[test]
fn memory_is_bounded_and_the_least_recently_used_goes_first() {
    let local = Local::new(3 * (100 + ENTRY_BYTES));
    for id in ["a", "b", "c"] {
        told(&local, id, 0, &head(1, 1, 0));
    }
    assert_eq!(version_of(&local, "a"), Some(1), "used just now");
    told(&local, "d", 0, &head(1, 1, 0));
    assert_eq!((version_of(&local, "b"), version_of(&local, "a")), (None, Some(1)));
    local.learn(&key("e"), local.ticket(), 0, &head(1, 1, 0), &body(10_000));
    assert_eq!(version_of(&local, "e"), None, "larger than everything allowed");
    assert_eq!(version_of(&local, "a"), Some(1), "and nothing went for it");
    let state = local.lock();
    assert_eq!(state.bytes, state.entries.iter().map(|(_, entry)| entry.size()).sum::<usize>());
    assert!(state.bytes <= local.budget);
}

#[test]
fn without_a_budget_nothing_is_kept() {
    let local = Local::new(0);
    told(&local, "a", 0, &head(1, 7, 0));
    assert_eq!(version_of(&local, "a"), None);
}
