//! Signatures against their public keys, and against what another signer made.

use std::os::unix::fs::PermissionsExt as _;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;
use crate::Failure;
use crate::arguments::KeyKind;

const URL: &str = "https://d111111abcdef8.cloudfront.net/api/private/products/boots-001?currency=EUR&x=1";
const PREFIX: &str = "https://d111111abcdef8.cloudfront.net/api/private/";
const HOUR: Span = Span { from: None, until: 1_767_290_400 };

/// The public half of a key that was thrown away after botocore's `CloudFrontSigner` (1.43.106) had made these URLs with it,
/// by SHA-256. It knows no `Hash-Algorithm` and leaves that to its caller.
const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAmaOr2zGrWG/n1VtxqFHm
i/5tcCUGwq7nlF0uIkPDCFDZ0a2lLjYwfsV6NKUs6JQt1nSm5sDTS44yj/1aHFKF
sO/NlOiFaTHp7JzVz/fvsFUkXsu6hqSeiFNrrUZpmKhChwFL0fSdqpkTrMlz0DgV
1+tP8KvcPY3tYbYnjZEeT+EAZ6YsiNYo4Hx+0Ds86aEOJ/pzfml9uLKTmkUQauIn
0+4mNYPwmamWwYzvbdSOsmd1/si/dLnz4MbKSchKcgXxxAZEDkmgqRZpXLEs0ISy
/Gl0o2j9u00NknvmY8ge5VRNq+d07CWPpbb/Obcvp3KkLVaBJNPrKLqUZ8iMsQta
8QIDAQAB
-----END PUBLIC KEY-----
";
const CANNED: &str = "https://d111111abcdef8.cloudfront.net/api/private/products/boots-001?currency=EUR&x=1&Expires=1767290400&Signature=Kb~iEBXcxhFwwSwG8tOpVpDpMrtPVGwgx41m9hZEbas8~KNsUxJ-btBd1mzpew8AM2sY3D1B4IYZc~lqkDIveVijEWNMjywxTMuUX880bDsfUwr45wyvD6h6ZR9t9s6X5HAYaWFbTN-R0~4-5LCx6YmT6PiTnVNyucSPeDRLztgPUt49S12--D6TlWP5TyWL7KOKlRumwo6ArgTngoK4hpiBDSWSSDA1gJYahlK1MdBfipLvCinj8AIGJG9aeKKsmZDW7k~rpHnF~h-TnQtY6xo1C1EB5TUxyT8hjUOHyL435~8ATAp7KiHzjInyT-JQa8RPqYPwiP3jamh4mFpccw__&Key-Pair-Id=K2JCJMDEHXQW5F";
const CUSTOM: &str = "https://d111111abcdef8.cloudfront.net/api/private/products/boots-001?currency=EUR&x=1&Policy=eyJTdGF0ZW1lbnQiOlt7IlJlc291cmNlIjoiaHR0cHM6Ly9kMTExMTExYWJjZGVmOC5jbG91ZGZyb250Lm5ldC9hcGkvcHJpdmF0ZS8qIiwiQ29uZGl0aW9uIjp7IkRhdGVMZXNzVGhhbiI6eyJBV1M6RXBvY2hUaW1lIjoxNzY3MjkwNDAwfSwiSXBBZGRyZXNzIjp7IkFXUzpTb3VyY2VJcCI6IjE5Mi4wLjIuMC8yNCJ9LCJEYXRlR3JlYXRlclRoYW4iOnsiQVdTOkVwb2NoVGltZSI6MTc2NzI4NjgwMH19fV19&Signature=mTy4ANwyXCPlHDJTF-AlBxpBZ-8mG6Ufzda6fNZS-d32YhHaJte~ecEQkvmeTPFXnsmKw9cmxeIOi~Uri8H~hS1gwa5Q23~pCO-utoEQOsmy25KXjW8WxDrfQ-vmud7kr5L~KAM6hyM81jZ33XLrzigPLoathsUv9cS7sQd3k3Y688A2BhBtp2CVnxtk0gbyJIaydDum~0wdlEKZ39Yo3KTW41xkP2iDZ3KprUpgaX30m4PaiFWCqyoAqHozYe6SeZ7kX5nghu3573PG5ikPeN2vZAhePkdag5mjfSaz7E3ENJubg4HDWDphzqpEPtToqjgCGpg8V9SRdOiApPaVtw__&Key-Pair-Id=K2JCJMDEHXQW5F";

fn parameter(text: &str, name: &str) -> String {
    let (_, rest) = text.split_once(&format!("{name}=")).unwrap();
    rest.split(['&', ';']).next().unwrap().to_owned()
}

fn decoded(text: &str) -> Vec<u8> {
    STANDARD.decode(text.replace('-', "+").replace('_', "=").replace('~', "/")).unwrap()
}

fn verify(public: &str, algorithm: &'static dyn VerificationAlgorithm, text: &str, signature: &[u8]) {
    let public = pem::parse(public).unwrap();
    assert_eq!(public.tag(), "PUBLIC KEY");
    UnparsedPublicKey::new(algorithm, public.contents()).verify(text.as_bytes(), signature).unwrap();
}

#[test]
fn another_signers_url_is_ours_to_the_last_character_and_its_signature_fits_our_policy() {
    let custom = Span { from: Some(1_767_286_800), ..HOUR };
    for (theirs, policy) in [
        (CANNED, Policy::new(URL, None, HOUR, None).unwrap()),
        (CUSTOM, Policy::new(URL, Some(PREFIX), custom, Some("192.0.2.0/24")).unwrap()),
    ] {
        let signature = decoded(&parameter(theirs, "Signature"));
        verify(PUBLIC, &RSA_PKCS1_2048_8192_SHA256, &policy.text().unwrap(), &signature);
        let ours = url(URL, &policy, "K2JCJMDEHXQW5F", &|_| Ok(signature.clone())).unwrap();
        assert_eq!(ours, format!("{theirs}&Hash-Algorithm=SHA256"));
    }
}

#[test]
fn a_new_key_signs_and_its_public_half_says_so() {
    let kinds: [(KeyKind, &'static dyn VerificationAlgorithm); 2] =
        [(KeyKind::Ecdsa, &ECDSA_P256_SHA256_ASN1), (KeyKind::Rsa, &RSA_PKCS1_2048_8192_SHA256)];
    for (kind, algorithm) in kinds {
        let pair = key::generate(kind).unwrap();
        let key = PrivateKey::parse(&pair.private).unwrap();
        let policy = Policy::new(URL, None, HOUR, None).unwrap();
        let signed = url(URL, &policy, "K1", &|text| key.sign(text)).unwrap();
        let signature = decoded(&parameter(&signed, "Signature"));
        verify(&pair.public, algorithm, &policy.text().unwrap(), &signature);
    }
}

#[test]
fn cookies_say_the_same_as_a_url_below_the_policys_path() {
    let sign = |_: &str| Ok(vec![0xfb, 0xff, 0xbe, 0x0f]);
    let canned = cookies(&Policy::new(URL, None, HOUR, None).unwrap(), "K1", &sign).unwrap();
    assert_eq!(
        canned,
        [
            "Set-Cookie: CloudFront-Expires=1767290400; Path=/api/private/products/; Secure; HttpOnly",
            "Set-Cookie: CloudFront-Signature=-~--Dw__; Path=/api/private/products/; Secure; HttpOnly",
            "Set-Cookie: CloudFront-Key-Pair-Id=K1; Path=/api/private/products/; Secure; HttpOnly",
            "Set-Cookie: CloudFront-Hash-Algorithm=SHA256; Path=/api/private/products/; Secure; HttpOnly",
        ]
    );
    let policy = Policy::new(URL, Some(PREFIX), HOUR, None).unwrap();
    let custom = cookies(&policy, "K1", &sign).unwrap();
    assert!(
        custom.iter().all(|cookie| cookie.ends_with("; Path=/api/private/; Secure; HttpOnly")),
        "{custom:?}"
    );
    assert_eq!(decoded(&parameter(&custom[0], "CloudFront-Policy")), policy.text().unwrap().into_bytes());
    let root = Policy::new("https://e.net/x", Some("https://e.net/"), HOUR, None).unwrap();
    assert!(cookies(&root, "K1", &sign).unwrap()[0].contains("; Path=/; "));
}

#[test]
fn a_key_that_cloudfront_does_not_take_is_refused_with_a_reason() {
    let why = |text: &str| PrivateKey::parse(text).err().unwrap();
    let large = aws_lc_rs::rsa::KeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa3072).unwrap();
    let der = aws_lc_rs::encoding::AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&large).unwrap();
    let large = pem::encode(&pem::Pem::new("PRIVATE KEY", der.as_ref()));
    assert!(why(&large).contains("3072 bits; CloudFront takes 2048"));
    assert!(why(PUBLIC).contains("a public key cannot sign"));
    assert!(why(&pem::encode(&pem::Pem::new("PRIVATE KEY", b"x".as_slice()))).contains("neither an RSA key"));
    assert!(
        why(&pem::encode(&pem::Pem::new("ENCRYPTED PRIVATE KEY", b"x".as_slice()))).contains("encrypted")
    );
    assert!(why("x").contains("no private key"));
}

#[test]
fn a_private_key_is_written_for_its_owner_only_and_never_over_another_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("private.pem");
    let pair = make_pair(&path, KeyKind::Ecdsa).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), pair.private);
    assert!(PrivateKey::read(&path).is_ok());
    let refused = make_pair(&path, KeyKind::Ecdsa).err().unwrap();
    assert!(refused.to_string().contains("exists"), "{refused}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), pair.private);
}

#[test]
fn an_id_that_is_none_is_refused() {
    let policy = Policy::new(URL, None, HOUR, None).unwrap();
    for id in ["", "K 1", "K&1", "arn:x"] {
        let signed: Result<_, Failure> = url(URL, &policy, id, &|_| Ok(vec![0]));
        assert!(signed.is_err(), "{id}");
    }
}
