// What every page must be, whatever stands on it: nothing hangs over its edge, nothing is asked of another host, no script
// stumbles, axe-core finds nothing, and on a phone a thumb hits what it aims at.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { faults, overhang } from './browser.mjs';

const NARROWEST = 360;
const THUMB = 44;
const THUMB_ELDER = 60;

/** Watches a page and collects what is wrong with what it shows, each as one sentence. */
export class Looker {
  constructor(page, base, { name, phone, script }) {
    Object.assign(this, { page, name, phone, script, wrong: [], seen: 0, allowed: [], sorts: new Set() });
    const origin = new URL(base).origin;
    page.on('request', (request) => {
      const outside = !request.url().startsWith(`${origin}/`) && !/^(data|blob|about):/.test(request.url());
      if (outside) this.say(`asks outside: ${request.url()}`);
    });
    page.on('requestfailed', (request) => {
      const why = request.failure()?.errorText ?? '';
      // A page that is left before its icon came.
      if (why !== 'net::ERR_ABORTED') this.say(`${request.url()} failed: ${why}`);
    });
    page.on('response', (response) => {
      if (response.status() < 400) return;
      const expected = this.allowed.indexOf(response.status());
      if (expected < 0) this.say(`${response.url()} answered ${response.status()}`);
      else this.allowed.splice(expected, 1);
    });
    page.on('pageerror', (error) => this.say(`script: ${error.message}`));
    page.on('console', (message) => {
      // A refused status is told twice, here and as a response.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) this.say(`console: ${message.text()}`);
    });
  }

  say(sentence) {
    this.wrong.push(`[${this.name}] ${new URL(this.page.url()).pathname}: ${sentence}`);
  }

  /** The next page may be answered with this status. */
  allow(status) {
    this.allowed.push(status);
  }

  /** Looks at the page as it stands. */
  async look(what) {
    const { page } = this;
    this.seen += 1;
    await this.picture(what);
    const over = await overhang(page);
    if (over > 0) this.say(`${over} px wider than the screen: ${await widest(page)}`);
    if (this.phone) {
      const size = page.viewportSize();
      await page.setViewportSize({ ...size, width: NARROWEST });
      const more = await overhang(page);
      if (more > 0) this.say(`${more} px wider than ${NARROWEST}: ${await widest(page)}`);
      await page.setViewportSize(size);
      const elder = await page.evaluate(() => document.documentElement.dataset.theme === 'elder');
      for (const small of await page.evaluate(smallTargets, elder ? THUMB_ELDER : THUMB)) this.say(`too small for a thumb: ${small}`);
    }
    if (await this.examines()) for (const fault of await faults(page)) this.say(`axe: ${fault}`);
  }

  /** axe-core needs scripts and is slow: it examines a page that shows anything of a sort this window has not shown before. */
  async examines() {
    if (!this.script) return false;
    const sorts = await this.page.evaluate(sortsShown);
    const fresh = sorts.filter((sort) => !this.sorts.has(sort));
    fresh.forEach((sort) => this.sorts.add(sort));
    return fresh.length > 0;
  }

  async picture(what) {
    const folder = process.env.XINZHI_SHOTS;
    if (!folder) return;
    mkdirSync(folder, { recursive: true });
    const path = join(folder, `${this.name}-${String(this.seen).padStart(2, '0')}-${what}.png`);
    await this.page.screenshot({ path, fullPage: true });
  }
}

// Runs in the page: what is visible, by tag, class, state and what it stands in.
function sortsShown() {
  const shown = [...document.querySelectorAll('body, body *')].filter((node) => node.checkVisibility());
  const name = (node) => `${node.tagName}.${node.getAttribute('class') ?? ''}`;
  const state = (node) => ['role', 'open', 'aria-invalid', 'aria-current', 'type'].map((key) => node.getAttribute(key)).join();
  return [...new Set(shown.map((node) => `${name(node.parentElement)}>${name(node)} ${state(node)}`))];
}

/** What reaches farthest to the right. */
export function widest(page) {
  return page.evaluate(() => {
    const all = [...document.querySelectorAll('body *')].filter((node) => node.checkVisibility());
    const right = (node) => node.getBoundingClientRect().right;
    const far = all.reduce((found, node) => (right(node) > right(found) ? node : found), document.body);
    return `${far.tagName.toLowerCase()}.${far.className} ${far.textContent.trim().slice(0, 40)}`;
  });
}

// Runs in the page. A link inside a sentence is as high as its line (WCAG 2.5.8, inline); a row that opens as a whole is its
// own target; a radio button is pressed by its label.
export function smallTargets(least) {
  const inSentence = (node) => {
    if (node.tagName !== 'A' || getComputedStyle(node).display !== 'inline') return false;
    const around = node.closest('p, li, dd, dt, td, th, caption, h1, h2, h3, span, div');
    return around !== null && around.textContent.trim().length > node.textContent.trim().length;
  };
  const target = (node) => (node.matches('[type=radio], [type=checkbox]') ? node.closest('label') : node.closest('tr[data-href]')) ?? node;
  const controls = document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary');
  const small = [];
  for (const node of controls) {
    const { width, height, bottom } = target(node).getBoundingClientRect();
    const shown = node.checkVisibility({ visibilityProperty: true }) && width > 0 && bottom > 0;
    if (!shown || inSentence(node)) continue;
    if (Math.min(width, height) < least - 0.5) {
      const words = (node.textContent.trim() || node.name || node.id).slice(0, 30);
      small.push(`${node.tagName.toLowerCase()} “${words}” in ${node.parentElement.tagName.toLowerCase()}.${node.parentElement.className} is ${Math.round(width)} × ${Math.round(height)}`);
    }
  }
  return small;
}
