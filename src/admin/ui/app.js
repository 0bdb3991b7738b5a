// Looks at the daemon every other second, at once when it says that something happened, and draws.

import * as api from './api.js';
import * as history from './history.js';
import { detail, item } from './view.js';
import { phase, verdict } from './words.js';

const LOOK = 2000;
const $ = (id) => document.getElementById(id);
const state = { connectors: [], infos: new Map(), chosen: decodeURIComponent(location.hash.slice(1)), live: false, looking: false };

// ── looking ─────────────────────────────────────────────────────────────────────────────────────

async function look() {
  if (state.looking || $('login').open) return;
  state.looking = true;
  try {
    const all = await api.statuses();
    state.connectors = all.map((one) => one.status);
    state.infos = new Map(all.map((one) => [one.status.name, one.info]));
    history.remember(state.connectors, performance.now() / 1000);
    link(state.live ? 'good' : '', state.live ? 'live' : 'every 2 s');
    draw();
  } catch (error) {
    if (error.status === 401) login();
    else away(error);
  } finally {
    state.looking = false;
  }
}

/** Follows the events; where there are none, looking every other second is all there is. */
async function follow() {
  let pending = 0;
  const heard = () => {
    state.live = true;
    clearTimeout(pending);
    pending = setTimeout(look, 120);
  };
  try { await api.listen(heard); } catch { /* polled meanwhile */ }
  state.live = false;
  setTimeout(follow, 10000);
}

function link(look, words) {
  $('link').className = `link ${look}`;
  $('link').querySelector('.words').textContent = words;
}

function away(error) {
  link('bad', 'no answer');
  say($('verdict'), 'bad', error.status ? error.message : 'The daemon does not answer. Is it running?');
}

/** Changes a line that screen readers follow only where it says something new. */
function say(line, look, words) {
  line.className = `verdict ${look}`;
  const text = line.querySelector('.words');
  if (text.textContent !== words) text.textContent = words;
}

// ── drawing ─────────────────────────────────────────────────────────────────────────────────────

function draw() {
  const sorted = [...state.connectors].sort((a, b) => phase(a).urgency - phase(b).urgency || a.name.localeCompare(b.name));
  const chosen = sorted.find((it) => it.name === state.chosen) ?? sorted[0];
  const [look, words] = verdict(state.connectors);
  say($('verdict'), look, words);
  document.title = look === 'bad' ? `! ${words}` : 'Walbrook';
  $('main').classList.toggle('single', sorted.length < 2);
  keeping($('list'), sorted.map((it) => item(it, it === chosen, choose)));
  if (!chosen) return;
  $('detail').setAttribute('aria-label', `Connector ${chosen.name}`);
  keeping($('detail'), detail(chosen, state.infos.get(chosen.name), act));
}

/** Replaces what is in `box` and leaves the focus, the scrolling and what is open as they were. */
function keeping(box, children) {
  const focused = box.contains(document.activeElement) ? document.activeElement.dataset : null;
  const open = box.querySelector('details')?.open ?? false;
  const top = box.scrollTop;
  const wet = box.querySelector('.water')?.getAnimations?.()[0]?.currentTime;
  box.replaceChildren(...children);
  box.scrollTop = top;
  if (open) box.querySelector('details').open = true;
  if (wet != null) box.querySelectorAll('.water').forEach((it) => it.getAnimations().forEach((a) => { a.currentTime = wet; }));
  if (focused?.act) box.querySelector(`[data-act="${focused.act}"]`)?.focus();
  if (focused?.name) box.querySelector(`[data-name="${CSS.escape(focused.name)}"]`)?.focus();
}

function choose(name) {
  state.chosen = name;
  window.history.replaceState(null, '', `#${encodeURIComponent(name)}`);
  draw();
}

// ── doing ───────────────────────────────────────────────────────────────────────────────────────

async function act(what, connector, job) {
  const { name } = connector;
  try {
    if (what === 'snapshot') { await readAgain(connector); return; }
    if (what === 'stop' && !await sure(`Stop ${name}?`, 'It finishes what it is writing and waits. The database keeps its log for it; offsets may be altered meanwhile.', 'Stop')) return;
    if (what === 'restart' && !await sure(`Restart ${name}?`, 'It goes on from what is stored. Nothing is lost or repeated.', 'Restart')) return;
    if (what === 'give-up' && !await sure('Stop reading these tables?', 'Rows that are published stay published.', 'Stop it')) return;
    if (what === 'give-up') await api.giveUp(name, job.id);
    else await { pause: api.pause, resume: api.resume, stop: api.stop, restart: api.restart }[what](name);
    toast({ pause: `${name} will pause.`, resume: `${name} goes on.`, stop: `${name} will stop.`, restart: `${name} starts anew.`, 'give-up': 'Reading ends.' }[what]);
  } catch (error) {
    if (error.status === 401) login();
    else toast(`${error.message} ${error.fix ?? ''}`.trim());
  }
  setTimeout(look, 250);
}

function sure(title, text, yes) {
  const dialog = $('ask');
  $('ask-title').textContent = title;
  $('ask-text').textContent = text;
  $('ask-yes').textContent = yes;
  dialog.returnValue = '';
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true });
  });
}

function readAgain(connector) {
  const dialog = $('snapshot');
  $('snapshot-title').textContent = `Read tables of ${connector.name} again`;
  $('snapshot-error').hidden = true;
  const known = (connector.walbrook.snapshot ?? []).map((table) => table.table);
  if (!$('tables').value) $('tables').placeholder = known.slice(0, 3).join('\n') || 'public.orders';
  dialog.showModal();
  $('tables').focus();
  $('snapshot-yes').onclick = async () => {
    const tables = $('tables').value.split('\n').map((line) => line.trim()).filter(Boolean);
    const predicate = $('predicate').value.trim();
    if (!tables.length) { wrong('Name at least one table.'); return; }
    try {
      await api.readAgain(connector.name, predicate ? { tables, predicate } : { tables });
      $('tables').value = '';
      $('predicate').value = '';
      dialog.close();
      toast('The tables are read again.');
      look();
    } catch (error) { wrong(`${error.message} ${error.fix ?? ''}`.trim()); }
  };
  const wrong = (text) => { $('snapshot-error').textContent = text; $('snapshot-error').hidden = false; };
}

function login() {
  const dialog = $('login');
  if (dialog.open) return;
  $('login-error').hidden = !api.token.get();
  $('login-error').textContent = 'That token is not known here.';
  api.token.forget();
  $('token').value = '';
  link('bad', 'no token');
  say($('verdict'), 'wait', 'A token is asked for.');
  dialog.showModal();
}

$('login').addEventListener('close', () => {
  if ($('token').value) api.token.set($('token').value.trim());
  $('token').value = '';
  look();
});

let fading = 0;
function toast(text) {
  $('toast').textContent = text;
  $('toast').hidden = false;
  clearTimeout(fading);
  fading = setTimeout(() => { $('toast').hidden = true; }, 6000);
}

// ── light and dark ──────────────────────────────────────────────────────────────────────────────

const dark = matchMedia('(prefers-color-scheme: dark)');
function theme() {
  const wanted = localStorage.getItem('walbrook-theme') ?? (dark.matches ? 'dark' : 'light');
  document.documentElement.dataset.theme = wanted;
}
$('theme').addEventListener('click', () => {
  localStorage.setItem('walbrook-theme', document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark');
  theme();
});
dark.addEventListener('change', theme);
window.addEventListener('hashchange', () => { state.chosen = decodeURIComponent(location.hash.slice(1)); draw(); });

theme();
look();
follow();
setInterval(look, LOOK);
