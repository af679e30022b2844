use super::*;

fn config(url: &str) -> ValkeyConfig {
    ValkeyConfig::from_url(url).unwrap()
}

#[test]
fn a_url_that_is_none_says_what_one_looks_like_and_repeats_no_password() {
    assert!(ValkeyConfig::from_url("redis://127.0.0.1:6379/0").is_ok());
    for bad in
        ["", "cache.example:6379", "http://u:hunter2@cache", "redis://u:hunter2@cache:port", "redis://a,"]
    {
        let error = ValkeyConfig::from_url(bad).unwrap_err().to_string();
        assert!(error.contains("redis://[user:password@]host[:port]"), "{bad}: {error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
    assert!(ValkeyConfig::from_url("rediss://cache/#insecure").is_err(), "certificates are always checked");
}

#[test]
fn several_urls_are_one_cluster_and_must_agree() {
    let several = config("rediss://u:p@a:1, rediss://u:p@b:2");
    assert_eq!((several.form, several.tls, several.servers.len()), (Form::Cluster, true, 2));
    assert_eq!(several.servers[1].to_string(), "b:2");
    assert_eq!(config("redis://a").form, Form::Node);
    for bad in ["redis://a,rediss://b", "redis://u:p@a,redis://u:q@b", "redis://a/1,redis://b"] {
        let error = ValkeyConfig::from_url(bad).unwrap_err();
        assert_eq!(error.to_string(), "the URLs differ in more than host and port");
    }
    assert_eq!("node".parse(), Ok(Form::Node));
    assert_eq!("cluster".parse(), Ok(Form::Cluster));
    assert!("sentinel".parse::<Form>().is_err());
}

#[test]
fn what_does_not_go_together_is_told() {
    let check = |config: ValkeyConfig| config.check().unwrap_err().to_string();
    let plain = config("redis://a");
    assert!(check(ValkeyConfig { ca: Some(b"x".to_vec()), ..plain.clone() }).contains("rediss://"));
    let tls = config("rediss://a");
    assert!(check(ValkeyConfig { ca: Some(b"x".to_vec()), ..tls.clone() }).contains("no PEM certificate"));
    assert!(check(ValkeyConfig { form: Form::Cluster, ..config("redis://a/3") }).contains("database 0"));
    assert!(check(ValkeyConfig { form: Form::Node, ..config("redis://a,redis://b") }).contains("cluster"));
    let replicas = Some(Replicas { count: 1, within: plain.response_timeout });
    assert!(check(ValkeyConfig { replicas, ..plain.clone() }).contains("shorter"));
    assert_eq!(Replicas::new(0), None);
    assert_eq!(ValkeyConfig { replicas: Replicas::new(2), ..plain }.check(), Ok(()));
    assert_eq!(tls.check(), Ok(()));
}

#[test]
fn what_is_printed_holds_no_secret() {
    let printed = format!("{:?}", config("rediss://someone:hunter2@cache:6380"));
    assert!(printed.contains("cache:6380") && printed.contains("someone"), "{printed}");
    assert!(!printed.contains("hunter2"), "{printed}");
}
