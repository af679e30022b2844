//! Changes in bursts through the whole chain, while CloudFront refuses half of the invalidations: none is lost, and far
//! fewer items are paid for than there were changes. `cargo xtask test --full` runs it at 10,000 changes over 2,000 products.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use futures::stream::{self, StreamExt};
use integration_tests::{Answer, World, n, s, send};
use local_edge::Fault;
use reqwest::Method;

const CHANGES_OF_EACH: usize = 5;
/// How many changes come at once.
const BURST: usize = 500;
/// How many requests are under way at once.
const AT_ONCE: usize = 16;

fn products() -> usize {
    if std::env::var_os("TIDEMARK_FULL").is_some() { 2_000 } else { 200 }
}

fn id(number: usize) -> String {
    format!("burst-{number:04}")
}

/// Rows at version 1, in categories of a hundred.
async fn create(w: &World, products: usize) {
    let row = |number: usize| {
        HashMap::from([
            ("id".to_owned(), s(&id(number))),
            ("name".to_owned(), s("Burst")),
            ("category".to_owned(), s(&format!("burst-{}", number / 100))),
            ("price_cents".to_owned(), n(100)),
            ("currency".to_owned(), s("EUR")),
            ("version".to_owned(), n(1)),
        ])
    };
    let numbers: Vec<usize> = (0..products).collect();
    for some in numbers.chunks(25) {
        let put = |number: &usize| PutRequest::builder().set_item(Some(row(*number))).build().unwrap();
        let requests: Vec<_> =
            some.iter().map(|number| WriteRequest::builder().put_request(put(number)).build()).collect();
        w.dynamodb.batch_write_item().request_items(&w.stack.endpoints.table, requests).send().await.unwrap();
    }
}

async fn change(w: &World, number: usize) {
    let add: [(&str, AttributeValue); 1] = [(":one", n(1))];
    w.write_directly(&id(number), "SET version = version + :one, price_cents = price_cents + :one", &add)
        .await;
}

async fn at_edge(w: &World, number: usize) -> Answer {
    let path = format!("/api/products/{}", id(number));
    send(&w.http, &w.stack.endpoints.edge, Method::GET, &path, &[], "").await
}

async fn versions_at_edge(w: &World, products: usize) -> Vec<u64> {
    let read = stream::iter(0..products).map(async |number| at_edge(w, number).await.version());
    read.buffered(AT_ONCE).collect().await
}

#[tokio::test]
async fn bursts_of_changes_under_a_throttled_edge_lose_none_and_cost_at_most_a_fifth_of_the_items() {
    let (w, products) = (World::start().await, products());
    create(&w, products).await;
    w.delivered(products as u64).await;
    let idle = |w: &World| {
        let (queues, queue) = (w.stack.messaging.queues.clone(), w.stack.messaging.edge_queue.clone());
        async move { queues.wait_until(&queue, |depth| depth.is_empty()).await.unwrap() }
    };
    idle(&w).await;
    assert_eq!(versions_at_edge(&w, products).await, vec![1; products]);
    let (_, items_before) = w.stack.edge.cloudfront.accepted();
    w.stack.edge.cloudfront.faults().refuse_share(0.5, 11, Fault::TooManyInvalidationsInProgress);

    let mut order: Vec<usize> = std::iter::repeat_n(0..products, CHANGES_OF_EACH).flatten().collect();
    fastrand::Rng::with_seed(13).shuffle(&mut order);
    let mut told = products;
    for burst in order.chunks(BURST) {
        stream::iter(burst).for_each_concurrent(AT_ONCE, |number| change(&w, *number)).await;
        told += burst.len();
        w.delivered(told as u64).await;
    }
    idle(&w).await;

    let last = 1 + CHANGES_OF_EACH as u64;
    assert_eq!(versions_at_edge(&w, products).await, vec![last; products], "none is lost");
    assert!(w.stack.edge.cloudfront.faults().refused() > 0, "it was refused now and then");
    let (_, items) = w.stack.edge.cloudfront.accepted();
    let items = items - items_before;
    assert!(items <= (order.len() / 5) as u64, "{items} items for {} changes", order.len());
    println!("{} changes of {products} products: {items} items", order.len());
}
