//! A request becomes a command.

use catalog::names::{ADMIN_PATH, INVALID_ID, INVALID_ITEM, ITEM, ITEMS, PATH, below};
use catalog::{Command, Condition, Details, FieldError, ProductId};
use http::{HeaderMap, Method, StatusCode, header};
use lambda_support::Problem;
use lambda_support::etag::{BadCondition, if_match};
use lambda_support::gateway::Request;
use serde_json::Value;

pub use catalog::details::MAX_BODY;

/// A request that was understood.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// The product.
    pub id: ProductId,
    /// What to do to it.
    pub command: Command,
}

/// Reads a request. The problem says what was wrong and what to do.
pub fn decode(request: &Request) -> Result<Decoded, Problem> {
    let path = request.path.as_str();
    let Some(id) = below(path, ADMIN_PATH) else {
        let detail = format!("{ITEMS} are at {ADMIN_PATH}/{{id}}");
        return Err(Problem::new(StatusCode::NOT_FOUND, "Nothing here", detail));
    };
    let id = ProductId::parse(id)
        .map_err(|error| Problem::new(StatusCode::BAD_REQUEST, INVALID_ID, error.to_string()))?;
    let command = match request.method {
        Method::PUT => put(request, &id)?,
        Method::PATCH => {
            let condition = must_match(&request.headers)?;
            Command::Patch(json(request, &["application/merge-patch+json", "application/json"])?, condition)
        }
        Method::DELETE => Command::Delete(must_match(&request.headers)?),
        _ => {
            let detail = format!("{ITEMS} are written with PUT, PATCH and DELETE, and read at {PATH}/{{id}}");
            return Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed", detail));
        }
    };
    Ok(Decoded { id, command })
}

/// PUT creates under `If-None-Match: *` and replaces under `If-Match`; never both, never neither.
fn put(request: &Request, id: &ProductId) -> Result<Command, Problem> {
    let create = one(&request.headers, header::IF_NONE_MATCH)?;
    let replace = one(&request.headers, header::IF_MATCH)?;
    let details = |request| Details::from_json(&json(request, &["application/json"])?, id).map_err(invalid);
    match (create, replace) {
        (Some(_), Some(_)) => {
            let detail = "send If-None-Match: * to create or If-Match to replace, not both";
            Err(Problem::new(StatusCode::BAD_REQUEST, "Contradicting conditions", detail))
        }
        (Some("*"), None) => Ok(Command::Create(details(request)?)),
        (Some(_), None) => {
            let detail = format!("If-None-Match must be * here: the {ITEM} is created only if there is none");
            Err(Problem::new(StatusCode::BAD_REQUEST, "Invalid condition", detail))
        }
        (None, Some(tags)) => {
            let condition = condition(tags)?;
            Ok(Command::Replace(details(request)?, condition))
        }
        (None, None) => Err(unconditional(
            "If-None-Match: * to create, or If-Match with the ETag of what is there to replace it",
        )),
    }
}

fn must_match(headers: &HeaderMap) -> Result<Condition, Problem> {
    match one(headers, header::IF_MATCH)? {
        Some(tags) => condition(tags),
        None => Err(unconditional("If-Match with the ETag of what is there")),
    }
}

fn condition(tags: &str) -> Result<Condition, Problem> {
    if_match(tags).map_err(|error: BadCondition| {
        Problem::new(StatusCode::BAD_REQUEST, "Invalid condition", error.to_string())
    })
}

fn unconditional(wanted: &str) -> Problem {
    let detail = format!("a write needs a condition, so that it cannot undo another's: send {wanted}");
    Problem::new(StatusCode::PRECONDITION_REQUIRED, "Condition required", detail)
}

fn one(headers: &HeaderMap, name: header::HeaderName) -> Result<Option<&str>, Problem> {
    let Some(value) = headers.get(&name) else { return Ok(None) };
    let repeated = headers.get_all(&name).iter().count() > 1;
    value.to_str().ok().filter(|_| !repeated).map(Some).ok_or_else(|| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "Invalid condition",
            format!("{name} must be given once, in ASCII"),
        )
    })
}

fn json(request: &Request, types: &[&str]) -> Result<Value, Problem> {
    let given = request.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = given.map(|given| given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    if essence.is_some_and(|essence| !types.contains(&essence.as_str())) {
        let detail = format!("send the body as {}", types.join(" or "));
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Unsupported media type", detail));
    }
    let body = &request.body[..];
    if body.len() > MAX_BODY {
        let detail = format!("the body has {} bytes, at most {MAX_BODY} are taken", body.len());
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "Body too large", detail));
    }
    serde_json::from_slice(body).map_err(|error| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "Invalid JSON",
            format!("the body cannot be read as JSON: {error}"),
        )
    })
}

/// A product that would not be valid.
pub fn invalid(errors: Vec<FieldError>) -> Problem {
    let detail = format!("the {ITEM} would not be valid; see errors");
    Problem::new(StatusCode::BAD_REQUEST, INVALID_ITEM, detail).with_errors(errors)
}
