//! Tickets as programs and operators work on them: who has one, how far it is, what was said, and the service level.

use model::{
    CommentId, CustomerId, IssueType, OfferingId, Priority, ProjectId, ResourceId, Role, TicketId,
    TicketKind, TicketState, Timestamp, UserId,
};
use store::{
    issues::{COMMENTS, Comment, Issue, Queue, SHELF, read, read_comment},
    lists::{Asked, Clause, Value},
};

use crate::{
    Actor, Error, Market, On, Permission, Result, TicketDraft, audit::Deed, plain::plain,
    secrets::random_hex,
};

/// The most characters of a text.
const TEXT: usize = 4_000;
const SUMMARY: usize = 255;
/// The most comments of one ticket.
const MOST_COMMENTS: u64 = 500;

/// The service for issues.
#[derive(Debug, Clone, Copy)]
pub struct Issues<'a>(pub(crate) &'a Market);

/// An issue as it is opened.
#[derive(Debug, Clone)]
pub struct IssueDraft {
    pub issue_type: IssueType,
    pub priority: Priority,
    pub summary: String,
    pub description: String,
    /// None: the project's, the resource's, or the actor's first.
    pub customer: Option<CustomerId>,
    pub project: Option<ProjectId>,
    pub resource: Option<ResourceId>,
    pub offering: Option<OfferingId>,
    pub assignee: Option<UserId>,
    /// Whose it is; only operators open one for somebody else.
    pub caller: Option<UserId>,
    pub remote_id: String,
}

/// What is changed of an issue; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct IssueChange {
    pub summary: Option<String>,
    pub description: Option<String>,
    pub priority: Option<Priority>,
    /// `Some(None)`: nobody.
    pub assignee: Option<Option<UserId>>,
    pub offering: Option<OfferingId>,
}

impl Issues<'_> {
    /// What the actor may see: everything for who works on tickets, else what belongs to the actor's customers and
    /// projects.
    fn sight(actor: &Actor) -> Result<Option<Clause>> {
        actor.must_be_person()?;
        if actor.may_everywhere(Permission::ManageTickets) || actor.sees_all() {
            return Ok(None);
        }
        let texts = |ids: Vec<String>| ids.into_iter().map(Value::from).collect::<Vec<_>>();
        let customers = actor.customers_with(Permission::OpenTickets);
        let customers = texts(customers.iter().map(ToString::to_string).collect());
        Ok(Some(Clause::lists(
            "(t.customer_id IN (?) OR t.project_id IN (?))",
            [customers, texts(actor.project_scopes())],
        )))
    }

    /// A page of issues, and how many there are.
    pub async fn list(
        &self,
        actor: &Actor,
        asked: Asked,
        range: (i64, i64),
    ) -> Result<(Vec<Issue>, u64)> {
        let asked = asked.and_some(Self::sight(actor)?);
        Ok(SHELF.page(self.0.core().db(), &asked, range, read).await?)
    }

    /// A page of what operators work on, what is due first before the others, and how many there are. Operators only.
    pub async fn queue(
        &self,
        actor: &Actor,
        queue: Queue,
        range: (i64, i64),
    ) -> Result<(Vec<Issue>, u64)> {
        actor.must_everywhere(Permission::ManageTickets)?;
        let (db, now) = (self.0.core().db(), self.0.core().now());
        let total = store::issues::queue_size(db, queue, now).await?;
        Ok((store::issues::queue(db, queue, now, range).await?, total))
    }

    /// One issue.
    pub async fn find(&self, actor: &Actor, id: TicketId) -> Result<Issue> {
        let asked = Asked::default()
            .and(Clause::of("t.id IN (?)", [id.to_string()]))
            .and_some(Self::sight(actor)?);
        SHELF.one(self.0.core().db(), &asked, read).await?.ok_or(Error::Missing("issue"))
    }

    /// Opens an issue.
    pub async fn open(&self, actor: &Actor, draft: IssueDraft) -> Result<Issue> {
        actor.must_be_person()?;
        let core = self.0.core();
        let summary = plain("summary", &draft.summary, 1, SUMMARY)?;
        let (customer, project) = self.place(actor, &draft).await?;
        if let Some(assignee) = draft.assignee {
            actor.must_everywhere(Permission::ManageTickets)?;
            self.must_be_helper(assignee).await?;
        }
        let caller = draft.caller.filter(|caller| actor.user() != Some(*caller));
        if let Some(caller) = caller {
            actor.must_everywhere(Permission::ManageTickets)?;
            let found = store::users::find(core.db(), caller).await?;
            found.ok_or_else(|| Error::field("caller", crate::WRONG_LINK))?;
        }
        let ticket = self
            .0
            .tickets()
            .open_in(
                actor,
                customer,
                TicketDraft {
                    kind: TicketKind::Other,
                    text: draft.description,
                    offering: draft.offering,
                    customer: Some(customer),
                    reference: format!("issue:{}", random_hex(core.entropy(), 16)),
                },
                |opened| {
                    opened.user = caller.unwrap_or(opened.user);
                    opened.summary = summary;
                    opened.issue_type = draft.issue_type;
                    opened.priority = draft.priority;
                    opened.project = project;
                    opened.resource = draft.resource;
                    opened.remote_id = draft.remote_id.chars().take(255).collect();
                },
            )
            .await?;
        if let Some(assignee) = draft.assignee {
            let change = IssueChange { assignee: Some(Some(assignee)), ..IssueChange::default() };
            return self.update(actor, ticket.id, change).await;
        }
        self.find(actor, ticket.id).await
    }

    /// Whose issue it will be. What the actor does not know of does not exist.
    async fn place(
        &self,
        actor: &Actor,
        draft: &IssueDraft,
    ) -> Result<(CustomerId, Option<ProjectId>)> {
        let db = self.0.core().db();
        let may = |on| actor.must(Permission::OpenTickets, on, "organization");
        if let Some(id) = draft.resource {
            let missing = || Error::field("resource", crate::WRONG_LINK);
            let found = store::resources::find(db, id).await?.ok_or_else(missing)?;
            may(On::project(found.customer, found.project)).map_err(|_| missing())?;
            return Ok((found.customer, Some(found.project)));
        }
        if let Some(id) = draft.project {
            let missing = || Error::field("project", crate::WRONG_LINK);
            let found = store::customers::find_project(db, id).await?.ok_or_else(missing)?;
            may(On::project(found.customer_id, id)).map_err(|_| missing())?;
            return Ok((found.customer_id, Some(id)));
        }
        if let Some(id) = draft.customer {
            let missing = || Error::field("customer", crate::WRONG_LINK);
            store::customers::find(db, id).await?.ok_or_else(missing)?;
            may(On::customer(id)).map_err(|_| missing())?;
            return Ok((id, None));
        }
        let first = actor.customers_with(Permission::OpenTickets).first().copied();
        first
            .map(|id| (id, None))
            .ok_or_else(|| Error::field("customer", "This field is required."))
    }

    /// Who is given an issue must be one who may work on it.
    async fn must_be_helper(&self, id: UserId) -> Result<()> {
        let found = store::users::find(self.0.core().db(), id).await?;
        match found.and_then(|user| user.role) {
            Some(Role::Staff | Role::Support) => Ok(()),
            _ => Err(Error::field("assignee", crate::WRONG_LINK)),
        }
    }

    /// Changes an issue. Its own people may change what it says; operators who gets it and how much it hurries.
    pub async fn update(&self, actor: &Actor, id: TicketId, change: IssueChange) -> Result<Issue> {
        let found = self.find(actor, id).await?;
        let works = actor.may_everywhere(Permission::ManageTickets);
        if !works && (actor.user() != Some(found.reporter) || change.assignee.is_some()) {
            return Err(Error::Denied);
        }
        if let Some(Some(assignee)) = change.assignee {
            self.must_be_helper(assignee).await?;
        }
        if let Some(offering) = change.offering {
            let missing = || Error::field("offering", crate::WRONG_LINK);
            self.0.catalog().listed(offering).ok_or_else(missing)?;
        }
        let summary = change.summary.map(|text| plain("summary", &text, 1, SUMMARY)).transpose()?;
        let text =
            change.description.map(|text| plain("description", &text, 0, TEXT)).transpose()?;
        self.change(actor, id, "issue_update_succeeded", |issue, now| {
            issue.summary = summary.unwrap_or_else(|| std::mem::take(&mut issue.summary));
            issue.text = text.unwrap_or_else(|| std::mem::take(&mut issue.text));
            let priority = change.priority.filter(|_| works);
            issue.level.priority = priority.unwrap_or(issue.level.priority);
            issue.offering = change.offering.or(issue.offering);
            if let Some(assignee) = change.assignee {
                issue.assignee = assignee;
                match (assignee, issue.state) {
                    (Some(_), TicketState::Open) => move_to(issue, TicketState::Assigned, now),
                    (None, TicketState::Assigned) => move_to(issue, TicketState::Open, now),
                    _ => {}
                }
            }
        })
        .await
    }

    /// Moves an issue to a state, with what its reporter is told.
    pub async fn set_state(
        &self,
        actor: &Actor,
        id: TicketId,
        state: TicketState,
        answer: &str,
    ) -> Result<Issue> {
        self.find(actor, id).await?;
        actor.must_everywhere(Permission::ManageTickets)?;
        let answer = plain("answer", answer, 0, TEXT)?;
        self.change(actor, id, "issue_status_changed", |issue, now| {
            if !answer.is_empty() {
                issue.answer = answer;
                issue.level.first_response_at.get_or_insert(now);
            }
            move_to(issue, state, now);
        })
        .await
    }

    /// Calls for those above, with a reason.
    pub async fn escalate(&self, actor: &Actor, id: TicketId, reason: &str) -> Result<Issue> {
        self.find(actor, id).await?;
        let reason = plain("reason", reason, 0, TEXT)?;
        self.change(actor, id, "issue_escalated", |issue, now| {
            issue.escalated_at.get_or_insert(now);
            issue.escalation_reason = reason;
        })
        .await
    }

    /// Says which resource an issue is about; it must be of the issue's customer, in a project whose issues the actor may
    /// open.
    pub async fn attach(&self, actor: &Actor, id: TicketId, resource: ResourceId) -> Result<Issue> {
        let issue = self.find(actor, id).await?;
        let found = store::resources::find(self.0.core().db(), resource).await?;
        let found = found
            .filter(|found| {
                let on = On::project(found.customer, found.project);
                found.customer == issue.customer && actor.may(Permission::OpenTickets, on)
            })
            .ok_or_else(|| Error::field("resource", crate::WRONG_LINK))?;
        self.change(actor, id, "issue_update_succeeded", |issue, _| {
            issue.resource = Some(resource);
            issue.project = Some(found.project);
        })
        .await
    }

    async fn change(
        &self,
        actor: &Actor,
        id: TicketId,
        kind: &'static str,
        make: impl FnOnce(&mut Issue, Timestamp),
    ) -> Result<Issue> {
        let core = self.0.core();
        let asked = Asked::default().and(Clause::of("t.id IN (?)", [id.to_string()]));
        let mut tx = core.db().begin().await?;
        store::issues::lock(&mut tx, id).await?;
        let mut issue = SHELF.one(&mut tx, &asked, read).await?.ok_or(Error::Missing("issue"))?;
        issue.updated_at = core.now();
        make(&mut issue, core.now());
        store::issues::save(&mut tx, &issue).await?;
        let told = format!("Issue CMP-{} is {}.", issue.number, issue.state.word().to_lowercase());
        let deed = Deed::new(kind, told, "issue", id).of(issue.customer);
        self.0.note(&mut tx, Some(actor), deed).await?;
        tx.commit().await?;
        self.find(actor, id).await
    }

    /// Says something in an issue. What is not public, only operators read.
    pub async fn comment(
        &self,
        actor: &Actor,
        id: TicketId,
        text: &str,
        public: bool,
    ) -> Result<Comment> {
        let issue = self.find(actor, id).await?;
        let author = actor.must_be_person()?;
        let works = actor.may_everywhere(Permission::ManageTickets);
        let text = plain("description", text, 1, TEXT)?;
        let core = self.0.core();
        let comment = core.id(CommentId::new);
        let mut tx = core.db().begin().await?;
        store::issues::lock(&mut tx, id).await?;
        if store::issues::comments(&mut tx, id).await? >= MOST_COMMENTS {
            return Err(Error::Conflict("This issue has 500 comments. Open another one."));
        }
        let public = public || !works;
        store::issues::insert_comment(&mut tx, comment, id, author, &text, public, core.now())
            .await?;
        tx.commit().await?;
        if works && public && issue.level.first_response_at.is_none() {
            self.change(actor, id, "issue_answered", |issue, now| {
                issue.level.first_response_at.get_or_insert(now);
            })
            .await?;
        }
        // What waited for the customer goes on when the customer says something.
        if !works && issue.state == TicketState::Waiting {
            self.change(actor, id, "issue_update_succeeded", |issue, now| {
                let next = match issue.assignee {
                    Some(_) => TicketState::Assigned,
                    None => TicketState::Open,
                };
                move_to(issue, next, now);
            })
            .await?;
        }
        self.find_comment(actor, comment).await
    }

    /// One comment.
    pub async fn find_comment(&self, actor: &Actor, id: CommentId) -> Result<Comment> {
        let asked = Self::heard(actor)?.and(Clause::of("m.id IN (?)", [id.to_string()]));
        COMMENTS
            .one(self.0.core().db(), &asked, read_comment)
            .await?
            .ok_or(Error::Missing("comment"))
    }

    /// A page of comments, and how many there are.
    pub async fn comments(
        &self,
        actor: &Actor,
        asked: Asked,
        range: (i64, i64),
    ) -> Result<(Vec<Comment>, u64)> {
        let asked = asked.and_all(Self::heard(actor)?);
        Ok(COMMENTS.page(self.0.core().db(), &asked, range, read_comment).await?)
    }

    /// The comments that the actor may read.
    fn heard(actor: &Actor) -> Result<Asked> {
        let asked = Asked::default().and_some(Self::sight(actor)?);
        if actor.may_everywhere(Permission::ManageTickets) {
            return Ok(asked);
        }
        Ok(asked.and(Clause::plain("m.public = 1")))
    }
}

/// Moves an issue, and stops or starts its clocks.
pub(crate) fn move_to(issue: &mut Issue, state: TicketState, now: Timestamp) {
    if issue.state == TicketState::Waiting
        && let Some(since) = issue.level.waiting_since.take()
    {
        issue.level.waited_ms += (now.ms() - since.ms()).max(0);
    }
    if state == TicketState::Waiting {
        issue.level.waiting_since = Some(now);
    }
    if state.is_finished() {
        issue.level.first_response_at.get_or_insert(now);
        issue.level.resolved_at.get_or_insert(now);
    } else {
        issue.level.resolved_at = None;
    }
    issue.state = state;
}
