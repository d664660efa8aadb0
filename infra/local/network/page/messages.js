// What happened, in the order of time: calls and webhooks, told as messages from one party to another.
import { roots } from "./network.js";
import { Rooms } from "./rooms.js";
import { parameters, progress } from "./webhooks.js";

const SILENCE = 4; // s: longer than this is shown as a gap
const SAME_WORDS = 50; // ms between the notes of who speaks and who listens
const SLOW = 300; // ms: an answer later than this stands where it came, not under its request

/** States that a call does not leave again. */
export const ENDS = new Set(["completed", "busy", "no-answer", "failed", "canceled"]);

const moment = (entry) => Date.parse(entry.at);

/** Whether the account has sent this text: what the application wished, or a reply of its. */
const ours = ({ direction }) => /^outbound/.test(direction || "");

/** The texts of the account, and those that went from one telephone to another. */
export function textsOf({ messages, phones }) {
  const known = new Set(messages.map(({ sid }) => sid));
  return [...messages, ...phones.flatMap((phone) => phone.messages.filter((one) => one.direction === "out" && !known.has(one.sid)))];
}

/** When a call began, in ms. */
export const begin = (call) => (call.timeline.length ? moment(call.timeline[0]) : 0);

/** Who holds the telephone of a leg, also of one whose number is withheld. */
export const holder = (call) => call.phone || (call.direction === "inbound" ? call.from : call.to);

/** Who makes a call: whoever holds its telephone, or the line that a program calls from. */
export const caller = (call) => (call.direction === "inbound" ? holder(call) : call.from);

/** Lanes in the order that makes most arrows short: who calls, the lines dialled, the application, rooms, the lines shown, who is called. */
function lanesOf(calls, texts, ours, asked, rooms) {
  const [callers, dialled, shown, called] = [[], [], [], []];
  const placed = new Set();
  const put = (list, number) => {
    if (!number || placed.has(number)) return;
    placed.add(number);
    list.push(number);
  };
  for (const call of calls) {
    if (call.direction === "inbound") {
      put(callers, holder(call));
      put(ours.has(call.to) ? dialled : called, call.to);
    } else {
      if (ours.has(call.from)) put(shown, call.from);
      put(called, call.to);
    }
  }
  for (const { from, to } of texts) {
    if (ours.has(from)) {
      put(dialled, from);
      put(called, to);
    } else {
      put(callers, from);
      put(ours.has(to) ? dialled : called, to);
    }
  }
  const lane = (number) => ({ id: number, kind: ours.has(number) ? "line" : "phone", weight: 1 });
  return [
    ...callers.map(lane),
    ...dialled.map(lane),
    ...(asked ? [{ id: "application", kind: "application", weight: 1 }] : []),
    ...rooms.lanes(),
    ...shown.map(lane),
    ...called.reverse().map(lane),
  ];
}

/** Where the lanes lie, from 0 at the left to 1 at the right; of a room also its edges (< and >) and the track of each call. */
function placesOf(lanes) {
  const whole = lanes.reduce((sum, { weight }) => sum + weight, 0);
  const places = new Map();
  let left = 0;
  for (const { id, weight, tracks } of lanes) {
    const put = (name, part) => places.set(name, (left + part * weight) / whole);
    put(id, 0.5);
    if (tracks) {
      put(`${id} <`, 0.08);
      put(`${id} >`, 0.92);
      tracks.forEach((call, i) => put(`${id} ${call}`, 0.08 + (0.84 * (i + 0.5)) / tracks.length));
    }
    left += weight;
  }
  return places;
}

/** Calls, conferences and webhooks as messages between parties, in the order of time, and as bars along the lanes. */
export class Messages {
  constructor({ calls, conferences, recordings = [], texts = [], webhooks, account }) {
    this.family = roots(calls, conferences);
    this.ours = new Set(account?.numbers || []);
    this.bySid = new Map(calls.map((call) => [call.sid, call]));
    this.legs = new Map();
    for (const call of calls) if (call.parent_sid) this.legs.set(call.parent_sid, [...(this.legs.get(call.parent_sid) || []), call]);
    this.rooms = new Rooms(conferences, webhooks);
    this.lanes = lanesOf(calls, texts, this.ours, webhooks.length > 0, this.rooms);
    this.place = placesOf(this.lanes);
    this.messages = [];
    this.spans = [];
    this.known = new Set(webhooks.filter((entry) => entry.error).map((entry) => `${entry.call_sid} ${entry.error.code}`));
    for (const call of calls) this.tell(call);
    this.rooms.tell(this.put.bind(this), (sid) => this.bySid.has(sid) && holder(this.bySid.get(sid)), this.known);
    this.converse(calls);
    for (const recording of recordings) this.record(recording);
    for (const text of texts) this.put(moment(text), ours(text) ? 3 : 0, text.from, text.to, "text", { key: text.sid, text });
    for (const entry of webhooks) this.request(entry);
    this.messages.sort((a, b) => a.at - b.at || a.order - b.order);
    this.rows = this.space();
    this.spans.push(...this.rooms.bars(this.rows, this.place));
    this.raise(calls);
  }

  /** The account's number on whose behalf the network acts in a leg; between two telephones, the one that called. */
  line(call) {
    if (!call) return null;
    if (call.direction === "inbound") return this.ours.has(call.to) ? call.to : null;
    const parent = this.bySid.get(call.parent_sid);
    if (parent) return this.line(parent) ?? holder(parent);
    return this.ours.has(call.from) ? call.from : null;
  }

  /** What a call costs in the end: each leg's minutes, once it is over. */
  billed(root) {
    let minutes = 0;
    for (const call of this.bySid.values()) {
      if (this.family.get(call.sid) !== root) continue;
      if (!ENDS.has(call.status)) return 0;
      minutes += call.billed_minutes || 0;
    }
    return minutes;
  }

  /** `order` decides among messages of the same millisecond: a cause stands above its effect. */
  put(at, order, from, to, kind, more = {}) {
    if (!this.place.has(from) || !this.place.has(to)) return;
    this.messages.push({ at, order, from, to, kind, ...more });
  }

  tell(call) {
    const inbound = call.direction === "inbound";
    const person = holder(call);
    const line = this.line(call) ?? call.to;
    const parent = this.bySid.get(call.parent_sid);
    const via = !inbound && call.from !== line && this.ours.has(call.from) ? call.from : null;
    const start = call.timeline.length ? moment(call.timeline[0]) : 0;
    let [rang, by] = [false, ""];
    if (!parent) this.messages.push({ at: start - 0.001, order: -1, kind: "head", call: call.sid, key: `${call.sid} head` });
    call.timeline.forEach((entry, i) => {
      const at = moment(entry);
      const { event, detail } = entry;
      const more = { call: call.sid, key: `${call.sid} ${i}`, detail, event };
      if (i === 0 && inbound) this.put(at, 0, person, line, "call", { ...more, key: `${call.sid} call` });
      if (event === "ringing" && !inbound) {
        rang = true;
        this.put(at, 4, line, person, "ring", { ...more, via, shown: call.from });
      } else if (event === "answered" && (!inbound || this.line(call))) {
        this.put(at, inbound ? this.afterAnswers(call, at) : 6, ...(inbound ? [line, person] : [person, line]), "answer", more);
      } else if (event === "bridged" && parent) this.put(at, 7, holder(parent), person, "talk", more);
      else if (event === "say" || event === "play" || event === "music") {
        const room = this.rooms.where(call.sid, at);
        if (room && this.rooms.isAnnounced(room, at)) return;
        this.put(at, 3, room ? room.track : line, person, "say", more);
      }
      else if (event === "digits") this.put(at, 0, person, line, "digits", more);
      else if (event === "error" && this.known.has(`${call.sid} ${detail.split(" ", 1)[0]}`)) return;
      else if (event === "redirected" || event === "error") this.put(at, 3, line, line, "note", more);
      else if (event === "hangup") by = detail;
      else if (ENDS.has(event)) {
        const own = by === person;
        const told = own ? (event === "busy" ? (rang ? "rejects" : "busy") : "hangsUp") : event === "completed" ? "ends" : event;
        const kind = told === "hangsUp" || told === "ends" || told === "canceled" ? "end" : "refuse";
        this.put(at, own ? 8 : 8.2, ...(own ? [person, line] : [line, person]), kind, { ...more, told });
      }
    });
  }

  /** With answerOnBridge a caller's leg is answered after, and because, another one was; else before anything else. */
  afterAnswers(call, at) {
    const because = (entry) => entry.event === "answered" && at - moment(entry) < 5 && at >= moment(entry);
    return (this.legs.get(call.sid) || []).some((leg) => leg.timeline.some(because)) ? 6.5 : 2;
  }

  /** What people say, to whomever hears it; alone, they say it to the application. */
  converse(calls) {
    const noted = calls.flatMap((call) => call.timeline.map((entry, i) => ({ call, entry, key: `${call.sid} ${i}`, at: moment(entry) })));
    const heard = noted.filter(({ entry }) => entry.event === "speech");
    for (const said of noted.filter(({ entry }) => /^(speaks|greeting)$/.test(entry.event))) {
      const from = holder(said.call);
      const listeners = heard.filter(
        ({ call, entry, at }) =>
          entry.detail === said.entry.detail && Math.abs(at - said.at) < SAME_WORDS && this.family.get(call.sid) === this.family.get(said.call.sid),
      );
      const more = ({ call, key, entry }) => ({ call: call.sid, key, detail: entry.detail, event: "speech" });
      const room = this.rooms.where(said.call.sid, said.at);
      if (room && !room.one.coaching) {
        this.put(said.at, 7.5, from, room.track, "speech", { ...more(said), unheard: !listeners.length });
        continue;
      }
      for (const one of listeners) this.put(one.at, 7.5, from, holder(one.call), "speech", more(one));
      if (!listeners.length && said.entry.event === "speaks") this.put(said.at, 7.5, from, this.line(said.call) ?? from, "speech", more(said));
    }
  }

  /** Where a recording begins and ends; its end leads to it. */
  record({ sid, call_sid: call, source, at, seconds, status }) {
    const one = this.bySid.get(call);
    const lane = this.line(one) ?? (one && holder(one));
    if (!lane) return;
    this.put(Date.parse(at), source === "DialVerb" ? 7.2 : 3.2, lane, lane, "tape", { key: `${sid} begins`, call, told: "records" });
    if (seconds === null) return;
    const more = { key: `${sid} ends`, call, told: seconds ? "recorded" : "nothingRecorded", seconds };
    this.put(Date.parse(at) + seconds * 1000, 3.3, lane, lane, "tape", { ...more, recording: status === "completed" ? sid : undefined });
  }

  request(entry) {
    const given = new Map(parameters(entry));
    const call = this.bySid.get(entry.call_sid);
    const found = [given.get("To"), given.get("From"), given.get("Called"), given.get("Caller")].find((one) => this.ours.has(one));
    const line = [this.rooms.lane(given.get("ConferenceSid")), this.line(call), found, ...this.ours].find((one) => one && this.place.has(one));
    if (!line) return;
    const at = moment(entry);
    const after = given.has("DialCallStatus") || progress(entry) ? 9 : 1;
    const more = { call: entry.call_sid, webhook: entry.sequence, entry, wrong: Boolean(entry.error) };
    this.put(at, after, line, "application", "request", { ...more, key: `w${entry.sequence}` });
    const slow = entry.milliseconds > SLOW;
    // A status callback that was taken needs no second arrow: there is nothing in its answer.
    const pending = entry.status == null && !entry.error;
    if (pending || (!entry.error && entry.status < 300 && !(entry.answer || "").trim())) return;
    this.put(slow ? at + entry.milliseconds : at, after + 0.5, "application", line, "response", { ...more, key: `a${entry.sequence}` });
  }

  /** Rows for the silences between messages. */
  space() {
    const rows = [];
    let before = null;
    for (const message of this.messages) {
      const seconds = before === null ? 0 : (message.at - before) / 1000;
      if (seconds >= SILENCE) rows.push({ kind: "gap", seconds, key: `gap ${message.key}`, at: message.at });
      rows.push(message);
      before = message.at;
    }
    return rows;
  }

  /** The upright bars: a leg rings (hollow), is up (filled); a line is busy (thin); between two that talk lies a ribbon. */
  raise(calls) {
    const first = new Map();
    const last = new Map();
    const up = new Map();
    const talks = [];
    this.rows.forEach((row, i) => {
      if (!row.call || row.kind === "head" || row.webhook) return;
      if (!first.has(row.call)) first.set(row.call, i);
      if (row.kind === "answer") up.set(row.call, i);
      // Between two telephones one answer is the answer of both legs.
      const { parent_sid: caller } = this.bySid.get(row.call);
      if (row.kind === "answer" && caller && !this.line(this.bySid.get(caller))) up.set(caller, i);
      if (row.kind === "end" || row.kind === "refuse") last.set(row.call, i);
      if (row.kind === "talk") talks.push({ row, from: i });
    });
    const bottom = this.rows.length;
    for (const { row, from } of talks) {
      const leg = this.bySid.get(row.call);
      const ends = [row.call, leg.parent_sid].map((sid) => last.get(sid) ?? bottom);
      const sides = [this.place.get(row.from), this.place.get(row.to)].sort((a, b) => a - b);
      this.spans.push({ key: `${row.key} ribbon`, lane: sides[0], across: sides[1] - sides[0], from, to: Math.min(...ends), kind: "ribbon" });
    }
    for (const call of calls) {
      if (!first.has(call.sid)) continue;
      const start = first.get(call.sid);
      const over = ENDS.has(call.status);
      const end = last.get(call.sid) ?? (over ? start : bottom);
      const open = end === bottom;
      const lane = this.place.get(holder(call));
      const answered = up.get(call.sid);
      if (lane !== undefined) {
        this.spans.push({ key: `${call.sid} ring`, lane, from: start, to: answered ?? end, kind: "rings", open: open && answered === undefined });
        if (answered !== undefined) this.spans.push({ key: `${call.sid} up`, lane, from: answered, to: end, kind: "up", open });
      }
      const line = this.place.get(call.to);
      if (call.direction === "inbound" && line !== undefined && this.ours.has(call.to)) {
        this.spans.push({ key: `${call.sid} line`, lane: line, from: start, to: end, kind: "line", open });
      }
    }
  }
}
