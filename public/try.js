// The playground: streams an answer into the page and keeps the snippets and the estimate in step with what is typed.
//
// Without this file the form posts, and the page shows the same answer when it is whole.
(() => {
  const d = document, form = d.getElementById("try");
  if (!form) return;
  const at = (id) => d.getElementById(id);
  const { url, model, base, start } = form.dataset;
  const price = (name) => Number(form.dataset[name]);
  const run = at("try-run"), stop = at("try-stop"), out = at("try-answer"), status = at("try-status"), fault = at("try-fault");

  /** What the form asks for; the fields in the order in which the server writes them, too. */
  const ask = () => {
    const field = (name) => (form.elements[name]?.value ?? "").trim();
    const system = field("system"), prompt = field("prompt");
    const number = (name, comma) => {
      const typed = field(name).replaceAll(",", comma);
      return typed === "" || !Number.isFinite(Number(typed)) ? undefined : Number(typed);
    };
    const messages = [...(system ? [{ role: "system", content: system }] : []), { role: "user", content: prompt }];
    const stream = form.elements.stream?.checked || undefined;
    return { model, messages, temperature: number("temperature", "."), max_tokens: number("max_tokens", ""), stream };
  };

  const text = JSON.stringify;
  const snippets = (a) => {
    const more = (line) => [["temperature", a.temperature], ["max_tokens", a.max_tokens], ["stream", a.stream]]
        .filter(([, value]) => value !== undefined).map(([name, value]) => line(name, value)).join("");
    const curl = `curl ${a.stream ? "-N " : ""}${base}/v1/chat/completions \\\n  -H "Authorization: Bearer $CMP_API_KEY" \\\n  -H "Content-Type: application/json" \\\n  -d '${text(a, null, 2).replaceAll("'", "'\\''")}'`;
    const python = `import os\nfrom openai import OpenAI\n\nclient = OpenAI(\n    base_url="${base}/v1",\n    api_key=os.environ["CMP_API_KEY"],\n)\nanswer = client.chat.completions.create(\n    model="${model}",\n    messages=[\n${a.messages.map((m) => `        {"role": "${m.role}", "content": ${text(m.content)}},\n`).join("")}    ],\n${more((name, value) => `    ${name}=${value === true ? "True" : value},\n`)})\n${
      a.stream ? 'for chunk in answer:\n    if chunk.choices:\n        print(chunk.choices[0].delta.content or "", end="", flush=True)' : "print(answer.choices[0].message.content)"}`;
    const script = `import OpenAI from "openai";\n\nconst client = new OpenAI({\n  baseURL: "${base}/v1",\n  apiKey: process.env.CMP_API_KEY,\n});\nconst answer = await client.chat.completions.create({\n  model: "${model}",\n  messages: [\n${a.messages.map((m) => `    { role: "${m.role}", content: ${text(m.content)} },\n`).join("")}  ],\n${more((name, value) => `  ${name}: ${value},\n`)}});\n${
      a.stream ? 'for await (const chunk of answer) {\n  process.stdout.write(chunk.choices[0]?.delta?.content ?? "");\n}' : "console.log(answer.choices[0].message.content);"}`;
    return [curl, python, script];
  };

  // Whole micro-units, rounded half up once, as the ledger does it.
  const decimal = (micros) => {
    const digits = String(micros).padStart(7, "0");
    return (digits.slice(0, -6) + "." + digits.slice(-6)).replace(/\.?0+$/, "");
  };
  const money = (micros) => {
    const [whole, part = ""] = decimal(micros).split(".");
    return `$${whole}.${part.padEnd(2, "0")}`;
  };
  const estimate = (a) => {
    const bytes = new TextEncoder().encode(a.messages.map((m) => m.content).join("")).length;
    const longest = a.max_tokens ?? price("longest");
    const pico = price("promptPrice") * Math.ceil(bytes / 4) + price("completionPrice") * longest + price("requestPrice") * 1e6;
    const credit = price("creditPrice");
    if (!credit || !(longest > 0)) return "";
    return `About ${decimal(Math.round(pico / credit))} credits (${money(Math.round(pico / 1e6))}) for an answer of full length`;
  };

  const follow = () => {
    const a = ask();
    snippets(a).forEach((code, n) => at(`snippet-code-${n}`)?.querySelector("code")?.replaceChildren(code));
    const words = estimate(a);
    if (words) at("try-estimate").textContent = words;
  };
  form.addEventListener("input", follow);

  const figure = (name, value) => (d.querySelector(`[data-figure="${name}"]`).textContent = value ?? "–");
  const time = (ms) => (ms < 995 ? `${ms < 100 ? Math.round(ms) : Math.round(ms / 10) * 10}\u00a0ms` : `${(ms / 1000).toFixed(ms < 9950 ? 1 : 0)}\u00a0s`);
  const pane = (id, words) => at(id).querySelector("code").replaceChildren(words);
  const paid = (cmp) => {
    figure("tokens", `${cmp.prompt_tokens} + ${cmp.completion_tokens}${cmp.estimated ? " (estimated)" : ""}`);
    const micros = Math.round(Number(cmp.credits) * 1e6);
    figure("credits", decimal(micros));
    figure("dollars", money(Math.round((micros * price("creditPrice")) / 1e6)));
  };

  const link = (href, words) => Object.assign(d.createElement("a"), { href, textContent: words });
  /** Says what went wrong, and what to do about it. */
  const failed = (code, said, request, demo) => {
    const box = d.createElement("div"), p = d.createElement("p");
    box.className = "callout callout-warning";
    box.append(p);
    p.append(code ? `The call was answered with ${code}: ${said}` : said);
    if (request) p.append(` Request ${request}.`);
    if (code >= 500) p.append(" You were not charged.");
    if (demo) {
      const next = link(`/register/?next=${encodeURIComponent(start)}`, "Create account");
      next.className = "btn btn-primary";
      const row = d.createElement("p");
      row.append(next);
      box.className = "callout callout-warning callout-stacked";
      box.append(row);
    }
    fault.replaceChildren(box);
    status.textContent = "The request failed.";
  };
  const reason = (body) => {
    try {
      const problem = JSON.parse(body);
      return problem.error?.message ?? problem.message ?? body;
    } catch {
      return body || "There was no answer.";
    }
  };

  /** The data of each event of a stream, as they come. */
  async function* events(body) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    for (let rest = ""; ; ) {
      const { value, done } = await reader.read();
      if (done) return;
      const parts = (rest + value).replaceAll("\r\n", "\n").split("\n\n");
      rest = parts.pop();
      for (const part of parts) {
        const data = part.split("\n").filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trim()).join("\n");
        if (data) yield data;
      }
    }
  }

  let running;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (running) return;
    const a = ask();
    if (!a.messages.at(-1).content) return form.submit();
    running = new AbortController();
    const began = performance.now(), since = () => performance.now() - began;
    at("try-hint")?.remove();
    fault.replaceChildren();
    out.replaceChildren();
    ["first", "total", "tokens", "credits", "dollars"].forEach((name) => figure(name));
    pane("try-request", text(a, null, 2));
    pane("try-response", "");
    out.setAttribute("aria-busy", "true");
    run.setAttribute("aria-disabled", "true");
    stop.hidden = false;
    status.textContent = "Running…";
    let raw = "", first = 0;
    const grow = (words) => {
      if (!words) return;
      first ||= figure("first", time(since())) && since();
      out.append(words);
      out.scrollTop = out.scrollHeight;
    };
    try {
      const answer = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: text(a),
        signal: running.signal,
      });
      const left = answer.headers.get("x-cmp-demo-left"), isDemo = answer.headers.get("x-cmp-demo") === "true";
      const leftAt = at("try-left");
      if (leftAt && left !== null) leftAt.textContent = `You have ${left} left today.`;
      const request = answer.headers.get("x-request-id");
      if (!answer.ok) {
        raw = await answer.text();
        if (leftAt && answer.status === 429) leftAt.textContent = "You have used them all.";
        failed(answer.status, reason(raw), request, leftAt && answer.status === 429);
      } else if ((answer.headers.get("content-type") ?? "").includes("event-stream")) {
        let broken;
        for await (const data of events(answer.body)) {
          raw += data + "\n";
          pane("try-response", raw);
          if (data === "[DONE]") continue;
          const chunk = JSON.parse(data);
          if (chunk.error) broken = chunk.error.message;
          grow(chunk.choices?.[0]?.delta?.content);
          if (chunk.cmp) paid(chunk.cmp);
        }
        if (broken) failed(0, broken, request);
        else status.textContent = "The answer is complete.";
      } else {
        raw = await answer.text();
        const whole = JSON.parse(raw);
        grow(whole.choices?.[0]?.message?.content);
        const header = (name) => answer.headers.get(`x-cmp-${name}`);
        paid({ prompt_tokens: header("prompt-tokens"), completion_tokens: header("completion-tokens"), credits: header("credits") });
        status.textContent = "The answer is complete.";
        raw = text(whole, null, 2);
      }
      if (isDemo && !answer.ok) status.textContent = "The free demo did not answer.";
    } catch (error) {
      if (error.name === "AbortError") status.textContent = "Stopped. What had been answered until then is charged.";
      else failed(0, "The answer broke off. Look whether you are online, and run it again.");
    }
    figure("total", time(since()));
    pane("try-response", raw);
    out.removeAttribute("aria-busy");
    run.removeAttribute("aria-disabled");
    if (d.activeElement === stop) run.focus();
    stop.hidden = true;
    running = undefined;
  });
  stop.addEventListener("click", () => running?.abort());
})();
