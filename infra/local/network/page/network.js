// The page's only way to the network: its control API (design: the page uses nothing else).

const LONGEST_PAUSE = 100; // ms: a burst of events becomes one reading

export class Refused extends Error {}

async function ask(method, path, body) {
  const options = { method, headers: {} };
  if (body !== undefined) {
    options.headers["content-type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  const answer = await fetch(path, options);
  const text = await answer.text();
  let told = null;
  try {
    told = text ? JSON.parse(text) : null;
  } catch {
    told = null;
  }
  if (!answer.ok) throw new Refused(told?.error || `${method} ${path}: ${answer.status}`);
  return told;
}

/** Keeps the old object where nothing changed, so that rows which did not change are not drawn again. */
function keep(old, fresh, key, print = JSON.stringify) {
  const known = new Map(old.map((item) => [item[key], item]));
  return fresh.map((item) => {
    const before = known.get(item[key]);
    return before && print(before) === print(item) ? before : item;
  });
}

// A call's history only grows, so its length says whether there is more of it; comparing all of it would cost a drawing.
const length = (call) => `${call.status} ${call.timeline.length} ${call.executed.length}`;

/** The old list where it holds the same objects: whatever is worked out from it need not be worked out again. */
const still = (old, fresh) => (old.length === fresh.length && old.every((item, i) => item === fresh[i]) ? old : fresh);

/** Up to which sequence number the log cannot change any more: an answer, or an error in it, may come as long as its call or conference lives. */
function settled(webhooks, those) {
  const over = new Set(those.filter(({ status }) => /^(completed|busy|no-answer|failed|canceled|received|delivered|undelivered)$/.test(status)).map(({ sid }) => sid));
  const open = webhooks.find((entry) => (entry.status === null && !entry.error) || !over.has(entry.call_sid));
  const end = webhooks.length ? webhooks[webhooks.length - 1].sequence : 0;
  return Math.max(0, Math.min(end - 5, open ? open.sequence - 1 : end));
}

/** The uppermost call that a leg belongs to; of those who met in a conference, and of that itself, the first of them. */
export function roots(calls, conferences) {
  const bySid = new Map(calls.map((call) => [call.sid, call]));
  const found = new Map();
  for (const call of calls) {
    let root = call;
    while (root.parent_sid && bySid.has(root.parent_sid)) root = bySid.get(root.parent_sid);
    found.set(call.sid, root.sid);
  }
  for (const { sid: conference, participants } of conferences) {
    const met = new Set(participants.map(({ call_sid }) => found.get(call_sid)).filter(Boolean));
    const [first] = met;
    found.set(conference, first);
    if (met.size > 1) for (const [sid, root] of found) if (met.has(root)) found.set(sid, first);
  }
  return found;
}

export class Network {
  constructor(told) {
    this.told = told;
    this.state = { reachable: null, account: null, phones: [], calls: [], conferences: [], recordings: [], messages: [], webhooks: [], clock: null };
    this.reading = false;
    this.again = false;
  }

  start() {
    this.read();
    const events = new EventSource("events");
    events.onmessage = () => this.read();
    events.onopen = () => this.read();
    events.onerror = () => this.change({ reachable: false });
  }

  change(part) {
    this.state = { ...this.state, ...part };
    this.told(this.state);
  }

  async read() {
    if (this.reading) {
      this.again = true;
      return;
    }
    this.reading = true;
    try {
      do {
        this.again = false;
        await this.readOnce();
        if (this.again) await new Promise((resume) => setTimeout(resume, LONGEST_PAUSE));
      } while (this.again);
    } catch {
      this.change({ reachable: false });
      setTimeout(() => this.read(), 1500);
    } finally {
      this.reading = false;
    }
  }

  async readOnce() {
    const { account, phones, calls, conferences, recordings, messages, webhooks } = this.state;
    const last = settled(webhooks, [...calls, ...conferences, ...messages]);
    const asked = performance.now();
    const [numbers, telephones, history, rooms, tapes, texts, log, clock] = await Promise.all([
      ask("GET", "account"),
      ask("GET", "phones"),
      ask("GET", "calls"),
      ask("GET", "conferences"),
      ask("GET", "recordings"),
      ask("GET", "messages"),
      ask("GET", `webhooks?since=${last}`),
      ask("GET", "clock"),
    ]);
    // Another page, or a test, has emptied the world, or another network has taken its place: the log begins anew.
    const emptied = (!history.calls.length && calls.length) || (account && account.account_sid !== numbers.account_sid);
    const certain = webhooks.filter((entry) => entry.sequence <= last);
    const fresh = keep(webhooks, log.webhooks, "sequence");
    this.change({
      reachable: true,
      account: account && JSON.stringify(account) === JSON.stringify(numbers) ? account : numbers,
      phones: still(phones, keep(phones, telephones.phones, "number")),
      calls: still(calls, keep(calls, history.calls, "sid", length)),
      conferences: still(conferences, keep(conferences, rooms.conferences, "sid")),
      recordings: still(recordings, keep(recordings, tapes.recordings, "sid")),
      messages: still(messages, keep(messages, texts.messages, "sid")),
      webhooks: emptied ? [] : still(webhooks, certain.concat(fresh)),
      clock: { ...clock, ahead: clock.ahead || [], moment: Date.parse(clock.now), read: (asked + performance.now()) / 2 },
    });
    if (emptied) this.again = true;
  }

  /** The network's time in ms since 1970; at pace 1 it runs between two readings. */
  now() {
    const { clock } = this.state;
    if (!clock) return Date.now();
    return clock.moment + (clock.pace ? (performance.now() - clock.read) * clock.pace : 0);
  }

  async act(method, path, body) {
    const answer = await ask(method, path, body);
    this.read();
    return answer;
  }

  phone(number, verb, body = {}) {
    return this.act("POST", `phones/${encodeURIComponent(number)}/${verb}`, body);
  }

  behave(number, settings) {
    return this.act("PUT", `phones/${encodeURIComponent(number)}`, settings);
  }

  advance(seconds) {
    return this.act("POST", "clock", { advance: seconds });
  }

  async forget() {
    await ask("DELETE", "world");
    this.change({ webhooks: [], calls: [], conferences: [], recordings: [], messages: [] });
    await this.read();
  }
}
