// Makes the pictures of the README and of the guide: `npm run pictures`.
// Starts the product on free ports with a folder of its own, sends campaigns, and leaves docs/pictures/*.png and
// docs/guide/pictures/{ru,en}/*.png.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

process.chdir(dirname(dirname(fileURLToPath(import.meta.url))));
const FOLDER = 'docs/pictures';
const GUIDE = 'docs/guide/pictures';
/** Of a picture of the guide: one column of the card. */
const GUIDE_WIDTH = 900;
const WIDTH = 1280;

const TEXT = '{{Имя}}, до воскресенья скидка {{Скидка}} на все букеты! Ваша «Ромашка»';
const ENGLISH = '{{Name|Hello}}, {{Discount}} off all bouquets until Sunday! Your Vasilek';
const NAMES = ['Анна', 'Иван', 'Мария', 'Пётр', 'Ольга', 'Сергей', 'Елена', 'Дмитрий', 'Наталья', 'Алексей'];
const ENGLISH_NAMES = ['Anna', 'Ivan', 'Maria', 'Peter', 'Olga'];
const REPLIES = [
  'Да, интересно! А пионы есть?',
  'До скольки вы сегодня работаете?',
  'Спасибо, зайду в субботу',
  'Сколько стоит доставка в центр?',
  'Отложите, пожалуйста, букет на пятницу',
];

/** Where these phones are from, as the registry of the numbering plan would say it. */
const RANGES = [
  'АВС/ DEF;От;До;Регион',
  ...['910', '911', '912'].map((code) => `${code};0000000;9999999;г. Москва и Московская область`),
  ...['913', '914', '915'].map((code) => `${code};0000000;9999999;Свердловская обл.`),
  ...['916', '917'].map((code) => `${code};0000000;9999999;Новосибирская обл.`),
  ...['918', '919'].map((code) => `${code};0000000;9999999;Калининградская обл.`),
].join('\r\n');

function phone(i) {
  const digits = String(9_100_000_000 + ((i * 48_271_733 + 3_456_789) % 99_000_000));
  return `${digits.slice(0, 3)}) ${digits.slice(3, 6)}-${digits.slice(6, 8)}-${digits.slice(8)}`;
}

function customers(count, header, names) {
  const rows = Array.from(
    { length: count },
    (_, i) => `8 (${phone(i)};${names[i % names.length]};${10 + (i % 4) * 5} %`,
  );
  const odd = [`+7 (${phone(3)};Пётр;25 %`, '7,91235E+10;Юлия;10 %', '8912345678;Олег;15 %', 'нет;Вера;10 %'];
  return windows1251([header, ...rows, ...odd].join('\r\n'));
}

/** As Russian Excel saves it. */
function windows1251(text) {
  const table = new TextDecoder('windows-1251').decode(Uint8Array.from({ length: 256 }, (_, byte) => byte));
  return Uint8Array.from(text, (character) => table.indexOf(character));
}

function orders() {
  const rows = NAMES.map((_, i) => `8 (${phone(500 + i)};А-10${24 + i};24 ноября;${10 + i}:00;${12 + i}:00`);
  return ['\uFEFFТелефон;Заказ;Дата;С;До', ...rows].join('\r\n');
}

async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

/** Before the start: the embedded PostgreSQL belongs to one of the two at a time. */
function loadRanges(dataDir) {
  const file = join(dataDir, 'ranges.csv');
  writeFileSync(file, RANGES);
  execFileSync(process.execPath, ['dist/backend/src/ranges/load-command.js', file], {
    env: { ...process.env, DATA_DIR: dataDir, DATABASE_URL: '' },
    stdio: 'inherit',
  });
}

async function startProduct(dataDir) {
  const [port, sandboxPort] = [await freePort(), await freePort()];
  const ports = { PORT: String(port), SANDBOX_PORT: String(sandboxPort) };
  const own = { ...ports, BASE_URL: `http://localhost:${port}`, DATA_DIR: dataDir };
  const product = spawn(process.execPath, ['sandbox/start.mjs'], {
    env: { ...process.env, ...own, DATABASE_URL: '' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((done) => product.once('exit', done));
  await new Promise((ready, fail) => {
    product.stdout.on('data', (text) => String(text).includes('Open ') && ready());
    product.once('exit', () => fail(new Error('the product has not started')));
  });
  return {
    backend: `http://localhost:${port}`,
    crm: `http://localhost:${sandboxPort}`,
    stop: () => (product.kill('SIGTERM'), ended),
  };
}

async function call(method, url, { headers = {}, ...options }) {
  const body = options.bytes ?? JSON.stringify(options.body);
  const answer = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`);
  return answer.status === 204 ? null : answer.json();
}

function api({ crm, backend }, tenant) {
  const ask = async (method, path, options = {}) => {
    const who = { tenant, user: 'user-anna', role: 'admin' };
    const { token } = await call('POST', `${crm}/sandbox/token`, { body: who });
    const headers = { authorization: `Bearer ${token}`, ...options.headers };
    return call(method, `${backend}/api/campaigns${path}`, { ...options, headers });
  };
  return {
    ask,
    get: (id) => ask('GET', `/${id}`),
    async campaign(name, settings, fileName, file) {
      const { id, version } = await ask('POST', '', { body: { name } });
      await ask('PATCH', `/${id}`, { body: { version, settings } });
      const headers = { 'content-type': 'text/csv' };
      const list = `/${id}/lists/main?fileName=${encodeURIComponent(fileName)}`;
      await ask('PUT', list, { headers, bytes: Buffer.from(file) });
      return id;
    },
  };
}

async function until(done) {
  while (!(await done())) await new Promise((resume) => setTimeout(resume, 200));
}

async function take({ crm, backend, browser }) {
  const romashka = api({ crm, backend }, 'romashka');
  const vasilek = api({ crm, backend }, 'vasilek');
  for (const tenant of ['romashka', 'vasilek'])
    await call('POST', `${crm}/sandbox/install`, { body: { tenant } });
  await call('PUT', `${crm}/sandbox/settings`, {
    body: {
      seed: 7,
      receipts: { delayMs: 900, deliveredShare: 0.95, readShare: 0.6, failedShare: 0.03 },
      customers: { replyShare: 0.1, delayMs: 2500, texts: REPLIES },
    },
  });

  async function picture(name, path, { height, left = 0, view = { tenant: 'romashka' }, prepare }) {
    const page = await browser.newPage({
      viewport: { width: WIDTH, height },
      reducedMotion: 'reduce',
      timezoneId: 'Europe/Moscow',
      locale: view.locale === 'en' ? 'en-US' : 'ru-RU',
    });
    await page.goto(`${crm}${path}?${new URLSearchParams(view)}`);
    await prepare?.(page, page.frameLocator('#frame'));
    // The frame grows with what is in it, and is painted a little later.
    for (let i = 0; i < 10; i++) await page.evaluate(() => new Promise(globalThis.requestAnimationFrame));
    await page.waitForTimeout(500);
    await page.evaluate(() => globalThis.scrollTo(0, 0));
    const clip = { x: left, y: 0, width: WIDTH - left, height };
    await page.screenshot({ path: join(FOLDER, `${name}.png`), clip });
    await page.close();
    console.log(`${FOLDER}/${name}.png`);
  }
  /** A part of the card in the guide, in one of its languages. */
  async function part(language, name, selector, prepare) {
    const page = await browser.newPage({
      viewport: { width: GUIDE_WIDTH, height: 1200 },
      reducedMotion: 'reduce',
      timezoneId: 'Europe/Moscow',
      locale: language === 'ru' ? 'ru-RU' : 'en-US',
    });
    const tenant = language === 'ru' ? 'romashka' : 'vasilek';
    await page.goto(`${crm}/integration/mass-messaging?${new URLSearchParams({ tenant, locale: language })}`);
    const frame = page.frameLocator('#frame');
    await prepare?.(page, frame);
    const file = join(GUIDE, language, `${name}.png`);
    const element = frame.locator(selector).first();
    await element.waitFor();
    await element.scrollIntoViewIfNeeded();
    await page.waitForTimeout(700);
    // The bar that keeps Pause in sight would lie over what is shown.
    await frame.locator('.pause-bar').evaluateAll((bars) => bars.forEach((bar) => bar.remove()));
    // What is taller than the window would come out with its top missing.
    const { height } = await element.boundingBox();
    await page.setViewportSize({ width: GUIDE_WIDTH, height: Math.max(1200, Math.ceil(height) + 200) });
    await element.screenshot({ path: file });
    await page.close();
    console.log(file);
  }
  const LANGUAGES = [
    { language: 'ru', ask: romashka, name: 'Осенняя распродажа' },
    { language: 'en', ask: vasilek, name: 'Autumn sale' },
  ];
  /** Section 4 and the others by the numbers they show. */
  const section = (number) => `.form-section:has(.form-number:text-is("${number}"))`;

  /** The CRM's menu, left out where there is much to see. */
  const MENU = 248;
  const CARD = '/integration/mass-messaging';
  const open =
    (name, ...wanted) =>
    async (_page, frame) => {
      await frame.getByRole('button', { name, exact: true }).click();
      for (const text of wanted) await frame.getByText(text).first().waitFor();
    };

  const sms = (tenant, text) => ({
    method: 'sms',
    channelId: `sms-${tenant}-number`,
    text,
    ratePerMinute: 300,
  });
  const file = customers(248, 'Телефон;Имя;Скидка', NAMES);
  const sale = await romashka.campaign('Осенняя распродажа', sms('romashka', TEXT), 'Клиенты.csv', file);
  await picture('setup', CARD, {
    height: 1560,
    left: MENU,
    prepare: open('Осенняя распродажа', 'Готово к запуску'),
  });

  const column = (name, fallback = '') => ({ kind: 'column', column: name, fallback });
  await romashka.campaign(
    'Доставка 24 ноября',
    {
      method: 'waba',
      channelId: 'wa-romashka-service',
      templateId: 'tpl-romashka-delivery',
      bindings: {
        'header.1': column('Заказ'),
        'body.1': column('Дата', 'завтра'),
        'body.2': column('С'),
        'body.3': column('До'),
      },
    },
    'Заказы.csv',
    orders(),
  );
  await picture('waba', CARD, {
    height: 1370,
    left: MENU,
    prepare: open('Доставка 24 ноября', 'Готово к запуску', 'Как выглядит сообщение'),
  });

  const english = customers(248, 'Phone;Name;Discount', ENGLISH_NAMES);
  const autumn = await vasilek.campaign('Autumn sale', sms('vasilek', ENGLISH), 'Customers.csv', english);
  for (const { language, name } of LANGUAGES) {
    await part(language, 'method', section(2), open(name));
    await part(language, 'files', section(4), async (page, frame) => {
      await open(name)(page, frame);
      await frame.locator('.list-result details summary').first().click();
    });
    await part(language, 'time', section(9), async (page, frame) => {
      await open(name)(page, frame);
      await frame.locator('#hours').check();
      await frame.locator('#hours-zone-recipient').check();
    });
    await part(language, 'review', '.side-card', async (page, frame) => {
      await open(name)(page, frame);
      await frame.locator('#main-control:not([disabled])').waitFor();
    });
  }
  // Whatever the time is when the pictures are made.
  for (const [ask, id] of [
    [romashka, sale],
    [vasilek, autumn],
  ]) {
    const { version } = await ask.get(id);
    await ask.ask('PATCH', `/${id}`, { body: { version, settings: { sendingHours: null } } });
  }
  await romashka.ask('POST', `/${sale}/controls/start`, { body: {} });
  await vasilek.ask('POST', `/${autumn}/controls/start`, { body: {} });
  await until(async () => (await romashka.get(sale)).progress.account.queued < 100);
  await picture('running', CARD, { height: 1000, prepare: open('Осенняя распродажа', 'Ход рассылки') });
  for (const { language, name } of LANGUAGES) await part(language, 'running', '.progress-card', open(name));
  for (const { language, name, ask } of LANGUAGES) {
    await part(language, 'paused', '.side-card', async (page, frame) => {
      await open(name)(page, frame);
      await frame.locator('#main-control').click();
      await frame.locator('.side-card .notice').first().waitFor();
      await frame.locator('#main-control:not([aria-disabled])').waitFor();
    });
    const id = ask === romashka ? sale : autumn;
    await ask.ask('POST', `/${id}/controls/resume`, { body: {} });
  }
  await picture('integration', '/', { height: 620 });
  await picture('dark', CARD, {
    height: 1000,
    view: { tenant: 'vasilek', locale: 'en', theme: 'dark' },
    prepare: open('Autumn sale', 'Progress'),
  });
  await until(async () => (await romashka.get(sale)).state === 'completed');
  await until(async () => (await vasilek.get(autumn)).state === 'completed');
  await picture('report', CARD, {
    height: 1500,
    left: MENU,
    prepare: async (page, frame) => {
      await open('Осенняя распродажа', 'Что стало с каждым')(page, frame);
      await frame.locator('.report-rows summary').click();
      await frame.locator('.report-table').waitFor();
    },
  });
  for (const { language, name } of LANGUAGES) {
    await part(language, 'list', '.app');
    await part(language, 'report', '.run-report', async (page, frame) => {
      await open(name)(page, frame);
      await frame.locator('.report-rows summary').click();
      await frame.locator('.report-table button').nth(2).click();
      await frame.locator('.row-details').waitFor();
    });
  }
  await picture('rmo', '/rmo', {
    height: 720,
    prepare: async (page) => {
      await page.locator('#chats button').filter({ hasText: 'А пионы есть?' }).first().click();
      await page.getByLabel('Ответить клиенту').fill('Да, есть! Отложить для вас букет из девяти?');
      await page.getByRole('button', { name: 'Отправить' }).click();
      await page.locator('#chat').getByText('Отложить для вас букет').waitFor();
    },
  });
  await picture('phones', '/phones', {
    height: 640,
    prepare: async (page) => {
      const first = page.locator('#phones > li').first();
      await first.getByRole('textbox').fill('Спасибо, зайду в субботу!');
      await first.getByRole('button').click();
      await first.getByText('Спасибо, зайду').waitFor();
    },
  });
}

async function browserModule() {
  const outfile = join('node_modules', '.cache', 'browser.mjs');
  await build({
    entryPoints: ['backend/test/browser.ts'],
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    outfile,
  });
  return import(join(process.cwd(), outfile));
}

const dataDir = mkdtempSync(join(tmpdir(), 'mass-messaging-pictures-'));
loadRanges(dataDir);
const { launchBrowser } = await browserModule();
const [product, browser] = await Promise.all([startProduct(dataDir), launchBrowser()]);
try {
  await take({ ...product, browser });
} finally {
  await browser.close();
  await product.stop();
  rmSync(dataDir, { recursive: true, force: true });
}
