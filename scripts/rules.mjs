// The rules of the house that neither the compiler nor clippy knows: who may import whom, where SQL is, how long a file
// may be. Prints every breach, then fails if there was one.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const run = (program, ...args) => execFileSync(program, args, { encoding: "utf8", maxBuffer: 1 << 28 });
const breaches = [];
const breach = (text) => breaches.push(text);

// --- who may import whom ---------------------------------------------------------------------------------------------

// For each crate of the workspace: the crates of the workspace that it may use, and the crates from outside that it
// must not use directly. A new crate has to be added here, which is the moment to think about its place.
const any = Symbol("any crate");
const web = ["axum", "hyper", "tower-http", "leptos", "leptos_axum", "leptos_router"];
const house = {
  model: { uses: [], never: [...web, "tokio", "sqlx", "web-sys", "getrandom"] },
  store: { uses: ["model"], never: [...web, "getrandom"] },
  market: { uses: ["model", "store"], never: [...web, "sqlx", "async-stripe"] },
  mail: { uses: ["market"], never: [...web, "sqlx"] },
  sso: { uses: ["model", "market"], never: ["axum", "leptos", "leptos_axum", "leptos_router", "sqlx"] },
  passkeys: { uses: ["model", "market"], never: [...web, "sqlx", "tokio"] },
  pdf: { uses: [], never: [...web, "sqlx", "tokio"] },
  pictures: { uses: [], never: [...web, "sqlx", "tokio"] },
  gateway: { uses: ["model", "market"], never: ["sqlx", "leptos", "leptos_axum", "leptos_router"] },
  api: { uses: ["model", "market", "gateway", "pdf"], never: ["sqlx", "leptos", "leptos_axum", "leptos_router"] },
  app: { uses: ["model", "market"], optional: ["market"], never: ["sqlx", "tokio"] },
  frontend: { uses: ["app"], never: ["sqlx", "tokio", "axum"] },
  server: { uses: any, never: [] },
};

const metadata = JSON.parse(run("cargo", "metadata", "--no-deps", "--locked", "--format-version", "1"));
const ours = new Set(metadata.packages.map((p) => p.name));
for (const { name, dependencies } of metadata.packages) {
  const rule = house[name];
  if (!rule) {
    breach(`the crate ${name} has no place in scripts/rules.mjs`);
    continue;
  }
  for (const dependency of dependencies.filter((d) => d.kind !== "dev")) {
    if (ours.has(dependency.name)) {
      if (rule.uses !== any && !rule.uses.includes(dependency.name)) {
        breach(`${name} must not use ${dependency.name}`);
      } else if (rule.optional?.includes(dependency.name) && !dependency.optional) {
        breach(`${name} may use ${dependency.name} only as an optional dependency`);
      }
    } else if (rule.never.includes(dependency.name)) {
      breach(`${name} must not use ${dependency.name}`);
    }
  }
}

// What reaches the browser, all the way down.
const browser = new Set(
  run("cargo", "tree", "-p", "frontend", "--target", "wasm32-unknown-unknown", "-e", "normal", "--prefix", "none", "--locked")
    .split("\n")
    .map((line) => line.split(" ")[0])
    .filter(Boolean),
);
for (const name of browser) {
  if (/^(sqlx|tokio|axum|hyper|async-stripe|stripe|rustls)(-|_|$)/.test(name)) breach(`${name} would be shipped to the browser`);
}
for (const name of ["market", "store", "gateway", "api", "server"]) {
  if (browser.has(name)) breach(`${name} would be shipped to the browser`);
}

// --- where SQL is, and how long files are ----------------------------------------------------------------------------

const sql = /(^|["(]|r#")\s*(SELECT\s+[\w(*"]|INSERT\s+INTO\s|DELETE\s+FROM\s|UPDATE\s+\w+\s+SET\b|CREATE\s+(TABLE|INDEX)\s)/;
const files = run("git", "ls-files", "--cached", "--others", "--exclude-standard").split("\n").filter(Boolean);
let longest = 0;
for (const file of files.filter((f) => /\.(rs|mjs|sh|css|py|toml)$/.test(f))) {
  let text;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    continue; // deleted, not committed yet
  }
  const lines = text.split("\n");
  if (file.endsWith(".rs")) {
    // Tests may reach around the store to spoil a database and see it noticed.
    if (!file.startsWith("server/store/") && !file.includes("/tests/")) {
      lines.forEach((line, n) => {
        if (!line.trimStart().startsWith("//") && sql.test(line)) breach(`${file}:${n + 1}: SQL belongs in server/store`);
      });
    }
  }
  const length = lines.length - 1;
  longest = Math.max(longest, length);
  if (length > 800) breach(`${file} has ${length} lines; more than 800 is too much for one concept`);
  else if (length > 400) console.log(`note: ${file} has ${length} lines; 400 is what a file should stay below`);
}

// --- the same numbers in two places ----------------------------------------------------------------------------------

const settings = readFileSync(".cargo/config.toml", "utf8");
const manifest = readFileSync("Cargo.toml", "utf8");
for (const [variable, key] of [["SERVER_FN_PREFIX", "server-fn-prefix"], ["LEPTOS_OUTPUT_NAME", "output-name"]]) {
  const here = settings.match(new RegExp(`^${variable} = "(.*)"`, "m"))?.[1];
  const there = manifest.match(new RegExp(`^${key} = "(.*)"`, "m"))?.[1];
  if (here !== there) breach(`${variable} in .cargo/config.toml is ${here}, ${key} in Cargo.toml is ${there}`);
}

for (const text of breaches) console.error(`error: ${text}`);
if (breaches.length) process.exit(1);
console.log(`house rules: ${ours.size} crates, ${browser.size} crates in the browser, ${files.length} files, longest ${longest} lines`);
