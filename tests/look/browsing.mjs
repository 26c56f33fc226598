// Opens a page in Chromium once for each visit, does its steps, and prints for each the answers, and what the page said, asked for or threw.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(`${process.cwd()}/`); // the packages are where this is run, not where it lies
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const asked = JSON.parse(process.argv[2]);
const address = pathToFileURL(asked.page).href;
const browser = await chromium.launch({ executablePath: asked.browser });

const does = {
  press: (page, key) => page.keyboard.press(key),
  type: (page, text) => page.keyboard.type(text),
  click: (page, selector) => page.locator(selector).first().click(),
  text: (page, selector) => page.locator(selector).first().innerText(),
  count: (page, selector) => page.locator(selector).count(),
  ask: (page, expression) => page.evaluate(expression),
  violations: async (page, where) => {
    await page.evaluate(axe);
    const { violations } = await page.evaluate(`axe.run(${where}, { resultTypes: ["violations"] })`);
    return violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}: ${nodes[0].failureSummary}`);
  },
};

async function visit({ steps, options }) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const noise = [];
  page.on("console", message => noise.push(`console: ${message.text()}`));
  page.on("pageerror", error => noise.push(`error: ${error}`));
  page.on("dialog", dialog => { noise.push(`dialog: ${dialog.message()}`); return dialog.dismiss(); });
  page.on("request", request => { if (request.url() !== address) noise.push(`request: ${request.url()}`); });
  await page.goto(address);
  const answers = [];
  for (const [step, value] of steps) answers.push((await does[step](page, value)) ?? null);
  await context.close();
  return { answers, noise };
}

const seen = [];
for (const one of asked.visits) seen.push(await visit(one));
await browser.close();
console.log(JSON.stringify(seen));
