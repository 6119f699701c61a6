// Passkeys with a real browser and an authenticator of its debugger's: added in the account, used instead of a password,
// removed. Devices know servers by name, so that this journey goes to localhost.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { expectNoComplaints, fillRegister, marketplace, newAccount } from "./harness.mjs";
import { everyLook } from "./looks.mjs";

let home;
const site = marketplace(async (url) => {
  home = url.replace("127.0.0.1", "localhost");
  return { env: { CMP_PUBLIC_URL: home }, stop: async () => {} };
});

/** Gives the page's browser a device with a fingerprint reader that always knows its owner. */
async function device(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("WebAuthn.enable");
  const { authenticatorId } = await session.send("WebAuthn.addVirtualAuthenticator", {
    options: { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  });
  const knows = (isUserVerified) => session.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified });
  const keys = async () => (await session.send("WebAuthn.getCredentials", { authenticatorId })).credentials;
  return { knows, keys };
}

async function signOut(page) {
  await page.locator("summary").filter({ has: page.locator(".menu-name") }).click();
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await page.waitForURL(`${home}/`);
}

describe("passkeys", () => {
  test("one is added, opens the account without a password, and is removed", async (t) => {
    const page = await site.page(t, { baseURL: home });
    const { knows, keys } = await device(page);
    await page.goto("/register/");
    await fillRegister(page, newAccount("Pia Passkey"));
    await page.waitForURL(/organizations/);
    await page.goto("/account/");
    const box = page.getByRole("region", { name: "Passkeys" });
    await box.getByRole("button", { name: "Add passkey" }).click();
    await box.getByText("Enter a name for the passkey.").waitFor();
    await box.getByLabel("Name of the new passkey").fill("my <b>phone</b>");
    await box.getByRole("button", { name: "Add passkey" }).click();
    await box.getByRole("rowheader", { name: "my <b>phone</b>" }).waitFor();
    assert.equal((await keys()).length, 1);
    assert.deepEqual(await everyLook(page, "the account with a passkey"), []);
    await signOut(page);

    await page.goto("/login/?next=/account/");
    assert.deepEqual(await everyLook(page, "the sign-in page with passkeys"), []);
    // A finger that the device does not know opens nothing.
    await knows(false);
    await page.getByRole("button", { name: "Sign in with a passkey" }).click();
    await page.getByText("No passkey was used.").waitFor();
    await knows(true);
    await page.getByRole("button", { name: "Sign in with a passkey" }).click();
    await page.waitForURL(`${home}/account/`);
    await box.getByRole("rowheader", { name: "my <b>phone</b>" }).waitFor();

    await box.getByRole("button", { name: "Remove my <b>phone</b>" }).click();
    await page.getByText("The passkey is removed").waitFor();
    await signOut(page);
    await page.goto("/login/?next=/account/");
    page.complaints.length = 0;
    await page.getByRole("button", { name: "Sign in with a passkey" }).click();
    await page.getByText("This passkey is not known here.").waitFor();
    assert.equal(new URL(page.url()).pathname, "/login/");
    // The refusal is an answer with the status 409, which the console tells.
    assert.ok(page.complaints.every((text) => text.includes("409")), JSON.stringify(page.complaints));
  });

  test("an answer is good once, and only for who was asked", async (t) => {
    const page = await site.page(t, { baseURL: home });
    await device(page);
    await page.goto("/register/");
    await fillRegister(page, newAccount("Rita Replay"));
    await page.waitForURL(/organizations/);
    await page.goto("/account/");
    await page.getByLabel("Name of the new passkey").fill("laptop");
    await page.getByRole("button", { name: "Add passkey" }).click();
    await page.getByRole("rowheader", { name: "laptop" }).waitFor();
    const statuses = await page.evaluate(async () => {
      const post = (path, body) =>
        fetch(`/api-auth/passkeys/${path}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
      const options = async () => PublicKeyCredential.parseRequestOptionsFromJSON(await (await post("challenge/", {})).json());
      const credential = (await navigator.credentials.get({ publicKey: await options() })).toJSON();
      const first = (await post("session/", { credential })).status;
      const again = (await post("session/", { credential })).status;
      // The same answer to another question.
      await options();
      const other = (await post("session/", { credential })).status;
      await options();
      const spoilt = structuredClone(credential);
      spoilt.response.signature = credential.response.signature.replace(/^.{8}/, "AAAAAAAA");
      const forged = (await post("session/", { credential: spoilt })).status;
      await options();
      const nonsense = (await post("session/", { credential: { id: 1 } })).status;
      return { first, again, other, forged, nonsense };
    });
    assert.deepEqual(statuses, { first: 200, again: 409, other: 409, forged: 409, nonsense: 409 });
  });

  test("without script nothing of it is offered", async (t) => {
    const page = await site.page(t, { baseURL: home, javaScriptEnabled: false });
    await page.goto("/login/");
    assert.equal(await page.getByRole("button", { name: "Sign in with a passkey" }).count(), 0);
    expectNoComplaints(page);
  });
});
