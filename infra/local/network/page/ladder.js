// The ladder: one lane per party, time downwards, every message an arrow. Only the rows in view are drawn.
import { html, icon, still, useEffect, useLayoutEffect, useMemo, useRef, useState } from "./view.js";
import { national, tongue } from "./numbers.js";
import { fileName, hour, span, timer, words } from "./words.js";
import { begin, caller, ENDS, Messages, textsOf } from "./messages.js";
import { isLost, stateOf } from "./texts.js";
import { everybody, plain, short } from "./conferences.js";
import { parameters, path, progress, verbs } from "./webhooks.js";

const ROW = 34; // px, the same as --row in style.css: equal rows make the window onto thousands of them a division
const LINE = 24; // px from the top of a row to its arrow, as in style.css
const AROUND = 12; // rows drawn beyond either edge
function label(row, names) {
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
    case "join":
      return w.joins;
    case "leave":
      return w.leaves;
    case "mark":
      return w.room[row.what](w.reasons[row.detail]);
    case "change":
      return w.changes[row.what](names(row.who));
    case "announce":
      return row.wrong ? w.announcementFails : row.detail;
    case "say":
      return row.event === "say" ? row.detail : `♪ ${fileName(row.detail)}`;
    case "speech":
      return row.detail;
    case "text":
      return row.text.body || row.text.media.map(fileName).join(" ");
    case "tape":
      return row.told === "recorded" ? w.recorded(timer(Math.round(row.seconds))) : w[row.told];
    case "note":
      return row.event === "error" || row.event === "ignored" ? `${w[row.event] || ""}${row.detail}` : w[row.event] || row.event;
    case "request": {
      const given = new Map(parameters(row.entry));
      const where = path(row.entry.url);
      const heard = given.get("Digits") || given.get("SpeechResult") || given.get("DialCallStatus");
      if (heard) return `${row.entry.method} ${where} ${heard}`;
      return progress(row.entry) ? `${where} ${plain(progress(row.entry))}` : `${row.entry.method} ${where}`;
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

const percent = (part) => `${part * 100}%`;

/** A lane by its name; of a room, its edges and tracks too. */
const party = (id, names) => {
  const w = words().ladder;
  if (id === "application") return w.application;
  return id.startsWith("room ") ? w.aRoom : names(id);
};

/** How far a text has come, in a word; none where that is as it should be. */
function progressOf({ text }) {
  const state = text && stateOf(text);
  if (!text || state === "delivered" || state === "received" || (state === "sent" && text.direction === "out")) return "";
  return words().texts.states[state] || state;
}

const Arrow = still(({ row, y, a, b, via, marked, current, point, pick, names }) => {
  const w = words().ladder;
  const [told, far] = [label(row, names), progressOf(row)];
  const left = Math.min(a, b);
  const style = { top: `${y}px`, left: percent(left), width: percent(Math.abs(b - a)) };
  const inside = row.from.startsWith("room ") && row.to.startsWith("room ");
  const whole = inside ? w.inRoom(told) : w.message(party(row.from, names), party(row.to, names), far ? `${told} (${far})` : told);
  const spoken = row.kind === "say" || row.kind === "speech" || row.kind === "announce" || row.kind === "text";
  return html`<button type="button" style=${style} tabindex=${current ? 0 : -1} data-key=${row.key}
    class="arrow ${row.kind} ${row.kind === "say" && row.event !== "say" ? "sound" : ""} ${b < a ? "leftwards" : ""} ${marked ? "marked" : ""} ${row.wrong || row.event === "error" || (row.text && isLost(row.text)) ? "wrong" : ""} ${row.unheard ? "unheard" : ""} ${row.webhook == null && !row.recording ? "" : "leads"}"
    aria-label="${hour(row.at)} ${whole}" aria-current=${marked ? "true" : undefined}
    onMouseEnter=${() => point(row)} onMouseLeave=${() => point(null)} onFocus=${() => point(row)} onClick=${() => pick(row)}>
    <span class="label" title=${told} lang=${spoken ? tongue(told || "") : undefined}>${row.kind === "text" ? icon("text") : ""}${row.kind === "tape" ? html`<i class="reel ${row.told}"></i>` : ""}${told}${
      far ? html`<em>${far}</em>` : ""}</span>
    <i class="shaft"></i><i class="head"></i>${row.kind === "talk" ? html`<i class="head tail"></i>` : ""}
    ${via == null ? "" : html`<i class="via" style=${{ left: percent((via - left) / Math.max(1e-9, Math.abs(b - a))) }}></i>`}
  </button>`;
});

const Moment = still(({ y, at }) => html`<time class="moment" style=${{ top: `${y}px` }}>${hour(at)}</time>`);

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

export function LadderView({ state, family, suggested, chosen, choose, mark, point, pick, acts, names, network }) {
  const w = words().ladder;
  const { calls, conferences, recordings, messages, webhooks, phones, account } = state;
  const shownCalls = useMemo(() => (chosen ? calls.filter((call) => family.get(call.sid) === chosen) : calls), [calls, chosen, family]);
  const shownRooms = useMemo(
    () => (chosen ? conferences.filter(({ participants }) => participants.some((one) => family.get(one.call_sid) === chosen)) : conferences),
    [conferences, chosen, family],
  );
  const shownHooks = useMemo(
    () => (chosen ? webhooks.filter((entry) => family.get(entry.call_sid) === chosen) : webhooks),
    [webhooks, chosen, family],
  );
  const texts = useMemo(() => (chosen ? [] : textsOf({ messages, phones })), [messages, phones, chosen]);
  const ladder = useMemo(
    () => new Messages({ calls: shownCalls, conferences: shownRooms, recordings, texts, webhooks: shownHooks, account }),
    [shownCalls, shownRooms, recordings, texts, shownHooks, account],
  );
  const { rows, lanes, place, spans, bySid } = ladder;
  const box = useRef(null);
  const [view, setView] = useState({ top: 0, height: 800, away: false });
  const [current, setCurrent] = useState(null);
  const following = useRef(true);
  const height = (rows.length + 1) * ROW;

  const look = () => {
    const element = box.current;
    if (!element) return;
    following.current = element.scrollHeight - element.scrollTop - element.clientHeight < ROW * 1.5;
    // A step of several rows per drawing is enough, since rows beyond the edges are drawn too.
    const top = Math.floor(element.scrollTop / (ROW * 4)) * ROW * 4;
    const fresh = { top, height: element.clientHeight, away: !following.current };
    setView((before) => (Object.keys(fresh).every((key) => before[key] === fresh[key]) ? before : fresh));
  };
  useLayoutEffect(() => {
    if (box.current && following.current) box.current.scrollTop = box.current.scrollHeight;
    look();
  }, [rows.length]);
  useEffect(() => {
    if (!box.current) return undefined;
    const observer = new ResizeObserver(() => {
      if (following.current && box.current) box.current.scrollTop = box.current.scrollHeight;
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
    if (lane.kind === "room") return [w.aRoom, short(lane.name)];
    const phone = phones.find((one) => one.number === lane.id);
    return phone?.name ? [phone.name, national(lane.id)] : [national(lane.id), ""];
  };
  const seen = [];
  for (let i = from; i < to; i++) {
    const row = rows[i];
    const y = i * ROW;
    if (row.kind === "gap") seen.push(html`<div key=${row.key} class="gap" style=${{ top: `${y}px` }}><span>${w.later(span(row.seconds))}</span></div>`);
    else if (row.kind === "head") seen.push(html`<${Head} key=${row.key} y=${y} call=${bySid.get(row.call)} caller=${caller(bySid.get(row.call))}
        billed=${ladder.billed(row.call)} names=${names} choose=${choose} />`);
    else {
      seen.push(html`<${Arrow} key=${row.key} row=${row} y=${y} a=${place.get(row.from)} b=${place.get(row.to)}
        via=${row.via && place.has(row.via) ? place.get(row.via) : null} names=${names}
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
  return html`<div class="ladder" ref=${box} onScroll=${look}>
    <div class="lanes" style=${{ "grid-template-columns": lanes.map(({ weight }) => `minmax(0, ${weight}fr)`).join(" ") }}>
      ${lanes.map((lane) => {
        const [name, number] = partyOf(lane);
        return html`<div key=${lane.id} class="lane-head ${lane.kind}" title="${name} ${lane.name ?? number}"><b>${name}</b><small>${number || "\u00a0"}</small></div>`;
      })}
    </div>
    <div class="sheet" style=${{ height: `${height}px` }} role="group" aria-label="${w.messages}. ${w.keys}" onKeyDown=${move}>
      <div class="times" aria-hidden="true">${clockMarks}</div>
      <div class="drawing">
        ${lanes.map((lane) => html`<i key=${lane.id} class="lane-line ${lane.kind}" style=${{ left: percent(place.get(lane.id)) }}></i>`)}
        ${spans
          .filter((bar) => bar.to >= from && bar.from <= to)
          .map((bar) => html`<i key=${bar.key} class="bar ${bar.kind} ${bar.open ? "open" : ""}"
            style=${{
              left: percent(bar.lane),
              top: `${bar.from * ROW + LINE}px`,
              width: bar.across ? percent(bar.across) : undefined,
              height: `${Math.max(6, (bar.to - bar.from) * ROW)}px`,
            }}></i>`)}
        ${seen}
      </div>
    </div>
    ${view.away
      ? html`<button type="button" class="newest" onClick=${() => box.current.scrollTo({ top: box.current.scrollHeight })}>${w.newest} ↓</button>`
      : ""}
  </div>`;
}

/** Which call the ladder and the log show, with all that belongs to it; those who met in a room are one choice. */
export function CallChoice({ calls, conferences, family, chosen, choose, names }) {
  const w = words().ladder;
  const first = calls.filter((call) => family.get(call.sid) === call.sid);
  const met = new Map(conferences.flatMap((one) => one.participants.slice(0, 1).map(({ call_sid }) => [family.get(call_sid), one])));
  const told = (call) => {
    const conference = met.get(call.sid);
    if (!conference) return `${names(call.from)} → ${names(call.to)}`;
    return `${w.aRoom} ${everybody(conference).map(({ number }) => names(number)).join(", ")}`;
  };
  return html`<label class="choice"><span class="hidden">${w.call}</span>
    <select value=${chosen || ""} onChange=${(event) => choose(event.target.value || null)}>
      <option value="" selected=${!chosen}>${w.all}</option>
      ${[...first].reverse().slice(0, 50).map((call) => html`<option value=${call.sid} selected=${call.sid === chosen}>
        ${hour(begin(call))}  ${told(call)}</option>`)}
    </select>
  </label>`;
}
