// The console in a real browser against a real daemon: what a person does there, and what they see.
//   node browser.cjs URL NAME TABLE ROWS [FOLDER FOR PICTURES]
// With WALBROOK_TOKEN the page has to ask for it.
'use strict';
const assert = require('node:assert/strict');
const path = require('node:path');
const { chromium } = require('playwright-core');

const [, , url, name, table, rows, folder] = process.argv;
const token = process.env.WALBROOK_TOKEN;
const say = (text) => console.log(`  ${text}`);

async function api(method, rest) {
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  const answer = await fetch(`${url}${rest}`, { method, headers });
  assert.ok(answer.ok, `${method} ${rest}: ${answer.status}`);
  const text = await answer.text();
  return text ? JSON.parse(text) : null;
}

const status = async () => (await api('GET', `/connectors/${name}/status`)).walbrook;
const pill = (page, word) => page.waitForFunction((w) => document.querySelector('#phase')?.textContent.includes(w), word, { timeout: 30000 });

async function until(what, ask) {
  for (let i = 0; i < 150; i += 1) {
    if (await ask()) return;
    await new Promise((resolve) => { setTimeout(resolve, 200); });
  }
  assert.fail(`waited in vain: ${what}`);
}

/** A page whose every complaint is kept; the browser itself complains of refused requests, which are asked for here. */
async function open(browser, options, complaints) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.on('pageerror', (error) => complaints.push(`page: ${error.message}`));
  page.on('console', (message) => {
    const text = message.text();
    if (message.type() === 'error' && !/status of 40[013]/.test(text)) complaints.push(`console: ${text}`);
  });
  await page.goto(`${url}/ui`);
  return page;
}

async function logIn(page) {
  await page.waitForSelector('#login[open]');
  await page.fill('#token', 'a wrong token, and long enough');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#login-error:not([hidden])');
  await page.fill('#token', token);
  await page.keyboard.press('Enter');
  say('a wrong token is refused, the right one is let in');
}

async function pauseAndResume(page) {
  await page.getByRole('button', { name: 'Pause', exact: true }).click();
  await pill(page, 'Paused');
  await until('paused', async () => (await status()).phase === 'paused');
  assert.match(await page.textContent('#verdict'), /paused/);
  // By the keyboard alone, as somebody without a mouse does it.
  await page.getByRole('button', { name: 'Resume', exact: true }).focus();
  await page.keyboard.press('Enter');
  await pill(page, 'Streaming');
  await until('streaming', async () => (await status()).phase === 'streaming');
  assert.match(await page.textContent('#verdict'), /All is well/);
  say('paused and resumed');
}

async function readAgain(page) {
  await page.getByRole('button', { name: 'Read tables again…' }).click();
  await page.waitForSelector('#snapshot[open]');
  await page.click('#snapshot-yes');
  assert.match(await page.textContent('#snapshot-error'), /at least one/);
  await page.fill('#tables', 'no.such_table');
  await page.click('#snapshot-yes');
  await page.waitForFunction(() => document.querySelector('#snapshot-error').textContent.length > 30);
  say(`a table that is not there: ${await page.textContent('#snapshot-error')}`);
  await page.fill('#tables', table);
  await page.click('#snapshot-yes');
  await page.waitForSelector('#snapshot:not([open])', { state: 'attached' });
  await page.waitForSelector('[data-job]', { timeout: 30000 });
  const seen = new Set();
  await until('the job is done', async () => {
    for (const value of await page.$$eval('[data-job] progress', (all) => all.map((it) => it.value))) seen.add(value);
    return page.$('[data-job][data-state="done"]');
  });
  const between = [...seen].filter((value) => value > 0 && value < 1);
  assert.ok(between.length >= 1, `no progress was seen: ${[...seen]}`);
  const { snapshots } = await api('GET', `/connectors/${name}/snapshot`);
  assert.equal(snapshots.at(-1).state, 'done');
  assert.ok(snapshots.at(-1).rows >= Number(rows), `${snapshots.at(-1).rows} of ${rows} rows`);
  say(`read again: ${snapshots.at(-1).rows} rows, ${between.length} steps of the bar seen`);
}

async function restart(page) {
  const before = (await status()).since_ms;
  await page.getByRole('button', { name: 'Restart' }).click();
  await page.getByRole('button', { name: 'Leave it' }).first().click();
  assert.equal((await status()).since_ms, before, 'what is not confirmed is not done');
  await page.getByRole('button', { name: 'Restart' }).click();
  await page.click('#ask-yes');
  await until('restarted', async () => { const now = await status(); return now.since_ms !== before && now.phase === 'streaming'; });
  say('restarted');
}

/** What everybody needs who does not see, or sees it small. */
async function forEverybody(page) {
  const nameless = await page.$$eval('button, input, textarea, svg[role=img], progress', (all) => all.filter((it) => !(it.ariaLabel || it.textContent.trim() || it.labels?.length || it.getAttribute('aria-label'))).map((it) => it.outerHTML.slice(0, 80)));
  assert.deepEqual(nameless, [], 'something has no name');
  for (const width of [360, 768, 1280]) {
    await page.setViewportSize({ width, height: 800 });
    const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(over <= 0, `${over} px too wide at ${width}`);
  }
  const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
  const before = await theme();
  await page.click('#theme');
  assert.notEqual(await theme(), before);
  await page.click('#theme');
  say('names, widths from 360 px, light and dark');
}

async function pictures(browser, complaints) {
  const shots = [['console-light', 1280, 860, 'light'], ['console-dark', 1280, 860, 'dark'], ['console-phone', 390, 844, 'light']];
  const pages = [];
  for (const [file, width, height, colorScheme] of shots) {
    pages.push([file, await open(browser, { viewport: { width, height }, colorScheme }, complaints)]);
  }
  await new Promise((resolve) => { setTimeout(resolve, Number(process.env.WALBROOK_SHOT_SECONDS ?? 45) * 1000); });
  for (const [file, page] of pages) await page.screenshot({ path: path.join(folder, `${file}.png`) });
  say(`pictures in ${folder}`);
}

(async () => {
  const executablePath = process.env.WALBROOK_CHROMIUM ?? '/usr/bin/chromium';
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  const complaints = [];
  try {
    if (folder) {
      await pictures(browser, complaints);
    } else {
      const page = await open(browser, { viewport: { width: 1280, height: 800 } }, complaints);
      if (token) await logIn(page);
      await pill(page, 'Streaming');
      if (!token) {
        await pauseAndResume(page);
        await readAgain(page);
        await restart(page);
      }
      await forEverybody(page);
    }
    assert.deepEqual(complaints, [], 'the browser complains');
  } finally {
    await browser.close();
  }
})().catch((error) => { console.error(error); process.exit(1); });
