"""Drives the generated client `waldur-api-client` from an empty marketplace to a paid invoice.

    BASE=http://127.0.0.1:3000 STAFF_TOKEN=… python end2end/peers/generated_client.py
"""

import datetime
import os
import time
import uuid

from waldur_api_client import AuthenticatedClient
from waldur_api_client.api.customers import (
    customers_count,
    customers_create,
    customers_list,
    customers_partial_update,
    customers_retrieve,
)
from waldur_api_client.api.invoices import (
    invoices_count,
    invoices_import_usage,
    invoices_list,
    invoices_paid,
    invoices_retrieve,
    invoices_send_notification,
)
from waldur_api_client.api.marketplace_categories import marketplace_categories_create, marketplace_categories_list
from waldur_api_client.api.marketplace_component_usages import (
    marketplace_component_usages_list,
    marketplace_component_usages_set_usage,
    marketplace_component_usages_set_user_usages,
)
from waldur_api_client.api.marketplace_component_user_usages import (
    marketplace_component_user_usages_count,
    marketplace_component_user_usages_list,
    marketplace_component_user_usages_retrieve,
)
from waldur_api_client.api.marketplace_orders import (
    marketplace_orders_approve_by_provider,
    marketplace_orders_cancel,
    marketplace_orders_count,
    marketplace_orders_create,
    marketplace_orders_list,
    marketplace_orders_retrieve,
)
from waldur_api_client.api.marketplace_plans import (
    marketplace_plans_create,
    marketplace_plans_retrieve,
    marketplace_plans_update_prices,
)
from waldur_api_client.api.marketplace_provider_offerings import (
    marketplace_provider_offerings_activate,
    marketplace_provider_offerings_component_stats_list,
    marketplace_provider_offerings_create,
    marketplace_provider_offerings_create_offering_component,
    marketplace_provider_offerings_history_list,
    marketplace_provider_offerings_list,
    marketplace_provider_offerings_retrieve,
)
from waldur_api_client.api.marketplace_public_offerings import marketplace_public_offerings_list
from waldur_api_client.api.marketplace_resources import (
    marketplace_resources_list,
    marketplace_resources_plan_periods_list,
    marketplace_resources_retrieve,
    marketplace_resources_terminate,
)
from waldur_api_client.api.marketplace_service_providers import (
    marketplace_service_providers_list,
    marketplace_service_providers_revenue_list,
    marketplace_service_providers_stat_retrieve,
    marketplace_service_providers_users_list,
)
from waldur_api_client.api.payments import payments_list, payments_partial_update, payments_retrieve, payments_update
from waldur_api_client.api.projects import projects_create, projects_list, projects_update
from waldur_api_client.api.support_issues import (
    support_issues_create,
    support_issues_list,
    support_issues_partial_update,
)
from waldur_api_client.api.users import users_list, users_me_retrieve
from waldur_api_client.api.version import version_retrieve
from waldur_api_client.models import (
    BillingTypeEnum,
    ComponentUsageCreateRequest,
    ComponentUsageItemRequest,
    ComponentUserUsageBulkCreateRequest,
    ComponentUserUsageCreateRequest,
    CustomerRequest,
    GenericOrderAttributes,
    ImportUsageItemRequest,
    ImportUsageRequest,
    MarketplaceCategoryRequest,
    OfferingComponentRequest,
    OfferingCreateRequest,
    OrderCreateRequest,
    OrderState,
    PaidRequest,
    PatchedCustomerRequest,
    PatchedPaymentRequest,
    PaymentRequest,
    PricesUpdateRequest,
    PricesUpdateRequestPrices,
    ProjectRequest,
    ProviderPlanDetailsRequest,
    ResourceTerminateRequest,
)

base = os.environ["BASE"]
token = os.environ["STAFF_TOKEN"]
client = AuthenticatedClient(base_url=base, token=token)
mark = uuid.uuid4().hex[:8]


def link(kind: str, thing) -> str:
    return f"{base}/api/{kind}/{thing.uuid.hex}/"


def step(text: str) -> None:
    print(f"  {text}")


def refused(status: int, call) -> None:
    """The call must be answered with this status, which the client raises."""
    try:
        call()
    except Exception as error:  # noqa: BLE001 - whatever the client raises must name the status
        assert str(status) in str(error), error
        return
    raise AssertionError(f"expected {status}")


step(f"version {version_retrieve.sync(client=client).version}")
me = users_me_retrieve.sync(client=client)
assert me.is_staff is True
assert any(user.uuid == me.uuid for user in users_list.sync_all(client=client))

step("category, customer, project")
category = marketplace_categories_create.sync(client=client, body=MarketplaceCategoryRequest(title=f"Bots {mark}"))
assert any(one.uuid == category.uuid for one in marketplace_categories_list.sync_all(client=client))
customer = customers_create.sync(client=client, body=CustomerRequest(name=f"Generated {mark}", email="g@example.com"))
assert customers_retrieve.sync(uuid=customer.uuid, client=client).name == customer.name
before = customers_count.sync(client=client)
assert [one.uuid for one in customers_list.sync_all(client=client, name_exact=customer.name)] == [customer.uuid]
changed = customers_partial_update.sync(
    uuid=customer.uuid, client=client, body=PatchedCustomerRequest(native_name="Ümlaut & Söhne")
)
assert changed.native_name == "Ümlaut & Söhne"
# More than a page: the client follows `next` until there is none.
for n in range(12):
    projects_create.sync(
        client=client, body=ProjectRequest(name=f"next prev {n} {mark}", customer=link("customers", customer))
    )
projects = projects_list.sync_all(client=client, query="next prev", customer=[customer.uuid])
assert len(projects) == 12, len(projects)
assert before == customers_count.sync(client=client)
project = projects[0]

step("offering, component, plan, price")
offering = marketplace_provider_offerings_create.sync(
    client=client,
    body=OfferingCreateRequest(
        name=f"Agent {mark}", category=link("marketplace-categories", category), type_="Marketplace.Basic"
    ),
)
assert offering.state == "Draft", offering.state
marketplace_provider_offerings_create_offering_component.sync_detailed(
    uuid=offering.uuid,
    client=client,
    body=OfferingComponentRequest(billing_type=BillingTypeEnum.USAGE, type_="tokens", name="Tokens"),
)
plan = marketplace_plans_create.sync(
    client=client,
    body=ProviderPlanDetailsRequest(
        name="Standard", offering=link("marketplace-provider-offerings", offering), unit_price="31.00"
    ),
)
marketplace_plans_update_prices.sync_detailed(
    uuid=plan.uuid,
    client=client,
    body=PricesUpdateRequest(prices=PricesUpdateRequestPrices.from_dict({"tokens": "0.5"})),
)
assert marketplace_plans_retrieve.sync(uuid=plan.uuid, client=client).prices.to_dict()["tokens"] is not None
assert marketplace_provider_offerings_activate.sync(uuid=offering.uuid, client=client).state == "Active"
assert [one.uuid for one in marketplace_provider_offerings_list.sync_all(client=client, name_exact=offering.name)]
assert [one.uuid for one in marketplace_public_offerings_list.sync_all(client=client, name_exact=offering.name)] == [
    offering.uuid
]


def order():
    attributes = GenericOrderAttributes()
    attributes.additional_properties["name"] = f"resource {mark}"
    return marketplace_orders_create.sync(
        client=client,
        body=OrderCreateRequest(
            offering=link("marketplace-public-offerings", offering),
            project=link("projects", project),
            plan=link("marketplace-plans", plan),
            attributes=attributes,
            accepting_terms_of_service=True,
        ),
    )


step("orders: create, list, filter, approve")
made = order()
assert marketplace_orders_count.sync(client=client, customer_uuid=customer.uuid) == 1
states = [OrderState.PENDING_PROVIDER, OrderState.EXECUTING, OrderState.DONE]
found = marketplace_orders_list.sync_all(client=client, customer_uuid=customer.uuid, state=states)
assert [one.uuid for one in found] == [made.uuid]
if made.state == OrderState.PENDING_PROVIDER:
    marketplace_orders_approve_by_provider.sync_detailed(uuid=made.uuid, client=client)
for _ in range(100):
    made = marketplace_orders_retrieve.sync(uuid=made.uuid, client=client)
    if made.state == OrderState.DONE:
        break
    assert made.state != OrderState.ERRED, made.error_message
    time.sleep(0.1)
assert made.state == OrderState.DONE, made.state
refused(409, lambda: marketplace_orders_cancel.sync_detailed(uuid=made.uuid, client=client))
resource = marketplace_resources_retrieve.sync(uuid=made.marketplace_resource_uuid, client=client)
assert resource.state == "OK", resource.state
assert [one.uuid for one in marketplace_resources_list.sync_all(client=client, offering_uuid=[offering.uuid])] == [
    resource.uuid
]
periods = marketplace_resources_plan_periods_list.sync(uuid=resource.uuid, client=client)
assert len(periods) == 1 and periods[0].plan_uuid == plan.uuid

step("usage, invoice, paid")
today = datetime.date.today()
last_month = today.replace(day=1) - datetime.timedelta(days=1)
marketplace_component_usages_set_usage.sync_detailed(
    client=client,
    body=ComponentUsageCreateRequest(
        resource=resource.uuid,
        usages=[ComponentUsageItemRequest(type_="tokens", amount="150.00")],
        date=datetime.datetime.combine(last_month, datetime.time(), datetime.timezone.utc),
    ),
)
usages = marketplace_component_usages_list.sync_all(client=client, resource_uuid=resource.uuid)
assert len(usages) == 1 and float(usages[0].usage) == 150
told = ComponentUserUsageBulkCreateRequest(
    usages=[ComponentUserUsageCreateRequest(username=name, usage=part) for name, part in (("anna", "100"), ("bert", "50"))]
)
marketplace_component_usages_set_user_usages.sync_detailed(uuid=usages[0].uuid, client=client, body=told)
parts = marketplace_component_user_usages_list.sync_all(client=client, resource_uuid=resource.uuid)
assert {one.username: one.usage for one in parts} == {"anna": 100, "bert": 50}, parts
assert marketplace_component_user_usages_count.sync(client=client, username="anna", billing_period_month=last_month.month) == 1
assert marketplace_component_user_usages_retrieve.sync(uuid=parts[0].uuid, client=client).component_type == "tokens"
now_used = ComponentUsageCreateRequest(
    resource=resource.uuid, usages=[ComponentUsageItemRequest(type_="tokens", amount="7.00")]
)
marketplace_component_usages_set_usage.sync_detailed(client=client, body=now_used)
period = marketplace_resources_plan_periods_list.sync(uuid=resource.uuid, client=client)[0]
assert [(one.type_, float(one.usage)) for one in period.components] == [("tokens", 7)], period
latest = marketplace_resources_retrieve.sync(uuid=resource.uuid, client=client).current_usages.to_dict()
assert latest == {"tokens": 7}, latest
items = [
    ImportUsageItemRequest(name="Rack", unit_price="25.00", customer_uuid=customer.uuid),
    ImportUsageItemRequest(name="Rack", unit_price="25.00", customer_name=f"Nobody {mark}"),
]
imported = invoices_import_usage.sync(
    client=client, body=ImportUsageRequest(year=last_month.year, month=last_month.month, items=items)
)
assert (imported.created, imported.skipped, len(imported.errors)) == (1, 0, 1), imported
# The months' invoices are made by a job; this is how an operator does not wait for it.
answer = client.get_httpx_client().post(
    "/api/invoices/",
    json={"customer": link("customers", customer), "year": last_month.year, "month": last_month.month},
)
assert answer.status_code == 201, answer.text
invoices = invoices_list.sync_all(
    client=client, customer_uuid=customer.uuid, year=last_month.year, month=last_month.month
)
assert len(invoices) == 1 and invoices_count.sync(client=client, customer_uuid=customer.uuid) == 1
assert float(invoices[0].price) == 100, invoices[0].price
# Nobody owns the organization yet, so that nobody is told; the door answers all the same.
assert invoices_send_notification.sync(uuid=invoices[0].uuid, client=client).detail
profile = client.get_httpx_client().post(
    "/api/payment-profiles/",
    json={"name": "By invoice", "organization": link("customers", customer), "payment_type": "invoices", "is_active": True},
)
assert profile.status_code == 201, profile.text
invoices_paid.sync_detailed(uuid=invoices[0].uuid, client=client, body=PaidRequest(date=today))
assert invoices_retrieve.sync(uuid=invoices[0].uuid, client=client).state == "paid"
payment = payments_list.sync_all(client=client, profile_uuid=uuid.UUID(profile.json()["uuid"]))[0]
payments_partial_update.sync(uuid=payment.uuid, client=client, body=PatchedPaymentRequest(sum_="99.00"))
assert float(payments_retrieve.sync(uuid=payment.uuid, client=client).sum_) == 99
whole = PaymentRequest(profile=payment.profile, date_of_payment=today, sum_="98.00")
assert float(payments_update.sync(uuid=payment.uuid, client=client, body=whole).sum_) == 98

step("what sellers see, and what is put")
stats = marketplace_provider_offerings_component_stats_list.sync_all(uuid=offering.uuid, client=client)
assert [(one.type_, one.usage) for one in stats] == [("tokens", 150), ("tokens", 7)], stats
sold = marketplace_provider_offerings_retrieve.sync(uuid=offering.uuid, client=client)
assert [(one.usage, one.limit) for one in sold.quotas] == [(1, -1)], sold.quotas
history = marketplace_provider_offerings_history_list.sync_all(uuid=offering.uuid, client=client)
assert history and all(isinstance(one.id, int) for one in history), history
seller = marketplace_service_providers_list.sync_all(client=client, customer_uuid=sold.customer_uuid)[0]
assert marketplace_service_providers_stat_retrieve.sync(uuid=seller.uuid, client=client).unresolved_tickets == 0
assert marketplace_service_providers_users_list.sync_all(service_provider_uuid=seller.uuid, client=client) == []
revenue = marketplace_service_providers_revenue_list.sync_all(uuid=seller.uuid, client=client)
assert [float(one.total) for one in revenue] == [75], revenue
renamed = ProjectRequest(name=f"put {mark}", customer=link("customers", customer))
assert projects_update.sync(uuid=project.uuid, client=client, body=renamed).name == f"put {mark}"
lacking = client.get_httpx_client().put(f"/api/projects/{project.uuid.hex}/", json={})
assert (lacking.status_code, lacking.json()) == (400, {"name": ["This field is required."]}), lacking.text

step("support, and the end")
issue = client.get_httpx_client().post(
    "/api/support-issues/",
    json={"type": "INCIDENT", "summary": "next time", "customer": link("customers", customer)},
)
assert issue.status_code == 201, issue.text
issues = support_issues_list.sync_all(client=client, customer_uuid=customer.uuid)
assert [one.summary for one in issues] == ["next time"]
ended = marketplace_resources_terminate.sync(uuid=resource.uuid, client=client, body=ResourceTerminateRequest())
assert marketplace_orders_retrieve.sync(uuid=ended.order_uuid, client=client).type_ == "Terminate"
print("The generated client is content.")
