"""Drives the hand-written client `python-waldur-client` from an empty marketplace to a paid invoice.

    BASE=http://127.0.0.1:3000 STAFF_TOKEN=… python end2end/peers/written_client.py
"""

import datetime
import os
import time
import uuid

import requests
from waldur_client import ComponentUsage, InvoiceState, WaldurClient

base = os.environ["BASE"]
token = os.environ["STAFF_TOKEN"]
client = WaldurClient(f"{base}/api", token)
mark = uuid.uuid4().hex[:8]


def post(path: str, body: dict, wanted: int) -> dict:
    """What the client has no method for."""
    answer = requests.post(f"{base}{path}", json=body, headers={"Authorization": f"token {token}"}, timeout=15)
    assert answer.status_code == wanted, f"{path}: {answer.status_code} {answer.text}"
    return answer.json() if answer.text else {}


def step(text: str) -> None:
    print(f"  {text}")


step("configuration, the person, roles")
assert isinstance(client.get_configuration(), dict)
me = client.get_current_user()
assert me["is_staff"] is True and "token" not in me
assert client.get_user(me["uuid"])["username"] == me["username"]
assert any(role["name"] == "CUSTOMER.OWNER" for role in client.get_roles())

step("customer, project, team")
customer = client.create_customer(f"Written {mark}", email="w@example.com", country="DE")
assert client.get_customer(customer["name"])["uuid"] == customer["uuid"]
project = client.create_project(customer["uuid"], f"project next {mark}")
# A value with `next` in it: a client that reads links by their place must not go round for ever.
assert [one["uuid"] for one in client.list_projects({"query": "next", "customer": customer["uuid"]})] == [project["uuid"]]
assert client.count_customers() >= 1
client.create_customer_permission(customer["uuid"], me["uuid"], "CUSTOMER.OWNER")
held = client.get_customer_permissions(customer["uuid"], me["uuid"])
assert [one["role_name"] for one in held] == ["CUSTOMER.OWNER"], held

step("offering, plan, price")
category = post("/api/marketplace-categories/", {"title": f"Written {mark}"}, 201)
offering, _ = client.create_offering(
    {"name": f"Bot {mark}", "category": category["uuid"], "customer": "", "type": "Marketplace.Basic"}
)
client.create_offering_component(
    offering["uuid"], {"billing_type": "usage", "type": "calls", "name": "Calls", "measured_unit": "calls"}
)
plan = post(
    "/api/marketplace-plans/",
    {"name": "Standard", "offering": offering["url"], "unit_price": "10.00", "unit": "month"},
    201,
)
post(f"/api/marketplace-plans/{plan['uuid']}/update_prices/", {"prices": {"calls": "2"}}, 200)
client.activate_offering(offering["uuid"])
assert client.get_marketplace_public_offering(offering["uuid"])["state"] == "Active"
assert len(client.marketplace_public_offering_get_plans(offering["uuid"])) == 1

step("order, approve, resource")
order = client.create_marketplace_order(
    project["uuid"], offering["uuid"], plan["uuid"], attributes={"name": f"bot {mark}"}, limits={}
)
if order["state"] == "pending-provider":
    client.marketplace_order_approve_by_provider(order["uuid"])
for _ in range(100):
    order = client.get_order(order["uuid"])
    if order["state"] in ("done", "erred"):
        break
    time.sleep(0.1)
assert order["state"] == "done", order
assert [one["uuid"] for one in client.list_orders({"customer_uuid": customer["uuid"], "state": "done"})] == [order["uuid"]]
resource = client.get_marketplace_resource(order["marketplace_resource_uuid"])
assert resource["state"] == "OK"
assert client.count_marketplace_resources(params={"customer_uuid": customer["uuid"]}) == 1
client.marketplace_provider_resource_set_backend_id(resource["uuid"], "bot-1")
periods = client.marketplace_resource_get_plan_periods(resource["uuid"])
assert len(periods) == 1

step("usage, invoice, paid")
client.create_component_usages(
    resource_uuid=resource["uuid"], usages=[ComponentUsage(type="calls", amount=7, description="July, 'next'")]
)
usages = client.list_component_usages(resource["uuid"])
assert float(usages[0]["usage"]) == 7
last_month = datetime.date.today().replace(day=1) - datetime.timedelta(days=1)
month = {"customer": customer["url"], "year": last_month.year, "month": last_month.month}
invoice = post("/api/invoices/", month, 201)
found = client.get_invoice_for_customer(customer["uuid"], last_month.year, last_month.month, InvoiceState.CREATED)
assert found["uuid"] == invoice["uuid"]
client.invoice_set_backend_id(invoice["uuid"], "book-1")
client.invoice_set_reference_number(invoice["uuid"], "RF18")
client.invoice_set_state_paid(invoice["uuid"])
paid = client.get_invoice_for_customer(customer["uuid"], last_month.year, last_month.month)
assert paid["state"] == "paid" and paid["backend_id"] == "book-1"

step("the end")
ended = client.marketplace_resource_terminate_order(resource["uuid"])
assert client.get_order(ended)["type"] == "Terminate"
print("The hand-written client is content.")
