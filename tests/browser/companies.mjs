// The companies that a journey needs, brought in through the API as from departments: one with an honour, one on the serious
// list, one with penalties. Their codes are valid, their dates move with the calendar, so that a journey ends the same every day.

const DIGITS = '0123456789ABCDEFGHJKLMNPQRTUWXY';
const DAY_MS = 24 * 60 * 60 * 1000;
const MARKET = '示范县市场监督管理局';

/** `days` from today as the office counts days; both directions. */
export function day(days) {
  return new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Shanghai' }).format(new Date(Date.now() + days * DAY_MS));
}

/** The check digit of GB 11714 for eight characters. */
function orgCheck(body) {
  const weights = [3, 7, 9, 10, 5, 8, 4, 2];
  const sum = weights.reduce((total, weight, at) => total + weight * parseInt(body[at], 36), 0);
  return ['0', 'X', ...'987654321'][sum % 11];
}

/** The check digit of GB 32100 for seventeen characters. */
function codeCheck(body) {
  const sum = [...body].reduce((total, digit, at) => total + DIGITS.indexOf(digit) * (3 ** at % 31), 0);
  return DIGITS[(31 - (sum % 31)) % 31];
}

function company(number, name) {
  const inner = `MB${String(number).padStart(6, '0')}`;
  const body = `91330899${inner}${orgCheck(inner)}`;
  return { name, code: body + codeCheck(body) };
}

/** The same code with a wrong check digit. */
export function misspelt(code) {
  return code.slice(0, 17) + DIGITS[(DIGITS.indexOf(code[17]) + 1) % 31];
}

/** A file of penalties: company name, code, number, day, kinds, fine in 万元. */
export function penalties(rows) {
  const head = '行政相对人名称,行政相对人类别,统一社会信用代码,行政处罚决定书文号,违法行为类型,违法事实,处罚依据,处罚类别,处罚内容,罚款金额（万元）,处罚决定日期,处罚机关,数据来源单位';
  const line = ({ name, code, number, date, kinds, fine }) =>
    `${name},法人及非法人组织,${code},${number},食品,经营标签不符合规定的食品,《食品安全法》第一百二十五条,${kinds},${kinds},${fine},${date},${MARKET},${MARKET}`;
  return [head, ...rows.map(line), ''].join('\n');
}

/** Three companies called after `pair`, known to the office when this returns; `number` keeps their codes apart from others'. */
export async function settle(api, pair, number) {
  const [good, listed, fined] = ['食品', '建材', '餐饮'].map((trade, at) => company(number * 10 + at, `示范县${pair}${trade}有限公司`));
  const register = ({ name, code }) => `${code},${name},企业,2015-03-01,${MARKET},存续,330899101001,5212,ZC${code.slice(8, 17)}`;
  await api.bring('registration', ['统一社会信用代码,名称,主体类型,成立日期,登记机关,登记状态,住所所属行政区划,行业代码,注册号', register(good), register(listed), register(fined), ''].join('\n'));
  await api.bring('honour', `主体名称,统一社会信用代码,荣誉名称,荣誉级别,授予文号,授予单位,授予日期\n${good.name},${good.code},守合同重信用企业,省级,示政誉${number}号,示范省人民政府,${day(-100)}\n`);
  await api.bring('serious-list', `主体名称,统一社会信用代码,名单类型,认定文书号,列入事由,认定单位,列入日期,移出日期\n${listed.name},${listed.code},重大税收违法失信主体,示税列${number}号,虚开发票,示范县税务局,${day(-100)},${day(200)}\n`);
  const severe = { ...fined, number: `示市监罚〔2026〕90${number}1号`, date: day(-60), kinds: '罚款', fine: 60 };
  const older = { ...fined, number: `示市监罚〔2026〕90${number}2号`, date: day(-500), kinds: '罚款', fine: 0.5 };
  await api.bring('cf-2018', penalties([severe, older]));
  return { good, listed, fined, severe, older, listedUntil: day(199) };
}

/** The API under a program's key. */
export function program(base, key) {
  let number = 0;
  const ask = async (path, init = {}) => {
    number += 1;
    const headers = { ...init.headers, authorization: `Bearer ${key}`, 'idempotency-key': `browser-${process.pid}-${number}` };
    const answer = await fetch(new URL(`/api/v1${path}`, base), { ...init, headers });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${text}`);
    return JSON.parse(text);
  };
  return {
    base,
    get: (path) => ask(path),
    post: (path, body) => ask(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    /** Uploads a file and lets it take effect; every row must be accepted, or be there from a run before. */
    async bring(source, text) {
      const form = new FormData();
      form.set('source', source);
      form.set('encoding', 'utf-8');
      form.set('file', new Blob([text], { type: 'text/csv' }), `${source}.csv`);
      const { id } = await ask('/batches', { method: 'POST', body: form });
      await ask(`/batches/${id}/commit`, { method: 'POST' });
      const { counts } = await ask(`/batches/${id}`);
      if (counts.accepted + counts.duplicate !== counts.read) throw new Error(`${source}: ${JSON.stringify(counts)}`);
    },
  };
}
