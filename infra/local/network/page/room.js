// The room: who is in a conference, what each hears, how long it may last, and its announcements on a line of time.
import { html, icon, still, useBeat, useEffect, useMemo, useRef, useState } from "./view.js";
import { Callbacks, everybody, isOver, limit, manner, moment, newest, plain, present, said, short, stays } from "./conferences.js";
import { parameters } from "./webhooks.js";
import { tongue } from "./numbers.js";
import { hour, span, timer, words } from "./words.js";

const NOW = 0.6; // where the present stands while the room lasts: what is past lies left of it, what is ahead right
const FAR = 14400; // s: the longest a call may last, the right edge
const LEAST = 30; // s: a shorter past does not fill its side
const MARKS = [60, 600, 3600];
const ROOM = 0.09; // of the line: nearer to the present stands no other label
const STEPS = [5, 10, 30, 60, 300, 600, 1800, 3600, 7200];
const SIGNS = { room: "people", wait: "note", hold: "note", announcement: "horn", nothing: "silence" };

/** Moments as places on the line, from 0 to 1: the past evenly, the future so that near things have room. */
export class Line {
  constructor(conference, now) {
    this.over = isOver(conference);
    this.begin = moment(conference.created_at);
    this.now = this.over ? moment(conference.ended_at) : now;
    this.width = this.over ? 0.985 : NOW;
    this.past = Math.max(this.now - this.begin, LEAST * 1000);
  }

  place(at) {
    if (at <= this.now) return this.width * (1 - (this.now - at) / this.past);
    const ahead = Math.log1p((at - this.now) / 4000) / Math.log1p(FAR / 4);
    return Math.min(1, this.width + (1 - this.width) * ahead);
  }

  /** Marks of the past, counted from the beginning: at most six. */
  ticks() {
    const step = STEPS.find((one) => this.past / 1000 / one <= 6) ?? 14400;
    const found = [];
    for (let second = step; this.place(this.begin + second * 1000) < this.width - ROOM; second += step) found.push(second);
    return found;
  }
}

const percent = (part) => `${part * 100}%`;
const between = (line, from, to) => ({ left: percent(line.place(from)), width: percent(line.place(to) - line.place(from)) });
const ended = ({ at, seconds, status }, now) => (status === "speaking" ? now : moment(at) + seconds * 1000);

/** A shape for what is true of the whole room. */
const shape = ({ status }) => ({ init: "waits", "in-progress": "runs" })[status] ?? "over";

function Left({ conference, until, now, names }) {
  const w = words().room;
  if (isOver(conference)) {
    const seconds = (moment(conference.ended_at) - moment(conference.created_at)) / 1000;
    return html`<p class="left"><b>${timer(seconds)}</b> <span>${w.lasted}</span></p>`;
  }
  if (!until) return html`<p class="left"><span>${w.noLimit}</span></p>`;
  const left = (until.at - now) / 1000;
  return html`<p class="left ${left < 60 ? "soon" : ""}" title=${w.limitHint(names(until.one.number), hour(until.at))}>
    <b>${timer(Math.ceil(left))}</b> <span>${w.left(hour(until.at))}</span></p>`;
}

const Person = still(({ one, coached, started, over, names }) => {
  const w = words().room;
  const gone = one.status !== "connected";
  const hears = gone ? null : one.hears;
  const way = gone ? "gone" : manner(one, started);
  return html`<div class="person ${way}">
    <i class="way ${way}" aria-hidden="true"></i>
    <b title=${names(one.number)}>${names(one.number)}</b>
    ${gone
      ? html`<span class="hears">${over && one.reason_left === "conference_ended_via_api" ? w.wasIn : w.leftAt(hour(moment(one.left_at)))}</span>`
      : html`<span class="hears ${hears}">${icon(SIGNS[hears] ?? "people")}<span title=${w.hears[hears]}>${w.hears[hears] ?? hears}</span></span>`}
    <span class="signs">
      ${!gone && one.hold ? html`<em title=${w.hold}>${icon("pause")}<span>${w.hold}</span></em>` : ""}
      ${!gone && one.muted ? html`<em title=${w.muted}>${icon("muted")}<span>${w.muted}</span></em>` : ""}
      ${!gone && one.coaching ? html`<em title=${w.coaches(names(coached))}>${icon("whisper")}<span>${w.coaches(names(coached))}</span></em>` : ""}
      ${!gone && one.end_on_exit ? html`<em title=${w.endsRoomHint}>${icon("key")}<span>${w.endsRoom}</span></em>` : ""}
    </span>
  </div>`;
});

/** The announcements that somebody heard: those to all while they were in the room, and those to them alone. */
const heardBy = (one, own) => (words) =>
  words.status !== "waiting" &&
  (words.to === one.call_sid ||
    (words.to === null && own.some(({ from, to, manner }) => manner !== "hold" && moment(words.at) >= from && (to === null || moment(words.at) <= to))));

function Track({ conference, one, line, until, pointed, webhooks }) {
  const own = stays(conference).filter((stay) => stay.call_sid === one.call_sid);
  const heard = heardBy(one, own);
  const ends = moment(one.time_limit_at);
  return html`<div class="stays" aria-hidden="true">
    <s class=${line.over ? "end" : "now"} style=${{ left: percent(line.width) }}></s>
    ${own.map((stay) => html`<i class="stay ${stay.manner}" style=${between(line, stay.from, stay.to ?? line.now)}></i>`)}
    ${ends ? html`<i class="rest" style=${between(line, line.now, ends)}></i><i class="limit ${until?.one === one ? "nearest" : ""}" style=${{ left: percent(line.place(ends)) }}></i>` : ""}
    ${conference.announcements.map((words, i) => heard(words)
      ? html`<i key=${i} class="band ${words.status} ${pointed != null && webhooks[i] === pointed ? "marked" : ""}"
          style=${between(line, moment(words.at), ended(words, line.now))}></i>`
      : "")}
  </div>`;
}

function Announcements({ conference, names, pointed, point, pick, webhooks }) {
  const w = words().room;
  const box = useRef(null);
  const { announcements } = conference;
  const numbers = new Map(conference.participants.map((one) => [one.call_sid, one.number]));
  useEffect(() => {
    if (box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [announcements.map(({ text }) => text).join(), conference.sid]);
  return html`<div class="announcements" ref=${box} role="group" aria-label=${w.announcements}>
    <h3>${w.announcements}${announcements.length ? html` <span>${announcements.length}</span>` : ""}</h3>
    ${announcements.length
      ? html`<ol>
          ${announcements.map((one, i) => {
            const row = { webhook: webhooks[i] };
            const text = said(one);
            return html`<li key=${i}><button type="button" class="words ${one.status} ${row.webhook != null && pointed === row.webhook ? "marked" : ""}"
              onMouseEnter=${() => point(row)} onMouseLeave=${() => point(null)} onFocus=${() => point(row)} onClick=${() => pick(row)}>
              <i class="sign ${one.status}" aria-hidden="true"></i>
              <time>${hour(moment(one.at))}</time>
              <span class="to">${one.to === null ? w.toAll : w.to(names(numbers.get(one.to) ?? ""))}</span>
              <span class="status">${w.status[one.status] ?? one.status}</span>
              <q lang=${tongue(text)}>${text}</q>
            </button></li>`;
          })}
        </ol>`
      : html`<p class="empty">${w.noAnnouncements}</p>`}
  </div>`;
}

/** What happens in the room, for those who listen to the page; announcements they hear from the telephones. */
function Told({ conference, names }) {
  const w = words().ladder;
  const numbers = new Map(conference.participants.map((one) => [one.call_sid, one.number]));
  const tell = ({ event, call_sid }) => {
    const [what, who] = [plain(event), names(numbers.get(call_sid) ?? "")];
    if (what === "join" || what === "leave") return `${who} ${what === "join" ? w.joins : w.leaves}`;
    if (what === "start" || what === "end") return `${w.aRoom}: ${w.room[what](w.reasons[conference.reason])}`;
    return w.changes[what]?.(who) ?? "";
  };
  const last = conference.timeline.map((entry, i) => ({ text: tell(entry), i })).filter(({ text }) => text).slice(-4);
  return html`<div class="hidden" role="log" aria-live="polite">${last.map(({ text, i }) => html`<p key=${i}>${text}</p>`)}</div>`;
}

export function Room({ state, mark, point, pick, names, network, copy }) {
  const w = words().room;
  const { conferences, webhooks } = state;
  const [wanted, want] = useState(null);
  const conference = conferences.find(({ sid }) => sid === wanted) || newest(conferences);
  const over = isOver(conference);
  useBeat(!over, 200);
  const now = network.now();
  const line = new Line(conference, now);
  const until = limit(conference);
  const people = everybody(conference);
  const asked = useMemo(() => new Callbacks([conference], webhooks, parameters).words(conference), [conference, webhooks]);
  const since = moment(conference.started_at) ?? moment(conference.created_at);
  return html`<section class="panel meeting ${shape(conference)}" id="room" aria-label=${w.title}>
    <header>
      <i class="shape" aria-hidden="true"></i>
      <h2>${w.title}</h2>
      ${conferences.length > 1
        ? html`<label class="choice"><span class="hidden">${w.choose}</span>
            <select value=${conference.sid} title=${conference.friendly_name} onChange=${(event) => want(event.target.value)}>
              ${[...conferences].reverse().map((one) => html`<option value=${one.sid} selected=${one === conference}>
                ${hour(moment(one.created_at))}  ${short(one.friendly_name)}</option>`)}
            </select></label>`
        : html`<button type="button" class="account" title="${conference.friendly_name}  ${conference.sid}" onClick=${() => copy(conference.friendly_name, words().webhooks.copied)}>
            <code>${short(conference.friendly_name)}</code>${icon("copy")}</button>`}
      <span class="state"><b>${w.states[shape(conference)]}</b> ${over ? (words().ladder.reasons[conference.reason] ?? conference.reason) : w.since(hour(since))}</span>
      <span class="space"></span>
      <${Left} conference=${conference} until=${until} now=${now} names=${names} />
    </header>
    <div class="room-body">
      <div class="when" tabindex="0" role="group" aria-label=${w.who}>
        <div class="axis" aria-hidden="true"><div class="ruler">
          <u style=${between(line, line.begin, line.now)}></u>
          ${line.ticks().map((second) => html`<i style=${{ left: percent(line.place(line.begin + second * 1000)) }}><span>${timer(second)}</span></i>`)}
          ${over ? "" : MARKS.map((mark) => html`<i class="ahead-mark" style=${{ left: percent(line.place(line.now + mark * 1000)) }}><span>+${span(mark)}</span></i>`)}
          <b class=${over ? "end" : "now"} style=${{ left: percent(line.width) }}><span>${over ? w.end : w.now}</span></b>
        </div></div>
        ${people.map((one) => html`<div class="row" key=${one.call_sid}>
          <${Person} one=${one} coached=${people.find(({ call_sid }) => call_sid === one.call_to_coach)?.number ?? ""} started=${conference.started_at !== null} over=${over} names=${names} />
          <${Track} conference=${conference} one=${one} line=${line} until=${until} pointed=${mark} webhooks=${asked} />
        </div>`)}
      </div>
      <${Announcements} conference=${conference} names=${names} pointed=${mark} point=${point} pick=${pick} webhooks=${asked} />
    </div>
    <${Told} conference=${conference} names=${names} />
  </section>`;
}
