// One way to open a page of 信治, for pictures (shoot.mjs) and for checks: the Chromium of the system, nothing downloaded,
// no request beyond this machine, and a context that looks like an office desk or a phone in a village.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const FLAGS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run', '--disable-quic',
  '--disable-component-update', '--disable-sync',
  // A page that needs another host is broken on a government intranet, so here it must break too.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1',
];

const DESKTOP = { viewport: { width: 1280, height: 900 } };
const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };

/** Starts Chromium. Close what it returns. */
export async function launch() {
  const found = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path));
  if (!found) throw new Error('Chromium is not installed: run `cargo xtask test`, or install the package chromium');
  return chromium.launch({ executablePath: found, args: FLAGS });
}

/** A fresh page with its own cookies. `script: false` is a browser whose scripts are off. */
export async function open(browser, { phone = false, script = true } = {}) {
  const shape = phone ? PHONE : DESKTOP;
  const context = await browser.newContext({ ...shape, javaScriptEnabled: script, locale: 'zh-CN', timezoneId: 'Asia/Shanghai' });
  context.setDefaultTimeout(15_000);
  return context.newPage();
}

/** Signs in through the form on /sign-in of the server that `url` belongs to, as a person would. */
export async function signIn(page, url, name, password) {
  await page.goto(new URL('/sign-in', url).href);
  const form = page.locator('form', { has: page.locator('input[name=password]') });
  await form.locator('input[name=name]').fill(name);
  await form.locator('input[name=password]').fill(password);
  await Promise.all([page.waitForNavigation(), form.locator('button:not([type=button]), input[type=submit]').first().click()]);
  if (new URL(page.url()).pathname === '/sign-in') {
    throw new Error(`signing in as ${name} failed: ${(await page.locator('main, body').first().innerText()).slice(0, 300)}`);
  }
}

/** Goes to `url` and fails on an answer that is no page. */
export async function visit(page, url) {
  const answer = await page.goto(url);
  if (!answer.ok()) throw new Error(`${url} answered ${answer.status()}`);
}

/** What axe-core finds against WCAG 2.2 A and AA, one line a fault; an empty list is a clean page. Needs a page opened with script. */
export async function faults(page) {
  await page.evaluate(AXE);
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
  const { violations } = await page.evaluate((values) => globalThis.axe.run({ runOnly: { type: 'tag', values } }), tags);
  return violations.flatMap(({ id, help, nodes }) => nodes.map((node) => `${id}: ${help}: ${node.target.join(' ')}`));
}

/** How many pixels the page is wider than the desk or the phone it is shown on; above 0 a reader must scroll sideways. */
export async function overhang(page) {
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  return Math.max(0, width - page.viewportSize().width);
}

const AXE = createRequire(import.meta.url)('axe-core').source;
