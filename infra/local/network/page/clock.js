// The clock: it runs, and can be sent forward to what is due.
import { html, useBeat, useState } from "./view.js";
import { due as told, hour, span, words } from "./words.js";

const FAR = 7200; // s: the right edge of the strip
const SHOWN = 6;

// Seconds and hours on one strip: near things need room, far things only a place.
const place = (seconds) => Math.log1p(Math.max(0, seconds) / 4) / Math.log1p(FAR / 4);
const seconds = (where) => Math.expm1(where * Math.log1p(FAR / 4)) * 4;
const rounded = (value) => (value < 10 ? Math.round(value) : value < 120 ? Math.round(value / 5) * 5 : Math.round(value / 60) * 60);

function useTime(network, running) {
  useBeat(running, 200);
  return network.now();
}

/** What is still ahead, with the seconds until then as they are now. */
function waiting(state, now, names) {
  const bySid = new Map(state.calls.map((call) => [call.sid, call]));
  const call = (sid) => (bySid.has(sid) ? `${names(bySid.get(sid).from)} → ${names(bySid.get(sid).to)}` : sid);
  // The network names calls by SID and telephones by number; people do not.
  const plain = (what) => told(what.replace(/CA[0-9a-f]{32}/g, call).replace(/\+\d{8,15}/g, names));
  return (state.clock?.ahead || [])
    .filter((due) => due.what)
    .map((due) => ({ at: due.at, what: plain(due.what), left: (Date.parse(due.at) - now) / 1000 }))
    .filter((due) => due.left > -0.5)
    .sort((a, b) => a.left - b.left);
}

export function Clock({ state, network, acts, names }) {
  const w = words().clock;
  const now = useTime(network, Boolean(state.clock));
  const next = waiting(state, now, names).find((due) => due.left > 0);
  const pace = state.clock?.pace ?? 1;
  return html`<div class="clock" role="group" aria-label=${w.title}>
    <time class="now">${state.clock ? hour(now) : "--:--:--"}</time>
    <span class="pace" title=${w.pace[pace] || ""}>×${pace}</span>
    <button type="button" onClick=${() => acts.forward(10)}>${w.ten}</button>
    <button type="button" onClick=${() => acts.forward(60)}>${w.minute}</button>
    <button type="button" disabled=${!next} title=${next ? w.nextHint(next.what, span(next.left)) : w.nothingAhead}
      onClick=${() => next && acts.forward(ahead(next))}>${w.next}</button>
  </div>`;
}

// Just past the moment itself, so that what is due there has happened when the hand stops.
const ahead = (due) => Math.max(0, Math.ceil(due.left * 1000) / 1000) + 0.01;

export function Ahead({ state, network, acts, names }) {
  const w = words().clock;
  const now = useTime(network, Boolean(state.clock));
  const [held, hold] = useState(0);
  const dues = waiting(state, now, names).filter((due) => due.left > 0);
  const target = rounded(seconds(held));
  const near = dues.slice(0, SHOWN);
  const release = () => {
    if (held > 0 && target > 0) acts.forward(target);
    hold(0);
  };
  return html`<section class="ahead" aria-label=${w.ahead}>
    <header><h2>${w.ahead}</h2>${dues.length > SHOWN ? html`<span>${w.more(dues.length - SHOWN)}</span>` : ""}</header>
    <div class="strip">
      <div class="scale" aria-hidden="true">
        ${[10, 60, 600, 3600].map((mark) => html`<i style=${{ left: `${place(mark) * 100}%` }}><span>${span(mark)}</span></i>`)}
        ${dues.map((due) => html`<b key=${due.at + due.what} style=${{ left: `${Math.min(1, place(due.left)) * 100}%` }}></b>`)}
        <u style=${{ width: `${held * 100}%` }}></u>
      </div>
      <input type="range" min="0" max="1" step="0.002" value=${held} aria-label=${w.drag} aria-valuetext=${w.forward(span(target))}
        onInput=${(event) => hold(Number(event.target.value))} onPointerUp=${release}
        onKeyUp=${(event) => event.key === "Enter" && release()} onBlur=${() => hold(0)} />
      ${held > 0 ? html`<output style=${{ left: `${held * 100}%` }}>${w.forward(span(target))}</output>` : ""}
    </div>
    <div class="dues">
      ${near.length
        ? near.map((due) => html`<button type="button" key=${due.at + due.what} onClick=${() => acts.forward(ahead(due))} title=${w.nextHint(due.what, span(due.left))}>
            <time>${w.in(span(Math.ceil(due.left)))}</time><span>${due.what}</span>
          </button>`)
        : html`<p class="empty">${w.empty}</p>`}
    </div>
  </section>`;
}
