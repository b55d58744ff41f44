// node accessibility.mjs BASE KEY
// Every page of every role, for people who see little, use no mouse, read on a small phone or have scripts switched off.
// Pages are found by following links, so that a new one is looked at without being named here. `journey.mjs` calls `walk`.
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { launch, oneTimeCode, open, overhang, session, violations } from './browser.mjs';
import { day, misspelt, penalties, program, settle } from './companies.mjs';
import { astray, columns, expose, lifeless, markFresh, passedOver, ringless, smallText, watchTabs } from './inside.mjs';
import { smallTargets, widest } from './look.mjs';

const PASSWORD = 'demo-2026-xinzhi';
const ROLES = [undefined, 'zhongxin', 'bumen', 'xiangzhen', 'chuangkou', 'fazhi', 'shenji', 'xitong', 'anquan', 'zhuti'];
const DESK = { width: 1280, height: 900 };
const PHONE = { width: 360, height: 740 };
const LANES = 3;
const TABS_MOST = 2_000;
const TABS_AT_ONCE = 50;
const TAB = { type: 'rawKeyDown', key: 'Tab', code: 'Tab', windowsVirtualKeyCode: 9 };
const THUMB = { standard: 44, elder: 60, contrast: 44 };
const ELDER = { pixels: 18, leading: 1.3 };
const RING = { contrast: 3, thick: 2 };
const COLOURS = ['color-contrast', 'link-in-text-block'];
const OF_COLOUR = { runOnly: { type: 'rule', values: COLOURS } };
const OF_MARKUP = { rules: Object.fromEntries(COLOURS.map((rule) => [rule, { enabled: false }])) };
// The colours of the elder theme are the standard ones, darker; those of the phone are those of the desk.
const EXAMINED = { 'standard 1280': OF_COLOUR, 'contrast 1280': OF_COLOUR, 'standard 360': {}, 'elder 360': OF_COLOUR };

/** Looks at every page and returns what is wrong, one line a fault, with the number of pages. */
export async function walk(browser, base, api) {
  const wrong = new Set();
  const stops = [{ path: '/', name: 'entrance', step: entrance }, ...(await plan(base, await settled(api)))];
  const queue = [...stops];
  const sorts = new Map();
  const fresh = async (page, how) => {
    const known = sorts.get(how) ?? new Set();
    sorts.set(how, known);
    const found = await page.evaluate(markFresh, [...known]);
    found.forEach((sort) => known.add(sort));
    return found.length > 0;
  };
  const lanes = Array.from({ length: LANES }, async () => {
    const page = await open(browser);
    // A colour on its way to another would be taken for the one it has.
    await page.emulateMedia({ reducedMotion: 'reduce' });
    const plain = await open(browser, { script: false });
    await plain.setViewportSize(PHONE);
    for (let stop = queue.shift(); stop; stop = queue.shift()) {
      const say = (how, sentence) => wrong.add(`${stop.who ?? 'anybody'} ${stop.name ?? stop.path} [${how}] ${sentence.replaceAll(/\s+/g, ' ')}`);
      try {
        await (stop.step ? stop.step(page, plain, base, say) : examine({ page, plain, base, fresh }, stop, say));
      } catch (error) {
        say('stopped', error.message.split('\n')[0]);
      }
    }
    await page.context().close();
    await plain.context().close();
  });
  await Promise.all(lanes);
  return { seen: stops.length, wrong: [...wrong] };
}

// ---------- which pages ----------

/** What has to be there for pages worth looking at: companies of each sort, and a person who was fined. */
async function settled(api) {
  const companies = await settle(api, '听雨', 4);
  const person = { name: '听雨某', code: resident('33080219700101', '001') };
  const head = '行政相对人名称,行政相对人类别,自然人证件类型,自然人证件号码,行政处罚决定书文号,违法行为类型,违法事实,处罚依据,处罚类别,处罚内容,罚款金额（万元）,处罚决定日期,处罚机关,数据来源单位';
  const organ = '示范县市场监督管理局';
  const row = `${person.name},自然人,身份证,${person.code},示市监罚〔2026〕听雨1号,食品,无证摆摊,《食品安全法》第一百二十二条,罚款,罚款,0.05,${day(-30)},${organ},${organ}`;
  await api.bring('cf-2018', `${head}\n${row}\n`);
  const traders = await api.get(`/subjects?q=${encodeURIComponent('饭店')}`);
  const trader = traders.find(({ code }) => code.startsWith('92'))?.code;
  if (!trader) throw new Error('no sole trader is called 饭店');
  return { ...companies, person, trader, pushes: await subscribed(api) };
}

/** A system that is never there: its pushes wait. The system administrator lists its place first. */
async function subscribed(api) {
  const cookie = (await session(api.base, 'xitong', PASSWORD)).map(({ name, value }) => `${name}=${value}`).join();
  const body = JSON.stringify({ host: '127.0.0.1:9', allowed: true, note: '听雨' });
  const headers = { cookie, 'content-type': 'application/json', 'idempotency-key': `listen-${Date.now()}` };
  const listed = await fetch(new URL('/api/v1/operator/hosts', api.base), { method: 'POST', headers, body });
  if (!listed.ok) throw new Error(`a host is not listed: ${await listed.text()}`);
  const events = ['measure.begins', 'measure.ends', 'measure.withdrawn', 'record.corrected', 'obligation.due'];
  const { id } = await api.post('/subscriptions', { events, url: 'http://127.0.0.1:9/in', title: '听雨审批系统' });
  for (let turn = 0; turn < 60; turn += 1) {
    if ((await api.get(`/subscriptions/${id}/events`)).some(({ error }) => error)) return id;
    await new Promise((done) => { setTimeout(done, 500); });
  }
  throw new Error('nothing was pushed');
}

/** The check digit of GB 11643. */
function resident(place, number) {
  const body = place + number;
  const sum = [...body].reduce((total, digit, at) => total + Number(digit) * (2 ** (17 - at) % 11), 0);
  return body + '10X98765432'[sum % 11];
}

/** Every page for the first role that comes to it, and the own places of each other role `again`. */
async function plan(base, known) {
  const stops = named(known);
  const kinds = new Set(stops.filter(({ act }) => !act).map(({ path }) => kind(path)));
  for (const who of ROLES) {
    const cookie = who && (await session(base, who, PASSWORD)).map(({ name, value }) => `${name}=${value}`).join();
    const read = async (path) => (await fetch(new URL(path, base), { headers: cookie ? { cookie } : {} })).text();
    const home = who ? '/sign-in' : '/';
    const own = new Set();
    const waiting = links(await read(home), '<nav class="places"', '</nav>').filter((path) => !who || (path !== '/' && path !== '/rules'));
    for (const path of waiting) own.add(kind(path));
    for (const path of waiting) {
      const html = await read(path);
      const again = kinds.has(kind(path));
      if (own.has(kind(path)) || !again) stops.push({ who, path, again });
      own.delete(kind(path));
      kinds.add(kind(path));
      for (const next of links(html, '<body', '</body>')) {
        const known = kinds.has(kind(next)) || waiting.some((path) => kind(path) === kind(next));
        if (!known) waiting.push(next);
      }
    }
  }
  return stops;
}

function links(html, from, to) {
  const part = html.slice(html.indexOf(from)).split(to)[0];
  // An ampersand is written with a #, which is not the one that begins a place in a page.
  const found = [...part.matchAll(/href="(\/[^"]*)/g)].map(([, href]) => href.replaceAll(/&#38;|&amp;/g, '&').split('#')[0]);
  return [...new Set(found)].filter((href) => !href.startsWith('/assets/') && !/\.(xlsx|json)$/.test(href.split('?')[0]));
}

/** The address of a page without what is asked of it, and without the number, the code or the figure that it shows. A list that is behind
 * some number is the same page whatever the number is of. */
function kind(path) {
  const { pathname, searchParams } = new URL(path, 'http://office');
  const plain = (text) => text.replace(/^(\d+|[0-9A-HJ-NP-RTUWXY]{18})$/, '#');
  const figures = pathname.replace(/^(\/desk\/figures\/)[^/]+/, '$1#');
  const one = figures.replace(/^(\/admin\/(?:accounts|organs))\/(?!new$)[^/]+$/, '$1/#');
  const asked = [...searchParams.keys()].filter((key) => !one.endsWith('/list') || key === 'page');
  return [one.split('/').map(plain).join('/'), ...asked].join(' ');
}

/** Pages that no link leads to, and those that are worth a certain company. */
function named({ good, listed, fined, person, trader, pushes }) {
  const check = (company, matter) => async (page) => {
    await page.selectOption('#matter', matter);
    await page.fill('#case', `TY-${company.code}`);
    await leave(page, 'form[action="/desk/check"] .main-button');
  };
  const of = ({ code }) => async (page) => {
    await page.fill('#code', code);
    await page.selectOption('#purpose', { index: 1 });
    await leave(page, 'form[action="/desk/person"] .main-button');
  };
  const decide = async (page) => {
    await check(listed, 'procurement-bid')(page);
    await page.evaluate(expose);
    const form = page.locator('form[data-confirm-when]').first();
    await form.locator('[value=applied]').press('Space');
    await form.locator('.main-button').press('Enter');
    await leave(page, 'dialog[open] .acts button');
  };
  const rule = async (page) => {
    await page.evaluate(expose);
    const form = page.locator('form', { has: page.locator('input[name=code]') }).first();
    await form.locator('[value=accept]').press('Space');
    await form.locator('[name=code]').fill('123');
    await form.locator('[name=reason]').fill('听雨');
    await Promise.all([page.waitForNavigation(), form.locator('.main-button').press('Enter')]);
  };
  const upload = async (page) => {
    const clean = { ...fined, number: '示市监罚〔2026〕听雨9号', date: day(-2), kinds: '罚款', fine: 0.3 };
    const wrong = { ...clean, code: misspelt(fined.code), number: `${clean.number}之二` };
    await page.selectOption('#source', 'cf-2018');
    await page.setInputFiles('#file', { name: '听雨.csv', mimeType: 'text/csv', buffer: Buffer.from(penalties([wrong, clean])) });
    await leave(page, 'form[action="/desk/batches/new"] .main-button');
  };
  const subscribe = (url) => async (page) => {
    await page.fill('#title', '听雨');
    await page.fill('#url', url);
    await leave(page, 'form[action="/desk/pushes/new"] .main-button');
  };
  const fill = (form, fields) => async (page) => {
    await page.evaluate((address) => { document.querySelector(`form[action="${address}"]`).noValidate = true; }, form);
    for (const [id, value] of Object.entries(fields)) {
      const field = page.locator(`#${id}`);
      await ((await field.evaluate((node) => node.tagName)) === 'SELECT' ? field.selectOption(value) : field.fill(value));
    }
    await leave(page, `form[action="${form}"] .main-button`);
  };
  return [
    { who: 'bumen', path: '/desk/pushes/new', name: 'refused subscription', act: subscribe('https://elsewhere.example/') },
    { who: 'bumen', path: '/desk/pushes/new', name: 'key of a subscription', act: subscribe('http://127.0.0.1:9/in') },
    { who: 'bumen', path: `/desk/pushes/${pushes}`, name: 'pushes that wait' },
    { who: 'anquan', path: '/admin/accounts/bumen', name: 'account with everything that may be done to it' },
    { who: 'anquan', path: '/admin/keys/new', name: 'refused key', act: fill('/admin/keys/new', { name: 'cli', role: 'department' }) },
    { who: 'anquan', path: '/admin/keys/new', name: 'key made', act: fill('/admin/keys/new', { name: 'tingyu', title: '听雨系统', role: 'centre' }) },
    { who: 'xitong', path: '/admin/accounts/new', name: 'refused account', act: fill('/admin/accounts/new', { name: 'Bad Name', role: 'counter' }) },
    { who: 'xitong', path: '/admin/accounts/new', name: 'account made', act: fill('/admin/accounts/new', { name: 'tingyu.ren', title: '听雨', role: 'legal' }) },
    { who: 'xitong', path: '/admin/organs/new', name: 'refused organ', act: fill('/admin/organs/new', { code: '123' }) },
    { who: 'shenji', path: '/admin/journal?act=signed_in&from=2026-13-01', name: 'refused filter', status: 422 },
    { who: 'chuangkou', path: '/desk/accounts', name: 'refused account of a subject', act: fill('/desk/accounts', { subject: misspelt(good.code) }) },
    { who: 'zhongxin', path: `/desk/subjects/${listed.code}` },
    { who: 'zhongxin', path: `/desk/subjects/${fined.code}` },
    { who: 'zhongxin', path: `/desk/subjects/${trader}`, name: 'purpose of a look' },
    { who: 'zhongxin', path: `/desk/subjects/${trader}?purpose=${encodeURIComponent('日常监管')}`, name: 'file of a sole trader' },
    { who: 'zhongxin', path: `/desk/subjects/SF-01-001?purpose=${encodeURIComponent('日常监管')}`, name: 'file of a stall with its operator' },
    { who: 'zhongxin', path: `/desk/subjects/QX-01?purpose=${encodeURIComponent('日常监管')}`, name: 'file of a street with its shops' },
    { who: 'zhongxin', path: '/desk/person', name: 'file of a person', act: of(person) },
    {
      who: 'zhongxin',
      path: '/desk/person',
      name: 'sealed fields',
      act: async (page) => {
        await of(person)(page);
        await page.evaluate(expose);
        await page.locator('form[action$="/unmask"] input').first().fill('听雨');
        await leave(page, 'form[action$="/unmask"] button');
      },
    },
    { who: 'zhongxin', path: `/desk/search?q=${encodeURIComponent('有限公司')}`, name: 'found' },
    { who: 'zhongxin', path: '/desk/search?q=91330899', name: 'nothing found' },
    { who: 'zhongxin', path: '/desk/figures/market-grades?by=month', name: 'a trend of grades' },
    { who: 'zhongxin', path: '/desk/figures/refused-share?by=reason', name: 'bars' },
    { who: 'zhongxin', path: '/desk/figures/no-such', name: 'no such figure', status: 404 },
    { who: 'zhongxin', path: '/desk/figures/market-grades/list?by=area&part=of&page=999', name: 'behind the last page of a list' },
    { who: 'zhongxin', path: '/desk/waiting', name: 'refused ruling', act: rule },
    { who: 'bumen', path: `/desk/check?subject=${listed.code}`, name: 'check with a restriction', act: check(listed, 'procurement-bid') },
    { who: 'bumen', path: `/desk/check?subject=${good.code}`, name: 'check with an incentive', act: check(good, 'food-licence') },
    { who: 'bumen', path: `/desk/check?subject=${misspelt(good.code)}`, name: 'refused check', act: check(good, 'food-licence') },
    { who: 'bumen', path: `/desk/check?subject=${listed.code}`, name: 'refused decision', act: decide },
    { who: 'bumen', path: '/desk/batches/new', name: 'previewed batch', act: upload },
    { who: 'bumen', path: '/desk/batches/new', name: 'question before a batch takes effect', act: async (page) => { await upload(page); await question(page); } },
    {
      path: '/sign-in',
      name: 'refused sign-in',
      act: async (page) => {
        await page.fill('#name', 'nobody');
        await page.fill('#password', 'not-the-password');
        await leave(page, 'form.narrow .main-button');
      },
    },
    {
      path: '/sign-in',
      name: 'second step',
      act: async (page) => {
        await page.fill('#name', 'anquan');
        await page.fill('#password', PASSWORD);
        await leave(page, 'form.narrow .main-button');
      },
    },
    { who: 'fazhi', path: '/rules/impact', name: 'outcome of a draft', act: outcome },
    {
      who: 'fazhi',
      path: '/rules/impact',
      name: 'who is behind a number of an outcome',
      act: async (page) => { await outcome(page); await leave(page, 'table.matrix a[href^="/rules/impact/list?"]'); },
    },
    { who: 'fazhi', path: '/account/factor?change=1', name: 'refused second factor', act: setUp('000000') },
    { who: 'fazhi', path: '/account/factor?change=1', name: 'recovery codes', act: setUp() },
    { path: '/no-such-page', status: 404 },
    { who: 'xitong', path: '/desk/loop', name: 'not permitted', status: 403 },
  ];
}

/** Sets up a second factor with this code, or with the right one. */
function setUp(typed) {
  return async (page) => {
    await page.fill('#code', typed ?? oneTimeCode(await page.locator('#secret').innerText()));
    await page.fill('#password', PASSWORD);
    await leave(page, 'form[action="/account/factor"] .main-button');
  };
}

/** Follows the first link of the assessments to what a draft would do, which `tests/browser.rs` handed in; somebody must gain or lose by it. */
async function outcome(page) {
  await leave(page, 'ul.links a[href^="/rules/impact?"]');
  const [finding, moved] = [await page.locator('p.today').innerText(), await page.locator('table.matrix td a').count()];
  if (!/变差 \d+ 个/.test(finding) || moved === 0) throw new Error(`no outcome of a draft: ${finding}`);
}

/** Presses a button by the keyboard and waits for the page it leads to. */
async function leave(page, button) {
  await Promise.all([page.waitForNavigation(), page.locator(button).first().press('Enter')]);
}

/** Enter asks, Escape takes the question back and the focus returns to the button; then it asks again, to be looked at. */
async function question(page) {
  const button = page.locator('form[data-confirm] .main-button');
  await button.press('Enter');
  await page.locator('dialog[open]').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('dialog').waitFor({ state: 'detached' });
  if (!(await button.evaluate((node) => node === document.activeElement))) throw new Error('the focus does not return from the question');
  await button.press('Enter');
  await page.locator('dialog[open]').waitFor();
}

// ---------- what each must be ----------

/** The first steps of somebody who has no mouse, and of somebody who has no script. */
async function entrance(page, plain, base, say) {
  await page.setViewportSize(DESK);
  await page.goto(base);
  await page.keyboard.press('Tab');
  const [inView, words] = await page.evaluate(() => [document.activeElement.getBoundingClientRect().top >= 0, document.activeElement.textContent]);
  if (!inView || words !== '跳到正文') say('keyboard', `the first Tab comes to “${words.trim()}” and not to the way past the navigation`);
  await page.keyboard.press('Enter');
  if (!(await page.evaluate(() => document.activeElement.matches('main')))) say('keyboard', 'the way past the navigation does not lead to the page');
  await plain.goto(base);
  const elder = plain.locator('form.themes button', { hasText: '长辈版' });
  await Promise.all([plain.waitForNavigation(), elder.press('Enter')]);
  const chosen = [await plain.locator('html').getAttribute('data-theme'), await elder.getAttribute('aria-pressed')];
  if (chosen.join() !== 'elder,true') say('no script', `choosing the elder theme gives ${chosen}`);
}

async function examine({ page, plain, base, fresh }, stop, say) {
  const cookies = stop.who ? await session(base, stop.who, PASSWORD) : [];
  const address = new URL(stop.path, base).href;
  await page.context().clearCookies();
  await page.context().addCookies(cookies);
  await page.setViewportSize(DESK);
  const answer = await page.goto(address);
  if (answer.status() !== (stop.status ?? 200)) say('address', `answers ${answer.status()}`);
  await stop.act?.(page);
  await withScript(page, { fresh, again: stop.again }, say);
  // What a form answers has no address to come back to.
  const again = stop.act ? page.url() : address;
  if (stop.again || (stop.act && again === address)) return;
  await plain.context().clearCookies();
  await plain.context().addCookies([...cookies, { name: 'theme', value: 'elder', url: base }]);
  await plain.goto(again);
  await withoutScript(plain, say);
}

/** axe-core examines the markup of every page. The rest follows from the classes of an element, since no page has a style of its
 * own: a sort of element is examined once in each theme, and once more on the phone, where other parts are shown. A page that
 * another role showed `again` is measured and not examined. */
async function withScript(page, { fresh, again }, say) {
  const tell = (how, sentences) => sentences.forEach((sentence) => say(how, sentence));
  await page.evaluate(expose);
  tell('markup', await page.evaluate(astray));
  if (!again) tell('markup', await axe(page, OF_MARKUP));
  for (const shape of [DESK, PHONE]) {
    await page.setViewportSize(shape);
    for (const [theme, thumb] of Object.entries(THUMB)) {
      const how = `${theme} ${shape.width}`;
      await page.evaluate((word) => { document.documentElement.dataset.theme = word; }, theme);
      tell(how, await sideways(page));
      const rules = EXAMINED[how];
      if (rules && (await fresh(page, how))) tell(how, await axe(page, rules, '[data-fresh]'));
      if (theme === 'elder') tell(how, await elder(page));
      if (shape === PHONE || theme === 'elder') tell(how, (await page.evaluate(smallTargets, thumb)).map((target) => `too small for a thumb: ${target}`));
      if (shape === PHONE || theme === 'standard') tell(how, await page.evaluate(ringless, RING));
      const pressed = how === 'elder 360' || (how === 'standard 1280' && (await fresh(page, 'tabs')));
      if (pressed && !again) tell(how, await tabbed(page));
    }
  }
}

async function withoutScript(page, say) {
  const how = `no script, elder ${PHONE.width}`;
  const theme = await page.evaluate(() => document.documentElement.dataset.theme);
  if (theme !== 'elder') say(how, `the cookie asks for the elder theme and ${theme} comes`);
  for (const sentence of [...(await sideways(page)), ...(await page.evaluate(lifeless))]) say(how, sentence);
}

async function axe(page, rules, part = 'html') {
  const found = await violations(page, rules, part);
  const grave = found.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  return grave.map(({ rule, selector, help, why }) => `${rule} at ${selector}: ${help}: ${why}`);
}

async function sideways(page) {
  const over = await overhang(page);
  return over > 0 ? [`${over} px wider than the screen: ${await widest(page)}`] : [];
}

async function elder(page) {
  const columned = await page.evaluate(columns);
  return [...(await page.evaluate(smallText, ELDER)), ...columned.map((words) => `not one column: ${words}`)];
}

/** Presses Tab until it has been everywhere, and tells what it passed over or went to unseen. */
async function tabbed(page) {
  await page.evaluate(watchTabs);
  const keys = await page.context().newCDPSession(page);
  for (let pressed = 0; pressed < TABS_MOST; pressed += TABS_AT_ONCE) {
    await Promise.all(Array.from({ length: TABS_AT_ONCE }, () => keys.send('Input.dispatchKeyEvent', TAB)));
    if (await page.evaluate(() => globalThis.tabs.over)) break;
  }
  await keys.detach();
  const lost = await page.evaluate(() => [...globalThis.tabs.lost]);
  return [...lost, ...(await page.evaluate(passedOver))];
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const [base, key] = argv.slice(2);
  if (!base || !key) {
    console.error('usage: node accessibility.mjs BASE KEY');
    process.exit(2);
  }
  const browser = await launch();
  const began = Date.now();
  try {
    const { seen, wrong } = await walk(browser, base, program(base, key));
    console.log(`accessibility: ${seen} pages, ${wrong.length} faults, ${((Date.now() - began) / 1000).toFixed(1)} s`);
    for (const fault of wrong) console.error(fault);
    if (wrong.length > 0) process.exitCode = 1;
  } finally {
    await browser.close();
  }
}
