//! Keys: read from PEM, made, and used.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use pem::{EncodeConfig, LineEnding, Pem};

use crate::arguments::KeyKind;
use crate::failure::Failure;

/// The only size of an RSA key that CloudFront takes, in bytes.
const RSA_BYTES: usize = 256;

/// A private key that signs.
pub struct PrivateKey(Kind);

enum Kind {
    Ecdsa(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

impl PrivateKey {
    /// Reads a key as openssl writes it: PKCS #8, PKCS #1 or SEC 1, in PEM.
    pub fn read(path: &Path) -> Result<PrivateKey, Failure> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::Asked(format!("the key {} cannot be read: {error}", path.display())))?;
        PrivateKey::parse(&text).map_err(|why| Failure::Asked(format!("{} {why}", path.display())))
    }

    /// Reads a key, or says what is wrong with it.
    pub fn parse(text: &str) -> Result<PrivateKey, String> {
        let parts = pem::parse_many(text).map_err(|error| format!("is no PEM: {error}"))?;
        let key = parts.iter().find(|part| part.tag().ends_with("PRIVATE KEY"));
        let key = key.ok_or("holds no private key: a public key cannot sign")?;
        if key.tag() == "ENCRYPTED PRIVATE KEY" || key.headers().iter().any(|(name, _)| name == "DEK-Info") {
            return Err("is encrypted: write a plain copy with `openssl pkcs8 -topk8 -nocrypt`".to_owned());
        }
        let der = key.contents();
        let rsa = RsaKeyPair::from_pkcs8(der).or_else(|_| RsaKeyPair::from_der(der));
        if let Ok(rsa) = rsa {
            let bits = rsa.public_modulus_len() * 8;
            return match rsa.public_modulus_len() {
                RSA_BYTES => Ok(PrivateKey(Kind::Rsa(rsa))),
                _ => Err(format!("is an RSA key of {bits} bits; CloudFront takes 2048 bits only")),
            };
        }
        let ecdsa = EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_ASN1_SIGNING, der);
        let ecdsa = ecdsa.map_err(|_| "is neither an RSA key of 2048 bits nor an ECDSA key on P-256")?;
        Ok(PrivateKey(Kind::Ecdsa(ecdsa)))
    }

    /// Signs with SHA-256.
    pub fn sign(&self, text: &str) -> Result<Vec<u8>, Failure> {
        let random = SystemRandom::new();
        let failed = |_| Failure::Asked("the key does not sign".to_owned());
        match &self.0 {
            Kind::Ecdsa(key) => Ok(key.sign(&random, text.as_bytes()).map_err(failed)?.as_ref().to_vec()),
            Kind::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, text.as_bytes(), &mut signature).map_err(failed)?;
                Ok(signature)
            }
        }
    }
}

/// A key pair in PEM: the private key in PKCS #8, the public one as CloudFront and openssl take it.
pub struct Pair {
    /// To be kept secret.
    pub private: String,
    /// For the key group.
    pub public: String,
}

/// Makes a key pair, its private key readable by the owner only. A file that is there stays.
pub fn make_pair(path: &Path, kind: KeyKind) -> Result<Pair, Failure> {
    let pair = generate(kind).ok_or_else(|| Failure::Asked("no key could be made".to_owned()))?;
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    file.and_then(|mut file| file.write_all(pair.private.as_bytes())).map_err(|error| {
        Failure::Asked(format!("the private key cannot be written to {}: {error}", path.display()))
    })?;
    Ok(pair)
}

/// A new key pair.
pub fn generate(kind: KeyKind) -> Option<Pair> {
    let (private, public) = match kind {
        KeyKind::Ecdsa => {
            let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).ok()?;
            let public = AsDer::<PublicKeyX509Der<'_>>::as_der(key.public_key()).ok()?.as_ref().to_vec();
            (key.to_pkcs8v1().ok()?.as_ref().to_vec(), public)
        }
        KeyKind::Rsa => {
            let key = RsaKeyPair::generate(KeySize::Rsa2048).ok()?;
            let public = AsDer::<PublicKeyX509Der<'_>>::as_der(key.public_key()).ok()?.as_ref().to_vec();
            (AsDer::<Pkcs8V1Der<'_>>::as_der(&key).ok()?.as_ref().to_vec(), public)
        }
    };
    let pem = |tag, der| {
        pem::encode_config(&Pem::new(tag, der), EncodeConfig::new().set_line_ending(LineEnding::LF))
    };
    Some(Pair { private: pem("PRIVATE KEY", private), public: pem("PUBLIC KEY", public) })
}
