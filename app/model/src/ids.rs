//! Typed identifiers: one kind per thing, all UUIDv7, so that a customer's id can never be passed for a project's.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use uuid::Uuid;

/// Text that is no identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id: 32 hexadecimal digits, with or without hyphens, are expected")]
pub struct WrongId;

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// Makes a UUIDv7 from a time in milliseconds and ten random bytes.
            pub fn new(unix_ms: i64, entropy: [u8; 10]) -> Self {
                let ms = u64::try_from(unix_ms).unwrap_or(0);
                Self(uuid::Builder::from_unix_timestamp_millis(ms, &entropy).into_uuid())
            }

            /// The id as Waldur-style clients print it: 32 digits without hyphens.
            pub fn hex(&self) -> String {
                self.0.as_simple().to_string()
            }

            /// When it was made, to the millisecond.
            pub fn made_at(&self) -> crate::Timestamp {
                let time = self.0.as_bytes().iter().take(6);
                crate::Timestamp::from_ms(time.fold(0, |ms, byte| (ms << 8) | i64::from(*byte)))
            }

            /// The sixteen bytes.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = WrongId;

            fn from_str(text: &str) -> Result<Self, WrongId> {
                if !matches!(text.len(), 32 | 36) {
                    return Err(WrongId);
                }
                Uuid::try_parse(text).map(Self).map_err(|_| WrongId)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }
    )+ };
}

id! {
    /// A mention of something that was done.
    EventId,
    /// Where a program wants to hear of events.
    HookId,
    /// Durable work.
    JobId,
    /// An offer of a role.
    InvitationId,
    /// A token that a person has made for a program.
    AccessTokenId,
    /// What of an offering is counted and billed.
    ComponentId,
    /// A component in a plan.
    PlanComponentId,
    /// A picture of an offering.
    ScreenshotId,
    /// A request to create, change or end a resource.
    OrderId,
    /// A time that a resource was on a plan.
    PlanPeriodId,
    /// What was used of a component in a month.
    UsageId,
    /// A month's bill, or a credit note.
    InvoiceId,
    /// A line of an invoice.
    InvoiceItemId,
    /// How a customer pays.
    PaymentProfileId,
    /// Money that came in.
    PaymentId,
    /// What somebody says in a ticket.
    CommentId,
    /// A person who signs in.
    UserId,
    /// A tenant that buys and may sell; it has the wallet.
    CustomerId,
    /// A grouping of resources inside a customer.
    ProjectId,
    /// A customer registered to sell.
    ProviderId,
    /// A shelf of the marketplace.
    CategoryId,
    /// What is on sale.
    OfferingId,
    /// One way to buy an offering.
    PlanId,
    /// One immutable set of prices of a plan.
    PriceVersionId,
    /// An offering that a customer has.
    ResourceId,
    /// A secret key of a resource.
    KeyId,
    /// Credits set aside before a run.
    HoldId,
    /// A block of a customer's credits that one server may hold from without asking the database.
    LeaseId,
    /// One line of a wallet's ledger.
    EntryId,
    /// One metered call.
    ReceiptId,
    /// One running server process.
    ServerId,
    /// What a customer says about a service.
    ReviewId,
    /// A report of a problem.
    TicketId,
    /// A mail of the outbox.
    MailId,
    /// A browser that somebody is signed in with.
    SessionId,
    /// A key of a device that somebody signs in with.
    PasskeyId,
}

impl From<ReceiptId> for EntryId {
    /// A metered call and the ledger line that charges it share one id.
    fn from(id: ReceiptId) -> Self {
        Self(id.0)
    }
}

impl From<HoldId> for EntryId {
    /// A settled hold and the ledger line that debits it share one id.
    fn from(id: HoldId) -> Self {
        Self(id.0)
    }
}

impl From<EntryId> for ReceiptId {
    fn from(id: EntryId) -> Self {
        Self(id.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_name_one_id() {
        let id = OfferingId::new(1_700_000_000_000, [7; 10]);
        assert_eq!(id.hex().parse(), Ok(id));
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.hex().len(), 32);
    }

    #[test]
    fn later_ids_sort_after_earlier_ones() {
        let early = OfferingId::new(1_000, [255; 10]);
        let late = OfferingId::new(1_001, [0; 10]);
        assert!(early < late && early.to_string() < late.to_string());
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "x",
            "urn:uuid:018bcfe5-6800-7707-8707-070707070707",
            "{018bcfe568007707870707070707070}",
        ] {
            assert_eq!(text.parse::<OfferingId>(), Err(WrongId), "{text}");
        }
    }
}
