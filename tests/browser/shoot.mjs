// node shoot.mjs URL OUT.png [--phone] [--no-script] [--user NAME --password PW]
// A picture of the whole page at URL, after signing in when a user is named.
import { parseArgs } from 'node:util';
import { launch, open, signIn, visit } from './browser.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    phone: { type: 'boolean', default: false },
    'no-script': { type: 'boolean', default: false },
    user: { type: 'string' },
    password: { type: 'string' },
  },
});
const [url, out] = positionals;
if (positionals.length !== 2 || (values.user === undefined) !== (values.password === undefined)) {
  console.error('usage: node shoot.mjs URL OUT.png [--phone] [--no-script] [--user NAME --password PW]');
  process.exit(2);
}

const browser = await launch();
try {
  const page = await open(browser, { phone: values.phone, script: !values['no-script'] });
  if (values.user !== undefined) await signIn(page, url, values.user, values.password);
  await visit(page, url);
  await page.screenshot({ path: out, fullPage: true });
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await browser.close();
}
