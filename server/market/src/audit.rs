//! What was done, noted in the transaction that does it.

use model::{CustomerId, EventId, ProjectId, UserId};
use serde_json::Value;
use store::{Tx, events::Event};

use crate::{Actor, Market, Result};

/// Something that is done now.
#[derive(Debug, Clone)]
pub(crate) struct Deed {
    kind: &'static str,
    message: String,
    customer: Option<CustomerId>,
    project: Option<ProjectId>,
    object: (&'static str, String),
    context: Value,
}

impl Deed {
    /// `kind` is a word for programs, as in `customer_creation_succeeded`; the message is for people; the object is what
    /// it was done to.
    pub fn new(
        kind: &'static str,
        message: impl Into<String>,
        object: &'static str,
        id: impl std::fmt::Display,
    ) -> Self {
        Self {
            kind,
            message: message.into(),
            customer: None,
            project: None,
            object: (object, id.to_string()),
            context: Value::Object(serde_json::Map::new()),
        }
    }

    pub fn of(self, customer: CustomerId) -> Self {
        Self { customer: Some(customer), ..self }
    }

    pub fn in_project(self, project: ProjectId) -> Self {
        Self { project: Some(project), ..self }
    }

    pub fn with(self, context: Value) -> Self {
        Self { context, ..self }
    }
}

impl Market {
    /// Notes a deed; `None` when the house did it by itself.
    pub(crate) async fn note(&self, tx: &mut Tx, actor: Option<&Actor>, deed: Deed) -> Result<()> {
        self.note_by(tx, actor.and_then(Actor::user), deed).await
    }

    /// Notes what somebody did before there was an actor, as signing in is.
    pub(crate) async fn note_by(
        &self,
        tx: &mut Tx,
        user: Option<UserId>,
        deed: Deed,
    ) -> Result<()> {
        let event = Event {
            id: self.core().id(EventId::new),
            at: self.core().now(),
            kind: deed.kind.to_owned(),
            message: deed.message,
            user,
            customer: deed.customer,
            project: deed.project,
            object_kind: deed.object.0.to_owned(),
            object_id: deed.object.1,
            context: deed.context,
        };
        store::events::record(tx, &event).await?;
        self.hooks().queue(tx, &event).await
    }
}
