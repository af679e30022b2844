//! Whatever stands in `VALKEY_URL`, it is a configuration or is refused, and neither shows a password.
//!
//! An ordinary test run plays the corpus beside each target (`__fuzz__/<target>/corpus`) and random inputs of a second; with
//! `cargo bolero test <target> --package cache-valkey` a coverage-guided fuzzer searches, and adds to the corpus.

use cache_valkey::ValkeyConfig;

#[test]
fn urls() {
    bolero::check!().for_each(|bytes: &[u8]| match ValkeyConfig::from_url(&String::from_utf8_lossy(bytes)) {
        Ok(config) => {
            let _together_or_not = config.check();
            assert!(format!("{config:?}").starts_with("ValkeyConfig"));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    });
}

/// The password is a word that nothing else holds; what surrounds it is whatever it is.
#[test]
fn passwords() {
    const PASSWORD: &str = "hunter2hunter2";
    bolero::check!().with_type::<[String; 4]>().for_each(|[scheme, user, host, rest]| {
        let urls = [
            format!("rediss://{user}:{PASSWORD}@{host}{rest}"),
            format!("redis://:{PASSWORD}@cache:6379/{rest}"),
            format!("{scheme}://{user}:{PASSWORD}@{host}"),
            format!("redis://{user}:{PASSWORD}@a,redis://{user}:{PASSWORD}{rest}@b"),
        ];
        for url in urls {
            let shown = match ValkeyConfig::from_url(&url) {
                Ok(config) => format!("{config:?} {config:#?} {:?}", config.check()),
                Err(error) => format!("{error} {error:?}"),
            };
            assert!(!shown.contains(PASSWORD), "{shown}");
        }
    });
}
