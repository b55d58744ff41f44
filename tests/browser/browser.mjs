// One way to open a page of 信治, for pictures (shoot.mjs) and for checks: the Chromium of the system, nothing downloaded,
// no request beyond this machine, and a context that looks like an office desk or a phone in a village.
import { createHmac } from 'node:crypto';
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
  if (new URL(page.url()).pathname === '/sign-in/code') {
    const cookies = await page.context().cookies(new URL('/', url).href);
    await secondStep(url, cookies.map((one) => `${one.name}=${one.value}`).join('; '));
    await page.goto(new URL('/sign-in', url).href);
  }
  if (new URL(page.url()).pathname.startsWith('/sign-in')) {
    throw new Error(`signing in as ${name} failed: ${(await page.locator('main, body').first().innerText()).slice(0, 300)}`);
  }
}

/** The cookies of somebody who signed in, made once for all windows: a password is meant to be slow. */
export function session(base, name, password) {
  const ask = async () => {
    const body = new URLSearchParams({ name, password });
    const answer = await fetch(new URL('/sign-in', base), { method: 'POST', body, redirect: 'manual' });
    const [cookie] = answer.headers.getSetCookie();
    if (!cookie) throw new Error(`signing in as ${name} answered ${answer.status}`);
    const [key, value] = cookie.split(';')[0].split('=');
    if (answer.headers.get('location').startsWith('/sign-in/code')) await secondStep(base, cookie.split(';')[0]);
    return [{ name: key, value, url: base }];
  };
  if (!sessions.has(name)) sessions.set(name, ask());
  return sessions.get(name);
}

const sessions = new Map();

/** What a device with this secret (base 32) shows now: RFC 6238. */
export function oneTimeCode(secret) {
  const bits = [...secret].map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const digest = createHmac('sha1', Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)))).update(step).digest();
  const number = digest.readUInt32BE(digest.at(-1) & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, '0');
}

/** Gives the code that a demonstration shows beside its accounts. Each opens once: where it was used, the next one does. */
async function secondStep(base, cookie) {
  const at = new URL('/sign-in/code', base);
  for (let turn = 0; turn < 40; turn += 1) {
    const html = await (await fetch(at, { headers: { cookie } })).text();
    const code = /id="demo-code" data-code="(\d{6})"/.exec(html)?.[1];
    if (!code) throw new Error('the second step of this server shows no code: it is no demonstration');
    const answer = await fetch(at, { method: 'POST', headers: { cookie }, body: new URLSearchParams({ code }), redirect: 'manual' });
    if (answer.status === 303) return;
    // Five that are refused lock: wait until there is another one.
    const seconds = Number(/<\/span>，(\d+) 秒后更换/.exec(html)?.[1] ?? 30);
    await new Promise((done) => { setTimeout(done, (seconds + 1) * 1_000); });
  }
  throw new Error('no code opens');
}

/** Goes to `url` and fails on an answer that is no page. */
export async function visit(page, url) {
  const answer = await page.goto(url);
  if (!answer.ok()) throw new Error(`${url} answered ${answer.status()}`);
}

/** What axe-core finds against WCAG 2.2 A and AA, one line a fault; an empty list is a clean page. Needs a page opened with script. */
export async function faults(page) {
  const values = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
  const found = await violations(page, { runOnly: { type: 'tag', values } });
  return found.map(({ rule, help, selector }) => `${rule}: ${help}: ${selector}`);
}

/** What axe-core finds in a part of the page, one entry an element. It comes in by the debugger, which the content security policy does not bind. */
export async function violations(page, options = {}, part = 'html') {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(AXE);
  const examine = ([where, asked]) => globalThis.axe.run(where, asked).then((told) => told.violations);
  const found = await page.evaluate(examine, [part, { resultTypes: ['violations'], preload: false, ...options }]);
  return found.flatMap(({ id: rule, impact, help, nodes }) =>
    nodes.map((node) => ({ rule, impact: node.impact ?? impact, help, selector: node.target.join(' '), why: node.failureSummary })),
  );
}

/** How many pixels the page is wider than the desk or the phone it is shown on; above 0 a reader must scroll sideways. */
export async function overhang(page) {
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  return Math.max(0, width - page.viewportSize().width);
}

const AXE = createRequire(import.meta.url)('axe-core').source;
