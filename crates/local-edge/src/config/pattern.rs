//! Path patterns of cache behaviours.

/// A compiled path pattern. `*` matches any run of characters, `/` included; `?` matches exactly one.
#[derive(Debug, Clone)]
pub(crate) struct PathPattern(Vec<u8>);

impl PathPattern {
    pub(crate) fn new(pattern: &str) -> Self {
        let absolute = pattern.starts_with('/') || pattern.starts_with('*');
        Self(if absolute { pattern.to_owned() } else { format!("/{pattern}") }.into_bytes())
    }

    /// Matches the path without its query string, as CloudFront does.
    pub(crate) fn matches(&self, path: &str) -> bool {
        let (pattern, path) = (self.0.as_slice(), path.as_bytes());
        let (mut p, mut s) = (0, 0);
        // The position after the last `*` and where its run ends so far: a mismatch lengthens that run by one.
        let mut retry: Option<(usize, usize)> = None;
        while s < path.len() {
            match pattern.get(p) {
                Some(b'*') => {
                    p += 1;
                    retry = Some((p, s));
                }
                Some(&c) if c == b'?' || c == path[s] => {
                    p += 1;
                    s += 1;
                }
                _ => {
                    let Some((after_star, run_end)) = retry else { return false };
                    p = after_star;
                    s = run_end + 1;
                    retry = Some((after_star, s));
                }
            }
        }
        pattern[p..].iter().all(|c| *c == b'*')
    }
}

#[cfg(test)]
mod tests {
    use super::PathPattern;

    fn matches(pattern: &str, path: &str) -> bool {
        PathPattern::new(pattern).matches(path)
    }

    #[test]
    fn a_star_matches_any_run_and_a_question_mark_one_character() {
        assert!(matches("/api/*", "/api/products/7"));
        assert!(matches("/api/*", "/api/"));
        assert!(!matches("/api/*", "/api"));
        assert!(matches("*.jpg", "/a/b/c.jpg"));
        assert!(matches("/a??.txt", "/abc.txt"));
        assert!(!matches("/a??.txt", "/ab.txt"));
        assert!(matches("/*/x*z", "/a/b/xyxz"));
        assert!(!matches("/*/x*z", "/a/b/xyx"));
        assert!(matches("*", "/"));
    }

    #[test]
    fn a_pattern_is_case_sensitive_and_may_leave_out_the_leading_slash() {
        assert!(matches("api/*", "/api/x"));
        assert!(!matches("api/*", "/Api/x"));
    }
}
