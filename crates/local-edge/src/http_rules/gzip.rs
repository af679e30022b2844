//! Compression at the edge, under CloudFront's conditions.

use std::io::{Read, Write};

use bytes::Bytes;
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::directives::split_list;
use super::{ResponseDirectives, set};

const SIZES: std::ops::RangeInclusive<u64> = 1_000..=10_000_000;

/// The types CloudFront compresses ("File types that CloudFront compresses").
const TYPES: [&str; 46] = [
    "application/dash+xml",
    "application/eot",
    "application/font",
    "application/font-sfnt",
    "application/javascript",
    "application/json",
    "application/opentype",
    "application/otf",
    "application/pkcs7-mime",
    "application/protobuf",
    "application/rss+xml",
    "application/truetype",
    "application/ttf",
    "application/vnd.apple.mpegurl",
    "application/vnd.mapbox-vector-tile",
    "application/vnd.ms-fontobject",
    "application/xhtml+xml",
    "application/xml",
    "application/x-font-opentype",
    "application/x-font-truetype",
    "application/x-font-ttf",
    "application/x-httpd-cgi",
    "application/x-javascript",
    "application/x-mpegurl",
    "application/x-opentype",
    "application/x-otf",
    "application/x-perl",
    "application/x-ttf",
    "font/eot",
    "font/opentype",
    "font/otf",
    "font/ttf",
    "image/svg+xml",
    "text/css",
    "text/csv",
    "text/html",
    "text/javascript",
    "text/js",
    "text/plain",
    "text/richtext",
    "text/tab-separated-values",
    "text/xml",
    "text/x-component",
    "text/x-java-source",
    "text/x-script",
    "vnd.apple.mpegurl",
];

/// Whether a request names gzip with a weight above zero.
pub(crate) fn accepts_gzip(request: &HeaderMap) -> bool {
    let lines = request.get_all(header::ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(split_list).any(|coding| {
        let (name, parameters) = coding.split_once(';').unwrap_or((coding, ""));
        let weight = parameters.trim().strip_prefix("q=").map_or(Ok(1.0), str::parse::<f32>);
        name.trim().eq_ignore_ascii_case("gzip") && weight.is_ok_and(|weight| weight > 0.0)
    })
}

/// Whether CloudFront would compress this answer: status, type and size fit, it says how long it is, is not encoded yet
/// and does not forbid it.
pub(crate) fn compressible(status: StatusCode, headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = text(header::CONTENT_TYPE).split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    matches!(status.as_u16(), 200 | 403 | 404)
        && !headers.contains_key(header::CONTENT_ENCODING)
        && TYPES.contains(&kind.as_str())
        && text(header::CONTENT_LENGTH).parse().is_ok_and(|length: u64| SIZES.contains(&length))
        && !ResponseDirectives::of(headers).no_transform
}

/// The compressed body, and the headers changed to fit it: a strong entity tag becomes weak, an invalid one is removed.
pub(crate) fn compress(headers: &mut HeaderMap, body: &Bytes) -> std::io::Result<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::default());
    encoder.write_all(body)?;
    let body = Bytes::from(encoder.finish()?);
    headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    set(headers, header::CONTENT_LENGTH, &body.len().to_string());
    headers.remove(header::ACCEPT_RANGES);
    weaken_etag(headers);
    Ok(body)
}

/// What [`compress`] was given.
pub(crate) fn decompress(body: &[u8]) -> std::io::Result<Bytes> {
    let mut plain = Vec::new();
    GzDecoder::new(body).read_to_end(&mut plain)?;
    Ok(plain.into())
}

/// The entity tag of the uncompressed body, made true for the compressed one.
pub(crate) fn weaken_etag(headers: &mut HeaderMap) {
    let Some(etag) = headers.remove(header::ETAG) else { return };
    let weak = match etag.as_bytes() {
        strong @ [b'"', ..] => HeaderValue::from_bytes(&[b"W/", strong].concat()).ok(),
        [b'W', b'/', ..] => Some(etag),
        _ => None,
    };
    if let Some(weak) = weak {
        headers.insert(header::ETAG, weak);
    }
}
