// Talks to the daemon. The token, where one is asked for, lives in this tab only.

const KEY = 'walbrook-token';
const base = new URL('.', document.baseURI);

export class Refused extends Error {
  constructor(status, body) {
    super(body?.detail ?? body?.message ?? `The daemon answers ${status}.`);
    this.status = status;
    this.fix = body?.fix ?? '';
    this.code = body?.code ?? '';
  }
}

export const token = {
  get: () => sessionStorage.getItem(KEY),
  set: (value) => sessionStorage.setItem(KEY, value),
  forget: () => sessionStorage.removeItem(KEY),
};

function request(method, path, body, signal) {
  const headers = { Accept: 'application/json' };
  if (token.get()) headers.Authorization = `Bearer ${token.get()}`;
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  // Without credentials the browser does not ask for a password of its own at a 401.
  return fetch(new URL(path, base), {
    method, headers, signal, credentials: 'omit', cache: 'no-store',
    body: body === undefined ? undefined : JSON.stringify(body),
  });
}

export async function call(method, path, body) {
  const answer = await request(method, path, body, AbortSignal.timeout(15000));
  const text = await answer.text();
  let json = null;
  try { json = text ? JSON.parse(text) : null; } catch { /* not JSON: only the status counts */ }
  if (!answer.ok) throw new Refused(answer.status, json);
  return json;
}

const of = (name) => `connectors/${encodeURIComponent(name)}`;

export const statuses = async () => {
  const all = await call('GET', 'connectors?expand=status&expand=info');
  return Object.values(all ?? {});
};
export const pause = (name) => call('PUT', `${of(name)}/pause`);
export const resume = (name) => call('PUT', `${of(name)}/resume`);
export const stop = (name) => call('PUT', `${of(name)}/stop`);
export const restart = (name) => call('POST', `${of(name)}/restart`);
export const readAgain = (name, wish) => call('POST', `${of(name)}/snapshot`, wish);
export const giveUp = (name, id) => call('DELETE', `${of(name)}/snapshot/${encodeURIComponent(id)}`);

/** Calls `heard` at every event until the stream ends; throws where there is none. */
export async function listen(heard, signal) {
  const answer = await request('GET', 'events', undefined, signal);
  const kind = answer.headers.get('Content-Type') ?? '';
  if (!answer.ok || !kind.startsWith('text/event-stream')) throw new Refused(answer.status, null);
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  heard();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    rest += value;
    const events = rest.split(/\r?\n\r?\n/);
    rest = events.pop();
    // `throughput` comes every second and says nothing that the next look does not.
    if (events.some((event) => /^data:/m.test(event) && !/^event: ?throughput$/m.test(event))) heard();
  }
}
