//! Many readers of one cold key, in several processes.

use futures::future::join_all;
use integration_tests::World;

/// The lease is long enough that a busy machine does not outlast it: one lease, one load.
#[tokio::test]
async fn a_thousand_readers_of_a_cold_key_in_several_processes_cost_one_load_a_lease() {
    let w = World::with_read_api(&[("LEASE_MS", "3000"), ("WAIT_MS", "3500")]).await;
    let answers = join_all((0..1_000).map(|_| w.product("boots-001"))).await;
    let loads = answers.iter().filter(|answer| answer.header("cache-status").contains("fwd=")).count();
    assert!(answers.iter().all(|answer| answer.status.as_u16() == 200));
    assert!(w.stack.functions.read_api.environments().len() > 1, "several processes took part");
    assert_eq!(loads, 1);
}
