//! `Vary`: the part of the key the answer names.

use crate::support::{Scripted, edge, get, get_with, ok};

#[tokio::test]
async fn an_answer_fits_only_requests_with_the_same_values() {
    let origin = Scripted::answering(vec![
        ok("max-age=60", "en").with("vary", "Accept-Language"),
        ok("max-age=60", "de").with("vary", "Accept-Language"),
    ])
    .await;
    let edge = edge(&origin);
    get_with(&edge, "/a", &[("accept-language", "en, fr")]).await;
    get_with(&edge, "/a", &[("accept-language", "de")]).await;
    let english = get_with(&edge, "/a", &[("accept-language", "EN,  fr")]).await;
    assert_eq!((english.x_cache(), english.text()), ("Hit", "en"));
    let german = get_with(&edge, "/a", &[("accept-language", "de")]).await;
    assert_eq!((german.x_cache(), german.text()), ("Hit", "de"));
    assert_eq!(get(&edge, "/a").await.x_cache(), "Miss");
}

#[tokio::test]
async fn vary_star_fits_no_other_request() {
    for vary in ["*", "accept, *", ", *"] {
        let origin = Scripted::answering(vec![ok("max-age=60", "x").with("vary", vary)]).await;
        let edge = edge(&origin);
        get(&edge, "/a").await;
        get(&edge, "/a").await;
        assert_eq!((origin.asked(), edge.size().0), (2, 0), "{vary}");
    }
}

#[tokio::test]
async fn an_answer_that_varies_differently_replaces_the_older_ones() {
    let origin = Scripted::answering(vec![
        ok("max-age=0, stale-if-error=60", "for all"),
        ok("max-age=60", "for one").with("vary", "x-user"),
        ok("max-age=60", "for two").with("vary", "x-user"),
    ])
    .await;
    let edge = edge(&origin);
    get(&edge, "/a").await;
    get_with(&edge, "/a", &[("x-user", "1")]).await;
    assert_eq!(get_with(&edge, "/a", &[("x-user", "2")]).await.text(), "for two");
    assert_eq!(edge.peek(&"/a".parse().unwrap()).len(), 2);
}
