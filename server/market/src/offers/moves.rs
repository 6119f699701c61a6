//! From state to state: on sale, paused, put away.

use model::{OfferingId, OfferingState};

use super::{Offer, Offers};
use crate::{Actor, Error, ListingApproval, Permission, Result, plain::plain};

/// What the reason of an offering begins with that an operator has taken off sale. Its provider cannot put it back.
const BY_OPERATOR: &str = "By the operator.";
/// Told the provider.
const HELD: &str =
    "An operator has taken this offering off sale. Only an operator can put it back.";

/// A move from state to state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfferMove {
    Activate,
    Pause,
    Unpause,
    Archive,
    Draft,
    MakeAvailable,
    MakeUnavailable,
}

impl OfferMove {
    pub const ALL: [Self; 7] = [
        Self::Activate,
        Self::Pause,
        Self::Unpause,
        Self::Archive,
        Self::Draft,
        Self::MakeAvailable,
        Self::MakeUnavailable,
    ];

    /// The state that it leads to, or the sentence that names the states it can be made from.
    pub fn from(self, state: OfferingState) -> Result<OfferingState, &'static str> {
        use OfferingState as S;
        match (self, state) {
            (
                Self::Activate,
                S::Draft | S::InReview | S::ChangesRequested | S::Rejected | S::Paused,
            )
            | (Self::Unpause, S::Paused)
            | (Self::MakeAvailable, S::Unavailable) => Ok(S::Active),
            (Self::Pause, S::Active) => Ok(S::Paused),
            (Self::MakeUnavailable, S::Active | S::Paused) => Ok(S::Unavailable),
            (Self::Archive, S::Archived) => {
                Err("Valid states for operation: Draft, Active, Paused, Unavailable.")
            }
            (Self::Archive, _) => Ok(S::Archived),
            (Self::Draft, S::Draft) => {
                Err("Valid states for operation: Active, Paused, Archived, Unavailable.")
            }
            (Self::Draft, _) => Ok(S::Draft),
            (Self::Activate, _) => Err("Valid states for operation: Draft, Paused."),
            (Self::Pause, _) => Err("Valid states for operation: Active."),
            (Self::Unpause, _) => Err("Valid states for operation: Paused."),
            (Self::MakeAvailable, _) => Err("Valid states for operation: Unavailable."),
            (Self::MakeUnavailable, _) => Err("Valid states for operation: Active, Paused."),
        }
    }
}

impl Offers<'_> {
    /// Moves an offering to another state.
    pub async fn shift(
        &self,
        actor: &Actor,
        id: OfferingId,
        step: OfferMove,
        reason: Option<&str>,
    ) -> Result<Offer> {
        let customer = self.managed(actor, id).await?.customer;
        let plans = self.0.plans().of_offerings(&[id.to_string()]).await?;
        let (mut tx, changed, mut row) = self.begin(actor, customer, id).await?;
        let was = row.state;
        row.state = step.from(was).map_err(Error::Conflict)?;
        let rules = actor.may_everywhere(Permission::ManageOfferings);
        let held = row.paused_reason.starts_with(BY_OPERATOR) && !rules;
        if row.state == OfferingState::Active {
            if held {
                return Err(Error::Refused(HELD));
            }
            if !plans.iter().any(|plan| plan.plan.archived_at.is_none()) {
                let message = "Offering must have a plan before it can be activated.";
                return Err(Error::field("non_field_errors", message));
            }
        }
        let reason = match step {
            OfferMove::Pause => plain("paused_reason", reason.unwrap_or_default(), 0, 1_000)?,
            _ => String::new(),
        };
        let own = actor.grants().iter().any(|grant| grant.customer == row.customer);
        let taken_down = rules && !own && row.state != OfferingState::Active;
        row.paused_reason = match (held, taken_down) {
            (true, _) => row.paused_reason,
            (false, true) => format!("{BY_OPERATOR} {reason}").trim_end().to_owned(),
            (false, false) => reason,
        };
        // What was on sale before goes on; what never was, an operator looks at first.
        let first = step == OfferMove::Activate && was != OfferingState::Paused;
        if first && self.wants_review(actor) {
            if was == OfferingState::InReview {
                return Err(Error::Conflict("The operator is looking at this offering already."));
            }
            row.state = OfferingState::InReview;
            let what = ("marketplace_offering_submitted", "submitted for review");
            self.write(actor, (&mut tx, changed), &mut row, what).await?;
            return self.finish(actor, tx, id).await;
        }
        let what = ("marketplace_offering_state_changed", "moved to another state");
        self.write(actor, (&mut tx, changed), &mut row, what).await?;
        self.finish(actor, tx, id).await
    }

    /// Whether what this actor puts on sale waits for an operator.
    pub(super) fn wants_review(self, actor: &Actor) -> bool {
        self.0.settings().listing_approval == ListingApproval::Required
            && !actor.may_everywhere(Permission::ManageOfferings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_move_leads_where_it_says_or_nowhere() {
        use OfferingState as S;
        let led = |step: OfferMove| -> Vec<(S, S)> {
            let all = S::ALL.iter().filter_map(|from| Some((*from, step.from(*from).ok()?)));
            all.collect()
        };
        assert_eq!(led(OfferMove::Pause), [(S::Active, S::Paused)]);
        assert_eq!(led(OfferMove::Unpause), [(S::Paused, S::Active)]);
        assert_eq!(led(OfferMove::MakeAvailable), [(S::Unavailable, S::Active)]);
        assert_eq!(led(OfferMove::Activate).len(), 5);
        assert_eq!(led(OfferMove::Archive).len(), S::ALL.len() - 1);
        assert_eq!(led(OfferMove::Draft).len(), S::ALL.len() - 1);
        for step in OfferMove::ALL {
            assert!(led(step).iter().all(|(from, to)| from != to), "{step:?}");
        }
    }
}
