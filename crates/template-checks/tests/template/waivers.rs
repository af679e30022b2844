//! What is waived has a reason.

use serde_json::Value;
use template_checks::Template;

#[test]
fn every_waived_security_check_says_why() {
    let template = Template::read().unwrap();
    let resources = template.at("/Resources").as_object().unwrap();
    let mut without = Vec::new();
    for (id, resource) in resources {
        for waived in
            resource.pointer("/Metadata/checkov/skip").and_then(Value::as_array).into_iter().flatten()
        {
            let reason = waived["comment"].as_str().unwrap_or_default().trim();
            if reason.len() < 10 {
                without.push(format!("{id}: {waived}"));
            }
        }
    }
    assert_eq!(without, Vec::<String>::new());
}
