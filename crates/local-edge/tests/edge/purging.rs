//! What an invalidation takes out of the store.

use local_edge::{Edge, EdgeConfig, Item, ItemError, Policy};

use crate::support::{Answer, Scripted, config, edge, edge_with, get, get_with, ok};

fn item(text: &str) -> Item {
    Item::parse(text).unwrap()
}

async fn holding(paths: &[&str]) -> Edge {
    let origin = Scripted::answering(vec![ok("max-age=60", "x")]).await;
    let edge = edge(&origin);
    for path in paths {
        get(&edge, path).await;
    }
    edge
}

async fn tagged(tags: &str) -> Edge {
    holding_answer(ok("max-age=60", "x").with("cache-tag", tags)).await
}

async fn holding_answer(answer: Answer) -> Edge {
    let origin = Scripted::answering(vec![answer]).await;
    let edge = edge(&origin);
    get(&edge, "/a").await;
    edge
}

#[tokio::test]
async fn a_path_covers_itself_alone() {
    let edge = holding(&["/a", "/a/b", "/ab", "/A"]).await;
    assert_eq!(edge.purge(&[item("/a")]), 1);
    assert!(edge.peek(&"/a".parse().unwrap()).is_empty());
    assert_eq!(edge.size().0, 3);
}

#[tokio::test]
async fn a_path_without_query_does_not_cover_objects_with_a_keyed_query() {
    let edge = holding(&["/a", "/a?x=1", "/a?x=2&b=1"]).await;
    assert_eq!(edge.purge(&[item("/a")]), 1);
    assert_eq!(edge.purge(&[item("/a?x=1")]), 1);
    // The object's key has the query in normal order, and so is the item read.
    assert_eq!(edge.purge(&[item("/a?x=2&b=1")]), 1);
}

#[tokio::test]
async fn a_path_covers_every_query_that_is_not_keyed() {
    let origin = Scripted::answering(vec![ok("max-age=60", "x")]).await;
    let edge =
        edge_with(&origin, Policy { query: local_edge::QueryKey::None, ..Policy::origin_controlled() });
    get(&edge, "/a?x=1").await;
    assert_eq!(edge.purge(&[item("/a")]), 1);
}

#[tokio::test]
async fn a_path_covers_all_values_of_keyed_headers() {
    let origin = Scripted::answering(vec![ok("max-age=60", "x")]).await;
    let headers = vec!["x-min".parse().unwrap()];
    let edge = edge_with(&origin, Policy { headers, ..Policy::origin_controlled() });
    for value in ["1", "2", "3"] {
        get_with(&edge, "/a", &[("x-min", value)]).await;
    }
    assert_eq!(edge.purge(&[item("/a")]), 3);
}

#[tokio::test]
async fn a_wildcard_covers_everything_that_begins_so_queries_included() {
    let paths = ["/a", "/a?x=1", "/a/b", "/ab", "/b"];
    for (text, count) in [("/a*", 4), ("/a/*", 1), ("/a?*", 1), ("/*", 5), ("/c*", 0)] {
        assert_eq!(holding(&paths).await.purge(&[item(text)]), count, "{text}");
    }
}

#[tokio::test]
async fn a_tag_covers_every_variant_of_every_object_that_carries_it() {
    let origin =
        Scripted::answering(vec![ok("max-age=60", "x").with("cache-tag", "p7,list").with("vary", "x-v")])
            .await;
    let edge = edge(&origin);
    for (path, variant) in [("/a", "1"), ("/a", "2"), ("/b?q=1", "1")] {
        get_with(&edge, path, &[("x-v", variant)]).await;
    }
    assert_eq!(edge.purge(&[item("#p7")]), 3);
}

#[tokio::test]
async fn tags_are_compared_whole_and_without_regard_to_case() {
    for (text, count) in [("#PRODUCT:7", 1), ("#product", 0), ("#product:*", 0), ("#product:77", 0)] {
        assert_eq!(tagged("Product:7").await.purge(&[item(text)]), count, "{text}");
    }
}

#[tokio::test]
async fn tags_come_comma_separated_on_one_line_or_several() {
    let edge =
        holding_answer(ok("max-age=60", "x").with("cache-tag", "a ,b,, c").with("cache-tag", "d")).await;
    assert_eq!(edge.peek(&"/a".parse().unwrap())[0].tags, ["a", "b", "c", "d"]);
}

#[tokio::test]
async fn tags_beyond_the_fiftieth_are_dropped_silently() {
    let tags: Vec<String> = (1..=60).map(|n| format!("t{n}")).collect();
    let edge = tagged(&tags.join(",")).await;
    assert_eq!(edge.peek(&"/a".parse().unwrap())[0].tags.len(), 50);
    assert_eq!(edge.purge(&[item("#t51")]), 0);
    assert_eq!(edge.purge(&[item("#t50")]), 1);
}

#[tokio::test]
async fn a_tag_that_is_too_long_or_holds_a_blank_is_none() {
    let edge = tagged(&format!("{},{},two words,ok", "x".repeat(257), "y".repeat(256))).await;
    assert_eq!(edge.peek(&"/a".parse().unwrap())[0].tags, ["y".repeat(256), "ok".to_owned()]);
}

#[tokio::test]
async fn without_a_configured_header_there_are_no_tags() {
    let origin = Scripted::answering(vec![ok("max-age=60", "x").with("cache-tag", "p")]).await;
    let edge = Edge::new(EdgeConfig { tag_header: None, ..config(&origin) }).unwrap();
    get(&edge, "/a").await;
    assert_eq!(edge.purge(&[item("#p")]), 0);
}

#[test]
fn an_item_is_a_path_a_prefix_or_a_tag() {
    assert_eq!(item("/a"), Item::Path("/a".to_owned()));
    assert_eq!(item("/a?b=2&a=1"), Item::Path("/a?a=1&b=2".to_owned()));
    assert_eq!(item("/a*"), Item::Prefix("/a".to_owned()));
    assert_eq!(item("#Tag"), Item::Tag("tag".to_owned()));
    assert!(item("/*").is_wildcard() && !item("/a").is_wildcard() && !item("#a*").is_wildcard());
}

#[test]
fn what_is_no_item_is_refused_with_the_reason() {
    assert!(matches!(Item::parse("a"), Err(ItemError::NeitherPathNorTag(_))));
    assert!(matches!(Item::parse(""), Err(ItemError::NeitherPathNorTag(_))));
    assert!(matches!(Item::parse("/a*b"), Err(ItemError::InnerWildcard(_))));
    assert!(matches!(Item::parse("/a**"), Err(ItemError::InnerWildcard(_))));
    assert!(matches!(Item::parse("/a b"), Err(ItemError::Characters(_))));
    assert!(matches!(Item::parse("/ä"), Err(ItemError::Characters(_))));
    assert!(matches!(Item::parse(&format!("/{}", "a".repeat(4_000))), Err(ItemError::TooLong)));
    assert!(matches!(Item::parse("#"), Err(ItemError::Tag(_))));
    assert!(matches!(Item::parse("#a,b"), Err(ItemError::Tag(_))));
    assert!(matches!(Item::parse(&format!("#{}", "a".repeat(257))), Err(ItemError::Tag(_))));
}
