use std::sync::Mutex;
use std::time::Duration;

use catalog::edge::{Ledger as _, Month};
use http::StatusCode;
use local_edge::{CloudFrontConfig, ImitatedDelay};
use publish::Failure;
use publish::site::{File, Options, Outcome, publish};

use crate::Log;
use crate::bucket::FakeBucket;
use crate::cloudfront::FakeEdge;

const NOW: u64 = 1_790_000_000_000;
const NOTE: &str = "_tidemark/publishing";
const OPTIONS: Options = Options { delete: false, max_items: 100, wait: None, dry_run: false, now: NOW };

struct World {
    bucket: FakeBucket,
    edge: FakeEdge,
    log: Log,
}

async fn world(change: impl FnOnce(&mut CloudFrontConfig)) -> World {
    let log = Log::default();
    let bucket = FakeBucket::start(&log).await;
    let edge = FakeEdge::start(bucket.origin(), &log, change).await;
    World { bucket, edge, log }
}

impl World {
    async fn publish(&self, files: &[File], options: Options) -> Result<Outcome, Failure> {
        publish(files, &self.bucket.client(), &self.edge.client(), options, &|_| {}).await
    }
}

fn file(key: &str, text: &'static str) -> File {
    let content_type = if key.ends_with(".html") { "text/html; charset=utf-8" } else { "text/javascript" };
    File::new(key, content_type, "public, max-age=0, s-maxage=300", text.into())
}

fn site(script: &'static str) -> Vec<File> {
    vec![file("index.html", "page"), file("app.js", script), file("style.css", "a"), file("api.js", "a")]
}

#[tokio::test]
async fn a_first_site_goes_up_with_its_headers_and_a_repeat_does_nothing() {
    let world = world(|_| {}).await;
    let outcome = world.publish(&site("1"), OPTIONS).await.unwrap();
    assert_eq!((outcome.uploaded, outcome.unchanged, outcome.purge.items), (4, 0, 0));
    assert_eq!(world.bucket.keys(), ["api.js", "app.js", "index.html", "style.css"]);
    let header = |name| world.bucket.header("index.html", name).unwrap();
    assert_eq!(header("content-type"), "text/html; charset=utf-8");
    assert_eq!(header("cache-control"), "public, max-age=0, s-maxage=300");
    assert_eq!(world.log.take().last().unwrap(), "PUT index.html", "nothing is held of a new site");

    let outcome = world.publish(&site("1"), OPTIONS).await.unwrap();
    assert_eq!((outcome.uploaded, outcome.unchanged, outcome.purge.items), (0, 4, 0));
    assert!(world.log.take().is_empty());
    assert_eq!(world.edge.api.accepted(), (0, 0));
}

#[tokio::test]
async fn a_changed_site_goes_up_page_last_and_the_edge_shows_it() {
    let world = world(|_| {}).await;
    world.publish(&site("1"), OPTIONS).await.unwrap();
    assert_eq!([world.edge.get("/").await, world.edge.get("/app.js").await], ["page", "1"]);
    assert_eq!(world.edge.get("/api.js").await, "a");
    world.log.take();

    let files = [file("index.html", "page with part.js"), file("app.js", "2"), file("part.js", "new")];
    let files: Vec<_> = files.into_iter().chain(site("2").split_off(2)).collect();
    let outcome = world.publish(&files, OPTIONS).await.unwrap();
    assert_eq!((outcome.uploaded, outcome.unchanged, outcome.purge.items), (3, 2, 3));
    assert_eq!(
        world.log.take(),
        [
            "PUT _tidemark/publishing",
            "PUT part.js",
            "PUT app.js",
            "PUT index.html",
            "purge / /app.js /index.html",
            "DELETE _tidemark/publishing",
        ]
    );
    assert_eq!([world.edge.get("/").await, world.edge.get("/app.js").await], ["page with part.js", "2"]);
    assert!(world.edge.holds("/api.js"), "what did not change stays at the edge");
    assert_eq!(world.edge.ledger.spent(&Month::of(NOW)).await.unwrap(), 3);
    assert_eq!(outcome.purge.month, Some(Ok(3)));
}

#[tokio::test]
async fn an_interrupted_run_leaves_its_purge_to_the_next() {
    let world = world(|_| {}).await;
    world.publish(&site("1"), OPTIONS).await.unwrap();
    assert_eq!(world.edge.get("/app.js").await, "1");
    world.bucket.refuse("PUT index.html", StatusCode::FORBIDDEN, "AccessDenied");
    let mut files = site("2");
    files[0] = file("index.html", "page 2");
    let failure = world.publish(&files, OPTIONS).await.unwrap_err().to_string();
    assert!(failure.contains("uploading index.html") && failure.contains("s3:PutObject"), "{failure}");
    assert_eq!(world.edge.get("/app.js").await, "1", "the script is up, and was not purged");

    world.bucket.allow("PUT index.html");
    files[0] = file("index.html", "page");
    let outcome = world.publish(&files, OPTIONS).await.unwrap();
    assert_eq!((outcome.uploaded, outcome.unchanged), (0, 4), "the page is as it was before");
    assert_eq!(world.edge.get("/app.js").await, "2");
    assert!(!world.bucket.keys().contains(&NOTE.to_owned()));
}

#[tokio::test]
async fn a_purge_that_was_accepted_is_not_paid_again_by_the_run_that_makes_up_for_it() {
    let world = world(|_| {}).await;
    world.publish(&site("1"), OPTIONS).await.unwrap();
    let strike = format!("DELETE {NOTE}");
    world.bucket.refuse("DELETE _tidemark/publishing", StatusCode::INTERNAL_SERVER_ERROR, "InternalError");
    world.publish(&site("2"), OPTIONS).await.unwrap_err();
    assert_eq!(world.edge.api.accepted(), (1, 1));
    world.bucket.allow(&strike);
    world.publish(&site("2"), OPTIONS).await.unwrap();
    assert_eq!(world.edge.api.accepted(), (1, 1), "the same reference and items");
    assert!(!world.bucket.keys().contains(&NOTE.to_owned()));
}

#[tokio::test]
async fn what_changes_once_more_after_an_accepted_purge_is_purged_once_more() {
    let world = world(|_| {}).await;
    world.publish(&site("1"), OPTIONS).await.unwrap();
    let strike = format!("DELETE {NOTE}");
    world.bucket.refuse("DELETE _tidemark/publishing", StatusCode::INTERNAL_SERVER_ERROR, "InternalError");
    world.publish(&site("2"), OPTIONS).await.unwrap_err();
    assert_eq!(world.edge.get("/app.js").await, "2");
    world.bucket.allow(&strike);
    world.publish(&site("3"), OPTIONS).await.unwrap();
    assert_eq!(world.edge.get("/app.js").await, "3");
}

#[tokio::test]
async fn going_back_to_an_earlier_content_is_purged_again() {
    let world = world(|_| {}).await;
    for (round, script) in ["1", "2", "1", "2"].into_iter().enumerate() {
        world.publish(&site(script), OPTIONS).await.unwrap();
        assert_eq!(world.edge.get("/app.js").await, script, "round {round}");
    }
    assert_eq!(world.edge.api.accepted(), (3, 3));
}

#[tokio::test]
async fn what_is_gone_is_removed_when_the_edge_has_forgotten_what_refers_to_it() {
    let delay = Duration::from_millis(40);
    let delay = ImitatedDelay { seed: 1, effect_p95: delay, completion_p95: delay };
    let world = world(|config| config.delay = Some(delay)).await;
    world.publish(&site("1"), OPTIONS).await.unwrap();
    world.edge.get("/style.css").await;
    world.log.take();

    let mut files = site("1");
    files[0] = file("index.html", "page without style");
    files.retain(|file| file.key != "style.css");
    let outcome = world.publish(&files, OPTIONS).await.unwrap();
    assert_eq!((outcome.removed, outcome.left), (0, 1), "nobody asked for the removal");
    world.log.take();

    files[0] = file("index.html", "page 3");
    let options = Options { delete: true, wait: Some(Duration::from_secs(20)), ..OPTIONS };
    let outcome = world.publish(&files, options).await.unwrap();
    assert_eq!((outcome.removed, outcome.left, outcome.purge.items), (1, 0, 3));
    assert_eq!(
        world.log.take(),
        [
            "PUT _tidemark/publishing",
            "PUT index.html",
            "purge / /index.html",
            "DELETE _tidemark/publishing",
            "completed",
            "PUT _tidemark/publishing",
            "DELETE style.css",
            "purge /style.css",
            "DELETE _tidemark/publishing",
            "completed",
        ]
    );
    assert!(!world.edge.holds("/style.css"));
    assert_eq!(world.bucket.keys(), ["api.js", "app.js", "index.html"]);
}

#[tokio::test]
async fn a_rehearsal_says_what_would_be_done_and_does_nothing() {
    let world = world(|_| {}).await;
    world.publish(&site("1"), OPTIONS).await.unwrap();
    world.bucket.put("old.js", "x");
    world.log.take();
    let said = Mutex::new(Vec::new());
    let options = Options { dry_run: true, delete: true, ..OPTIONS };
    let say = |line: &str| said.lock().unwrap().push(line.to_owned());
    let outcome =
        publish(&site("2"), &world.bucket.client(), &world.edge.client(), options, &say).await.unwrap();
    assert_eq!((outcome.uploaded, outcome.removed, outcome.purge.items), (1, 1, 2));
    let said = said.into_inner().unwrap().join("\n");
    for line in
        ["would upload  app.js", "would remove  old.js", "would purge   /app.js", "would purge   /old.js"]
    {
        assert!(said.contains(line), "{said}");
    }
    assert!(world.log.take().is_empty());
}

#[tokio::test]
async fn many_changes_are_purged_by_directory() {
    let world = world(|_| {}).await;
    let files = |text| ["a/1.js", "a/2.js", "a/3.js", "app.js"].map(|key| file(key, text));
    world.publish(&files("1"), OPTIONS).await.unwrap();
    let outcome = world.publish(&files("2"), Options { max_items: 3, ..OPTIONS }).await.unwrap();
    assert_eq!(outcome.purge.items, 2);
    assert!(world.log.take().contains(&"purge /a/* /app.js".to_owned()));
}
