// The examination of a page as it stands: it fits its window, and axe finds nothing, small and large, light and dark.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";

import { require } from "./harness.mjs";

const axe = await readFile(require.resolve("axe-core/axe.min.js"), "utf8");

/** What is wrong with the page as it stands now, as lines. */
export async function examine(page, name) {
  const wide = await page.evaluate(() => {
    const room = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= room) return null;
    const far = [...document.body.querySelectorAll("*")].filter((e) => e.getBoundingClientRect().right > room + 1);
    return `${document.documentElement.scrollWidth} px on ${room} px: ${far.slice(0, 3).map((e) => `${e.tagName.toLowerCase()}.${e.className}`).join(", ")}`;
  });
  const problems = wide ? [`${name}: scrolls sideways: ${wide}`] : [];
  // Evaluated by the debugger, so that the page's content security policy stays as it is.
  await page.evaluate(axe);
  const { violations, passes } = await page.evaluate(() =>
    window.axe.run(document, {
      runOnly: { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] },
      rules: { "target-size": { enabled: true } },
    }),
  );
  assert.ok(passes.length > 10, `${name}: axe looked at nothing`);
  for (const { id, help, nodes } of violations) {
    problems.push(`${name}: ${id}: ${help}: ${nodes.slice(0, 2).map((n) => `${n.html.slice(0, 160)} [${n.any[0]?.message ?? ""}]`).join(" | ")}`);
  }
  return problems;
}

const looks = [
  { width: 320, height: 700, colorScheme: "light" },
  { width: 320, height: 700, colorScheme: "dark" },
  { width: 412, height: 823, colorScheme: "light" },
  { width: 412, height: 823, colorScheme: "dark" },
  { width: 1350, height: 940, colorScheme: "light" },
  { width: 1350, height: 940, colorScheme: "dark" },
];

/** What is wrong with the page as it stands now, in every look of these widths. */
export async function everyLook(page, name, widths = [320, 412, 1350]) {
  const problems = [];
  for (const { width, height, colorScheme } of looks.filter((look) => widths.includes(look.width))) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme });
    problems.push(...(await examine(page, `${name} at ${width} px, ${colorScheme}`)));
  }
  return problems;
}
