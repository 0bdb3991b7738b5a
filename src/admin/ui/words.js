// What the numbers and states of a connector mean to a person.

/** Each phase: how it is said, how it looks (good, wait, bad or nothing), and how urgent it is. */
const PHASES = {
  starting: ['Starting', 'wait', 3],
  snapshotting: ['Reading tables', 'good', 5],
  streaming: ['Streaming', 'good', 6],
  retrying: ['Trying again', 'wait', 2],
  paused: ['Paused', 'wait', 4],
  stopped: ['Stopped', '', 4],
  finished: ['Finished', '', 7],
  fenced: ['Another daemon has it', 'bad', 1],
  failed: ['Failed', 'bad', 0],
};

export function phase(connector) {
  const [word, look, urgency] = PHASES[connector.walbrook.phase] ?? [connector.walbrook.phase, '', 5];
  return { word, look, urgency };
}

export function size(bytes) {
  if (bytes == null) return '–';
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes, unit = 0;
  while (value >= 1024 && unit < units.length - 1) { value /= 1024; unit += 1; }
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`;
}

export function count(number) {
  if (number == null) return '–';
  if (number >= 1e9) return `${(number / 1e9).toFixed(1)} G`;
  if (number >= 1e6) return `${(number / 1e6).toFixed(1)} M`;
  if (number >= 1e4) return `${(number / 1e3).toFixed(0)} k`;
  if (number < 10 && number % 1) return number.toFixed(1);
  return String(Math.round(number));
}

export function span(seconds) {
  if (seconds == null || !Number.isFinite(seconds)) return '–';
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} days`;
}

/** One sentence for all connectors, the worst first. */
export function verdict(connectors) {
  const of = (...phases) => connectors.filter((it) => phases.includes(it.walbrook.phase));
  const many = (list, one, more) => (list.length === 1 ? `${list[0].name} ${one}` : `${list.length} connectors ${more}`);
  const failed = of('failed', 'fenced');
  if (!connectors.length) return ['wait', 'There is no connector.'];
  if (failed.length) return ['bad', `${many(failed, 'needs you', 'need you')}.`];
  const retrying = of('retrying');
  if (retrying.length) return ['wait', `${many(retrying, 'is trying again', 'are trying again')}.`];
  const starting = of('starting');
  if (starting.length) return ['wait', `${many(starting, 'is starting', 'are starting')}.`];
  const still = of('paused', 'stopped');
  if (still.length) return ['wait', `${many(still, `is ${still[0].walbrook.phase}`, 'are paused or stopped')}; ${still.length === connectors.length ? 'nothing flows' : 'the others flow'}.`];
  const reading = of('snapshotting');
  if (reading.length) return ['good', `All is well. ${many(reading, 'reads its tables', 'read their tables')}.`];
  return ['good', connectors.length === 1 ? 'All is well.' : `All is well. ${connectors.length} connectors flow.`];
}

/** The database's kind and place, from the settings that the daemon shows. */
export function place(info, connector) {
  const url = info?.config?.url ?? info?.config?.['walbrook.url'] ?? '';
  const match = /^([a-z]+):\/\/(?:[^@/]*@)?([^/]*)\/?(.*)$/i.exec(url);
  const kinds = { postgres: 'PostgreSQL', postgresql: 'PostgreSQL', mysql: 'MySQL', mariadb: 'MariaDB' };
  const kind = kinds[match?.[1]?.toLowerCase()] ?? 'Database';
  return { kind, host: match?.[2] ?? '', database: match?.[3] ?? '', prefix: info?.config?.topic_prefix ?? connector.name };
}
