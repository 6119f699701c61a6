//! Texts that people type, parsed once at the door. The error is the sentence a form shows.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Why a text was refused, as a sentence for the person who typed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct WrongText(pub &'static str);

macro_rules! text {
    ($($(#[$doc:meta])* $name:ident = $check:path),+ $(,)?) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = WrongText;

            fn from_str(text: &str) -> Result<Self, WrongText> {
                $check(text.trim()).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }
    )+ };
}

text! {
    /// A name in an address: lower-case letters, digits and single hyphens, at most 80 characters.
    Slug = slug,
    /// An e-mail address, kept as typed; compare [`Email::folded`].
    Email = email,
    /// A person's name, 1–150 characters.
    FullName = full_name,
    /// A name or title shown on one line, 1–150 characters.
    Title = title,
}

impl Email {
    /// The address as it is compared: without regard to case.
    pub fn folded(&self) -> String {
        self.0.to_lowercase()
    }
}

fn slug(text: &str) -> Result<String, WrongText> {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let sound = !text.is_empty()
        && text.len() <= 80
        && text.bytes().all(allowed)
        && !text.starts_with('-')
        && !text.ends_with('-')
        && !text.contains("--");
    if !sound {
        return Err(WrongText("Use lower-case letters, digits and hyphens, at most 80 characters"));
    }
    Ok(text.to_owned())
}

fn email(text: &str) -> Result<String, WrongText> {
    const WRONG: WrongText = WrongText("Enter an e-mail address, like name@example.com");
    let (local, host) = text.rsplit_once('@').ok_or(WRONG)?;
    let plain = |c: char| !c.is_control() && !c.is_whitespace() && !"<>()[],;:\\\"@".contains(c);
    let labels = host.split('.').all(|label| !label.is_empty() && label.len() <= 63);
    if text.len() > 254
        || local.is_empty()
        || local.len() > 64
        || !local.chars().all(plain)
        || !host.chars().all(plain)
        || !labels
    {
        return Err(WRONG);
    }
    Ok(text.to_owned())
}

/// One line of text between 1 and 150 characters, without control characters.
fn line(text: &str, wrong: &'static str) -> Result<String, WrongText> {
    if text.is_empty() || text.chars().count() > 150 || text.chars().any(char::is_control) {
        return Err(WrongText(wrong));
    }
    Ok(text.to_owned())
}

fn full_name(text: &str) -> Result<String, WrongText> {
    line(text, "Enter your name, at most 150 characters")
}

fn title(text: &str) -> Result<String, WrongText> {
    line(text, "Enter a name, at most 150 characters")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for good in ["a@b.example", "First.Last+tag@sub.example.com", "admin@localhost"] {
            assert!(good.parse::<Email>().is_ok(), "{good}");
        }
        for bad in ["", "a", "@b.c", "a@", "a b@c.d", "a@b..c", "a@b@c", "<a@b.c>", "a@b\n.c"] {
            assert!(bad.parse::<Email>().is_err(), "{bad}");
        }
        assert_eq!(" A@B.Example ".parse::<Email>().unwrap().folded(), "a@b.example");
    }

    #[test]
    fn slugs() {
        assert!("support-agent-2".parse::<Slug>().is_ok());
        for bad in ["", "-a", "a-", "a--b", "A", "a b", "ä"] {
            assert!(bad.parse::<Slug>().is_err(), "{bad}");
        }
    }

    #[test]
    fn names_are_one_line() {
        assert!("Ada Lovelace".parse::<FullName>().is_ok());
        assert!("".parse::<FullName>().is_err());
        assert!("a\u{0}b".parse::<FullName>().is_err());
        assert!("x".repeat(151).parse::<FullName>().is_err());
    }
}
