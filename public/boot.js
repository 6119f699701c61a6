// The script of every page: copying, the details dialog, and fetching the wasm on first intent. Lists of services have
// market.js besides.
//
// Copying and the dialog are here and not islands, because they must answer the very first click, and a bundle that is
// fetched on intent is not there yet. Every part works without this file: text can be selected, links lead to pages.
(() => {
  const d = document, files = d.currentScript.dataset;
  const wake = () => d.querySelectorAll(".copy[inert]").forEach((button) => {
      button.inert = false;
      button.removeAttribute("aria-hidden");
    });
  wake();

  let bundle;
  const hydrate = () => {
    if (!d.querySelector("leptos-island")) return;
    bundle ||= import(files.js).then(async (m) => {
      await m.default({ module_or_path: files.wasm });
      m.hydrate();
      return m;
    });
    bundle.then((m) => {
      for (const el of d.querySelectorAll("leptos-island:not([data-live])")) {
        el.dataset.live = "";
        m[el.dataset.component]?.(el);
      }
    });
  };
  for (const intent of ["pointerover", "focusin", "touchstart", "keydown"])
    addEventListener(intent, hydrate, { once: true, passive: true });

  const say = (text) => {
    const live = d.getElementById("live");
    if (live) live.textContent = text;
  };
  const copy = async (button) => {
    const from = d.getElementById(button.dataset.copy), label = button.querySelector("[data-label]");
    const before = (label.dataset.words ||= label.textContent);
    let now = "Copied";
    try {
      await navigator.clipboard.writeText(from.value ?? from.textContent);
    } catch {
      from.select ? from.select() : getSelection().selectAllChildren(from);
      now = "Press Ctrl+C";
    }
    label.textContent = now;
    say(now);
    setTimeout(() => (label.textContent = before), 2000);
  };

  const dialog = d.getElementById("details");
  let opener, list = location.href;
  const open = async (link) => {
    const body = dialog.querySelector("[data-body]");
    try {
      const answer = await fetch(link.href + "?fragment=1");
      if (!answer.ok) throw answer;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      body.replaceChildren(page.querySelector("[data-service]"));
    } catch {
      location.href = link.href;
      return;
    }
    list = location.href;
    opener = link;
    history.pushState({ dialog: 1 }, "", link.dataset.dialog);
    dialog.showModal();
    body.scrollTop = 0;
    wake();
    d.getElementById("service-name")?.focus();
    hydrate();
  };
  const shut = () => {
    dialog.close();
    opener?.focus();
  };
  if (dialog) {
    // Opened by the server: made modal, so that the page behind is inert and Escape works.
    if (dialog.open) {
      dialog.close();
      dialog.showModal();
      d.getElementById("service-name")?.focus();
      list = dialog.querySelector("[data-close]").href;
    }
    const leave = () => {
      if (history.state?.dialog) return history.back();
      history.replaceState(null, "", list);
      shut();
    };
    dialog.addEventListener("cancel", (e) => (e.preventDefault(), leave()));
    // Forward to a dialog: the server renders it open.
    addEventListener("popstate", () => (history.state?.dialog ? location.reload() : dialog.open && shut()));
    dialog.addEventListener("click", (e) => {
      if (e.target === dialog || e.target.closest("[data-close]")) e.preventDefault(), leave();
    });
  }

  d.addEventListener("click", (e) => {
    const button = e.target.closest("[data-copy]"), link = e.target.closest("a[data-dialog]");
    if (button) copy(button);
    const plain = !e.metaKey && !e.ctrlKey && !e.shiftKey && !e.button;
    if (link && dialog && plain) e.preventDefault(), open(link);
    // Within the dialog a place is scrolled to without a step in the history, which Back would have to undo.
    const place = e.target.closest('dialog a[href^="#"]');
    if (place && plain) e.preventDefault(), d.getElementById(place.hash.slice(1))?.scrollIntoView();
  });

  // Asking for another estimate keeps the plan that was chosen beside it.
  d.querySelector(".order")?.addEventListener("change", (e) => {
    const same = d.querySelector(`#cost [name="${e.target.name}"]`);
    if (same) same.value = e.target.value;
  });

  addEventListener("keydown", (e) => {
    if (e.key !== "/" || e.target.closest?.("input,textarea,select,[contenteditable]")) return;
    const field = d.querySelector("main input[type=search]") || d.getElementById("bar-search");
    if (field) e.preventDefault(), field.focus();
  });
})();
