//! A marketplace with very many orders, for measuring lists.

use model::{
    CustomerId, Email, OrderId, OrderKind, OrderState, ProjectId, ResourceId, Role, UserId,
};
use store::{
    bulk::{BulkOrder, BulkResource, Offered},
    users::User,
};

use crate::{Error, Market, Result};

/// How many orders are added in one transaction.
const BATCH: u64 = 20_000;
/// Orders of one resource.
const EACH: u64 = 4;
/// Milliseconds between two orders.
const PACE: i64 = 20_000;

/// Who may ask for the lists.
#[derive(Debug, Clone)]
pub struct BenchOrders {
    pub orders: u64,
    pub staff: String,
    /// The token and the customer of an owner with a tenth of the orders.
    pub large: (String, CustomerId),
    /// The same with a thousand, or what is left for it.
    pub small: (String, CustomerId),
}

struct Tenant {
    customer: CustomerId,
    project: ProjectId,
}

impl Market {
    /// Adds customers, resources and so many orders of what is on sale, or of a hundred offerings made for it: one customer has a tenth of them,
    /// the others some thousand each. Of a hundred orders 70 are done, 20 executing, 5 wait for the provider, 5 failed.
    pub async fn bench_orders(&self, orders: u64) -> Result<BenchOrders> {
        let core = self.core();
        if store::catalog::count(core.db()).await? == 0 {
            self.bench_catalog(100).await?;
        }
        let offered = store::bulk::offered(core.db()).await?;
        let staff = self.bench_user("staff", Some(Role::Staff)).await?;
        let (large, small) =
            (self.bench_user("large", None).await?, self.bench_user("small", None).await?);
        let mut tenants = Vec::new();
        for n in 0..=(orders * 9 / 10_000).max(1) {
            let owner = match n {
                0 => Some(large.0),
                1 => Some(small.0),
                _ => None,
            };
            let made = self.identity().create_customer(&format!("Customer {n}"), owner).await?;
            tenants.push(Tenant { customer: made.0, project: made.1 });
        }
        let mut first = 0;
        while first < orders {
            let until = (first + BATCH).min(orders);
            let batch = (first..until)
                .map(|n| self.bench_order(n, orders, &tenants, &offered, large.0))
                .collect::<Option<Vec<_>>>()
                .ok_or_else(|| Error::broken("nothing can be ordered"))?;
            // The orders of a resource follow each other; the first one brings it along.
            let resources: Vec<BulkResource> =
                batch.iter().filter(|(_, first)| *first).map(|(order, _)| order.resource).collect();
            let batch: Vec<BulkOrder> = batch.into_iter().map(|(order, _)| order).collect();
            let mut tx = core.db().begin().await?;
            store::bulk::resources(&mut tx, &resources).await?;
            store::bulk::orders(&mut tx, &batch).await?;
            tx.commit().await?;
            first = until;
        }
        store::bulk::settle(core.db()).await?;
        let customer =
            |n: usize| tenants.get(n).map(|t| t.customer).ok_or(Error::Missing("customer"));
        Ok(BenchOrders {
            orders,
            staff: staff.1,
            large: (large.1, customer(0)?),
            small: (small.1, customer(1)?),
        })
    }

    async fn bench_user(&self, name: &str, role: Option<Role>) -> Result<(UserId, String)> {
        let core = self.core();
        let email: Email =
            format!("{name}@bench.example").parse().map_err(|_| Error::broken("e-mail"))?;
        let user = User {
            id: core.id(UserId::new),
            email: email.as_str().to_owned(),
            full_name: format!("Measured {name}"),
            // Nobody signs in with it.
            password_hash: String::new(),
            role,
            created_at: core.now(),
        };
        let mut tx = core.db().begin().await?;
        store::users::insert(&mut tx, &user, &email.folded()).await?;
        tx.commit().await?;
        Ok((user.id, self.identity().token_of(&email).await?))
    }

    /// The nth order, and whether it is the first of its resource. Four in a row are of one resource; every tenth
    /// resource is the large customer's.
    fn bench_order(
        &self,
        n: u64,
        of: u64,
        tenants: &[Tenant],
        offered: &[Offered],
        created_by: UserId,
    ) -> Option<(BulkOrder, bool)> {
        let core = self.core();
        let (nth, step) = (n / EACH, n % EACH);
        let age = |n: u64| i64::try_from(of - n).unwrap_or(0) * -PACE;
        let others = (tenants.len() as u64).saturating_sub(1).max(1);
        let whose = if nth.is_multiple_of(10) { 0 } else { 1 + nth / 10 % others };
        let tenant = tenants.get(usize::try_from(whose).ok()?)?;
        let offered = *offered.get(usize::try_from(nth % offered.len().max(1) as u64).ok()?)?;
        let made = core.now().plus_ms(age(nth * EACH));
        // The same resource for all its orders: its id comes of its number.
        let mut bytes = [0; 10];
        bytes.get_mut(2..)?.copy_from_slice(&nth.to_be_bytes());
        let at = core.now().plus_ms(age(n));
        let resource = BulkResource {
            id: ResourceId::new(i64::try_from(nth).ok()?, bytes),
            customer: tenant.customer,
            project: tenant.project,
            offered,
            at: made,
        };
        let state = match n % 10_000 * 31 % 100 {
            0..70 => OrderState::Done,
            70..90 => OrderState::Executing,
            90..95 => OrderState::PendingProvider,
            _ => OrderState::Erred,
        };
        let kind = if step == 0 { OrderKind::Create } else { OrderKind::Update };
        let id = core.id_at(at, OrderId::new);
        Some((BulkOrder { id, resource, created_by, state, kind, at }, step == 0))
    }
}
