/** The pages under test: each visit a context of its own, looked over as people would. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, afterEach, before } from "node:test";
import { ARTIFACTS, launch, open } from "./browser.js";

const AXE = new URL("node_modules/axe-core/axe.min.js", import.meta.url);

/**
 * For the tests of one file: a Chromium that `more()` gives further arguments, and what opens `path` in it and waits until the
 * page is `ready`. What a test has opened is closed after it.
 */
export function visits(path, ready, more = () => []) {
  let browser;
  const contexts = [];
  before(async () => {
    browser = await launch(more());
  });
  after(() => browser?.close());
  afterEach(() => Promise.all(contexts.splice(0).map((context) => context.close())));
  return async (options) => {
    const opened = await open(browser, path, options);
    contexts.push(opened.context);
    await ready(opened.page);
    return opened;
  };
}

/** The voices are there as soon as the server has answered. */
export const hasVoices = (page) => page.waitForFunction(() => document.querySelector("#voice").options.length > 0);

/** What the page says is wrong. */
export async function trouble(page) {
  await page.waitForSelector("#trouble:not([hidden])");
  return {
    title: await page.textContent("#trouble-title"),
    detail: await page.textContent("#trouble-detail"),
    code: await page.textContent("#trouble-code"),
  };
}

/** Leaves a picture of the page to look at. */
export const picture = (page, name, fullPage) => page.screenshot({ path: `${ARTIFACTS}${name}.png`, fullPage });

/** Nothing sticks out, and axe finds nothing that is unlabelled or unreadable. */
export async function fits(page) {
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(overflow <= 0, `${overflow} px wider than the screen`);
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(await readFile(AXE, "utf8"));
  const { violations } = await page.evaluate(() => window.axe.run());
  assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)]), []);
}
