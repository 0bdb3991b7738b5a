// What was seen of each connector in the last minutes: rates come from differences of counters.

const WINDOW = 300;
const seen = new Map();

export function remember(connectors, now) {
  for (const connector of connectors) {
    const w = connector.walbrook;
    const list = seen.get(connector.name) ?? [];
    list.push({ at: now, records: w.records, bytes: w.bytes, lag: w.lag_seconds, retained: w.retained_bytes, progress: progress(w) });
    while (list.length && list[0].at < now - WINDOW - 5) list.shift();
    seen.set(connector.name, list);
  }
}

function progress(w) {
  const jobs = (w.resnapshots ?? []).flatMap((job) => job.tables.map((table) => [`${job.id} ${table.table}`, table.rows]));
  const first = (w.snapshot ?? []).map((table) => [table.table, table.rows]);
  return new Map([...jobs, ...first]);
}

/** Growth of `read(sample)` a second over the last `seconds`; counters that begin anew count as 0. */
export function rate(name, read, seconds = 6) {
  const list = seen.get(name) ?? [];
  const last = list.at(-1);
  const first = list.find((sample) => sample.at >= (last?.at ?? 0) - seconds);
  if (!last || last === first) return 0;
  return Math.max(0, read(last) - read(first)) / (last.at - first.at);
}

export const records = (name) => rate(name, (sample) => sample.records);
export const bytes = (name) => rate(name, (sample) => sample.bytes);
export const growth = (name) => rate(name, (sample) => sample.retained, 60);

/** Seconds until `left` rows more are read, as they were read in the last half minute. */
export function eta(name, key, left) {
  const speed = rate(name, (sample) => sample.progress.get(key) ?? 0, 30);
  return speed > 0 ? left / speed : null;
}

/** [seconds ago, value] of `lag` or of `records` a second. */
export function series(name, what) {
  const list = seen.get(name) ?? [];
  const now = list.at(-1)?.at ?? 0;
  if (what === 'lag') return list.map((sample) => [now - sample.at, sample.lag ?? 0]);
  return list.slice(1).map((sample, i) => {
    const before = list[i];
    return [now - sample.at, Math.max(0, sample.records - before.records) / Math.max(.2, sample.at - before.at)];
  });
}

export { WINDOW };
