// Small pictures: the flow of a connector, and a curve over the last minutes.

const NS = 'http://www.w3.org/2000/svg';

function el(name, attributes = {}, ...children) {
  const node = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

const GLYPHS = {
  database: 'M-11 -8c0-3 5-5 11-5s11 2 11 5-5 5-11 5-11-2-11-5Zm0 0v16c0 3 5 5 11 5s11-2 11-5v-16M-11 0c0 3 5 5 11 5s11-2 11-5',
  walbrook: 'M-14 -4c5-6 9-6 14 0s9 6 14 0M-14 6c5-6 9-6 14 0s9 6 14 0',
  kafka: 'M-6 0a4 4 0 1 0 .01 0M8 -10a3.4 3.4 0 1 0 .01 0M8 10a3.4 3.4 0 1 0 .01 0M-2.5 2l7.5-8M-2.5 6l7.5 6',
};

function node(x, y, glyph, title, sub) {
  const shift = glyph === 'kafka' ? 'translate(0 -4)' : '';
  return el('g', { transform: `translate(${x} ${y})` },
    el('circle', { class: 'node', r: 34 }),
    el('g', { transform: shift }, el('path', { class: 'glyph', d: GLYPHS[glyph] })),
    el('text', { y: 58, 'text-anchor': 'middle' }, title),
    el('text', { class: 'sub', y: 77, 'text-anchor': 'middle' }, sub));
}

function pipe([x1, y1], [x2, y2], how, number, sub) {
  const line = { x1, y1, x2, y2 };
  const [mx, my] = [(x1 + x2) / 2, (y1 + y2) / 2];
  const flat = y1 === y2;
  const at = flat ? { x: mx, 'text-anchor': 'middle' } : { x: mx + 22, 'text-anchor': 'start' };
  return el('g', { class: how },
    el('line', { class: 'pipe', ...line }), el('line', { class: 'water', ...line }),
    el('path', { class: 'cut', d: `M${mx - 9} ${my - 9}l18 18m0 -18l-18 18` }),
    el('text', { class: 'num', y: flat ? my - 18 : my - 2, ...at }, number),
    el('text', { class: 'sub', y: flat ? my + 28 : my + 18, ...at }, sub));
}

const short = (text) => (text.length > 26 ? `${text.slice(0, 25)}…` : text);

/** Source, Walbrook and Kafka with what is between them; once lying, once standing for phones. */
export function flow(picture) {
  const { kind, host, name, prefix, inward, outward, label } = picture;
  const make = (tall) => {
    const at = tall ? [[70, 46], [70, 226], [70, 406]] : [[90, 52], [430, 52], [770, 52]];
    const gap = 46;
    const ends = (from, to) => (tall
      ? [[from[0], from[1] + 92], [to[0], to[1] - gap]]
      : [[from[0] + gap, from[1]], [to[0] - gap, to[1]]]);
    const [a, b] = ends(at[0], at[1]);
    const [c, d] = ends(at[1], at[2]);
    return el('svg', { class: `flow ${tall ? 'tall' : 'wide'}`, viewBox: tall ? '0 0 320 496' : '0 0 860 140', role: 'img', 'aria-label': label },
      pipe(a, b, inward.how, inward.number, inward.sub),
      pipe(c, d, outward.how, outward.number, outward.sub),
      node(...at[0], 'database', kind, short(host)),
      node(...at[1], 'walbrook', 'Walbrook', short(name)),
      node(...at[2], 'kafka', 'Kafka', short(`${prefix}.*`)));
  };
  return [make(false), make(true)];
}

/** A curve of `samples` ([seconds ago, value], newest last) over `window` seconds, top at `top`. */
export function curve(samples, window, top, label) {
  const [w, h] = [300, 100];
  const points = samples.filter(([ago]) => ago <= window)
    .map(([ago, value]) => [w - (ago / window) * w, h - (Math.min(value, top) / top) * (h - 4)]);
  const line = points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join('L');
  const svg = el('svg', { viewBox: `0 0 ${w} ${h}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': label });
  for (const y of [0, h / 2, h]) svg.append(el('line', { class: 'grid', x1: 0, x2: w, y1: y, y2: y }));
  if (points.length > 1) {
    const [first, last] = [points[0][0], points.at(-1)[0]];
    svg.append(el('path', { class: 'area', d: `M${first} ${h}L${line}L${last} ${h}Z` }), el('path', { class: 'curve', d: `M${line}` }));
  }
  return svg;
}

/** The next round number above `value`: 1, 2 or 5 times a power of ten. */
export function above(value, least) {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, least)));
  return [1, 2, 5, 10].map((n) => n * power).find((n) => n >= Math.max(value, least) - 1e-9);
}
