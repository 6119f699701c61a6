//! Callbacks: whoever ordered something is told when the order has ended, by the address that was left with it.
//!
//! A callback takes the way of the hooks: durable work, tried again until somebody answers, never into our own network.

use model::{JobId, OrderState, Timestamp};
use serde_json::{Value, json};
use store::{Tx, orders::Order};

use crate::{Error, Result, hooks::Hooks, work::Kind};

impl Hooks<'_> {
    /// Queues the callback of an order that has just ended, in the transaction that ends it. An order that failed, was
    /// tried again and has ended again is told of again.
    pub(crate) async fn queue_callback(&self, tx: &mut Tx, order: &Order) -> Result<()> {
        let Some(at) = ended(order) else { return Ok(()) };
        let id = format!("{}:{}:{}", order.id, order.state.as_str(), at.ms());
        let payload = json!({ "callback": order.callback_url, "id": id, "body": body(order, at) });
        let core = self.0.core();
        let now = core.now();
        let reference = format!("callback:{id}");
        let (job, payload) = (core.id(JobId::new), payload.to_string());
        let kind = Kind::Hook.as_str();
        store::jobs::push(tx, job, kind, &payload, Some(&reference), now, now).await?;
        Ok(())
    }

    /// Calls an order's callback. The id is the same at every try, so that a receiver knows what it has heard.
    pub(crate) async fn call_back(&self, url: &str, payload: &Value) -> Result<()> {
        let broken = || Error::broken("the payload of a callback");
        let id = payload.get("id").and_then(Value::as_str).ok_or_else(broken)?;
        let body = payload.get("body").ok_or_else(broken)?.to_string();
        let headers = vec![
            ("content-type", "application/json".to_owned()),
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", (self.0.core().now().ms() / 1_000).to_string()),
        ];
        self.post(url.to_owned(), headers, body).await
    }
}

/// When an order that somebody wants to hear of has ended.
fn ended(order: &Order) -> Option<Timestamp> {
    let over = matches!(
        order.state,
        OrderState::Done | OrderState::Erred | OrderState::Rejected | OrderState::Canceled
    );
    (over && !order.callback_url.is_empty()).then(|| order.completed_at.unwrap_or(order.updated_at))
}

fn body(order: &Order, at: Timestamp) -> Value {
    json!({
        "uuid": order.id.hex(),
        "order_uuid": order.id.hex(),
        "state": order.state.as_str(),
        "type": order.kind.as_str(),
        "offering_uuid": order.offering.hex(),
        "project_uuid": order.project.hex(),
        "customer_uuid": order.customer.hex(),
        "marketplace_resource_uuid": order.resource.map(|id| id.hex()),
        "error_message": order.error_message,
        "completed_at": at.to_string(),
    })
}
