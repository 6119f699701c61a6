//! How customers pay, and money that came in.

use model::{CustomerId, Day, InvoiceId, InvoiceState, PaymentId, PaymentKind, PaymentProfileId};
use serde_json::{Value, json};
use store::{
    Tx,
    payments::{
        self, PAYMENTS, PROFILES, Payment, Profile, Proof, active_profile, find_payment,
        find_profile, read_payment, read_profile,
    },
};

use crate::{Actor, Asked, Clause, Error, Market, On, Permission, Result, audit::Deed};

/// The service for payments.
#[derive(Debug, Clone, Copy)]
pub struct Payments<'a>(pub(crate) &'a Market);

/// A profile as it is asked for; what is left out stays as it is.
#[derive(Debug, Clone, Default)]
pub struct ProfileChange {
    pub name: Option<String>,
    pub kind: Option<PaymentKind>,
    pub active: Option<bool>,
    pub attributes: Option<Value>,
}

/// What is corrected of a payment; what is left out stays.
#[derive(Debug, Clone, Default)]
pub struct PaymentChange {
    pub profile: Option<PaymentProfileId>,
    /// Micro-dollars.
    pub amount: Option<i64>,
    pub day: Option<Day>,
    /// Another file that shows it, or `Some(None)` for no file.
    pub proof: Option<Option<Proof>>,
}

/// Money that is booked.
pub(crate) struct Incoming {
    pub profile: PaymentProfileId,
    pub customer: CustomerId,
    pub invoice: Option<(InvoiceId, (i64, i64))>,
    /// Micro-dollars.
    pub amount: i64,
    pub day: Day,
}

impl Payments<'_> {
    fn seen(actor: &Actor) -> Option<Clause> {
        let own = actor.customers_with(Permission::SeeBilling);
        let own = own.iter().map(ToString::to_string);
        (!actor.may_everywhere(Permission::SeeBilling))
            .then(|| Clause::of("f.customer_id IN (?)", own))
    }

    /// A page of the profiles that the actor may see.
    pub async fn profiles(
        &self,
        actor: &Actor,
        asked: Asked,
        range: (i64, i64),
    ) -> Result<(Vec<Profile>, u64)> {
        let asked = asked.and_some(Self::seen(actor));
        Ok(PROFILES.page(self.0.core().db(), &asked, range, read_profile).await?)
    }

    pub async fn profile(&self, actor: &Actor, id: PaymentProfileId) -> Result<Profile> {
        let found = find_profile(self.0.core().db(), id).await?;
        let found = found.ok_or(Error::Missing("payment profile"))?;
        actor.must(Permission::SeeBilling, On::customer(found.customer), "payment profile")?;
        Ok(found)
    }

    /// The profile that a customer pays by now.
    pub async fn active(&self, actor: &Actor, customer: CustomerId) -> Result<Option<Profile>> {
        actor.must(Permission::SeeBilling, On::customer(customer), "organization")?;
        Ok(active_profile(self.0.core().db(), customer).await?)
    }

    /// Adds a profile. An active one makes the others of the customer inactive.
    pub async fn add_profile(
        &self,
        actor: &Actor,
        customer: CustomerId,
        change: ProfileChange,
    ) -> Result<Profile> {
        let core = self.0.core();
        actor.must_everywhere(Permission::ManageBilling)?;
        let profile = Profile {
            id: core.id(PaymentProfileId::new),
            customer,
            name: change.name.unwrap_or_default(),
            kind: change.kind.unwrap_or(PaymentKind::Invoices),
            active: change.active.unwrap_or(true),
            attributes: change.attributes.unwrap_or_else(|| json!({})),
            created_at: core.now(),
        };
        let mut tx = core.db().begin().await?;
        if !store::customers::lock(&mut tx, customer).await? {
            return Err(Error::field("organization", "Invalid hyperlink - Object does not exist."));
        }
        self.save(&mut tx, actor, &profile, "payment_profile_created").await?;
        tx.commit().await?;
        Ok(profile)
    }

    /// Changes a profile.
    pub async fn change_profile(
        &self,
        actor: &Actor,
        id: PaymentProfileId,
        change: ProfileChange,
    ) -> Result<Profile> {
        let found = self.profile(actor, id).await?;
        actor.must_everywhere(Permission::ManageBilling)?;
        let mut tx = self.0.core().db().begin().await?;
        store::customers::lock(&mut tx, found.customer).await?;
        let old = find_profile(&mut tx, id).await?.ok_or(Error::Missing("payment profile"))?;
        let profile = Profile {
            name: change.name.unwrap_or(old.name),
            kind: change.kind.unwrap_or(old.kind),
            active: change.active.unwrap_or(old.active),
            attributes: change.attributes.unwrap_or(old.attributes),
            ..old
        };
        self.save(&mut tx, actor, &profile, "payment_profile_updated").await?;
        tx.commit().await?;
        Ok(profile)
    }

    async fn save(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        profile: &Profile,
        kind: &'static str,
    ) -> Result<()> {
        if profile.active {
            payments::disable(tx, profile.customer).await?;
        }
        payments::put_profile(tx, profile).await?;
        let message = format!("The payment profile {} was saved.", profile.name);
        let deed = Deed::new(kind, message, "payment_profile", profile.id)
            .of(profile.customer)
            .with(json!({ "payment_type": profile.kind.as_str(), "is_active": profile.active }));
        self.0.note(tx, Some(actor), deed).await
    }

    /// Takes a profile away; one that something was paid by stays.
    pub async fn remove_profile(&self, actor: &Actor, id: PaymentProfileId) -> Result<()> {
        let found = self.profile(actor, id).await?;
        actor.must_everywhere(Permission::ManageBilling)?;
        let mut tx = self.0.core().db().begin().await?;
        if !payments::delete_profile(&mut tx, id).await? {
            return Err(Error::Conflict("The profile has payments."));
        }
        let message = format!("The payment profile {} was removed.", found.name);
        let deed =
            Deed::new("payment_profile_removed", message, "payment_profile", id).of(found.customer);
        self.0.note(&mut tx, Some(actor), deed).await?;
        Ok(tx.commit().await?)
    }

    /// A page of the payments that the actor may see.
    pub async fn list(
        &self,
        actor: &Actor,
        asked: Asked,
        range: (i64, i64),
    ) -> Result<(Vec<Payment>, u64)> {
        let asked = asked.and_some(Self::seen(actor));
        Ok(PAYMENTS.page(self.0.core().db(), &asked, range, read_payment).await?)
    }

    pub async fn find(&self, actor: &Actor, id: PaymentId) -> Result<Payment> {
        let found = find_payment(self.0.core().db(), id).await?.ok_or(Error::Missing("payment"))?;
        actor.must(Permission::SeeBilling, On::customer(found.customer), "payment")?;
        Ok(found)
    }

    /// The file that shows a payment.
    pub async fn proof(&self, actor: &Actor, id: PaymentId) -> Result<Proof> {
        self.find(actor, id).await?;
        payments::proof(self.0.core().db(), id).await?.ok_or(Error::Missing("file"))
    }

    /// Books money that came in by a profile.
    pub async fn add(
        &self,
        actor: &Actor,
        profile: PaymentProfileId,
        (amount, day): (i64, Day),
        proof: Option<Proof>,
    ) -> Result<Payment> {
        actor.must_everywhere(Permission::ManageBilling)?;
        self.check_day(day)?;
        let mut tx = self.0.core().db().begin().await?;
        let missing = || Error::field("profile", "Invalid hyperlink - Object does not exist.");
        let found = find_profile(&mut tx, profile).await?.ok_or_else(missing)?;
        let incoming = Incoming { profile, customer: found.customer, invoice: None, amount, day };
        let id = self.book(&mut tx, actor, incoming, proof).await?;
        tx.commit().await?;
        self.find(actor, id).await
    }

    /// Corrects a payment; what is left out stays. It can only be moved to another profile of the same customer.
    pub async fn update(
        &self,
        actor: &Actor,
        id: PaymentId,
        change: PaymentChange,
    ) -> Result<Payment> {
        let (mut tx, payment) = self.held(actor, id).await?;
        let day = change.day.unwrap_or(payment.day);
        self.check_day(day)?;
        let profile = change.profile.unwrap_or(payment.profile);
        if profile != payment.profile {
            let missing = || Error::field("profile", "Invalid hyperlink - Object does not exist.");
            let found = find_profile(&mut tx, profile).await?.ok_or_else(missing)?;
            if found.customer != payment.customer {
                return Err(Error::field("profile", "The profile is another organization's."));
            }
        }
        let amount = change.amount.unwrap_or(payment.amount);
        if !payments::update_payment(&mut tx, id, (profile, amount, day), change.proof).await? {
            return Err(Error::Missing("payment"));
        }
        let deed = Deed::new("payment_updated", "A payment was corrected.", "payment", id)
            .of(payment.customer)
            .with(json!({ "amount": amount, "date": day, "old_amount": payment.amount, "old_date": payment.day }));
        self.0.note(&mut tx, Some(actor), deed).await?;
        self.missed(&mut tx, actor, &payment, payment.amount.saturating_sub(amount)).await?;
        tx.commit().await?;
        self.find(actor, id).await
    }

    fn check_day(self, day: Day) -> Result<()> {
        if day > self.0.core().now().day() {
            return Err(Error::field("date_of_payment", "The date is in the future."));
        }
        if model::Month::new(day.civil().0, 1).is_none() {
            return Err(Error::field("date_of_payment", "The date is too long ago."));
        }
        Ok(())
    }

    /// Writes a payment in the transaction of what it pays.
    pub(crate) async fn book(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        incoming: Incoming,
        proof: Option<Proof>,
    ) -> Result<PaymentId> {
        let core = self.0.core();
        let payment = Payment {
            id: core.id(PaymentId::new),
            profile: incoming.profile,
            customer: incoming.customer,
            invoice: incoming.invoice.map(|(id, _)| id),
            period: incoming.invoice.map(|(_, period)| period),
            amount: incoming.amount,
            day: incoming.day,
            proven: proof.is_some(),
            created_at: core.now(),
        };
        payments::insert_payment(tx, &payment, proof).await?;
        let deed = Deed::new("payment_created", "A payment was booked.", "payment", payment.id)
            .of(payment.customer)
            .with(json!({ "amount": payment.amount, "date": payment.day }));
        self.0.note(tx, Some(actor), deed).await?;
        Ok(payment.id)
    }

    /// Says which invoice of the same customer a payment is for, or that it is for none.
    pub async fn link(
        &self,
        actor: &Actor,
        id: PaymentId,
        invoice: Option<InvoiceId>,
    ) -> Result<()> {
        let (mut tx, payment) = self.held(actor, id).await?;
        if let Some(invoice) = invoice {
            let found = store::invoices::find(&mut tx, invoice).await?;
            let missing = || Error::field("invoice", "Invalid hyperlink - Object does not exist.");
            let found = found.ok_or_else(missing)?;
            if found.customer != payment.customer {
                return Err(Error::field("invoice", "The invoice is another organization's."));
            }
            if found.state == InvoiceState::Canceled {
                return Err(Error::field("invoice", "The invoice is canceled."));
            }
        }
        payments::link(&mut tx, id, invoice).await?;
        let (kind, message) = match invoice {
            Some(_) => ("payment_linked", "A payment was linked to an invoice."),
            None => ("payment_unlinked", "A payment was unlinked from its invoice."),
        };
        let deed = Deed::new(kind, message, "payment", id)
            .of(payment.customer)
            .with(json!({ "invoice": invoice }));
        self.0.note(&mut tx, Some(actor), deed).await?;
        if payment.invoice != invoice {
            self.missed(&mut tx, actor, &payment, payment.amount).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Takes back a payment that was booked by mistake.
    pub async fn remove(&self, actor: &Actor, id: PaymentId) -> Result<()> {
        let (mut tx, payment) = self.held(actor, id).await?;
        if !payments::delete_payment(&mut tx, id).await? {
            return Err(Error::Missing("payment"));
        }
        let deed = Deed::new("payment_removed", "A payment was removed.", "payment", id)
            .of(payment.customer)
            .with(json!({ "amount": payment.amount, "date": payment.day, "invoice": payment.invoice }));
        self.0.note(&mut tx, Some(actor), deed).await?;
        self.missed(&mut tx, actor, &payment, payment.amount).await?;
        Ok(tx.commit().await?)
    }

    /// A payment that the actor may correct, as it is behind its customer's lock.
    async fn held(&self, actor: &Actor, id: PaymentId) -> Result<(Tx, Payment)> {
        let seen = self.find(actor, id).await?;
        actor.must_everywhere(Permission::ManageBilling)?;
        let mut tx = self.0.core().db().begin().await?;
        store::customers::lock(&mut tx, seen.customer).await?;
        let found = find_payment(&mut tx, id).await?.ok_or(Error::Missing("payment"))?;
        Ok((tx, found))
    }

    /// An invoice that was paid by what turned out to be so much less is not paid any more.
    async fn missed(&self, tx: &mut Tx, actor: &Actor, was: &Payment, less: i64) -> Result<()> {
        let Some(invoice) = was.invoice else { return Ok(()) };
        if !store::invoices::reopen(tx, invoice, less, self.0.core().now()).await? {
            return Ok(());
        }
        let message = "An invoice is open again: what it was paid by was corrected.";
        let deed = Deed::new("invoice_reopened", message, "invoice", invoice).of(was.customer);
        self.0.note(tx, Some(actor), deed).await
    }
}
