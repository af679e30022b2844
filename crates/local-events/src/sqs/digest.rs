//! The MD5 digests with which clients check what arrived.

use std::collections::BTreeMap;

use super::message::{AttributeValue, MessageAttribute};

pub(crate) fn md5_of_body(body: &str) -> String {
    format!("{:x}", md5::compute(body))
}

/// MD5 over the attributes as "Amazon SQS message metadata" lays it out: sorted by name, each as length-prefixed name, type, a
/// byte for the transport type, and the value. `None` when there are none.
pub(crate) fn md5_of_attributes<'a>(
    attributes: impl IntoIterator<Item = (&'a String, &'a MessageAttribute)>,
) -> Option<String> {
    let sorted: BTreeMap<_, _> = attributes.into_iter().collect();
    if sorted.is_empty() {
        return None;
    }
    let mut context = md5::Context::new();
    for (name, attribute) in sorted {
        consume(&mut context, name.as_bytes());
        consume(&mut context, attribute.data_type.as_bytes());
        match &attribute.value {
            AttributeValue::Text(text) => {
                context.consume([1]);
                consume(&mut context, text.as_bytes());
            }
            AttributeValue::Binary(bytes) => {
                context.consume([2]);
                consume(&mut context, bytes);
            }
        }
    }
    Some(format!("{:x}", context.compute()))
}

/// MD5 over the one system attribute a producer may set.
pub(crate) fn md5_of_trace_header(header: &str) -> Option<String> {
    let attribute =
        MessageAttribute { data_type: "String".into(), value: AttributeValue::Text(header.into()) };
    md5_of_attributes([(&"AWSTraceHeader".to_owned(), &attribute)])
}

fn consume(context: &mut md5::Context, bytes: &[u8]) {
    context.consume(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    context.consume(bytes);
}
