//! Invoices as Waldur's clients read them.

use market::{Cost, Invoice, ItemView};
use model::{Credits, Month, Usd};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::{
    Doors,
    waldur::{
        links::{self, hex},
        read::decimal,
    },
};

fn money(micros: i64) -> String {
    decimal(Usd::from_micros(micros))
}

fn number(micros: i64) -> Value {
    json!(Credits::from_micros(micros))
}

/// A month's bill, or a credit note.
#[derive(Serialize, ToSchema)]
#[schema(as = Invoice)]
pub struct InvoiceWire {
    url: String,
    uuid: String,
    /// Given when it is final.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<i64>,
    customer: String,
    customer_uuid: String,
    customer_name: String,
    state: &'static str,
    year: i64,
    month: i64,
    price: String,
    tax: String,
    total: String,
    /// In percent.
    tax_percent: String,
    #[schema(value_type = Object)]
    issuer_details: Value,
    #[schema(value_type = Object)]
    customer_details: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    invoice_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    due_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paid_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<Vec<ItemWire>>,
    backend_id: String,
    payment_url: String,
    reference_number: String,
    created: String,
    /// The invoice that this one takes back.
    #[serde(skip_serializing_if = "Option::is_none")]
    credits: Option<String>,
    /// What takes this one back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credit_note: Option<String>,
    pdf: String,
}

impl InvoiceWire {
    pub fn of(doors: &Doors, invoice: Invoice) -> Self {
        let url = doors.link(links::INVOICES, invoice.id);
        Self {
            uuid: hex(invoice.id),
            number: invoice.number,
            customer: doors.link(links::CUSTOMERS, invoice.customer),
            customer_uuid: hex(invoice.customer),
            customer_name: invoice.customer_name,
            state: invoice.state.as_str(),
            year: invoice.year,
            month: invoice.month,
            price: money(invoice.price),
            tax: money(invoice.tax),
            total: money(invoice.total),
            tax_percent: format!("{}.{:02}", invoice.tax_rate / 100, invoice.tax_rate % 100),
            issuer_details: invoice.issuer_details,
            customer_details: invoice.customer_details,
            invoice_date: invoice.invoice_day.map(|day| day.to_string()),
            due_date: invoice.due_day.map(|day| day.to_string()),
            paid_date: invoice.paid_day.map(|day| day.to_string()),
            items: None,
            backend_id: invoice.backend_id,
            payment_url: invoice.payment_url,
            reference_number: invoice.reference_number,
            created: invoice.created_at.to_string(),
            credits: invoice.credits.map(|id| doors.link(links::INVOICES, id)),
            credit_note: None,
            pdf: format!("{url}pdf/"),
            url,
        }
    }
}

/// A line of an invoice.
#[derive(Serialize, ToSchema)]
#[schema(as = InvoiceLine)]
pub struct ItemWire {
    uuid: String,
    url: String,
    name: String,
    /// A number, unlike the others: the client expects it.
    #[schema(value_type = f64)]
    price: Value,
    tax: String,
    total: String,
    unit_price: String,
    unit: String,
    factor: i64,
    measured_unit: String,
    start: String,
    end: String,
    article_code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    project_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    project_uuid: Option<String>,
    quantity: String,
    #[schema(value_type = Object)]
    details: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_uuid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_name: Option<String>,
    billing_type: String,
    /// The kind of the component; empty for the plan itself.
    component_type: String,
}

impl ItemWire {
    pub fn of(doors: &Doors, view: ItemView) -> Self {
        let item = view.item;
        Self {
            uuid: hex(item.id),
            url: doors.link("invoice-items", item.id),
            name: item.name,
            price: number(item.price),
            tax: money(item.tax),
            total: money(item.price.saturating_add(item.tax)),
            unit_price: money(item.unit_price),
            unit: item.unit,
            factor: 1,
            measured_unit: item.measured_unit,
            start: item.start.to_string(),
            end: item.end.to_string(),
            article_code: item.article_code,
            project_name: view.project_name,
            project_uuid: item.project.map(hex),
            quantity: money(item.quantity),
            details: item.details,
            resource: item.resource.map(|id| doors.link(links::RESOURCES, id)),
            resource_uuid: item.resource.map(hex),
            resource_name: view.resource_name,
            billing_type: item.billing,
            component_type: item.component,
        }
    }
}

/// A line of an invoice with what it is about, by itself.
#[derive(Serialize, ToSchema)]
#[schema(as = InvoiceItem)]
pub struct InvoiceItemWire {
    #[serde(flatten)]
    line: ItemWire,
    invoice: String,
    offering_uuid: String,
    offering_name: Option<String>,
    offering_component_type: Option<String>,
    customer_uuid: String,
    customer_name: String,
}

impl InvoiceItemWire {
    pub fn of(doors: &Doors, view: ItemView) -> Self {
        Self {
            invoice: doors.link(links::INVOICES, view.item.invoice),
            offering_uuid: view.item.offering.map(hex).unwrap_or_default(),
            offering_name: view.offering_name.clone(),
            offering_component_type: Some(view.item.component.clone()),
            customer_uuid: hex(view.customer),
            customer_name: view.customer_name.clone(),
            line: ItemWire::of(doors, view),
        }
    }
}

/// What an invoice costs.
#[derive(Serialize, ToSchema)]
pub struct InvoiceCost {
    #[schema(value_type = f64)]
    price: Value,
    /// What was taken off by negative items.
    #[schema(value_type = f64)]
    compensation: Value,
    #[schema(value_type = f64)]
    incurred: Value,
    year: i64,
    month: i64,
    items: Vec<ItemWire>,
}

impl InvoiceCost {
    pub fn of(doors: &Doors, invoice: &Invoice, items: Vec<ItemView>) -> Self {
        let sum =
            |fits: fn(&i64) -> bool| items.iter().map(|view| view.item.price).filter(fits).sum();
        Self {
            price: number(invoice.price),
            compensation: number(sum(|price| *price < 0)),
            incurred: number(sum(|price| *price > 0)),
            year: invoice.year,
            month: invoice.month,
            items: items.into_iter().map(|item| ItemWire::of(doors, item)).collect(),
        }
    }
}

/// What an invoice has of an offering.
#[derive(Serialize)]
pub struct InvoiceStats {
    uuid: String,
    offering_name: String,
    aggregated_price: Value,
    aggregated_tax: Value,
    aggregated_total: Value,
    service_category_title: String,
    service_provider_name: String,
    service_provider_uuid: String,
}

impl InvoiceStats {
    pub fn of(cost: Cost) -> Self {
        Self {
            uuid: hex(cost.offering),
            offering_name: cost.name,
            aggregated_price: number(cost.price),
            aggregated_tax: number(cost.tax),
            aggregated_total: number(cost.price.saturating_add(cost.tax)),
            service_category_title: cost.category,
            service_provider_name: cost.provider_name,
            service_provider_uuid: hex(cost.provider),
        }
    }
}

/// What was invoiced by month, the oldest first.
#[derive(Serialize, ToSchema)]
pub struct InvoiceGrowth {
    periods: Vec<String>,
    #[schema(value_type = Vec<f64>)]
    total_periods: Vec<Value>,
    #[schema(value_type = Vec<f64>)]
    other_periods: Vec<Value>,
    #[schema(value_type = Vec<Object>)]
    customer_periods: Vec<Value>,
}

impl InvoiceGrowth {
    pub fn of(months: &[(Month, i64)]) -> Self {
        let totals: Vec<Value> = months.iter().map(|(_, total)| number(*total)).collect();
        Self {
            periods: months.iter().map(|(month, _)| month.to_string()).collect(),
            // No customer is shown apart, so that all are the others.
            other_periods: totals.clone(),
            total_periods: totals,
            customer_periods: Vec::new(),
        }
    }
}
