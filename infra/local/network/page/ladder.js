// What happens, as a ladder: one lane per party, time downwards, every message an arrow.
import { html, icon, still, useEffect, useLayoutEffect, useMemo, useRef, useState } from "./view.js";
import { national, tongue } from "./numbers.js";
import { hour, span, timer, words } from "./words.js";
import { roots } from "./network.js";
import { parameters, path, progress, verbs } from "./webhooks.js";

const ROW = 34; // px, the same as --row in style.css: equal rows make the window onto thousands of them a division
const AROUND = 12; // rows drawn beyond either edge
const SILENCE = 4; // s: longer than this is shown as a gap
const SAME_WORDS = 50; // ms between the notes of who speaks and who listens
const SLOW = 300; // ms: an answer later than this stands where it came, not under its request

const ENDS = new Set(["completed", "busy", "no-answer", "failed", "canceled"]);

/** ISO -> ms, with the microseconds that Date drops: they keep cause before effect. */
function instant(iso) {
  const digits = /\.\d{3}(\d{1,3})/.exec(iso);
  return Date.parse(iso) + (digits ? Number(`0.${digits[1]}`) : 0);
}

const moment = (entry) => instant(entry.at);
const begin = (call) => (call.timeline.length ? moment(call.timeline[0]) : 0);

/** Lanes in the order that makes most arrows short: who calls, the lines dialled, the application, the lines shown, who is called. */
function lanesOf(calls, ours, asked, caller) {
  const [callers, dialled, shown, called] = [[], [], [], []];
  const placed = new Set();
  const put = (list, number) => {
    if (!number || placed.has(number)) return;
    placed.add(number);
    list.push(number);
  };
  for (const call of calls) {
    if (call.direction === "inbound") {
      put(callers, caller(call));
      put(ours.has(call.to) ? dialled : called, call.to);
    } else {
      if (ours.has(call.from)) put(shown, call.from);
      put(called, call.to);
    }
  }
  const lane = (number) => ({ id: number, kind: ours.has(number) ? "line" : "phone" });
  return [
    ...callers.map(lane),
    ...dialled.map(lane),
    ...(asked ? [{ id: "application", kind: "application" }] : []),
    ...shown.map(lane),
    ...called.reverse().map(lane),
  ];
}

class Ladder {
  constructor({ calls, webhooks, account, owner, speakers }) {
    this.speakers = speakers;
    this.caller = (call) => (/^\+\d+$/.test(call.from) ? call.from : owner.get(call.sid) || call.from);
    this.family = roots(calls);
    this.ours = new Set(account?.numbers || []);
    this.bySid = new Map(calls.map((call) => [call.sid, call]));
    this.legs = new Map();
    for (const call of calls) if (call.parent_sid) this.legs.set(call.parent_sid, [...(this.legs.get(call.parent_sid) || []), call]);
    this.lanes = lanesOf(calls, this.ours, webhooks.length > 0, this.caller);
    this.column = new Map(this.lanes.map((lane, i) => [lane.id, i]));
    this.messages = [];
    this.spans = [];
    this.known = new Set(webhooks.filter((entry) => entry.error).map((entry) => `${entry.call_sid} ${entry.error.code}`));
    for (const call of calls) this.tell(call);
    this.converse(calls);
    for (const entry of webhooks) this.request(entry);
    this.messages.sort((a, b) => a.at - b.at || a.order - b.order);
    this.rows = this.space();
    this.raise(calls);
  }

  /** The account's number on whose behalf the network acts in a leg; between two telephones, the one that called. */
  line(call) {
    if (!call) return null;
    if (call.direction === "inbound") return this.ours.has(call.to) ? call.to : null;
    const parent = this.bySid.get(call.parent_sid);
    if (parent) return this.line(parent) ?? this.person(parent);
    return this.ours.has(call.from) ? call.from : null;
  }

  /** Who holds the telephone of a leg. A withheld number is known only to that telephone. */
  person(call) {
    return call.direction === "inbound" ? this.caller(call) : call.to;
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

  put(at, order, from, to, kind, more = {}) {
    if (!this.column.has(from) || !this.column.has(to)) return;
    this.messages.push({ at, order, from, to, kind, ...more });
  }

  tell(call) {
    const inbound = call.direction === "inbound";
    const person = this.person(call);
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
      } else if (event === "bridged" && parent) this.put(at, 7, this.person(parent), person, "talk", more);
      else if (event === "say" || event === "play" || event === "music") this.put(at, 3, line, person, "say", more);
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

  /** What people say: the legs of speaker and listeners both note it; alone, it is said to the application. */
  converse(calls) {
    const said = calls
      .flatMap((call) => call.timeline.map((entry, i) => ({ call, entry, key: `${call.sid} ${i}`, at: moment(entry) })))
      .filter(({ entry }) => /^(speech|speaks|greeting)$/.test(entry.event))
      .sort((a, b) => a.at - b.at);
    const used = new Set();
    for (const [i, one] of said.entries()) {
      if (used.has(one)) continue;
      const root = this.family.get(one.call.sid);
      const together = [];
      for (let k = i; k < said.length && said[k].at - one.at < SAME_WORDS; k++) {
        const other = said[k];
        if (!used.has(other) && other.entry.detail === one.entry.detail && this.family.get(other.call.sid) === root) together.push(other);
      }
      for (const other of together) used.add(other);
      const number = this.speakers.find(({ at, text }) => text === one.entry.detail && Math.abs(at - one.at) < SAME_WORDS)?.from;
      const speaker =
        together.find((other) => other.entry.event !== "speech") || together.find((other) => this.person(other.call) === number) || together[0];
      const more = (other) => ({ call: other.call.sid, key: other.key, detail: other.entry.detail, event: "speech" });
      const from = this.person(speaker.call);
      const listeners = together.filter((other) => this.person(other.call) !== from);
      for (const other of listeners) this.put(other.at, 7.5, from, this.person(other.call), "speech", more(other));
      if (!listeners.length && one.entry.event !== "greeting") this.put(one.at, 7.5, from, this.line(one.call) ?? from, "speech", more(one));
    }
  }

  request(entry) {
    const given = new Map(parameters(entry));
    const call = this.bySid.get(entry.call_sid);
    const found = [given.get("To"), given.get("From"), given.get("Called"), given.get("Caller")].find((one) => this.ours.has(one));
    const line = [this.line(call), found, ...this.ours].find((one) => one && this.column.has(one));
    if (!line) return;
    const at = instant(entry.at);
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
      const sides = [this.column.get(row.from), this.column.get(row.to)].sort((a, b) => a - b);
      this.spans.push({ key: `${row.key} ribbon`, lane: sides[0], across: sides[1] - sides[0], from, to: Math.min(...ends), kind: "ribbon" });
    }
    for (const call of calls) {
      if (!first.has(call.sid)) continue;
      const start = first.get(call.sid);
      const over = ENDS.has(call.status);
      const end = last.get(call.sid) ?? (over ? start : bottom);
      const open = end === bottom;
      const lane = this.column.get(this.person(call));
      const answered = up.get(call.sid);
      if (lane !== undefined) {
        this.spans.push({ key: `${call.sid} ring`, lane, from: start, to: answered ?? end, kind: "rings", open: open && answered === undefined });
        if (answered !== undefined) this.spans.push({ key: `${call.sid} up`, lane, from: answered, to: end, kind: "up", open });
      }
      const line = this.column.get(call.to);
      if (call.direction === "inbound" && line !== undefined && this.ours.has(call.to)) {
        this.spans.push({ key: `${call.sid} line`, lane: line, from: start, to: end, kind: "line", open });
      }
    }
  }
}

function label(row) {
  const w = words().ladder;
  switch (row.kind) {
    case "call":
      return w.calls;
    case "ring":
      return /^\+/.test(row.shown) ? w.shows(national(row.shown)) : w.hides;
    case "answer":
      return w.answers;
    case "talk":
      return w.talking;
    case "digits":
      return w.presses(row.detail || "");
    case "end":
    case "refuse":
      return w[row.told] || row.told;
    case "say":
      return row.event === "say" ? row.detail : `♪ ${(row.detail || "").split("/").pop()}`;
    case "speech":
      return row.detail;
    case "note":
      return row.event === "error" ? row.detail : w[row.event] || row.event;
    case "request": {
      const given = new Map(parameters(row.entry));
      const where = path(row.entry.url);
      const heard = given.get("Digits") || given.get("SpeechResult") || given.get("DialCallStatus");
      if (heard) return `${row.entry.method} ${where} ${heard}`;
      return progress(row.entry) ? `${where} ${progress(row.entry)}` : `${row.entry.method} ${where}`;
    }
    case "response": {
      const { entry } = row;
      const told = verbs(entry);
      if (entry.error) return `${entry.status || ""} ${entry.error.code || entry.error}`.trim();
      return told.length ? told.map((verb) => `<${verb}>`).join(" ") : String(entry.status);
    }
    default:
      return row.event || "";
  }
}

const Arrow = still(({ row, y, a, b, via, lanes, marked, current, point, pick, names }) => {
  const w = words().ladder;
  const told = label(row);
  const left = Math.min(a, b);
  const style = { top: `${y}px`, left: `${((left + 0.5) / lanes) * 100}%`, width: `${(Math.abs(b - a) / lanes) * 100}%` };
  const party = (id) => (id === "application" ? w.application : names(id));
  return html`<button type="button" style=${style} tabindex=${current ? 0 : -1} data-key=${row.key}
    class="arrow ${row.kind} ${b < a ? "leftwards" : ""} ${marked ? "marked" : ""} ${row.wrong || row.event === "error" ? "wrong" : ""}"
    aria-label="${hour(row.at)} ${w.message(party(row.from), party(row.to), told)}" aria-current=${marked ? "true" : undefined}
    onMouseEnter=${() => point(row)} onMouseLeave=${() => point(null)} onFocus=${() => point(row)} onClick=${() => pick(row)}>
    <span class="label" title=${told} lang=${row.kind === "say" || row.kind === "speech" ? tongue(told || "") : undefined}>${told}</span>
    <i class="shaft"></i><i class="head"></i>${row.kind === "talk" ? html`<i class="head tail"></i>` : ""}
    ${via == null ? "" : html`<i class="via" style=${{ left: `${((via - left) / Math.max(1, Math.abs(b - a))) * 100}%` }}></i>`}
  </button>`;
});

const Moment = still(({ y, at, exact }) => html`<time class="moment" style=${{ top: `${y}px` }}>${hour(at)}${exact ? html`<small>.${String(Math.floor(at % 1000)).padStart(3, "0")}</small>` : ""}</time>`);

function Head({ call, caller, billed, y, names, choose }) {
  const w = words().ladder;
  const shape = ENDS.has(call.status) ? (call.status === "completed" ? "over" : "refused") : "live";
  return html`<button type="button" tabindex="-1" class="call-head ${shape}" style=${{ top: `${y}px` }} onClick=${() => choose(call.sid)}>
    <i class="mark" aria-hidden="true"></i>
    <b>${names(caller)}</b> → <b>${names(call.to)}</b>
    <span>${call.status === "completed" ? timer(call.seconds) : w[call.status] || ""}${billed ? ` · ${w.bill(billed)}` : ""}</span>
  </button>`;
}

function Empty({ phones, suggested, acts }) {
  const w = words();
  const first = phones.find((phone) => suggested.get(phone.number)?.length);
  const [best] = first ? suggested.get(first.number) : [];
  return html`<div class="empty-state">
    <svg viewBox="0 0 240 96" width="240" height="96" aria-hidden="true">
      <path class="lane" d="M30 6v84M120 6v84M210 6v84" />
      <path class="stroke" d="M30 26h84M210 70h-84" /><path class="stroke dash" d="M120 48h84" />
      <path class="tip" d="m114 22 6 4-6 4ZM204 44l6 4-6 4ZM126 66l-6 4 6 4Z" />
    </svg>
    <p><b>${w.ladder.nobody}</b></p>
    ${first
      ? html`<p>${w.ladder.begin(first.name || national(first.number))}</p>
          <button type="button" class="go" disabled=${first.state !== "idle"} onClick=${() => acts.dial(first, best.number)}>
            ${icon("handset")}<span>${w.telephones.suggest(national(best.number), best.reaches)}</span>
          </button>`
      : html`<p>${w.ladder.beginAnywhere}</p>`}
  </div>`;
}

export function LadderView({ state, suggested, chosen, choose, mark, point, pick, acts, names, network }) {
  const w = words().ladder;
  const { calls, webhooks, phones, account } = state;
  const family = useMemo(() => roots(calls), [calls]);
  const shownCalls = useMemo(() => (chosen ? calls.filter((call) => family.get(call.sid) === chosen) : calls), [calls, chosen, family]);
  const shownHooks = useMemo(
    () => (chosen ? webhooks.filter((entry) => family.get(entry.call_sid) === chosen) : webhooks),
    [webhooks, chosen, family],
  );
  const ladder = useMemo(
    () => new Ladder({ calls: shownCalls, webhooks: shownHooks, account, owner: network.owner, speakers: [...network.speaker.values()] }),
    [shownCalls, shownHooks, account],
  );
  const { rows, lanes, column, spans, bySid } = ladder;
  const box = useRef(null);
  const [view, setView] = useState({ top: 0, height: 800 });
  const [current, setCurrent] = useState(null);
  const following = useRef(true);
  const height = (rows.length + 1) * ROW;

  const look = () => {
    const element = box.current;
    if (!element) return;
    following.current = element.scrollHeight - element.scrollTop - element.clientHeight < ROW * 1.5;
    // A step of several rows per drawing is enough, since rows beyond the edges are drawn too.
    const top = Math.floor(element.scrollTop / (ROW * 4)) * ROW * 4;
    setView((before) => (before.top === top && before.height === element.clientHeight ? before : { top, height: element.clientHeight }));
  };
  useLayoutEffect(() => {
    if (box.current && following.current) box.current.scrollTop = box.current.scrollHeight;
    look();
  }, [rows.length]);
  useEffect(() => {
    if (!box.current) return undefined;
    const observer = new ResizeObserver(() => {
      if (following.current) box.current.scrollTop = box.current.scrollHeight;
      look();
    });
    observer.observe(box.current);
    return () => observer.disconnect();
  }, [rows.length > 0]);

  if (!rows.length) return html`<${Empty} phones=${phones} suggested=${suggested} acts=${acts} />`;

  const from = Math.max(0, Math.floor(view.top / ROW) - AROUND);
  const to = Math.min(rows.length, Math.ceil((view.top + view.height) / ROW) + AROUND);
  const arrows = rows.filter((row) => row.kind !== "head" && row.kind !== "gap");
  const currentKey = arrows.some((row) => row.key === current) ? current : arrows.length ? arrows[arrows.length - 1].key : null;
  const move = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity }[event.key];
    if (!step) return;
    event.preventDefault();
    const at = arrows.findIndex((row) => row.key === currentKey);
    const next = arrows[Math.max(0, Math.min(arrows.length - 1, at + step))];
    setCurrent(next.key);
    const y = rows.indexOf(next) * ROW;
    const element = box.current;
    if (y < element.scrollTop + ROW * 2) element.scrollTop = y - ROW * 2;
    else if (y > element.scrollTop + element.clientHeight - ROW * 3) element.scrollTop = y - element.clientHeight + ROW * 4;
    look();
    requestAnimationFrame(() => element.querySelector(`[data-key="${CSS.escape(next.key)}"]`)?.focus({ preventScroll: true }));
  };
  const partyOf = (lane) => {
    if (lane.kind === "application") return [w.application, new URL(webhooks[0].url).host];
    const phone = phones.find((one) => one.number === lane.id);
    return phone?.name ? [phone.name, national(lane.id)] : [national(lane.id), ""];
  };
  const seen = [];
  for (let i = from; i < to; i++) {
    const row = rows[i];
    const y = i * ROW;
    if (row.kind === "gap") seen.push(html`<div key=${row.key} class="gap" style=${{ top: `${y}px` }}><span>${w.later(span(row.seconds))}</span></div>`);
    else if (row.kind === "head") seen.push(html`<${Head} key=${row.key} y=${y} call=${bySid.get(row.call)} caller=${ladder.caller(bySid.get(row.call))} billed=${ladder.billed(row.call)} names=${names} choose=${choose} />`);
    else {
      seen.push(html`<${Arrow} key=${row.key} row=${row} y=${y} a=${column.get(row.from)} b=${column.get(row.to)}
        via=${row.via && column.has(row.via) ? column.get(row.via) : null} lanes=${lanes.length} names=${names}
        marked=${mark != null && row.webhook === mark} current=${row.key === currentKey} point=${point} pick=${pick} />`);
    }
  }
  const clockMarks = [];
  for (let i = from; i < to; i++) {
    const [row, before] = [rows[i], rows[i - 1]];
    if (row.kind === "gap" || row.kind === "head") continue;
    if (before && before.kind !== "gap" && before.kind !== "head" && Math.floor(before.at / 1000) === Math.floor(row.at / 1000)) continue;
    clockMarks.push(html`<${Moment} key=${row.key} y=${i * ROW} at=${row.at} />`);
  }
  const x = (lane) => `${((lane + 0.5) / lanes.length) * 100}%`;
  return html`<div class="ladder" ref=${box} onScroll=${look} style=${{ "--lanes": lanes.length }}>
    <div class="lanes">
      ${lanes.map((lane) => {
        const [name, number] = partyOf(lane);
        return html`<div key=${lane.id} class="lane-head ${lane.kind}" title="${name} ${number}"><b>${name}</b><small>${number || "\u00a0"}</small></div>`;
      })}
    </div>
    <div class="sheet" style=${{ height: `${height}px` }} role="group" aria-label="${w.messages}. ${w.keys}" onKeyDown=${move}>
      <div class="times" aria-hidden="true">${clockMarks}</div>
      <div class="drawing">
        ${lanes.map((lane, i) => html`<i key=${lane.id} class="lane-line ${lane.kind}" style=${{ left: x(i) }}></i>`)}
        ${spans
          .filter((bar) => bar.to >= from && bar.from <= to)
          .map((bar) => html`<i key=${bar.key} class="bar ${bar.kind} ${bar.open ? "open" : ""}"
            style=${{ left: x(bar.lane), width: bar.across ? `${(bar.across / lanes.length) * 100}%` : undefined, top: `${bar.from * ROW + 24}px`, height: `${Math.max(6, (bar.to - bar.from) * ROW)}px` }}></i>`)}
        ${seen}
      </div>
    </div>
  </div>`;
}

/** Which call the ladder and the log show. */
export function CallChoice({ calls, chosen, choose, names }) {
  const w = words().ladder;
  const first = calls.filter((call) => !call.parent_sid);
  return html`<label class="choice"><span class="hidden">${w.call}</span>
    <select value=${chosen || ""} onChange=${(event) => choose(event.target.value || null)}>
      <option value="" selected=${!chosen}>${w.all}</option>
      ${[...first].reverse().slice(0, 50).map((call) => html`<option value=${call.sid} selected=${call.sid === chosen}>
        ${hour(begin(call))}  ${names(call.from)} → ${names(call.to)}</option>`)}
    </select>
  </label>`;
}
