//! CloudFront's API as it is spoken on the wire.

use std::time::Duration;

use http::Uri;
use local_edge::{CloudFront, CloudFrontConfig, Edge, Fault, ImitatedDelay, Item, Quotas, ReferenceConflict};

use crate::support::{Scripted, advance_by, edge, get, ok, serve};

struct Answered {
    status: u16,
    location: Option<String>,
    xml: String,
}

impl Answered {
    /// The text of the first element of this name.
    fn text(&self, element: &str) -> &str {
        let start = format!("<{element}>");
        let from =
            self.xml.find(&start).unwrap_or_else(|| panic!("no {element} in {}", self.xml)) + start.len();
        &self.xml[from..from + self.xml[from..].find('<').unwrap()]
    }

    fn is_error(&self, status: u16, code: &str) -> bool {
        self.xml.contains(
            "<ErrorResponse xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\"><Error><Type>",
        ) && (self.status, self.text("Code")) == (status, code)
            && !self.text("Message").is_empty()
            && !self.text("RequestId").is_empty()
    }
}

struct Api {
    url: Uri,
    cloudfront: CloudFront,
    edge: Edge,
    _origin: Scripted,
}

impl Api {
    async fn start() -> Self {
        Self::start_with(CloudFrontConfig::new("EDIST")).await
    }

    async fn start_with(config: CloudFrontConfig) -> Self {
        let origin = Scripted::answering(vec![ok("max-age=3600", "x").with("cache-tag", "p7")]).await;
        let edge = edge(&origin);
        let cloudfront = CloudFront::new(edge.clone(), config);
        Self { url: serve(cloudfront.router()).await, cloudfront, edge, _origin: origin }
    }

    async fn ask(&self, method: &str, path: &str, body: String) -> Answered {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let url = format!("{}2020-05-31/distribution/{path}", self.url);
        let answer = client.request(method.parse().unwrap(), url).body(body).send().await.unwrap();
        let location = answer.headers().get("location").map(|location| location.to_str().unwrap().to_owned());
        Answered { status: answer.status().as_u16(), location, xml: answer.text().await.unwrap() }
    }

    async fn create(&self, reference: &str, items: &[&str]) -> Answered {
        self.ask("POST", "EDIST/invalidation", batch(reference, items.len(), items)).await
    }

    async fn status_of(&self, id: &str) -> String {
        self.ask("GET", &format!("EDIST/invalidation/{id}"), String::new()).await.text("Status").to_owned()
    }
}

fn batch(reference: &str, quantity: usize, items: &[&str]) -> String {
    let items: String = items.iter().map(|item| format!("<Path>{item}</Path>")).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><InvalidationBatch \
         xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\"><Paths><Quantity>{quantity}</Quantity>\
         <Items>{items}</Items></Paths><CallerReference>{reference}</CallerReference></InvalidationBatch>"
    )
}

#[tokio::test]
async fn create_purges_and_answers_201_with_location() {
    let api = Api::start().await;
    get(&api.edge, "/a").await;
    let created = api.create("r1", &["#P7", "/b*"]).await;
    assert_eq!((created.status, created.text("Status")), (201, "InProgress"));
    let id = created.text("Id");
    assert!(
        created
            .location
            .as_ref()
            .unwrap()
            .ends_with(&format!("/2020-05-31/distribution/EDIST/invalidation/{id}"))
    );
    assert!(created.xml.contains("<Path>#P7</Path><Path>/b*</Path>"));
    assert_eq!((created.text("Quantity"), created.text("CallerReference")), ("2", "r1"));
    assert_eq!(api.edge.size().0, 0);
    assert_eq!(api.status_of(id).await, "Completed");
    assert_eq!(api.cloudfront.accepted(), (1, 2));
}

#[tokio::test]
async fn elements_may_come_in_any_order() {
    let api = Api::start().await;
    let body = "<InvalidationBatch><CallerReference>r</CallerReference><Paths><Items><Path>/a</Path></Items>\
                <Quantity>1</Quantity></Paths></InvalidationBatch>";
    assert_eq!(api.ask("POST", "EDIST/invalidation", body.to_owned()).await.status, 201);
}

#[tokio::test]
async fn what_does_not_exist_is_a_404() {
    let api = Api::start().await;
    let body = batch("r", 1, &["/a"]);
    assert!(api.ask("POST", "EOTHER/invalidation", body).await.is_error(404, "NoSuchDistribution"));
    assert!(api.ask("GET", "EOTHER/invalidation", String::new()).await.is_error(404, "NoSuchDistribution"));
    assert!(
        api.ask("GET", "EOTHER/invalidation/I1", String::new()).await.is_error(404, "NoSuchDistribution")
    );
    assert!(api.ask("GET", "EDIST/invalidation/I1", String::new()).await.is_error(404, "NoSuchInvalidation"));
    assert!(
        api.ask("DELETE", "EDIST/invalidation", String::new())
            .await
            .is_error(404, "UnknownOperationException")
    );
    assert!(api.ask("GET", "EDIST/config", String::new()).await.is_error(404, "UnknownOperationException"));
}

#[tokio::test]
async fn a_body_must_be_there_and_well_formed() {
    let api = Api::start().await;
    let post = |body: &str| api.ask("POST", "EDIST/invalidation", body.to_owned());
    assert!(post("").await.is_error(400, "MissingBody"));
    for body in [
        "<InvalidationBatch>",
        "text",
        "<Other/>",
        "<InvalidationBatch><Paths><Quantity>x</Quantity></Paths></InvalidationBatch>",
    ] {
        assert!(post(body).await.is_error(400, "MalformedXML"), "{body}");
    }
    let no_reference = batch("", 1, &["/a"]);
    assert!(post(&no_reference).await.is_error(400, "InvalidArgument"));
    assert!(
        post("<InvalidationBatch><CallerReference>r</CallerReference></InvalidationBatch>")
            .await
            .is_error(400, "InvalidArgument")
    );
}

#[tokio::test]
async fn the_quantity_must_be_that_of_the_items() {
    let api = Api::start().await;
    for quantity in [0, 1, 3] {
        let answered = api.ask("POST", "EDIST/invalidation", batch("r", quantity, &["/a", "/b"])).await;
        assert!(answered.is_error(400, "InconsistentQuantities"), "{quantity}");
    }
}

#[tokio::test]
async fn every_item_must_be_valid_and_there_must_be_one() {
    let api = Api::start().await;
    assert!(api.create("r", &[]).await.is_error(400, "InvalidArgument"));
    for item in ["a", "/a*b", "#", "/a b", "#a,b"] {
        assert!(api.create("r", &["/fine", item]).await.is_error(400, "InvalidArgument"), "{item}");
    }
}

#[tokio::test]
async fn a_batch_of_more_than_3000_items_is_too_large() {
    let api = Api::start().await;
    let paths: Vec<String> = (0..3_001).map(|n| format!("/{n}")).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    assert!(api.create("r", &paths).await.is_error(413, "BatchTooLarge"));
    assert_eq!(api.create("r", &paths[1..]).await.status, 201);
}

#[tokio::test]
async fn the_same_reference_with_the_same_items_is_the_same_invalidation() {
    let api = Api::start().await;
    let first = api.create("r1", &["/a", "#b"]).await;
    get(&api.edge, "/a").await;
    let again = api.create("r1", &["/a", "#b"]).await;
    assert_eq!((again.status, again.text("Id"), again.text("Status")), (201, first.text("Id"), "Completed"));
    assert_eq!((api.edge.size().0, api.cloudfront.accepted()), (1, (1, 2)));
}

#[tokio::test]
async fn the_same_reference_with_other_items_is_refused() {
    for (conflict, code) in [
        (ReferenceConflict::AlreadyExists, "InvalidationBatchAlreadyExists"),
        (ReferenceConflict::InvalidArgument, "InvalidArgument"),
    ] {
        let api = Api::start_with(CloudFrontConfig { conflict, ..CloudFrontConfig::new("EDIST") }).await;
        api.create("r1", &["/a"]).await;
        assert!(api.create("r1", &["/b"]).await.is_error(400, code));
        assert_eq!(api.create("r2", &["/b"]).await.status, 201);
    }
}

fn slow(quotas: Quotas) -> CloudFrontConfig {
    let delay = Some(ImitatedDelay::published(1));
    CloudFrontConfig { quotas, delay, ..CloudFrontConfig::new("EDIST") }
}

#[tokio::test]
async fn paths_and_wildcards_in_progress_have_quotas_of_their_own() {
    let api =
        Api::start_with(slow(Quotas { paths_in_progress: 3, wildcards_in_progress: 1, ..Quotas::default() }))
            .await;
    let refused = |answered: Answered| answered.is_error(400, "TooManyInvalidationsInProgress");
    assert_eq!(api.create("1", &["/a", "#tags-count-as-paths"]).await.status, 201);
    assert!(refused(api.create("2", &["/c", "/d"]).await));
    assert_eq!(api.create("3", &["/c", "/w*"]).await.status, 201);
    assert!(refused(api.create("4", &["/e"]).await));
    assert!(refused(api.create("5", &["/w*"]).await));
    // Ten times the percentile is the longest there is.
    advance_by(Duration::from_secs(250)).await;
    let list = api.ask("GET", "EDIST/invalidation", String::new()).await;
    assert!(!list.xml.contains("InProgress"));
    assert_eq!(api.create("6", &["/e", "/w*"]).await.status, 201);
}

#[tokio::test]
async fn with_an_imitated_delay_the_purge_comes_later_and_the_completion_not_before_it() {
    let delay = ImitatedDelay { seed: 3, effect_p95: Duration::from_secs(5), completion_p95: Duration::ZERO };
    let api =
        Api::start_with(CloudFrontConfig { delay: Some(delay), ..CloudFrontConfig::new("EDIST") }).await;
    get(&api.edge, "/a").await;
    let created = api.create("r", &["/a"]).await;
    assert_eq!((api.edge.size().0, api.status_of(created.text("Id")).await.as_str()), (1, "InProgress"));
    advance_by(Duration::from_secs(50)).await;
    assert_eq!(api.status_of(created.text("Id")).await, "Completed");
    assert_eq!(api.edge.size().0, 0);
}

#[tokio::test]
async fn a_list_is_newest_first_and_comes_in_pages() {
    let api = Api::start().await;
    let mut ids = Vec::new();
    for n in 0..5 {
        ids.insert(0, api.create(&format!("r{n}"), &["/a"]).await.text("Id").to_owned());
    }
    let ids_in = |xml: &str| -> Vec<String> {
        xml.split("<Id>").skip(1).map(|rest| rest[..rest.find('<').unwrap()].to_owned()).collect()
    };
    let first = api.ask("GET", "EDIST/invalidation?MaxItems=2", String::new()).await;
    assert_eq!(ids_in(&first.xml), ids[..2]);
    assert_eq!(
        (first.text("IsTruncated"), first.text("NextMarker"), first.text("Quantity")),
        ("true", ids[1].as_str(), "2")
    );
    let rest = api.ask("GET", &format!("EDIST/invalidation?Marker={}", ids[1]), String::new()).await;
    assert_eq!(ids_in(&rest.xml), ids[2..]);
    assert_eq!(
        (rest.text("IsTruncated"), rest.text("Marker"), rest.text("MaxItems")),
        ("false", ids[1].as_str(), "100")
    );
    for query in ["MaxItems=0", "MaxItems=x", "Marker=I0"] {
        let refused = api.ask("GET", &format!("EDIST/invalidation?{query}"), String::new()).await;
        assert!(refused.is_error(400, "InvalidArgument"), "{query}");
    }
}

#[tokio::test]
async fn the_oldest_invalidations_are_forgotten() {
    let api = Api::start_with(CloudFrontConfig { history: 2, ..CloudFrontConfig::new("EDIST") }).await;
    let first = api.create("r1", &["/a"]).await;
    api.create("r2", &["/a"]).await;
    api.create("r3", &["/a"]).await;
    let forgotten = api.ask("GET", &format!("EDIST/invalidation/{}", first.text("Id")), String::new()).await;
    assert!(forgotten.is_error(404, "NoSuchInvalidation"));
    assert_eq!(api.create("r1", &["/other"]).await.status, 201);
}

#[tokio::test]
async fn calls_are_refused_on_demand() {
    let api = Api::start().await;
    let faults = api.cloudfront.faults();
    faults.refuse_next(1, Fault::TooManyInvalidationsInProgress);
    assert!(api.create("r", &["/a"]).await.is_error(400, "TooManyInvalidationsInProgress"));
    assert_eq!(api.create("r", &["/a"]).await.status, 201);
    faults.refuse_next(2, Fault::Throttling);
    assert!(api.create("r", &["/a"]).await.is_error(400, "Throttling"));
    faults.refuse_next(1, Fault::ServiceUnavailable);
    assert!(api.create("r", &["/a"]).await.is_error(503, "ServiceUnavailable"));
    faults.refuse_share(1.0, 1, Fault::Throttling);
    assert!(api.create("r", &["/a"]).await.is_error(400, "Throttling"));
    faults.clear();
    assert_eq!(api.create("r", &["/a"]).await.status, 201);
    assert_eq!(faults.refused(), 4);
}

#[tokio::test]
async fn half_of_the_calls_are_refused_and_the_seed_decides_which() {
    let mut sequences = Vec::new();
    for seed in [1, 1, 2] {
        let api = Api::start().await;
        api.cloudfront.faults().refuse_share(0.5, seed, Fault::Throttling);
        let mut refused = Vec::new();
        for n in 0..40 {
            refused.push(api.create(&n.to_string(), &["/a"]).await.status == 400);
        }
        let count = refused.iter().filter(|refused| **refused).count();
        assert!((10..=30).contains(&count), "{count}");
        sequences.push(refused);
    }
    assert_eq!(sequences[0], sequences[1]);
    assert_ne!(sequences[0], sequences[2]);
}

#[tokio::test]
async fn a_refused_call_purges_nothing() {
    let api = Api::start().await;
    get(&api.edge, "/a").await;
    api.cloudfront.faults().refuse_next(1, Fault::Throttling);
    api.create("r", &["/*"]).await;
    api.ask("POST", "EDIST/invalidation", batch("r", 2, &["/*"])).await;
    assert_eq!(api.edge.size().0, 1);
    assert_eq!(api.edge.purge(&[Item::parse("/a").unwrap()]), 1);
}
