//! One invoice: its lines, its sum, and how it was paid. The operator looks at the same page, with forms to settle it.

use leptos::prelude::*;
use leptos_meta::Title;
use market::{Asked, Error, Event, Invoice, ItemView, Market, Paid, Payment, Permission, Profile};
use model::{Day, InvoiceId, InvoiceState};
use serde_json::Value;

use crate::{
    calls::own_form,
    context::{PostedForm, Workspace, actor, here, loaded, market, param, posted, see_other},
    fail::Fail,
    flash::{self, FlashBody},
    format::date,
    parts::{
        areas::Area,
        crumbs::crumbs,
        fields::{Field, hidden},
        invoices::{
            invoice_state, is_overdue, item_table, money, month_of, name_of, paper_of, sum,
        },
        log::{Done, log},
        notices::{error_summary, flash_banner, remark, warning},
        prices::leader,
    },
};

const REASON: Area = Area {
    name: "reason",
    label: "Reason",
    hint: "It is kept with the invoice",
    rows: 2,
    longest: 2_000,
};
const REFERENCE: Field = Field {
    name: "reference",
    label: "Reference of the payment (optional)",
    hint: "As in the number of the transfer; it stands on the invoice",
    kind: "text",
    autocomplete: "off",
    required: false,
};

/// An invoice with all that its page shows.
struct Scene {
    invoice: Invoice,
    items: Vec<ItemView>,
    payments: Vec<Payment>,
    /// How the customer pays, for who may book it.
    profile: Option<Profile>,
    history: Vec<Event>,
    /// The credit note that takes it back.
    note: Option<InvoiceId>,
    /// The invoice that it takes back.
    credited: Option<Invoice>,
    today: Day,
    /// The page above that of each invoice.
    base: String,
    manages: bool,
}

impl Scene {
    async fn load(
        market: &Market,
        actor: &market::Actor,
        id: InvoiceId,
        base: String,
    ) -> Result<Self, Fail> {
        let invoices = market.invoices();
        let invoice = invoices.find(actor, id).await?;
        let text = id.to_string();
        let asked = Asked::read(&market::PAYMENTS, [("invoice_uuid", text.as_str())].into_iter());
        let asked = asked.map_err(Error::Invalid)?;
        let credited = match invoice.credits {
            Some(id) => Some(invoices.find(actor, id).await?),
            None => None,
        };
        let manages = actor.may_everywhere(Permission::ManageBilling);
        let mut history = invoices.history(actor, id).await?;
        history.sort_by_key(|event| (event.at, event.id));
        Ok(Self {
            items: invoices.items(actor, id).await?,
            payments: market.payments().list(actor, asked, (50, 0)).await?.0,
            profile: market.payments().active(actor, invoice.customer).await?,
            history,
            note: invoices.credit_note(actor, id).await?,
            credited,
            today: market.core().now().day(),
            base,
            manages,
            invoice,
        })
    }
}

/// An invoice of the workspace.
#[component]
pub fn InvoicePage() -> impl IntoView {
    loaded(async {
        let place = Workspace::load().await?;
        let base = format!("{}billing/", place.path());
        let id = param::<InvoiceId>("invoice")?;
        let scene = Scene::load(&place.market, &place.actor, id, base.clone()).await?;
        if scene.invoice.customer != place.customer.id {
            return Err(Fail::missing("invoice"));
        }
        let trail = [(place.path(), place.customer.name.clone()), (base, "Billing".to_owned())];
        // What the operator may do is done on the operator's page.
        Ok(page(&Scene { manages: false, ..scene }, &trail, None))
    })
}

/// An invoice of anybody, for the operator, to be marked as paid or taken back.
#[component]
pub fn SettlePage() -> impl IntoView {
    loaded(async {
        let (market, actor) = (market()?, actor()?);
        actor.must_everywhere(Permission::SeeBilling)?;
        let id = param::<InvoiceId>("invoice")?;
        let told = match posted() {
            None => flash::take(),
            Some(form) => match carry_out(&market, &actor, id, &form).await {
                Ok(done) => {
                    flash::put(&FlashBody::done(done));
                    see_other(&here());
                    return Ok(().into_any());
                }
                Err(error) => {
                    Some(own_form::wrong(error, &form, &["date", "reference", "reason"])?)
                }
            },
        };
        let base = "/admin/invoices/".to_owned();
        let trail = [(base.clone(), "Invoices".to_owned())];
        let scene = Scene::load(&market, &actor, id, base).await?;
        Ok(page(&scene, &trail, told.as_ref()))
    })
}

async fn carry_out(
    market: &Market,
    actor: &market::Actor,
    id: InvoiceId,
    form: &PostedForm,
) -> Result<String, Error> {
    own_form::must_be_own()?;
    let invoices = market.invoices();
    let moved = |error| match error {
        Error::Conflict(text) if text.starts_with("Valid states") => {
            Error::Conflict("The invoice has been settled meanwhile. See how it stands now.")
        }
        other => other,
    };
    match form.text("do") {
        "paid" => {
            let wrong = || Error::field("date", "Enter the day of the payment, as in 2026-01-31");
            let day = form.text("date").trim().parse::<Day>().map_err(|_| wrong())?;
            let paid = Paid { day: Some(day), booked: false, proof: None };
            let invoice = invoices.pay(actor, id, paid).await.map_err(moved)?;
            let reference: String = form.text("reference").trim().chars().take(255).collect();
            if !reference.is_empty() {
                let note = market::Note::ReferenceNumber;
                invoices.set_note(actor, id, note, &reference).await?;
            }
            Ok(format!("{} is marked as paid.", name_of(&invoice)))
        }
        "cancel" => {
            let reason = form.text("reason").trim();
            if reason.is_empty() {
                return Err(Error::field("reason", "Enter why the invoice is taken back"));
            }
            let note = invoices.cancel(actor, id, reason).await.map_err(moved)?;
            Ok(format!("The invoice is canceled by {}.", name_of(&note).to_lowercase()))
        }
        _ => Err(Error::Missing("page")),
    }
}

fn page(scene: &Scene, trail: &[(String, String)], told: Option<&FlashBody>) -> AnyView {
    let invoice = &scene.invoice;
    let wrong = told.filter(|told| !told.done);
    let prefix = if wrong.is_some() { "Error: " } else { "" };
    let paper = invoice.number.map(|_| {
        view! { <a class="btn btn-secondary" href=paper_of(invoice)>"Open PDF"</a> }
    });
    let items: Vec<_> = scene.items.iter().map(|view| &view.item).collect();
    let lines = if items.is_empty() {
        remark("Nothing was had or used in this month, so that the invoice has no lines.")
    } else {
        item_table(&items)
    };
    view! {
        <Title text=format!("{prefix}{} – {} – CMP", name_of(invoice), invoice.customer_name) />
        <div class="wrap">
            {crumbs(trail, &name_of(invoice))}
            {error_summary(wrong)}
            {flash_banner(told.filter(|told| told.done))}
            <header class="page-head">
                <h1>{name_of(invoice)}</h1>
                {invoice_state(invoice, scene.today)}
                <p class="meta">{month_of(invoice)} " · " {invoice.customer_name.clone()}</p>
                {paper}
            </header>
            {state_words(scene)}
            <div class="split">
                <div>
                    <section aria-labelledby="lines">
                        <h2 id="lines">"Lines"</h2>
                        {lines}
                        {sum(invoice)}
                    </section>
                    {payments(scene)}
                    {history(scene)}
                </div>
                <aside>
                    {settle(scene, wrong)}
                    {facts(scene)}
                </aside>
            </div>
        </div>
    }
    .into_any()
}

/// What the state means for whoever reads it.
fn state_words(scene: &Scene) -> Option<AnyView> {
    let invoice = &scene.invoice;
    let due = invoice.due_day.map(|day| date(day.start())).unwrap_or_default();
    if is_overdue(invoice, scene.today) {
        return Some(warning(format!("{} was due on {due}.", money(invoice.total))));
    }
    if invoice.state == InvoiceState::Pending {
        return Some(remark(
            "This is the month so far. The invoice gets its number when the month has ended.",
        ));
    }
    let link = |words: &'static str, id: InvoiceId, name: String| {
        view! { <div class="callout"><p>{words} " " <a href=format!("{}{id}/", scene.base)>{name}</a></p></div> }
            .into_any()
    };
    if let Some(credited) = &scene.credited {
        return Some(link("This takes back", credited.id, name_of(credited).to_lowercase()));
    }
    scene.note.map(|id| {
        link("This invoice is taken back. The two sum to zero:", id, "credit note".to_owned())
    })
}

fn facts(scene: &Scene) -> AnyView {
    let invoice = &scene.invoice;
    let day =
        |words: &'static str, day: Option<Day>| day.map(|day| leader(words, date(day.start())));
    let due = invoice.due_day.filter(|_| invoice.credits.is_none());
    let reference = (!invoice.reference_number.is_empty())
        .then(|| leader("Reference", invoice.reference_number.clone()));
    let pays = (!invoice.payment_url.is_empty() && invoice.state == InvoiceState::Created).then(|| {
        view! { <p><a class="btn btn-primary" href=invoice.payment_url.clone() rel="noreferrer">"Pay online"</a></p> }
    });
    let bank = invoice.issuer_details.get("bank_account").and_then(Value::as_str);
    let bank = bank.filter(|_| invoice.state == InvoiceState::Created && invoice.credits.is_none());
    let bank = bank.map(|account| {
        let name = invoice.issuer_details.get("bank_name").and_then(Value::as_str);
        let to = format!("{} {account}", name.unwrap_or_default());
        view! { <p class="meta">"Pay to " {to.trim().to_owned()} ", with the number of the invoice."</p> }
    });
    view! {
        <section aria-labelledby="facts">
            <h2 id="facts">"Facts"</h2>
            <dl class="leaders panel-box">
                {leader("For", month_of(invoice))}
                {day("Date", invoice.invoice_day)}
                {day("Due", due)}
                {day("Paid", invoice.paid_day)}
                {reference}
            </dl>
            {pays}
            {bank}
            <div class="parties">
                {party("From", &invoice.issuer_details)}
                {party("To", &invoice.customer_details)}
            </div>
        </section>
    }
    .into_any()
}

/// Who sends or gets it, as it was when it was made.
fn party(title: &'static str, details: &Value) -> AnyView {
    let known = [
        ("name", ""),
        ("address", ""),
        ("postal", ""),
        ("city", ""),
        ("country", ""),
        ("email", ""),
        ("vat_code", "VAT "),
        ("registration_code", "Registration "),
    ];
    let line = |(name, label): (&str, &str)| {
        let text = details.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())?;
        Some(view! { <span class="block">{format!("{label}{text}")}</span> })
    };
    view! {
        <div>
            <h3>{title}</h3>
            <p class="meta">{known.into_iter().filter_map(line).collect_view()}</p>
        </div>
    }
    .into_any()
}

fn payments(scene: &Scene) -> Option<AnyView> {
    if scene.payments.is_empty() {
        return None;
    }
    let row = |payment: &Payment| {
        let proof = payment.proven.then_some("with a file that shows it");
        view! {
            <tr>
                <th scope="row" class="num">{date(payment.day.start())}</th>
                <td data-label="Amount" class="num">{money(payment.amount)}</td>
                <td data-label="Note"><span>{proof.unwrap_or("–")}</span></td>
            </tr>
        }
    };
    Some(
        view! {
            <section aria-labelledby="payments">
                <h2 id="payments">"Payments"</h2>
                <table class="sheet sheet-cards">
                    <caption class="sr-only">"Payments of this invoice"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Day"</th>
                            <th scope="col" class="num">"Amount"</th>
                            <th scope="col">"Note"</th>
                        </tr>
                    </thead>
                    <tbody>{scene.payments.iter().map(row).collect_view()}</tbody>
                </table>
            </section>
        }
        .into_any(),
    )
}

fn history(scene: &Scene) -> Option<AnyView> {
    let done = |event: &Event| {
        let reason = event.context.get("reason").and_then(Value::as_str);
        Done {
            at: event.at,
            what: event.message.clone(),
            reason: reason.filter(|text| !text.is_empty()).map(ToOwned::to_owned),
            who: None,
        }
    };
    log("What was done with the invoice, oldest first", scene.history.iter().map(done).collect())
}

/// The operator's forms: paid, or taken back.
fn settle(scene: &Scene, wrong: Option<&FlashBody>) -> Option<AnyView> {
    let invoice = &scene.invoice;
    if !scene.manages || invoice.credits.is_some() || invoice.state != InvoiceState::Created {
        return None;
    }
    let method = match &scene.profile {
        Some(profile) => {
            format!("The payment is booked on the payment profile “{}”.", profile.name)
        }
        None => {
            "The organization has no payment profile, so that the invoice only changes its state."
                .to_owned()
        }
    };
    let fault = wrong.and_then(|wrong| wrong.fault("date"));
    let today = scene.today.to_string();
    let typed = wrong.map(|wrong| wrong.value("date")).filter(|text| !text.is_empty());
    let open = wrong.is_some_and(|wrong| wrong.fault("reason").is_some());
    let described = fault.is_some().then_some("date-error");
    let invalid = fault.is_some().then_some("true");
    let fault = fault.map(|text| {
        view! { <p class="fault" id="date-error"><span class="sr-only">"Error: "</span>{text}</p> }
    });
    Some(
        view! {
            <section class="panel-box act" aria-labelledby="settle">
                <h2 id="settle">"Mark as paid"</h2>
                <form class="stacked" method="post" action=here() novalidate="novalidate">
                    {hidden("do", "paid")}
                    <div class="field">
                        <label class="label" for="date">"Day of the payment"</label>
                        {fault}
                        <input class="input" id="date" name="date" type="date" max=today.clone() value=typed.unwrap_or(today) aria-invalid=invalid aria-describedby=described />
                    </div>
                    {REFERENCE.view(wrong)}
                    <p class="meta">{method}</p>
                    <button class="btn btn-primary" type="submit">{format!("Mark {} as paid", money(invoice.total))}</button>
                </form>
            </section>
            <details class="danger-zone settle-zone" open=open>
                <summary>"Cancel with a credit note…"</summary>
                <p>{format!("{} is taken back for good: a credit note of −{} with a number of its own is made, and the two sum to zero.", name_of(invoice), money(invoice.total))}</p>
                <form class="stacked" method="post" action=here() novalidate="novalidate">
                    {hidden("do", "cancel")}
                    {REASON.view(wrong, "")}
                    <button class="btn btn-danger" type="submit">"Cancel invoice"</button>
                </form>
            </details>
        }
        .into_any(),
    )
}
