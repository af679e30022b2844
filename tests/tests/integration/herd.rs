//! Many readers of one cold key, in several processes.

use futures::future::join_all;
use integration_tests::World;

#[tokio::test]
async fn a_herd_on_a_cold_key_is_answered_by_one_load() {
    let w = World::start().await;
    let answers = join_all((0..200).map(|_| w.product("boots-001"))).await;
    let loads = answers.iter().filter(|answer| answer.header("cache-status").contains("fwd=")).count();
    assert!(answers.iter().all(|answer| answer.status.as_u16() == 200));
    assert!(w.stack.functions.read_api.environments().len() > 1, "several processes took part");
    assert_eq!(loads, 1);
}
