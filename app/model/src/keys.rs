//! Secret keys of resources: `cmp_sk_` and 43 url-safe characters, which are 28 random bytes and their CRC-32.
//!
//! The checksum lets a door refuse a mistyped or invented key before it looks anything up, and lets secret scanners
//! tell a real key from look-alikes.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{KeyId, Timestamp};

const PREFIX: &str = "cmp_sk_";
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Text that cannot be a key of ours. It says nothing of what was wrong, so that it tells a guesser nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a key")]
pub struct WrongKey;

/// A secret key in the clear. It is shown once and never stored; `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretKey(String);

impl SecretKey {
    /// Makes a key from 28 random bytes.
    pub fn new(entropy: [u8; 28]) -> Self {
        let mut bytes = [0; 32];
        let (random, check) = bytes.split_at_mut(28);
        random.copy_from_slice(&entropy);
        check.copy_from_slice(&crc32(&entropy).to_be_bytes());
        Self(format!("{PREFIX}{}", encode(&bytes)))
    }

    /// The key itself, to be shown or sent; every other use takes its hash.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What a list may show of it.
    pub fn hint(&self) -> String {
        let tail = self.0.len().saturating_sub(4);
        self.0.get(tail..).unwrap_or_default().to_owned()
    }
}

impl FromStr for SecretKey {
    type Err = WrongKey;

    fn from_str(text: &str) -> Result<Self, WrongKey> {
        let bytes = text.strip_prefix(PREFIX).and_then(decode).ok_or(WrongKey)?;
        let (random, check) = bytes.split_at(28);
        if crc32(random).to_be_bytes() != check {
            return Err(WrongKey);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey({PREFIX}…)")
    }
}

/// The CRC-32 of IEEE 802.3. Four bytes a key: a table would be longer than the time it saves.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

/// 32 bytes as 43 characters of unpadded base64url.
fn encode(bytes: &[u8; 32]) -> String {
    let mut text = String::with_capacity(43);
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().chain([&0, &0]).take(3).fold(0_u32, |g, b| g << 8 | u32::from(*b));
        for place in 0..=chunk.len() {
            let six = (group >> (18 - 6 * place) & 63) as usize;
            text.extend(ALPHABET.get(six).map(|b| char::from(*b)));
        }
    }
    text
}

/// The 32 bytes of 43 characters; anything that `encode` would have written otherwise is refused.
fn decode(text: &str) -> Option<[u8; 32]> {
    if text.len() != 43 {
        return None;
    }
    let mut bytes = [0_u8; 32];
    let mut out = bytes.iter_mut();
    let (mut group, mut bits) = (0_u32, 0);
    for byte in text.bytes() {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        };
        group = group << 6 | u32::from(six);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            *out.next()? = u8::try_from(group >> bits & 255).ok()?;
            group &= (1 << bits) - 1;
        }
    }
    (group == 0).then_some(bytes)
}

/// A key as its owner's list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyView {
    pub id: KeyId,
    pub name: String,
    /// The last four characters.
    pub hint: String,
    pub created_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_checksum_is_the_usual_one() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn debug_hides_the_secret() {
        assert_eq!(format!("{:?}", SecretKey::new([9; 28])), "SecretKey(cmp_sk_…)");
    }

    #[test]
    fn texts_that_are_no_keys() {
        for text in ["", "cmp_sk_", "sk-123", "cmp_sk_sgsAzmYt2X7kMsEo1Hft3GvwemXGX2pGEl09Qdv-roY"]
        {
            assert_eq!(text.parse::<SecretKey>(), Err(WrongKey), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_key_reads_back_and_one_wrong_character_is_seen(
            entropy: [u8; 28], place in 0_usize..43, with in "[A-Za-z0-9_-]",
        ) {
            let key = SecretKey::new(entropy);
            prop_assert_eq!(key.reveal().len(), 50);
            prop_assert_eq!(key.reveal().parse(), Ok(key.clone()));
            let mut other = key.reveal().to_owned();
            other.replace_range(7 + place..8 + place, &with);
            prop_assert!(other == key.reveal() || other.parse::<SecretKey>().is_err());
        }
    }
}
