//! How orders move: one pure function, so that what is allowed is in one place.

use model::OrderState;

/// Something that is done to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    ApproveAsConsumer,
    ApproveAsProvider,
    RejectAsConsumer,
    RejectAsProvider,
    Cancel,
    /// The day that it waited for has come.
    Begin,
    /// The provider says that it is working on it.
    SetExecuting,
    /// It is done.
    SetDone,
    /// It has failed.
    SetErred,
    /// It is tried again.
    Retry,
    /// What was ordered is changed before anybody works on it.
    Change,
    /// It is taken back before anybody works on it.
    Remove,
}

/// What still stands in the way of an order, once somebody has consented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Gates {
    /// The project starts on a later day.
    pub project_waits: bool,
    /// The provider wants to look at it.
    pub provider_reviews: bool,
    /// It is to begin on a later day.
    pub day_waits: bool,
}

impl Step {
    pub const ALL: [Self; 12] = [
        Self::ApproveAsConsumer,
        Self::ApproveAsProvider,
        Self::RejectAsConsumer,
        Self::RejectAsProvider,
        Self::Cancel,
        Self::Begin,
        Self::SetExecuting,
        Self::SetDone,
        Self::SetErred,
        Self::Retry,
        Self::Change,
        Self::Remove,
    ];

    /// The states that it can be done in.
    pub const fn valid(self) -> &'static [OrderState] {
        use OrderState as S;
        const PENDING: &[S] =
            &[S::PendingConsumer, S::PendingProvider, S::PendingProject, S::PendingStartDate];
        match self {
            Self::ApproveAsConsumer | Self::RejectAsConsumer => &[S::PendingConsumer],
            Self::ApproveAsProvider | Self::RejectAsProvider => &[S::PendingProvider],
            Self::Cancel | Self::Change | Self::Remove => PENDING,
            Self::Begin => &[S::PendingProject, S::PendingStartDate],
            Self::SetExecuting => &[S::PendingProvider, S::Erred],
            Self::SetDone => &[S::Executing],
            Self::SetErred => &[S::PendingProvider, S::Executing],
            Self::Retry => &[S::Erred],
        }
    }

    /// Said when it cannot be done now.
    pub const fn refusal(self) -> &'static str {
        match self {
            Self::ApproveAsConsumer | Self::RejectAsConsumer => {
                "Valid states for operation: pending-consumer."
            }
            Self::ApproveAsProvider | Self::RejectAsProvider => {
                "Valid states for operation: pending-provider."
            }
            Self::Cancel | Self::Change | Self::Remove => {
                "Valid states for operation: pending-consumer, pending-provider, pending-project, pending-start-date."
            }
            Self::Begin => "Valid states for operation: pending-project, pending-start-date.",
            Self::SetExecuting => "Valid states for operation: pending-provider, erred.",
            Self::SetDone => "Valid states for operation: executing.",
            Self::SetErred => "Valid states for operation: pending-provider, executing.",
            Self::Retry => "Valid states for operation: erred.",
        }
    }

    /// Consent and its refusal are the consumer's or the provider's; anything else is neither.
    pub const fn is_approval(self) -> bool {
        matches!(self, Self::ApproveAsConsumer | Self::ApproveAsProvider)
    }
}

/// The state that comes after a step, or the sentence that names the states it can be done in.
///
/// # Errors
/// The refusal.
pub fn next(state: OrderState, step: Step, gates: Gates) -> Result<OrderState, &'static str> {
    use OrderState as S;
    if !step.valid().contains(&state) {
        return Err(step.refusal());
    }
    let after_provider = if gates.day_waits { S::PendingStartDate } else { S::Executing };
    let after_project = if gates.provider_reviews { S::PendingProvider } else { after_provider };
    Ok(match step {
        Step::ApproveAsConsumer if gates.project_waits => S::PendingProject,
        Step::ApproveAsConsumer => after_project,
        Step::ApproveAsProvider => after_provider,
        Step::RejectAsConsumer | Step::RejectAsProvider => S::Rejected,
        Step::Cancel | Step::Remove => S::Canceled,
        Step::Begin if matches!(state, S::PendingProject) && gates.project_waits => state,
        Step::Begin if matches!(state, S::PendingProject) => after_project,
        Step::Begin => after_provider,
        Step::SetExecuting | Step::Retry => S::Executing,
        Step::SetDone => S::Done,
        Step::SetErred => S::Erred,
        Step::Change => state,
    })
}

#[cfg(test)]
mod tests {
    use OrderState as S;

    use super::*;

    #[test]
    fn every_step_in_every_state() {
        // What each step leads to where nothing stands in the way; `-` is refused.
        let table = [
            (Step::ApproveAsConsumer, "executing - - - - - - - -"),
            (Step::ApproveAsProvider, "- executing - - - - - - -"),
            (Step::RejectAsConsumer, "rejected - - - - - - - -"),
            (Step::RejectAsProvider, "- rejected - - - - - - -"),
            (Step::Cancel, "canceled canceled canceled canceled - - - - -"),
            (Step::Begin, "- - executing executing - - - - -"),
            (Step::SetExecuting, "- executing - - - - executing - -"),
            (Step::SetDone, "- - - - done - - - -"),
            (Step::SetErred, "- erred - - erred - - - -"),
            (Step::Retry, "- - - - - - executing - -"),
            (
                Step::Change,
                "pending-consumer pending-provider pending-project pending-start-date - - - - -",
            ),
            (Step::Remove, "canceled canceled canceled canceled - - - - -"),
        ];
        assert_eq!(table.len(), Step::ALL.len());
        for (step, row) in table {
            let found: Vec<&str> = S::ALL
                .iter()
                .map(|state| next(*state, step, Gates::default()).map_or("-", S::as_str))
                .collect();
            assert_eq!(found.join(" "), row, "{step:?}");
        }
    }

    #[test]
    fn refusals_name_the_states() {
        for step in Step::ALL {
            let names: Vec<&str> = step.valid().iter().map(|state| state.as_str()).collect();
            assert_eq!(
                step.refusal(),
                format!("Valid states for operation: {}.", names.join(", ")),
                "{step:?}"
            );
        }
    }

    #[test]
    fn gates_are_passed_one_after_the_other() {
        let all = Gates { project_waits: true, provider_reviews: true, day_waits: true };
        let waits = next(S::PendingConsumer, Step::ApproveAsConsumer, all).unwrap();
        assert_eq!(waits, S::PendingProject);
        assert_eq!(next(waits, Step::Begin, all), Ok(S::PendingProject));
        let open = Gates { project_waits: false, ..all };
        let reviewed = next(waits, Step::Begin, open).unwrap();
        assert_eq!(reviewed, S::PendingProvider);
        let dated = next(reviewed, Step::ApproveAsProvider, open).unwrap();
        assert_eq!(dated, S::PendingStartDate);
        let begun = Gates { day_waits: false, ..open };
        assert_eq!(next(dated, Step::Begin, begun), Ok(S::Executing));
    }

    #[test]
    fn nothing_leaves_a_final_state() {
        for state in S::ALL.iter().filter(|state| state.is_final()) {
            for step in Step::ALL {
                assert!(next(*state, step, Gates::default()).is_err(), "{step:?} {state:?}");
            }
        }
    }
}
