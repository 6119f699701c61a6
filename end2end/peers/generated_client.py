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
from waldur_api_client.api.invoices import invoices_count, invoices_list, invoices_paid, invoices_retrieve
from waldur_api_client.api.marketplace_categories import marketplace_categories_create, marketplace_categories_list
from waldur_api_client.api.marketplace_component_usages import (
    marketplace_component_usages_list,
    marketplace_component_usages_set_usage,
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
    marketplace_provider_offerings_create,
    marketplace_provider_offerings_create_offering_component,
    marketplace_provider_offerings_list,
)
from waldur_api_client.api.marketplace_public_offerings import marketplace_public_offerings_list
from waldur_api_client.api.marketplace_resources import (
    marketplace_resources_list,
    marketplace_resources_plan_periods_list,
    marketplace_resources_retrieve,
    marketplace_resources_terminate,
)
from waldur_api_client.api.projects import projects_create, projects_list
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
    CustomerRequest,
    GenericOrderAttributes,
    MarketplaceCategoryRequest,
    OfferingComponentRequest,
    OfferingCreateRequest,
    OrderCreateRequest,
    OrderState,
    PaidRequest,
    PatchedCustomerRequest,
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
assert float(invoices[0].price) == 75, invoices[0].price
profile = client.get_httpx_client().post(
    "/api/payment-profiles/",
    json={"name": "By invoice", "organization": link("customers", customer), "payment_type": "invoices", "is_active": True},
)
assert profile.status_code == 201, profile.text
invoices_paid.sync_detailed(uuid=invoices[0].uuid, client=client, body=PaidRequest(date=today))
assert invoices_retrieve.sync(uuid=invoices[0].uuid, client=client).state == "paid"

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
