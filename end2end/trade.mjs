// What journeys about orders and invoices start from, made by the REST API as programs make it: an offering that its
// provider fulfils by hand, orders for it, and what was used.

import assert from "node:assert/strict";

/** Calls the API as one of the sample users; every other answer than the wanted one fails. */
export async function api(url, email) {
  const ask = async (method, path, body, token) => {
    const headers = { "content-type": "application/json", ...(token && { authorization: `Token ${token}` }) };
    const answer = await fetch(url + path, { method, headers, body: body && JSON.stringify(body) });
    const text = await answer.text();
    assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : null;
  };
  const { token } = await ask("POST", "/api-auth/password/", { username: email, password: "sample-password" });
  return { get: (path) => ask("GET", path, undefined, token), post: (path, body = {}) => ask("POST", path, body, token) };
}

/** An offering with a monthly plan and calls at ten cents, which its provider approves and sets up by hand. */
export async function offeringByHand(url, name) {
  const operator = await api(url, "operator@example.com");
  const seller = await api(url, "seller@example.com");
  const buyer = await api(url, "buyer@example.com");
  const [category] = await operator.get("/api/marketplace-categories/");
  const [provider] = await seller.get("/api/customers/");
  const [customer] = await buyer.get("/api/customers/");
  const [project] = await buyer.get(`/api/projects/?customer=${customer.uuid}`);
  const offering = await operator.post("/api/marketplace-provider-offerings/", {
    name, category: category.url, customer: provider.url, type: "Marketplace.Basic",
  });
  const path = `/api/marketplace-provider-offerings/${offering.uuid}/`;
  await operator.post(`${path}create_offering_component/`, { type: "calls", name: "Calls", measured_unit: "calls", billing_type: "usage" });
  const plan = await operator.post("/api/marketplace-plans/", { name: "Standard", offering: offering.url, unit_price: "30.00", unit: "month" });
  await operator.post(`/api/marketplace-plans/${plan.uuid}/update_prices/`, { prices: { calls: "0.10" } });
  await operator.post(`${path}activate/`);
  await operator.post(`${path}update_integration/`, { plugin_options: { auto_approve: false, manual_fulfilment: false } });
  const components = await operator.get(`/api/marketplace-plan-components/?offering_uuid=${offering.uuid}`);
  const order = (title) =>
    buyer.post("/api/marketplace-orders/", {
      offering: `/api/marketplace-public-offerings/${offering.uuid}/`,
      plan: `/api/marketplace-public-offerings/${offering.uuid}/plans/${plan.uuid}/`,
      project: project.url,
      attributes: { name: title },
      accepting_terms_of_service: true,
    });
  return { operator, seller, buyer, customer, provider, order, component: components.find((one) => one.type === "calls") };
}

/** The page of an order. */
export const orderPage = (order) => `/marketplace-order/${order.uuid}/`;
