//! A URL or cookies, with a policy's signature.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::policy::Policy;
use crate::failure::Failure;

/// What signs a text, by SHA-256.
pub type Signer<'a> = &'a dyn Fn(&str) -> Result<Vec<u8>, Failure>;

/// The URL with the signature behind its own query string.
pub fn url(url: &str, policy: &Policy, key_pair_id: &str, sign: Signer<'_>) -> Result<String, Failure> {
    let parts = parts(policy, key_pair_id, sign)?;
    let query: Vec<_> = parts.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    let before = if url.contains('?') { '&' } else { '?' };
    Ok(format!("{url}{before}{}", query.join("&")))
}

/// The `Set-Cookie` headers, for the directory the policy is about.
pub fn cookies(policy: &Policy, key_pair_id: &str, sign: Signer<'_>) -> Result<Vec<String>, Failure> {
    let path = policy.resource().splitn(4, '/').nth(3).unwrap_or_default();
    let path = path.split(['?', '*']).next().unwrap_or_default();
    let path = path.rfind('/').map_or("", |end| &path[..=end]);
    let cookie =
        |(name, value)| format!("Set-Cookie: CloudFront-{name}={value}; Path=/{path}; Secure; HttpOnly");
    Ok(parts(policy, key_pair_id, sign)?.into_iter().map(cookie).collect())
}

fn parts(
    policy: &Policy,
    key_pair_id: &str,
    sign: Signer<'_>,
) -> Result<[(&'static str, String); 4], Failure> {
    if key_pair_id.is_empty() || !key_pair_id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(Failure::Asked(format!("{key_pair_id:?} is no id of a public key like K2JCJMDEHXQW5F")));
    }
    let text = policy.text()?;
    let what = match policy.is_canned() {
        true => ("Expires", policy.until().to_string()),
        false => ("Policy", encode(text.as_bytes())),
    };
    Ok([
        what,
        ("Signature", encode(&sign(&text)?)),
        ("Key-Pair-Id", key_pair_id.to_owned()),
        ("Hash-Algorithm", "SHA256".to_owned()),
    ])
}

/// Base64 with CloudFront's replacements for what has a meaning in a URL.
fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes).replace('+', "-").replace('=', "_").replace('/', "~")
}
