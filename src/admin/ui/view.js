// The picture of one connector, made anew at every look. Text goes in as text, never as HTML.

import * as history from './history.js';
import { above, curve, flow } from './svg.js';
import { count, phase, place, size, span } from './words.js';

/** An element: `tag.class`, attributes (on… are listeners), children. */
export function h(tag, attributes = {}, ...children) {
  const [name, ...classes] = tag.split('.');
  const node = document.createElement(name);
  if (classes.length) node.className = classes.join(' ');
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else if (value === true) node.setAttribute(key, '');
    else if (value !== false && value != null) node.setAttribute(key, value);
  }
  node.append(...children.flat().filter((child) => child != null && child !== false));
  return node;
}

export function item(connector, current, choose) {
  const { word, look } = phase(connector);
  const error = connector.walbrook.error;
  const behind = connector.walbrook.lag_seconds > 1 ? ` · ${span(connector.walbrook.lag_seconds)} behind` : '';
  return h(`button.item${look && `.${look}`}`, { type: 'button', 'data-name': connector.name, 'aria-current': String(current), onclick: () => choose(connector.name) },
    h('span.dot', { 'aria-hidden': 'true' }),
    h('span.name', {}, connector.name),
    h('span.rate', {}, `${count(history.records(connector.name))}/s`),
    h('span.word', {}, error ? `${word}: ${error.message}` : `${word}${behind}`));
}

export function detail(connector, info, act) {
  const w = connector.walbrook;
  return [
    heading(connector, info, act),
    w.error && trouble(w),
    figures(connector),
    jobs(connector, act),
    firstReading(connector),
    h('div.charts', {},
      chart(connector.name, 'rate', 'Records a second', (value) => count(value), 10),
      chart(connector.name, 'lag', 'Behind the database', span, 1)),
    more(connector, info),
  ].filter(Boolean);
}

function heading(connector, info, act) {
  const w = connector.walbrook;
  const { word, look } = phase(connector);
  const where = place(info, connector);
  const still = ['paused', 'stopped'].includes(w.phase);
  const button = (text, what, attributes = {}) => h('button', { type: 'button', 'data-act': what, onclick: () => act(what, connector), ...attributes }, text);
  const since = span(Math.max(0, Date.now() - w.since_ms) / 1000);
  return h('section.card', {},
    h('div.head', {},
      h('div.title', {},
        h('h2', {}, connector.name),
        h('p.from', {}, [where.kind, where.host, where.database].filter(Boolean).join(' · '))),
      h(`span.pill${look && `.${look}`}`, { id: 'phase' }, h('span.dot', { 'aria-hidden': 'true' }), `${word} `, h('span.hint', {}, `for ${since}`)),
      h('div.actions', {},
        still ? button('Resume', 'resume', { class: 'primary' }) : button('Pause', 'pause', { disabled: w.phase === 'finished' }),
        button('Stop', 'stop', { disabled: w.phase === 'stopped' }),
        button('Restart', 'restart'),
        button('Read tables again…', 'snapshot', { disabled: still || w.phase === 'failed' }))),
    ...picture(connector, where));
}

function picture(connector, where) {
  const w = connector.walbrook;
  const speed = history.records(connector.name);
  const flowing = ['streaming', 'snapshotting'].includes(w.phase);
  const broken = ['failed', 'fenced', 'retrying'].includes(w.phase);
  const area = (w.error?.code ?? '').split('-')[1];
  const outside = ['KAFKA', 'REG'].includes(area);
  const how = (mine) => (broken && mine ? 'broken' : flowing ? (speed > 0.5 ? '' : 'slow') : 'still');
  const lag = w.lag_bytes == null ? '–' : size(w.lag_bytes);
  const out = `${count(speed)} records/s`;
  return flow({
    ...where, name: connector.name,
    inward: { how: how(!outside), number: w.phase === 'snapshotting' ? 'reading tables' : `${lag} behind`, sub: w.lag_seconds > 0 ? span(w.lag_seconds) : 'in time' },
    outward: { how: how(outside), number: out, sub: `${size(history.bytes(connector.name))}/s` },
    label: `${where.kind} to Walbrook to Kafka: ${phase(connector).word}, ${lag} behind, ${out}.`,
  });
}

function trouble(w) {
  const soft = w.phase === 'retrying';
  return h(`section.card.error${soft ? '.wait' : ''}`, { role: 'group', 'aria-label': 'What is wrong' },
    h('h3', {}, soft ? `${w.error.code}: trying again by itself` : w.error.code),
    h('p', {}, w.error.message),
    w.error.fix && h('p.fix', {}, h('b', {}, 'What to do'), w.error.fix));
}

function figures(connector) {
  const w = connector.walbrook;
  const figure = (title, value, note) => h('div', {}, h('dt', {}, title), h('dd', {}, value, note && h('span.note', {}, note)));
  return h('section.card', { 'aria-label': 'Figures' }, h('dl.figures', {},
    figure('Behind', w.lag_seconds > 0 ? span(w.lag_seconds) : 'in time', w.lag_bytes == null ? 'before the first position' : `${size(w.lag_bytes)} of log`),
    figure('Delivered', count(w.records), `${count(w.transactions)} transactions, ${size(w.bytes)}`),
    figure('Log kept for us', size(w.retained_bytes), loss(connector)),
    figure('Retries', String(w.retries), w.splits ? `${w.splits} large transactions split` : 'since the daemon began')));
}

/** When the database gives up the log that we need: as the daemon says, or as it grew lately. */
function loss(connector) {
  const w = connector.walbrook;
  const told = w.loss_seconds ?? w.seconds_to_loss;
  if (told != null) return `lost in ${span(told)} if nothing is read`;
  const limit = w.retained_limit_bytes ?? w.max_retained_bytes;
  const growth = history.growth(connector.name);
  if (limit && growth > 0) return `lost in ${span((limit - w.retained_bytes) / growth)} at this pace`;
  return growth > 1024 ? `grows by ${size(growth)}/s` : 'does not grow';
}

function bar(table, key, connector, rows, total, done) {
  const left = total ? Math.max(0, total - rows) : null;
  const seconds = done || left == null ? null : history.eta(connector, key, left);
  const say = done ? `${count(rows)} rows, done` : [
    total ? `${Math.min(99, Math.floor((rows / total) * 100))} %` : null, `${count(rows)}${total ? ` of ${count(total)}` : ''} rows`,
    seconds == null ? null : `${span(seconds)} left`].filter(Boolean).join(' · ');
  const share = done ? 1 : total ? Math.min(.99, rows / total) : null;
  return h('div.bar', { 'data-table': table }, h('span.table.mono', {}, table), h('span.say', {}, say),
    h('progress', { max: 1, value: share, 'aria-label': `${table}: ${say}` }));
}

function firstReading(connector) {
  const tables = connector.walbrook.snapshot ?? [];
  if (!tables.length || tables.every((table) => table.done)) return null;
  const order = [...tables].sort((a, b) => a.done - b.done || a.table.localeCompare(b.table));
  const bars = order.slice(0, 40).map((it) => bar(it.table, it.table, connector.name, it.rows, it.rows_estimated, it.done));
  const eta = connector.walbrook.eta_seconds;
  return h('section.card', { id: 'first-reading' }, h('h3', {}, `First reading of ${tables.length} tables${eta == null ? '' : `, ${span(eta)} left`}`), h('div.bars', {}, bars));
}

function jobs(connector, act) {
  const all = [...(connector.walbrook.resnapshots ?? [])].reverse().slice(0, 5);
  if (!all.length) return null;
  const words = { waiting: 'waiting', running: 'reading', done: 'done', stopped: 'stopped', failed: 'failed' };
  const looks = { running: '.good', done: '.good', failed: '.bad', waiting: '.wait' };
  const one = (job) => h('div.job', { 'data-job': job.id, 'data-state': job.state },
    h('header', {},
      h(`span.pill${looks[job.state] ?? ''}`, {}, words[job.state] ?? job.state),
      h('span.mono', {}, job.patterns.join(', ') || job.tables.map((it) => it.table).join(', '), job.predicate ? ` where ${job.predicate}` : ''),
      ['waiting', 'running'].includes(job.state) && h('button', { type: 'button', 'data-act': 'give-up', onclick: () => act('give-up', connector, job) }, 'Stop it')),
    job.error && h('p.wrong', {}, job.error.message),
    ['waiting', 'running'].includes(job.state)
      ? h('div.bars', {}, job.tables.map((it) => bar(it.table, `${job.id} ${it.table}`, connector.name, it.rows, it.rows_estimated, it.done)))
      : h('p.from', {}, `${count(job.rows)} rows of ${job.tables.length === 1 ? 'one table' : `${job.tables.length} tables`}`));
  return h('section.card', { id: 'jobs' }, h('h3', {}, 'Tables read again'), all.map(one));
}

function chart(name, what, title, say, least) {
  const samples = history.series(name, what);
  const window = Math.min(history.WINDOW, Math.max(60, Math.ceil((samples[0]?.[0] ?? 0) / 60) * 60));
  const top = above(Math.max(0, ...samples.map(([, value]) => value)), least);
  const now = samples.at(-1)?.[1] ?? 0;
  return h('section.card.chart', { 'data-chart': what }, h('span.now', {}, say(now)), h('h3', {}, title),
    curve(samples, window, top, `${title} over ${window / 60} min, now ${say(now)}, scale up to ${say(top)}`),
    h('div.scale', { 'aria-hidden': 'true' }, h('span', {}, `${window / 60} min ago`), h('span', {}, `top ${say(top)}`), h('span', {}, 'now')));
}

function more(connector, info) {
  const position = Object.entries(connector.walbrook.position ?? {}).map(([key, value]) => [`position.${key}`, typeof value === 'object' ? JSON.stringify(value) : String(value)]);
  const settings = Object.entries(info?.config ?? {});
  const rows = [...position, ...settings].map(([key, value]) => [h('dt', {}, key), h('dd', {}, value)]);
  return h('section.card', {}, h('details', { id: 'more' }, h('summary', {}, 'Position and settings'), h('dl', {}, rows)));
}
