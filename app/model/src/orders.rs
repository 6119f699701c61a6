//! Orders, and how what they make is counted and billed.

crate::offerings::words! {
    /// Where an order stands; spelled as Waldur's clients know it.
    OrderState {
        PendingConsumer = "pending-consumer",
        PendingProvider = "pending-provider",
        PendingProject = "pending-project",
        PendingStartDate = "pending-start-date",
        Executing = "executing",
        Done = "done",
        Erred = "erred",
        Canceled = "canceled",
        Rejected = "rejected",
    }

    /// What an order asks for.
    OrderKind {
        Create = "Create",
        Update = "Update",
        Terminate = "Terminate",
        Restore = "Restore",
    }

    /// How a component is billed.
    Billing {
        /// For the time it is had.
        Fixed = "fixed",
        /// For what was used.
        Usage = "usage",
        /// Once, when the resource begins.
        One = "one",
        /// Each time the plan is switched.
        Few = "few",
        /// For the limit that was ordered.
        Limit = "limit",
    }

    /// The time that a limit holds for.
    LimitPeriod {
        Month = "month",
        Quarterly = "quarterly",
        Annual = "annual",
        Total = "total",
    }

    /// The time that the prices of a plan are for.
    PlanUnit {
        Month = "month",
        Quarter = "quarter",
        HalfMonth = "half_month",
        Day = "day",
        Hour = "hour",
        Quantity = "quantity",
    }

    /// Where an invoice stands.
    InvoiceState {
        Pending = "pending",
        Created = "created",
        Paid = "paid",
        Canceled = "canceled",
        PendingFinalization = "pending_finalization",
    }

    /// How a customer pays.
    PaymentKind {
        FixedPrice = "fixed_price",
        Invoices = "invoices",
        Gateway = "payment_gw_monthly",
    }
}

impl OrderState {
    /// Nothing comes after it.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Canceled | Self::Rejected)
    }

    /// It waits for somebody or for a day.
    pub const fn is_pending(self) -> bool {
        matches!(
            self,
            Self::PendingConsumer
                | Self::PendingProvider
                | Self::PendingProject
                | Self::PendingStartDate
        )
    }

    /// As people call it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::PendingConsumer => "Pending approval",
            Self::PendingProvider => "Pending provider approval",
            Self::PendingProject => "Waits for the project to start",
            Self::PendingStartDate => "Waits for its start date",
            Self::Executing => "Executing",
            Self::Done => "Done",
            Self::Erred => "Failed",
            Self::Canceled => "Canceled",
            Self::Rejected => "Rejected",
        }
    }
}
