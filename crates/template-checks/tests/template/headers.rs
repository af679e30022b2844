//! Headers that the distribution adds to what it asks the API.

use template_checks::Template;
use template_checks::grants::flat;

/// What CloudFront adds to no request, by beginning. It refuses a distribution that asks for one, and so the whole stack
/// ("Custom headers that CloudFront can't add to origin requests", Amazon CloudFront Developer Guide).
const RESERVED: [&str; 3] = ["x-amz-", "x-edge-", "x-real-ip"];

#[test]
fn the_edge_adds_no_header_that_cloudfront_keeps_for_itself() {
    let template = Template::read().unwrap();
    let (_, distribution) = template.resources("AWS::CloudFront::Distribution").next().unwrap();
    let mut names = Vec::new();
    for origin in flat(&distribution["DistributionConfig"]["Origins"]) {
        let added = flat(&origin["OriginCustomHeaders"]).into_iter();
        names.extend(added.filter_map(|header| header["HeaderName"].as_str()).map(str::to_ascii_lowercase));
    }
    assert!(names.contains(&"x-origin-secret".to_owned()), "{names:?}");
    names.retain(|name| RESERVED.iter().any(|reserved| name.starts_with(reserved)));
    assert_eq!(names, Vec::<String>::new());
}
