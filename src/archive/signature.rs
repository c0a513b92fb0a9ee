//! The signature of a run's digest: who stands for it, for those who know the key.
//!
//! Ed25519 (RFC 8032) over a context of our own and the digest. Keys are those of
//! `openssl genpkey -algorithm ed25519`, in PEM: PKCS #8 the secret one, X.509 the public one.

use ed25519_dalek::pkcs8::{DecodePrivateKey, DecodePublicKey};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use thiserror::Error;

use super::proof::{bytes_of, digits_of};
use crate::tail::Digest;

/// Why there is no signature, or a wrong one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SignatureError {
    /// Not a secret key.
    #[error("it is no secret key: `openssl genpkey -algorithm ed25519 -out KEYFILE` makes one")]
    SecretKey,
    /// Not a public key.
    #[error("it is no public key: `openssl pkey -in KEYFILE -pubout` prints that of a secret one")]
    PublicKey,
    /// Nothing is signed.
    #[error("the proof is not signed")]
    Unsigned,
    /// Another key's, or another run's.
    #[error("the proof is not signed with this key")]
    Wrong,
}

fn message(run_digest: Digest) -> Vec<u8> {
    [b"shortfall run signature v1\n", &run_digest.0[..]].concat()
}

/// Signs the digest of a run with a secret key; the signature in hexadecimal digits.
///
/// # Errors
///
/// If the text is no secret key.
pub fn sign(run_digest: Digest, secret_pem: &str) -> Result<String, SignatureError> {
    let key = SigningKey::from_pkcs8_pem(secret_pem).map_err(|_| SignatureError::SecretKey)?;
    Ok(digits_of(&key.sign(&message(run_digest)).to_bytes()))
}

/// Checks the signature of the digest of a run with a public key.
///
/// # Errors
///
/// If the text is no public key, or the signature is missing or not its own.
pub fn check(
    run_digest: Digest,
    signature: Option<&str>,
    public_pem: &str,
) -> Result<(), SignatureError> {
    let key =
        VerifyingKey::from_public_key_pem(public_pem).map_err(|_| SignatureError::PublicKey)?;
    let bytes = bytes_of(signature.ok_or(SignatureError::Unsigned)?);
    let bytes: Option<[u8; 64]> = bytes.and_then(|bytes| bytes.try_into().ok());
    let signature = Signature::from_bytes(&bytes.ok_or(SignatureError::Wrong)?);
    // Strict: no key of small order, for which one signature would do for several digests.
    key.verify_strict(&message(run_digest), &signature).map_err(|_| SignatureError::Wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with `openssl genpkey -algorithm ed25519` and `openssl pkey -pubout`.
    const SECRET: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f
-----END PRIVATE KEY-----
";
    const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAA6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=
-----END PUBLIC KEY-----
";

    #[test]
    fn a_signature_is_of_one_key_and_one_digest() {
        let digest = Digest([7; 32]);
        let signature = sign(digest, SECRET).unwrap();
        assert_eq!(check(digest, Some(&signature), PUBLIC), Ok(()));
        let wrong = Err(SignatureError::Wrong);
        assert_eq!(check(Digest([8; 32]), Some(&signature), PUBLIC), wrong);
        assert_eq!(check(digest, Some(&signature[2..]), PUBLIC), wrong);
        assert_eq!(check(digest, Some(&signature.replacen('a', "b", 1)), PUBLIC), wrong);
        assert_eq!(check(digest, None, PUBLIC), Err(SignatureError::Unsigned));
        assert_eq!(check(digest, Some(&signature), SECRET), Err(SignatureError::PublicKey));
        assert_eq!(sign(digest, PUBLIC), Err(SignatureError::SecretKey));
    }
}
