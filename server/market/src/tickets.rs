//! Reports of problems: opened by who has one, answered by operators.

use model::{
    CustomerId, IssueType, OfferingId, Priority, TicketId, TicketKind, TicketState, TicketView,
};
use store::tickets::Opened;

use crate::{
    Actor, Error, Market, Permission, Result, audit::Deed, plain::plain, wallets::check_reference,
};

/// Tickets on a page.
const PAGE: i64 = 20;
/// The fewest and the most characters of a report.
const LENGTH: (usize, usize) = (10, 4_000);
/// How many unfinished tickets an organization may have.
const UNFINISHED: u64 = 20;
/// How many tickets a person may open in an hour.
const HOURLY: u64 = 10;
const HOUR_MS: i64 = 3_600_000;

/// The service for it.
#[derive(Debug, Clone, Copy)]
pub struct Tickets<'a>(pub(crate) &'a Market);

/// A report as it is sent.
#[derive(Debug, Clone)]
pub struct TicketDraft {
    pub kind: TicketKind,
    pub text: String,
    /// The service that it is about.
    pub offering: Option<OfferingId>,
    /// None: the actor's first.
    pub customer: Option<CustomerId>,
    /// The form's own id: the same one of the same person never opens a second ticket.
    pub reference: String,
}

impl Tickets<'_> {
    /// Opens a ticket, once per reference.
    pub async fn open(&self, actor: &Actor, draft: TicketDraft) -> Result<TicketView> {
        let user = actor.must_be_person()?;
        let customer = actor.customer(draft.customer)?;
        check_reference(&draft.reference)?;
        let text = plain("text", &draft.text, LENGTH.0, LENGTH.1);
        if let Some(opened) =
            store::tickets::by_reference(self.0.core().db(), user, &draft.reference).await?
        {
            return Ok(opened);
        }
        text?;
        self.open_in(actor, customer, draft, |_| {}).await
    }

    /// Opens a ticket in a customer that the actor may open tickets in, with what else is to be said of it.
    pub(crate) async fn open_in(
        &self,
        actor: &Actor,
        customer: CustomerId,
        draft: TicketDraft,
        add: impl FnOnce(&mut Opened),
    ) -> Result<TicketView> {
        let user = actor.must_be_person()?;
        let core = self.0.core();
        let text = plain("text", &draft.text, 0, LENGTH.1)?;
        if let Some(offering) = draft.offering {
            self.0.catalog().listed(offering).ok_or(Error::Missing("service"))?;
        }
        let now = core.now();
        let mut tx = core.db().begin().await?;
        let number = store::tickets::next_number(&mut tx).await?;
        // Somebody with the same reference may have been quicker; from here on nobody is.
        if let Some(opened) = store::tickets::by_reference(&mut tx, user, &draft.reference).await? {
            return Ok(opened);
        }
        if !actor.may_everywhere(Permission::ManageTickets) {
            if store::tickets::unfinished(&mut tx, customer).await? >= UNFINISHED {
                return Err(Error::Limited { retry_after_s: 3_600, what: "open ticket" });
            }
            let since = now.plus_ms(-HOUR_MS);
            let (opened, first) = store::tickets::opened_since(&mut tx, user, since).await?;
            if opened >= HOURLY {
                let wait_s = (first.ms() - since.ms()) / 1_000 + 1;
                let retry_after_s = u32::try_from(wait_s).unwrap_or(3_600);
                return Err(Error::Limited { retry_after_s, what: "hourly ticket" });
            }
        }
        let mut ticket = Opened {
            id: core.id(TicketId::new),
            number,
            customer,
            user,
            offering: draft.offering,
            kind: draft.kind,
            text,
            reference: draft.reference,
            at: now,
            summary: String::new(),
            issue_type: IssueType::Incident,
            priority: Priority::Medium,
            project: None,
            resource: None,
            remote_id: String::new(),
        };
        add(&mut ticket);
        let told = format!("Issue CMP-{number} was opened.");
        let deed = Deed::new("issue_creation_succeeded", told, "issue", ticket.id).of(customer);
        self.0.note(&mut tx, Some(actor), deed).await?;
        store::tickets::insert(&mut tx, &ticket).await?;
        let view = store::tickets::find(&mut tx, ticket.id).await?;
        tx.commit().await?;
        tracing::info!(ticket.id = %ticket.id, ticket.number = number, "a ticket was opened");
        view.ok_or(Error::Missing("ticket"))
    }

    /// A page of an organization's tickets, newest first.
    pub async fn of_customer(
        &self,
        actor: &Actor,
        customer: CustomerId,
        page: u64,
    ) -> Result<Vec<TicketView>> {
        actor.must_be_person()?;
        let customer = actor.customer(Some(customer))?;
        Ok(store::tickets::of_customer(self.0.core().db(), customer, PAGE, offset(page)).await?)
    }

    /// One ticket.
    pub async fn find(&self, actor: &Actor, id: TicketId) -> Result<TicketView> {
        actor.must_be_person()?;
        let found = store::tickets::find(self.0.core().db(), id).await?;
        found
            .filter(|ticket| actor.sees_all() || actor.customers.contains(&ticket.customer_id))
            .ok_or(Error::Missing("ticket"))
    }

    /// Moves a ticket to a state, with what its reporter is told. Operators only.
    pub async fn settle(
        &self,
        actor: &Actor,
        id: TicketId,
        state: TicketState,
        answer: &str,
    ) -> Result<()> {
        actor.must_everywhere(Permission::ManageTickets)?;
        // Who waits for the reporter, or says that it is solved, says how.
        let said = matches!(state, TicketState::Waiting | TicketState::Resolved);
        plain("answer", answer, usize::from(said), LENGTH.1)?;
        let settled = self.0.issues().set_state(actor, id, state, answer).await;
        settled.map(drop).map_err(|error| match error {
            Error::Missing(_) => Error::Missing("ticket"),
            other => other,
        })
    }
}

fn offset(page: u64) -> i64 {
    i64::try_from(page.clamp(1, 100_000) - 1).unwrap_or(0) * PAGE
}
