//! What goes through: routing, methods, headers in both directions, large bodies.

use axum::body::Body;
use http::{HeaderValue, Method, Request};
use local_edge::{AllowedMethods, Behaviour, ConfigError, Edge, EdgeConfig, Origin, Policy};

use crate::support::{
    Scripted, answer, call, config, edge, get, get_with, ok, one_behaviour, raw_origin, request,
};

#[tokio::test]
async fn the_first_matching_behaviour_wins_and_the_last_is_for_the_rest() {
    let (api, site) = (
        Scripted::answering(vec![ok("max-age=60", "api")]).await,
        Scripted::answering(vec![ok("max-age=60", "site")]).await,
    );
    let origins =
        [("api".to_owned(), Origin::at(api.url.clone())), ("site".to_owned(), Origin::at(site.url.clone()))];
    let policy = Policy::origin_controlled;
    let behaviours = vec![
        Behaviour::uncached("/api/fresh/*", "api"),
        Behaviour::cached("/api/*", "api", policy()),
        Behaviour::cached("*", "site", policy()),
    ];
    let edge = Edge::new(EdgeConfig::new(origins, behaviours)).unwrap();
    for (path, body, then) in [
        ("/api/fresh/p", "api", "Miss"),
        ("/api/p", "api", "Hit"),
        ("/", "site", "Hit"),
        ("/apis", "site", "Hit"),
    ] {
        assert_eq!(get(&edge, path).await.text(), body);
        assert_eq!(get(&edge, path).await.x_cache(), then, "{path}");
    }
}

#[tokio::test]
async fn a_configuration_that_cannot_work_is_refused() {
    let refused = |origins: &[(&str, &str)], behaviours| {
        let origins =
            origins.iter().map(|(name, url)| ((*name).to_owned(), Origin::at(url.parse().unwrap())));
        Edge::new(EdgeConfig::new(origins, behaviours)).unwrap_err()
    };
    let good = [("o", "http://127.0.0.1:1")];
    let default = || Behaviour::uncached("*", "o");
    assert_eq!(refused(&good, vec![]), ConfigError::NoDefaultBehaviour);
    assert_eq!(
        refused(&good, vec![default(), Behaviour::uncached("/a", "o")]),
        ConfigError::NoDefaultBehaviour
    );
    assert!(matches!(refused(&good, vec![Behaviour::uncached("*", "p")]), ConfigError::UnknownOrigin { .. }));
    for url in ["https://127.0.0.1", "/path", "http://h/?q=1"] {
        assert!(matches!(refused(&[("o", url)], vec![default()]), ConfigError::OriginUrl { .. }), "{url}");
    }
    let upside_down = Policy { max_ttl: std::time::Duration::ZERO, ..Policy::caching_optimized() };
    assert!(matches!(
        refused(&good, vec![Behaviour::cached("*", "o", upside_down)]),
        ConfigError::Ttl { .. }
    ));
}

#[tokio::test]
async fn other_methods_pass_through_with_their_bodies_and_are_not_kept() {
    let origin = Scripted::answering(vec![answer(201, "made").with("cache-control", "max-age=60")]).await;
    let edge = edge(&origin);
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS] {
        let put = Request::builder().method(method.clone()).uri("/a").body(Body::from("content")).unwrap();
        let got = call(&edge, put).await;
        assert_eq!((got.status.as_u16(), got.text(), got.x_cache()), (201, "made", "Miss"));
        let asked = origin.request(origin.asked() - 1);
        assert_eq!((asked.method, asked.body.as_str()), (method, "content"));
    }
    assert_eq!(edge.size().0, 0);
}

#[tokio::test]
async fn a_get_with_a_body_passes_through() {
    let origin = Scripted::answering(vec![ok("max-age=60", "x")]).await;
    let edge = edge(&origin);
    let get = || Request::builder().uri("/a").header("content-length", "3").body(Body::from("abc")).unwrap();
    call(&edge, get()).await;
    call(&edge, get()).await;
    assert_eq!((origin.asked(), origin.request(1).body.as_str()), (2, "abc"));
}

#[tokio::test]
async fn a_method_the_behaviour_does_not_allow_is_a_403() {
    let origin = Scripted::answering(vec![ok("max-age=60", "x")]).await;
    for (allowed_methods, refused) in [
        (AllowedMethods::Read, &[Method::OPTIONS, Method::POST][..]),
        (AllowedMethods::ReadAndOptions, &[Method::DELETE]),
        (AllowedMethods::All, &[]),
    ] {
        let behaviour =
            Behaviour { allowed_methods, ..Behaviour::cached("*", "origin", Policy::origin_controlled()) };
        let edge = Edge::new(one_behaviour(&origin, behaviour)).unwrap();
        for method in [Method::GET, Method::OPTIONS, Method::POST, Method::DELETE] {
            let status = call(&edge, request(method.clone(), "/a", &[])).await.status.as_u16();
            if refused.contains(&method) {
                assert_eq!(status, 403, "{method}");
            }
            if allowed_methods == AllowedMethods::All {
                assert_eq!(status, 200, "{method}");
            }
        }
    }
}

#[tokio::test]
async fn hop_by_hop_headers_go_no_further_in_either_direction() {
    let origin = Scripted::answering(vec![
        ok("max-age=60", "x")
            .with("connection", "x-secret")
            .with("x-secret", "1")
            .with("proxy-authenticate", "Basic"),
    ])
    .await;
    let edge = edge(&origin);
    let headers = [
        ("connection", "x-hop"),
        ("x-hop", "1"),
        ("te", "trailers"),
        ("x-end", "1"),
        ("host", "viewer.example"),
    ];
    for _ in 0..2 {
        let got = get_with(&edge, "/a", &headers).await;
        assert_eq!(
            (got.header("x-secret"), got.header("proxy-authenticate"), got.header("connection")),
            (None, None, None)
        );
    }
    let asked = origin.request(0);
    assert_eq!((asked.header("x-hop"), asked.header("te"), asked.header("x-end")), (None, None, Some("1")));
    assert_eq!(asked.header("host"), Some(origin.url.authority().unwrap().as_str()));
}

#[tokio::test]
async fn the_origin_is_told_of_the_edge_and_of_the_viewer() {
    let origin = Scripted::answering(vec![ok("no-store", "x")]).await;
    get_with(&edge(&origin), "/a", &[("x-forwarded-for", "192.0.2.4")]).await;
    let asked = origin.request(0);
    assert!(asked.header("via").unwrap().ends_with("(CloudFront)"));
    assert_eq!(asked.header("x-forwarded-for"), Some("192.0.2.4, 127.0.0.1"));
    assert_eq!(asked.header("user-agent"), Some("Amazon CloudFront"));
}

#[tokio::test]
async fn an_origins_custom_headers_replace_what_the_viewer_sent() {
    let origin = Scripted::answering(vec![ok("no-store", "x")]).await;
    let mut config = config(&origin);
    let secret = ("x-origin-secret".parse().unwrap(), HeaderValue::from_static("s3cret"));
    config.origins.get_mut("origin").unwrap().custom_headers.push(secret);
    get_with(&Edge::new(config).unwrap(), "/a", &[("x-origin-secret", "guessed")]).await;
    assert_eq!(origin.request(0).headers.get_all("x-origin-secret").iter().collect::<Vec<_>>(), ["s3cret"]);
}

#[tokio::test]
async fn an_origins_path_is_put_before_the_requests_path() {
    let origin = Scripted::answering(vec![ok("no-store", "x")]).await;
    let mut config = config(&origin);
    config.origins.insert("origin".to_owned(), Origin::at(format!("{}stage/", origin.url).parse().unwrap()));
    get(&Edge::new(config).unwrap(), "/a%20b?c=%2F").await;
    assert_eq!(origin.request(0).uri, "/stage/a%20b?c=%2F");
}

#[tokio::test]
async fn the_response_headers_policy_holds_for_every_kind_of_answer() {
    let origin = Scripted::answering(vec![
        ok("max-age=60", "x").with("cache-tag", "p").with("etag", "\"1\"").with("x-frame-options", "ALLOW"),
    ])
    .await;
    let policed = |behaviour| Behaviour {
        remove_headers: vec!["cache-tag".parse().unwrap()],
        add_headers: vec![("x-frame-options".parse().unwrap(), HeaderValue::from_static("DENY"))],
        allowed_methods: AllowedMethods::Read,
        ..behaviour
    };
    for behaviour in
        [Behaviour::cached("*", "origin", Policy::origin_controlled()), Behaviour::uncached("*", "origin")]
    {
        let edge = Edge::new(one_behaviour(&origin, policed(behaviour))).unwrap();
        for request in [
            request(Method::GET, "/a", &[]),
            request(Method::GET, "/a", &[]),
            request(Method::HEAD, "/a", &[]),
            request(Method::GET, "/a", &[("if-none-match", "\"1\"")]),
            request(Method::POST, "/a", &[]),
        ] {
            let got = call(&edge, request).await;
            assert_eq!((got.header("cache-tag"), got.header("x-frame-options")), (None, Some("DENY")));
            assert!(got.header("via").unwrap().contains("cloudfront.net"));
        }
    }
}

#[tokio::test]
async fn a_body_larger_than_an_object_may_be_passes_through_unstored() {
    let large = "a".repeat(3_000);
    for announced in [true, false] {
        let large = large.clone();
        let origin = Scripted::start(move |_| {
            let pieces =
                vec![Ok::<_, std::io::Error>(large[..2_000].to_owned()), Ok(large[2_000..].to_owned())];
            let response = http::Response::builder().header("cache-control", "max-age=60");
            let response = if announced { response.header("content-length", "3000") } else { response };
            let response = response.body(Body::from_stream(futures::stream::iter(pieces))).unwrap();
            Box::pin(async move { response })
        })
        .await;
        let edge = Edge::new(EdgeConfig { max_object_bytes: 2_500, ..config(&origin) }).unwrap();
        for _ in 0..2 {
            let got = get(&edge, "/a").await;
            assert_eq!((got.body.len(), got.x_cache()), (3_000, "Miss"));
        }
        assert_eq!((origin.asked(), edge.size().0), (2, 0));
    }
}

#[tokio::test]
async fn an_answer_without_a_date_gets_one() {
    let url = raw_origin("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let behaviour = Behaviour::cached("*", "origin", Policy::origin_controlled());
    let edge = Edge::new(EdgeConfig::new([("origin".to_owned(), Origin::at(url))], vec![behaviour])).unwrap();
    let date = get(&edge, "/a").await;
    assert!(date.header("date").unwrap().ends_with(" GMT"));
}

#[tokio::test]
async fn over_a_socket_the_edge_answers_on_every_path() {
    let origin = Scripted::answering(vec![ok("max-age=60", "x")]).await;
    let url = crate::support::serve(edge(&origin).router()).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for x_cache in ["Miss from cloudfront", "Hit from cloudfront"] {
        let got = client.get(format!("{url}some/path?x=1")).send().await.unwrap();
        assert_eq!((got.status().as_u16(), got.headers()["x-cache"].to_str().unwrap()), (200, x_cache));
        assert_eq!(got.text().await.unwrap(), "x");
    }
}
