// Signing in with a real OpenID provider, and leaving it from either side.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { expectNoComplaints, freePort, marketplace } from "./harness.mjs";
import { everyLook } from "./looks.mjs";
import { startProvider } from "./peers/oidc.mjs";

let provider;
const site = marketplace(async (url) => {
  provider = await startProvider(await freePort(), url);
  const env = {
    CMP_OIDC_ISSUER: provider.issuer,
    CMP_OIDC_CLIENT_ID: "cmp",
    CMP_OIDC_CLIENT_SECRET: "a secret of the tests",
  };
  return { env, stop: provider.stop };
});

/** Keeps the provider's pages, which are not ours, from asking other sites for letters. */
const alone = (page) =>
  page.context().route((url) => url.hostname !== "127.0.0.1", (route) => route.fulfill({ status: 200, contentType: "text/css", body: "" }));

/** What the browser complains about on our pages. */
const complaints = (page) => page.complaints.filter((text) => text.includes(site.url) || text.startsWith("exception"));

/** From our sign-in page through the provider's pages and back. */
async function signOn(page, name, next = "/account/") {
  await alone(page);
  await page.goto(`/login/?next=${encodeURIComponent(next)}`);
  await page.getByRole("link", { name: "Sign in with your organization" }).click();
  await page.waitForURL((url) => url.href.startsWith(provider.issuer));
  const login = page.getByPlaceholder("Enter any login");
  await login.fill(name);
  await page.getByPlaceholder("and password").fill("any");
  await page.getByRole("button", { name: "Sign-in" }).click();
  await page.getByRole("button", { name: "Continue" }).click();
  await page.waitForURL((url) => url.href.startsWith(site.url));
}

describe("single sign-on", () => {
  test("the sign-in page offers it", async (t) => {
    const page = await site.page(t);
    await page.goto("/login/");
    assert.deepEqual(await everyLook(page, "the sign-in page with an identity provider"), []);
    expectNoComplaints(page);
  });

  for (const javaScriptEnabled of [true, false]) {
    const name = javaScriptEnabled ? "ada" : "grace";
    test(`somebody comes, is known, and leaves both, ${javaScriptEnabled ? "with" : "without"} script`, async (t) => {
      const page = await site.page(t, { javaScriptEnabled });
      await signOn(page, name);
      await page.getByRole("heading", { level: 1, name: "Account" }).waitFor();
      const you = page.getByRole("region", { name: "You" });
      await you.getByText(`${name}@example.org`).waitFor();
      await you.getByText(/^Verified /).waitFor();
      await page.getByText("You have no password here").waitFor();
      assert.equal(await page.getByRole("link", { name: "Outbox" }).count(), 0);

      // Out by the form: on to the provider, which asks, and back to us.
      const button = page.getByRole("button", { name: "Sign out", exact: true });
      await page.locator("summary").filter({ has: page.locator(".menu-name") }).click();
      await button.click();
      await page.waitForURL((url) => url.href.startsWith(provider.issuer));
      await page.getByRole("button", { name: "Yes, sign me out" }).click();
      await page.waitForURL(`${site.url}/`);
      await page.getByRole("link", { name: "Sign in", exact: true }).first().waitFor();
      await page.goto("/account/");
      await page.waitForURL(/\/login\//);
      // Known again: the same account, with its workspace.
      await signOn(page, name);
      await page.getByRole("heading", { level: 1, name: "Account" }).waitFor();
      assert.deepEqual(complaints(page), []);
    });
  }

  test("a role of the provider opens the operator's pages", async (t) => {
    const page = await site.page(t);
    await signOn(page, "staff-sam", "/admin/outbox/");
    await page.getByRole("heading", { level: 1, name: "Outbox" }).waitFor();
  });

  test("leaving the provider elsewhere ends our session by the back channel", async (t) => {
    const page = await site.page(t);
    await signOn(page, "bea");
    await page.getByRole("heading", { level: 1, name: "Account" }).waitFor();
    const before = provider.said.length;
    const heard = () => provider.said.slice(before).filter(([event]) => event.startsWith("backchannel"));
    // In the same browser, at the provider itself, as another program of the organization would.
    const other = await page.context().newPage();
    await other.goto(`${provider.issuer}/protocol/openid-connect/logout?client_id=cmp`);
    await other.getByRole("button", { name: "Yes, sign me out" }).click();
    await other.waitForLoadState();
    const deadline = Date.now() + 10_000;
    while (heard().length === 0 && Date.now() < deadline) await pause(20);
    assert.deepEqual(heard().map(([event]) => event), ["backchannel.success"], JSON.stringify(provider.said));
    await page.goto("/account/");
    await page.waitForURL(/\/login\//);
  });

  test("programs hear where to leave the provider, and forged tokens end nothing", async (t) => {
    const page = await site.page(t);
    await signOn(page, "carl");
    const cookies = await page.context().cookies();
    const session = cookies.find(({ name }) => name === "__Host-session");
    assert.ok(session.httpOnly && session.secure && session.sameSite === "Lax");
    const post = (body) =>
      fetch(`${site.url}/api-auth/oidc/backchannel-logout/`, { method: "POST", body: new URLSearchParams(body) });
    for (const token of ["", "x", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJjYXJsIn0."]) {
      const answer = await post({ logout_token: token });
      assert.equal(answer.status, 400, await answer.text());
      assert.equal(answer.headers.get("cache-control"), "no-store");
    }
    await page.goto("/account/");
    await page.getByRole("heading", { level: 1, name: "Account" }).waitFor();
    const answer = await fetch(`${site.url}/api-auth/logout/`, { method: "POST", headers: { cookie: `__Host-session=${session.value}` } });
    assert.equal(answer.status, 200);
    const { logout_url } = await answer.json();
    const url = new URL(logout_url);
    assert.ok(logout_url.startsWith(`${provider.issuer}/protocol/openid-connect/logout`), logout_url);
    assert.equal(url.searchParams.get("post_logout_redirect_uri"), `${site.url}/`);
    assert.ok(url.searchParams.get("id_token_hint"));
    const again = await fetch(`${site.url}/api-auth/logout/`, { method: "POST", headers: { cookie: `__Host-session=${session.value}` } });
    assert.equal(again.status, 204);
  });

  test("who says no, comes with another's answer, or has no verified address, is told", async (t) => {
    const page = await site.page(t);
    await page.goto("/api-auth/oidc/callback/?error=access_denied&state=x");
    await page.getByText("The identity provider did not sign you in").waitFor();
    await page.goto("/api-auth/oidc/callback/?code=stolen&state=x");
    await page.getByText("started in another browser").waitFor();
    await signOn(page, "unverified-uma");
    await page.getByText("has not verified your e-mail address").waitFor();
    assert.deepEqual(await everyLook(page, "the sign-in page with a refusal"), []);
  });
});
