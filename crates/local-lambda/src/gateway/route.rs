//! Routes of an HTTP API and which of them a request takes.
//!
//! Source: API Gateway developer guide, "Create routes for HTTP APIs". A full match of route and method comes first, then a
//! match with a greedy path variable, then `$default`. Among several, the first segment that differs decides (a fixed one
//! before a variable before a greedy one), and for the same path a named method before `ANY`.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use http::Method;

use crate::invoke::Invoke;

/// A route key and the function behind it.
#[derive(Clone)]
pub struct Route {
    key: String,
    method: Option<Method>,
    path: Option<Vec<Segment>>,
    function: Arc<dyn Invoke>,
}

/// Why a route key is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RouteError {
    /// Not `METHOD /path`, `ANY /path` or `$default`; or a variable that is not a whole segment, or a greedy one not last.
    #[error("route key {0:?} is not of the form `GET /pets/{{id}}`, `ANY /pets/{{proxy+}}` or `$default`")]
    Malformed(String),
    /// Two routes have the same key.
    #[error("route key {0:?} is given twice")]
    Duplicate(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Fixed(String),
    Variable(String),
    Greedy(String),
}

impl Route {
    /// A route by its key, for example `GET /api/products/{id}`, `ANY /api/admin/{proxy+}` or `$default`.
    pub fn new(key: &str, function: Arc<dyn Invoke>) -> Result<Self, RouteError> {
        if key == "$default" {
            return Ok(Self { key: key.into(), method: None, path: None, function });
        }
        let malformed = || RouteError::Malformed(key.into());
        let (method, path) = key.split_once(' ').ok_or_else(malformed)?;
        let method = match method {
            "ANY" => None,
            method if method.bytes().all(|byte| byte.is_ascii_uppercase()) => {
                Some(method.parse().map_err(|_| malformed())?)
            }
            _ => return Err(malformed()),
        };
        let path = path.strip_prefix('/').and_then(template).ok_or_else(malformed)?;
        Ok(Self { key: key.into(), method, path: Some(path), function })
    }

    /// The route key, as it appears in events.
    pub fn key(&self) -> &str {
        &self.key
    }

    pub(super) fn function(&self) -> &Arc<dyn Invoke> {
        &self.function
    }

    /// The path variables, if this route takes the request. `path` is decoded.
    fn matches(&self, method: &Method, path: &str) -> Option<BTreeMap<String, String>> {
        let Some(template) = &self.path else {
            return Some(BTreeMap::new());
        };
        if self.method.as_ref().is_some_and(|own| own != method) {
            return None;
        }
        let mut variables = BTreeMap::new();
        let mut rest = Some(path.strip_prefix('/')?);
        for segment in template {
            let current = rest?;
            let (head, tail) = match (segment, current.split_once('/')) {
                (Segment::Greedy(_), _) | (_, None) => (current, None),
                (_, Some((head, tail))) => (head, Some(tail)),
            };
            match segment {
                Segment::Fixed(name) if name == head => {}
                Segment::Variable(name) | Segment::Greedy(name) if !head.is_empty() => {
                    variables.insert(name.clone(), head.to_owned());
                }
                _ => return None,
            }
            rest = tail;
        }
        rest.is_none().then_some(variables)
    }

    /// Routes in ascending order of this are in order of precedence.
    fn precedence(&self) -> impl Ord + use<> {
        let ranks: Option<Vec<u8>> = self.path.as_ref().map(|path| {
            let rank = |segment: &Segment| match segment {
                Segment::Fixed(_) => 0,
                Segment::Variable(_) => 1,
                Segment::Greedy(_) => 2,
            };
            path.iter().map(rank).collect()
        });
        let greedy = ranks.as_ref().is_some_and(|ranks| ranks.contains(&2));
        (self.path.is_none(), greedy, ranks, Reverse(self.method.is_some()))
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Route").field(&self.key).finish()
    }
}

fn template(path: &str) -> Option<Vec<Segment>> {
    let count = path.split('/').count();
    let segment = |(index, text): (usize, &str)| {
        let Some(variable) = text.strip_prefix('{') else {
            return (!text.contains(['{', '}'])).then(|| Segment::Fixed(text.into()));
        };
        let name = variable.strip_suffix('}')?;
        let (name, greedy) = name.strip_suffix('+').map_or((name, false), |name| (name, true));
        let named = !name.is_empty() && !name.contains(['{', '}', '+']);
        match greedy {
            true => (named && index + 1 == count).then(|| Segment::Greedy(name.into())),
            false => named.then(|| Segment::Variable(name.into())),
        }
    };
    path.split('/').enumerate().map(segment).collect()
}

/// The routes of an API, in order of precedence.
#[derive(Debug)]
pub(super) struct Routes(Vec<Route>);

impl Routes {
    pub(super) fn new(mut routes: Vec<Route>) -> Result<Self, RouteError> {
        routes.sort_by_cached_key(Route::precedence);
        for (index, route) in routes.iter().enumerate() {
            if routes[..index].iter().any(|earlier| earlier.key == route.key) {
                return Err(RouteError::Duplicate(route.key.clone()));
            }
        }
        Ok(Self(routes))
    }

    /// The route a request takes, and its path variables.
    pub(super) fn select(&self, method: &Method, path: &str) -> Option<(&Route, BTreeMap<String, String>)> {
        self.0.iter().find_map(|route| Some((route, route.matches(method, path)?)))
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use bytes::Bytes;

    use super::*;
    use crate::invoke::InvokeError;

    struct Uncalled;

    #[async_trait]
    impl Invoke for Uncalled {
        async fn invoke(&self, _: Bytes) -> Result<Bytes, InvokeError> {
            panic!("selecting a route calls no function")
        }
    }

    fn routes(keys: &[&str]) -> Routes {
        let routes = keys.iter().map(|key| Route::new(key, Arc::new(Uncalled)).unwrap()).collect();
        Routes::new(routes).unwrap()
    }

    fn selected(routes: &Routes, method: Method, path: &str) -> Option<String> {
        routes.select(&method, path).map(|(route, _)| route.key().to_owned())
    }

    #[test]
    fn the_documented_example_is_routed_as_documented() {
        let routes = routes(&[
            "$default",
            "ANY /{proxy+}",
            "GET /pets/{proxy+}",
            "GET /pets/dog/{id}",
            "GET /pets/dog/1",
        ]);
        for (method, path, key) in [
            (Method::GET, "/pets/dog/1", "GET /pets/dog/1"),
            (Method::GET, "/pets/dog/2", "GET /pets/dog/{id}"),
            (Method::GET, "/pets/cat/1", "GET /pets/{proxy+}"),
            (Method::POST, "/test/5", "ANY /{proxy+}"),
            (Method::GET, "/", "$default"),
        ] {
            assert_eq!(selected(&routes, method, path).as_deref(), Some(key), "{path}");
        }
    }

    #[test]
    fn a_route_without_greedy_variable_comes_before_a_longer_fixed_start() {
        let routes = routes(&["GET /a/b/{proxy+}", "GET /a/{x}/c"]);
        assert_eq!(selected(&routes, Method::GET, "/a/b/c").as_deref(), Some("GET /a/{x}/c"));
        assert_eq!(selected(&routes, Method::GET, "/a/b/d").as_deref(), Some("GET /a/b/{proxy+}"));
    }

    #[test]
    fn any_takes_the_methods_a_path_does_not_name() {
        let routes = routes(&["ANY /pets/{id}", "GET /pets/{id}"]);
        assert_eq!(selected(&routes, Method::GET, "/pets/1").as_deref(), Some("GET /pets/{id}"));
        assert_eq!(selected(&routes, Method::HEAD, "/pets/1").as_deref(), Some("ANY /pets/{id}"));
    }

    #[test]
    fn without_a_match_there_is_no_route() {
        let routes = routes(&["GET /pets/{id}", "GET /pets/{id}/toys/{proxy+}"]);
        for path in ["/", "/pets", "/pets/", "/pets/1/", "/pets/1/toys", "/pets/1/toys/", "/pets/1/food"] {
            assert_eq!(selected(&routes, Method::GET, path), None, "{path}");
        }
        assert_eq!(selected(&routes, Method::POST, "/pets/1"), None);
    }

    #[test]
    fn variables_carry_what_they_stood_for() {
        let routes = routes(&["GET /pets/{id}/toys/{proxy+}"]);
        let (_, variables) = routes.select(&Method::GET, "/pets/a b/toys/ball/red/").unwrap();
        assert_eq!(
            variables,
            BTreeMap::from([("id".into(), "a b".into()), ("proxy".into(), "ball/red/".into())])
        );
    }

    #[test]
    fn keys_that_are_none_are_refused() {
        for key in [
            "",
            "GET",
            "GET pets",
            "get /pets",
            "GET /{a+}/b",
            "GET /x{id}",
            "GET /{}",
            "GET /{id",
            "GET /{+}",
        ] {
            assert_eq!(Route::new(key, Arc::new(Uncalled)).unwrap_err(), RouteError::Malformed(key.into()));
        }
        let route = Route::new("GET /pets", Arc::new(Uncalled)).unwrap();
        assert_eq!(
            Routes::new(vec![route.clone(), route]).unwrap_err(),
            RouteError::Duplicate("GET /pets".into())
        );
    }
}
