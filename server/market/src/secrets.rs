//! Hashes and random secrets.

use std::fmt::Write as _;

use argon2::{
    Argon2, PasswordHash, PasswordHasher as _, PasswordVerifier as _, password_hash::SaltString,
};
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;

use crate::{Error, Result, ports::Entropy};

/// The SHA-256 of some bytes: enough for secrets of 160 random bits and more, which nobody can guess.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// So many random bytes as hexadecimal digits.
pub(crate) fn random_hex(entropy: &dyn Entropy, bytes: usize) -> String {
    let mut drawn = vec![0; bytes];
    entropy.fill(&mut drawn);
    drawn.iter().fold(String::with_capacity(bytes * 2), |mut text, byte| {
        // Writing into a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// How many passwords are hashed at a time. Each takes 19 MB and a core, and anybody may ask for it.
static HASHING: Semaphore = Semaphore::const_new(4);

/// Runs something slow where it does not hold up other requests.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let _turn = HASHING.acquire().await.map_err(|error| Error::Internal(Box::new(error)))?;
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::Internal(Box::new(error)))?
}

/// The Argon2id hash of a password in PHC format.
pub(crate) async fn hash_password(password: String, salt: [u8; 16]) -> Result<String> {
    aside(move || {
        let salt = SaltString::encode_b64(&salt).map_err(|_| Error::broken("salt"))?;
        Argon2::default()
            .hash_password(password.as_bytes(), &salt)
            .map(|hash| hash.to_string())
            .map_err(|_| Error::broken("password hash"))
    })
    .await
}

/// Compares a password with a stored hash.
pub(crate) async fn verify_password(password: String, hash: String) -> Result<bool> {
    aside(move || {
        let hash = PasswordHash::new(&hash).map_err(|_| Error::broken("stored password hash"))?;
        Ok(Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
    })
    .await
}
