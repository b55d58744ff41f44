// node journey.mjs BASE KEY
// What people do with 信治 all day, through the pages and nothing else: at a desk, on a phone, and with scripts off.
// Every page on the way is looked at (look.mjs); XINZHI_SHOTS names a folder for pictures of them. Afterwards every page of every
// role is examined for whoever sees little or has no mouse (accessibility.mjs).
import assert from 'node:assert/strict';
import { walk } from './accessibility.mjs';
import { launch, open, session, visit } from './browser.mjs';
import { day, misspelt, penalties, program, settle } from './companies.mjs';
import { Looker } from './look.mjs';

const PASSWORD = 'demo-2026-xinzhi';
const OFFICER = '李芳';
const ORGAN = '示范县市场监督管理局';

const SHAPES = [
  { name: 'desk', pair: '启明', initials: 'qmcy' },
  { name: 'phone', phone: true, pair: '望舒', initials: 'wscy' },
  { name: 'plain', script: false, pair: '采薇', initials: 'cwcy' },
];

/** One browser window of one person, with the verbs of a reader. */
class Reader {
  constructor(page, base, shape) {
    Object.assign(this, { page, base, shape, looker: new Looker(page, base, shape) });
  }

  async go(path, what) {
    await visit(this.page, new URL(path, this.base).href);
    await this.looker.look(what);
  }

  /** Clicks what leads to another page and looks at that; a question in between is answered with yes. */
  async follow(target, what, { asks = false } = {}) {
    const press = async () => {
      await target.click();
      if (!asks || !this.shape.script) return;
      await this.page.locator('dialog[open]').waitFor();
      await this.looker.look(`${what}-asks`);
      await this.page.locator('dialog[open] .acts button').first().click();
    };
    await Promise.all([this.page.waitForNavigation(), press()]);
    await this.looker.look(what);
  }

  /** What stands on the page to be read; folded parts do not. */
  async words() {
    return (await this.page.locator('main').innerText()).replace(/\s+/g, ' ');
  }

  async tells(...parts) {
    const words = await this.words();
    for (const part of parts) {
      const told = part instanceof RegExp ? part.test(words) : words.includes(part);
      assert.ok(told, `does not tell ${part}: ${words}`);
    }
  }

  async keepsQuiet(part) {
    const words = await this.words();
    assert.ok(!words.includes(part), `tells ${part}: ${words}`);
  }

  at(path) {
    assert.equal(new URL(this.page.url()).pathname, path);
  }

  main(selector, options) {
    return this.page.locator('main').locator(selector, options);
  }

  async signIn(name, password, what) {
    await this.main('input[name=name]').fill(name);
    await this.main('input[name=password]').fill(password);
    await this.follow(this.main('form.narrow button'), what);
  }

  async signOut() {
    await this.follow(this.page.locator('form.leave button'), 'signed-out');
  }

  async search(text, what) {
    await this.page.locator('#q').fill(text);
    await this.follow(this.page.locator('header form.search button'), what);
  }
}

async function entrance(reader) {
  await reader.go('/', 'portal');
  await reader.follow(reader.page.locator('header a', { hasText: '登录' }), 'sign-in');
  reader.looker.allow(401);
  await reader.signIn('bumen', 'not-the-password', 'sign-in-refused');
  await reader.tells('用户名或密码不正确', '连续五次');
  assert.equal(await reader.main('input[name=name]').inputValue(), 'bumen', 'the name that was typed is kept');
  await reader.signIn('bumen', PASSWORD, 'desk');
  reader.at('/desk');
  await reader.tells('待办', '闭环率');
}

async function finding(reader, { good, listed, fined }) {
  const { pair, initials } = reader.shape;
  await reader.search(pair, 'found-by-name');
  await reader.tells(good.name, listed.name, fined.name);
  await reader.search(initials, 'found-by-initials');
  await reader.tells(fined.name);
  await reader.keepsQuiet(good.name);
  await reader.search('没有这家', 'found-nothing');
  await reader.tells('没有找到与“没有这家”相符的主体');
  await reader.search(pair, 'found-by-name');
  await reader.follow(reader.main('th a', { hasText: listed.name }), 'file-listed');
  reader.at(`/desk/subjects/${listed.code}`);
  await reader.search(fined.code, 'file-fined');
  reader.at(`/desk/subjects/${fined.code}`);
}

/** The file of a company with penalties: grade, arithmetic, article, record. */
async function reading(reader, { fined, severe, older }) {
  await reader.tells(fined.name, '遵纪守法');
  // 800 − 120 (severe) − 20 × 50 % (older than a year).
  assert.equal(await reader.main('.grade .letter').innerText(), 'C');
  await reader.tells('一般', '670 分', '800 - 130 = 670', '-10 - 120 = -130', '-20 × 50% = -10');
  await reader.tells('第四十八条', severe.number, older.number);
  const record = reader.main('#records details.record', { hasText: severe.number });
  await record.locator('summary').click();
  await reader.looker.look('file-record');
  await reader.tells('经营标签不符合规定的食品', '罚款金额', `${ORGAN}报送`);
}

/** Asks at a matter from the page of a company; returns the case number. */
async function asking(reader, { code }, matter, what) {
  const number = `LL-${reader.shape.name}-${matter}`;
  await reader.search(code, `file-${what}`);
  await reader.follow(reader.main('a', { hasText: '发起核查' }).first(), `check-${what}`);
  assert.equal(await reader.main('#subject').inputValue(), code, 'the code comes along');
  await reader.main('#matter').selectOption(matter);
  await reader.main('#case').fill(number);
  await reader.follow(reader.main('form button', { hasText: '核查' }), `checked-${what}`);
  await reader.tells('核查已完成', number);
  return number;
}

async function form(reader, measure) {
  const item = reader.main(`li#${measure}`);
  const details = item.locator('details.form');
  if ((await details.getAttribute('open')) === null) await details.locator('summary').click();
  return item;
}

async function applying(reader, companies) {
  const number = await asking(reader, companies.good, 'food-licence', 'good');
  await reader.tells('1 项措施与本事项有关', '绿色通道、容缺受理', '激励', '国发〔2016〕33号', '可以承诺');
  const item = await form(reader, 'green-channel');
  await item.locator('input[value=applied]').check();
  await reader.looker.look('feedback-good');
  await reader.follow(item.locator('form button'), 'feedback-given');
  await reader.tells('反馈已收到并记入账簿', '已实施', OFFICER, '全部已反馈');
  return number;
}

async function deciding(reader, companies) {
  const number = await asking(reader, companies.listed, 'procurement-bid', 'listed');
  await reader.tells('限制参加政府采购活动', '惩戒', '待决定', '《中华人民共和国政府采购法》', '退出途径');
  const bare = await form(reader, 'procurement-limit');
  await bare.locator('input[value=applied]').check();
  await bare.locator('input[name=reason]').fill('查询名单属实');
  await bare.locator('input[name=document_number]').fill('示财采〔2026〕8号');
  await reader.looker.look('decision');
  reader.looker.allow(422);
  await reader.follow(bare.locator('form button'), 'decision-refused', { asks: true });
  await reader.tells('实施惩戒缺少：决定机关、决定日期、送达日期');
  const item = reader.main('li#procurement-limit');
  const value = (name) => item.locator(`input[name=${name}]`).inputValue();
  assert.deepEqual([await value('reason'), await value('document_number'), await value('officer')], ['查询名单属实', '示财采〔2026〕8号', OFFICER], 'what was typed is kept');
  assert.ok(await item.locator('input[value=applied]').isChecked(), 'the answer is kept');

  await item.locator('input[name=document_organ]').fill('示范县财政局');
  await item.locator('input[name=document_date]').fill(day(-2));
  await item.locator('input[name=notice]').fill(day(-1));
  await reader.follow(item.locator('form button'), 'decided', { asks: true });
  await reader.tells('反馈已收到并记入账簿', '已实施', '示财采〔2026〕8号', '全部已反馈');
  return number;
}

async function closed(reader) {
  return Number(/已办结 (\d+) 项/.exec(await reader.words())[1]);
}

async function board(reader, before, numbers) {
  await reader.go('/desk/loop', 'loop');
  await reader.tells(/闭环率 \d+(\.\d+)?%：应当办结的 \d+ 项中，已办结 \d+ 项/, '各项相加等于应反馈数');
  // The other windows close measures of the same department at the same time.
  assert.ok((await closed(reader)) >= before + numbers.length, 'what was answered is counted as closed');
  await reader.follow(reader.main('nav a', { hasText: '已办结' }), 'loop-closed');
  await reader.tells(...numbers);
  await reader.follow(reader.main('nav a', { hasText: '待反馈' }), 'loop-open');
  for (const number of numbers) await reader.keepsQuiet(number);
}

async function restricted(reader, { listed, listedUntil }) {
  await reader.search(listed.code, 'file-restricted');
  const decision = '示范县财政局于';
  await reader.tells('限制参加政府采购活动', '惩戒决定', decision, '示财采〔2026〕8号', OFFICER, `至 ${listedUntil}`);
  await reader.tells('依据', '《中华人民共和国政府采购法》第二十二条', '退出途径', '移出严重失信主体名单之日起自动解除');
}

async function importing(reader, { fined }) {
  const number = `示市监罚〔2026〕${reader.shape.pair}9号`;
  const clean = { ...fined, number, date: day(-2), kinds: '罚款', fine: 0.3 };
  const wrong = { ...clean, code: misspelt(fined.code), number: `${number}之二` };
  await reader.go('/desk/batches/new', 'upload');
  await reader.main('#source').selectOption('cf-2018');
  await reader.main('#file').setInputFiles({ name: '处罚.csv', mimeType: 'text/csv', buffer: Buffer.from(penalties([wrong, clean])) });
  await reader.follow(reader.main('form button', { hasText: '上传并预览' }), 'previewed');
  await reader.tells('文件已预览，还没有生效', '2 读入', '1 ＝ 接收', '1 ＋ 退回', '0 ＋ 待核实', wrong.code, '校验');
  const batch = new URL(reader.page.url()).pathname;

  await reader.follow(reader.main('form button', { hasText: '提交生效' }), 'committed', { asks: true });
  await reader.tells('批次已提交生效', '已生效');
  await reader.search(fined.code, 'file-imported');
  await reader.tells(number);
  await reader.keepsQuiet(wrong.number);

  await reader.go(batch, 'batch');
  await reader.main('summary', { hasText: '撤回这一批次' }).click();
  await reader.main('#reason').fill('文书尚未送达');
  await reader.looker.look('recall');
  await reader.follow(reader.main('form button.grave'), 'recalled', { asks: true });
  await reader.tells('批次已撤回', '已撤回');
  await reader.search(fined.code, 'file-recalled');
  await reader.keepsQuiet(number);
  await reader.go('/desk/batches', 'batches');
  await reader.tells('处罚.csv', '已撤回');
}

/** The subject whose login the demonstration has looks at itself and sees who looked. */
async function own(reader, mine) {
  await reader.search(mine, 'file-mine');
  await reader.signOut();
  reader.looker.allow(401);
  await reader.page.goto(new URL('/my', reader.base).href);
  await reader.go('/sign-in', 'sign-in-again');
  await reader.signIn('zhuti', PASSWORD, 'my');
  reader.at('/my');
  assert.equal(await reader.main('.head .code').getAttribute('data-code'), mine);
  const looked = reader.main('#accesses tr', { hasText: OFFICER }).first();
  const row = (await looked.innerText()).replace(/\s+/g, ' ');
  for (const part of [ORGAN, '查看档案', '日常监管', day(0)]) assert.ok(row.includes(part), `${row} does not tell ${part}`);
  await reader.tells('异议', '不收费');
  assert.equal(await reader.main('a', { hasText: '发起核查' }).count(), 0);
  await reader.signOut();
  assert.equal(await reader.page.locator('form.leave').count(), 0);
}

/** Pages of other people, looked at and left. */
const TOUR = [
  ['zhongxin', ['/desk', '/desk/waiting', '/desk/person', '/desk/batches']],
  ['xitong', ['/admin/accounts', '/admin/organs', '/admin/packs', '/admin/work']],
  ['anquan', ['/admin/accounts', '/admin/keys']],
  ['shenji', ['/admin/journal']],
  ['xiangzhen', ['/desk', '/desk/loop']],
  [undefined, ['/rules']],
];

async function tour(reader) {
  const context = reader.page.context();
  for (const [name, pages] of TOUR) {
    await context.clearCookies();
    if (name) await context.addCookies(await session(reader.base, name, PASSWORD));
    for (const path of pages) await reader.go(path, `tour${path.replaceAll('/', '-')}`);
  }
  const links = await reader.main('a[href^="/rules/"]').evaluateAll((all) => all.map((link) => link.getAttribute('href').split('#')[0]));
  for (const path of new Set(links)) await reader.go(path, `tour${path.replaceAll('/', '-')}`);
}

async function journey(browser, base, api, shape, mine) {
  const companies = await settle(api, shape.pair, SHAPES.indexOf(shape) + 1);
  const full = { phone: false, script: true, ...shape };
  const page = await open(browser, full);
  const reader = new Reader(page, base, full);
  try {
    await entrance(reader);
    await finding(reader, companies);
    await reading(reader, companies);
    await reader.go('/desk/loop', 'loop-before');
    const before = await closed(reader);
    const numbers = [await applying(reader, companies), await deciding(reader, companies)];
    await board(reader, before, numbers);
    await restricted(reader, companies);
    await importing(reader, companies);
    await own(reader, mine);
    if (full.script) await tour(reader);
  } catch (error) {
    await reader.looker.picture('stopped').catch(() => {});
    reader.looker.wrong.push(`[${shape.name}] stopped at ${page.url()}: ${error.stack}`);
  } finally {
    await page.context().close();
  }
  return reader.looker;
}

const [base, key] = process.argv.slice(2);
if (!base || !key) {
  console.error('usage: node journey.mjs BASE KEY');
  process.exit(2);
}
const api = program(base, key);
// The demonstration's subject is the first that this search finds in a new county.
const [{ code: mine }] = await api.get(`/subjects?q=${encodeURIComponent('有限公司')}`);
const browser = await launch();
const told = (name, { seen, wrong }, began) => {
  const faults = new Set(wrong);
  console.log(`${name}: ${seen} pages, ${faults.size} faults, ${((Date.now() - began) / 1000).toFixed(1)} s`);
  for (const fault of faults) console.error(fault);
  if (faults.size > 0) process.exitCode = 1;
};
try {
  const began = Date.now();
  const windows = SHAPES.map(async (shape) => told(shape.name, await journey(browser, base, api, shape, mine), began));
  await Promise.all(windows);
  const after = Date.now();
  told('accessibility', await walk(browser, base, api), after);
} finally {
  await browser.close();
}
