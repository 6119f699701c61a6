// The script of lists of services: filters apply as they are chosen, the drawer of a narrow screen, and the comparison.
//
// The server renders every state; this asks for the next one and puts its parts in the place of the old ones, so that
// the focus, the scroll and what is unfolded stay. Without it the same form is sent by its button.
(() => {
  const d = document, root = d.documentElement;
  const $ = (query, from = d) => from.querySelector(query), all = (query, from = d) => [...from.querySelectorAll(query)];
  const form = $("#filters"), bar = $("#compare"), drawer = $("#drawer"), count = $("#count"), show = $("[data-show]");
  if (!form) return;
  root.classList.add("js");

  // --- The address, which is the only state.
  const here = () => location.pathname + location.search;
  const query = () => new URLSearchParams([...new FormData(form)].filter(([, value]) => value.trim())).toString();
  const address = () => form.getAttribute("action") + (query() && "?" + query());
  let turn = 0, shown = here(), soon;

  const numbers = (value) => all("[data-facet]", form).forEach((facet) => {
      let chosen = 0;
      for (const field of all("[name]", facet)) {
        chosen += !!field.value && (!pick(field) || field.checked);
        const n = field.closest(".option")?.querySelector(".n"), now = value(field);
        if (!n || now === undefined) continue;
        n.textContent = now;
        field.closest(".option").toggleAttribute("data-none", now === "0");
      }
      $(".facet-n", facet).textContent = chosen ? ` (${chosen})` : "";
    });
  const pick = (field) => field.type === "checkbox" || field.type === "radio";
  const key = (field) => field.name + (pick(field) ? "=" + field.value : "");

  /** Makes the page that the server answered the one that is seen. */
  const put = (page, typing) => {
    const left = d.activeElement?.closest("[data-part]") && { key: d.activeElement.dataset.key };
    for (const part of all("[data-part]")) {
      const next = $(`[data-part="${part.dataset.part}"]`, page);
      if (next) part.replaceWith(next);
    }
    // A filter that has other values than before, as of a provider in the address, is replaced whole.
    for (const facet of all("[data-facet]", form)) {
      const next = $(`[data-facet="${facet.dataset.facet}"]`, page);
      if (next && all("[name]", next).length !== all("[name]", facet).length) facet.replaceWith(next);
    }
    const fresh = new Map([...$("#filters", page).elements].map((field) => [key(field), field]));
    for (const field of form.elements) {
      const now = field.name && fresh.get(key(field));
      if (!now || field.type === "hidden") continue;
      if (field.options) {
        const { value } = now;
        field.replaceChildren(...now.options);
        field.value = value;
      }
      else if (pick(field)) field.checked = field.defaultChecked = now.checked;
      else if (field !== typing) field.value = field.defaultValue = now.value;
    }
    numbers((field) => fresh.get(key(field))?.closest(".option")?.querySelector(".n")?.textContent);
    const total = $("#count", page).textContent;
    if (count.textContent !== total) count.textContent = total;
    d.title = page.title;
    for (const link of ["link[rel=canonical]", "link[rel=prev]", "link[rel=next]", "meta[name=robots]"]) {
      $(link)?.remove();
      const next = $(link, page);
      if (next) d.head.append(next);
    }
    // What had the focus is there again, or its list has.
    if (left) ((left.key && $(`[data-key="${left.key}"]`)) || $("#results-title") || count).focus({ preventScroll: true });
    boxes();
  };

  /** Asks for a state; an answer that a later question has overtaken is thrown away. */
  const load = async (url, { push, scroll, typing } = {}) => {
    const mine = ++turn;
    $("#results").setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(url, { headers: { accept: "text/html" } });
      const text = await answer.text();
      if (mine !== turn) return;
      if (!answer.ok) throw answer;
      if (push) {
        history.replaceState({ ...history.state, y: scrollY }, "");
        history.pushState(null, "", url);
      }
      shown = here();
      put(new DOMParser().parseFromString(text, "text/html"), typing);
      if (scroll !== undefined) scrollTo(0, scroll);
    } catch {
      if (mine === turn) location.href = url;
    }
  };
  const apply = (wait, typing) => {
    clearTimeout(soon);
    const go = () => {
      if (address() !== shown) return void load(address(), { push: true, typing });
      ++turn;
      $("#results").removeAttribute("aria-busy");
    };
    wait ? (soon = setTimeout(go, wait)) : go();
  };

  // --- The drawer: nothing behind it changes until it is asked to.
  const plural = (n) => `${n.toLocaleString("en-US")} ${n === 1 ? "agent" : "agents"}`;
  const recount = async () => {
    const mine = ++turn;
    const asked = [form.dataset.fixed, query(), "page=1&page_size=1"].filter(Boolean).join("&");
    const answer = await fetch("/marketplace/services?" + asked).catch(() => null);
    const found = answer?.ok && (await answer.json());
    if (mine !== turn || !found) return;
    show.textContent = `Show ${plural(found.total)}`;
    numbers((field) => found.facets[field.name]?.[field.value]?.toLocaleString("en-US"));
  };
  const side = form.parentElement;
  let wanted = "";
  $("#filters-open").addEventListener("click", (e) => {
    e.preventDefault();
    $("[data-slot]", drawer).append(form);
    drawer.showModal();
    show.textContent = `Show ${count.textContent}`;
    $("#drawer-title").focus();
  });
  drawer.addEventListener("close", () => {
    const url = wanted;
    wanted = "";
    if (!url) form.reset();
    side.append(form);
    // The counts in the panel are again those of the list behind it.
    if (url !== shown) load(url || shown, { push: !!url });
    $("#filters-open").focus();
  });
  drawer.addEventListener("click", (e) => {
    if (e.target === drawer || e.target.closest("[data-shut]")) drawer.close();
    if (e.target.closest("[data-clear]")) {
      for (const field of all("[name]", form)) {
        if (pick(field)) field.checked = field.type === "radio" && !field.value;
        else if (field.type !== "hidden") field.value = "";
      }
      recount();
    }
    if (e.target.closest("[data-show]")) {
      wanted = address();
      drawer.close();
    }
  });
  matchMedia("(min-width: 1024px)").addEventListener("change", () => drawer.open && drawer.close());

  form.addEventListener("submit", (e) => {
    e.preventDefault();
    drawer.open ? show.click() : apply();
  });
  d.addEventListener("change", (e) => {
    if (e.target.form === bar) choose(e.target);
    if (e.target.form !== form) return;
    clearTimeout(soon);
    soon = setTimeout(() => (drawer.open ? recount() : apply()), 120);
  });
  $("#market-search")?.addEventListener("input", (e) => apply(300, e.target));
  d.addEventListener("click", (e) => {
    if (e.metaKey || e.ctrlKey || e.shiftKey || e.button || e.defaultPrevented) return;
    const link = e.target.closest("a[data-go]");
    if (link) return e.preventDefault(), void load(link.getAttribute("href"), { push: true });
    const row = e.target.closest("tr[data-row]");
    if (row && !e.target.closest("a,label,input") && !`${getSelection()}`) $("a", row).click();
  });
  addEventListener("popstate", (e) => {
    if (!e.state?.dialog && here() !== shown) load(here(), { scroll: e.state?.y });
  });

  // --- The comparison, remembered from page to page: pairs of slug and name.
  const store = "compare";
  let picked = [];
  try {
    picked = JSON.parse(sessionStorage.getItem(store)) || [];
  } catch {}
  const line = $("p", bar), list = $("[data-picked]", bar), label = $("[data-label]", bar), hint = line.textContent;
  const boxes = () => {
    const chosen = new Map(picked);
    for (const box of all("input[name=ids][type=checkbox]")) box.checked = chosen.has(box.value);
    list.replaceChildren(
      ...picked.map(([slug, name]) => {
        const item = d.createElement("li"), button = d.createElement("button"), out = d.createElement("span");
        button.type = "button";
        button.className = "chip";
        button.dataset.unpick = slug;
        out.className = "sr-only";
        out.textContent = "Remove ";
        button.append(out, name, " ×");
        item.append(button);
        // What is not on this page is sent along all the same.
        if (!$(`input[type=checkbox][name=ids][value="${CSS.escape(slug)}"]`)) {
          const kept = d.createElement("input");
          Object.assign(kept, { type: "hidden", name: "ids", value: slug });
          item.append(kept);
        }
        return item;
      }),
    );
    bar.classList.toggle("on", picked.length > 0);
    label.textContent = picked.length > 1 ? `Compare ${picked.length} agents` : "Compare agents";
    line.textContent = picked.length === 1 ? "Choose at least 1 more." : picked.length ? "" : hint;
  };
  const keep = () => {
    try {
      sessionStorage.setItem(store, JSON.stringify(picked));
    } catch {}
    boxes();
  };
  const choose = (box) => {
    picked = picked.filter(([slug]) => slug !== box.value);
    const full = box.checked && picked.length === 4;
    if (box.checked && !full) picked.push([box.value, box.dataset.name]);
    keep();
    const live = d.getElementById("live");
    if (live) live.textContent = full ? "You can compare up to 4 agents." : `${picked.length} chosen to compare.`;
    if (full) line.textContent = "You can compare up to 4 agents.";
  };
  bar.addEventListener("click", (e) => {
    const button = e.target.closest("[data-unpick]");
    if (!button) return;
    picked = picked.filter(([slug]) => slug !== button.dataset.unpick);
    keep();
    ($("[data-unpick]", bar) || $("#results-title"))?.focus({ preventScroll: true });
  });
  addEventListener("pageshow", boxes);
  boxes();
})();
