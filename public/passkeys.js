// Passkeys, on the sign-in page and in the account. Without this script, or in a browser that has no passkeys, nothing of
// them is shown.
(() => {
  const able = window.PublicKeyCredential?.parseRequestOptionsFromJSON && window.PublicKeyCredential.prototype.toJSON;
  if (!able) return;

  const post = async (path, body) => {
    const answer = await fetch(`/api-auth/passkeys/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const said = await answer.json().catch(() => null);
    if (answer.ok) return said;
    throw new Error(said?.detail ?? Object.values(said ?? {}).flat().join(" ") ?? "");
  };

  const enter = async (box) => {
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(await post("challenge/", {}));
    const credential = await navigator.credentials.get({ publicKey });
    const { next } = await post("session/", { credential: credential.toJSON(), next: box.dataset.next || null });
    location.assign(next);
  };

  const add = async (box) => {
    const name = box.querySelector("input").value;
    if (!name.trim()) throw new Error("Enter a name for the passkey.");
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(await post("invitation/", {}));
    const credential = await navigator.credentials.create({ publicKey });
    await post("", { credential: credential.toJSON(), name });
    location.assign("/account/#passkeys");
    location.reload();
  };

  for (const box of document.querySelectorAll("[data-passkey]")) {
    const [button, told] = [box.querySelector("button"), box.querySelector("[role=alert]")];
    const act = box.dataset.passkey === "add" ? add : enter;
    box.hidden = false;
    button.addEventListener("click", async () => {
      button.disabled = true;
      told.textContent = "";
      try {
        await act(box);
      } catch (error) {
        // The browser says no more than that it did not happen: whoever waved it away need not be told.
        told.textContent = error.name === "NotAllowedError" || !error.message ? "No passkey was used." : error.message;
      }
      button.disabled = false;
    });
  }
})();
