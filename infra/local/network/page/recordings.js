// What was recorded, to be listened to: voicemail and conversations, with the words that were said in them.
import { html, icon, useEffect, useRef, useState } from "./view.js";
import { national, tongue } from "./numbers.js";
import { hour, timer, words } from "./words.js";

const SHAPES = { "in-progress": "running", processing: "waiting", completed: "there", deleted: "there", absent: "none" };

/** Who is heard in it. */
const heard = (recording, names) => [recording.number, ...recording.with].filter(Boolean).map(names);

function Player({ recording, name, loud, names }) {
  const w = words().recordings;
  const audio = useRef(null);
  const [at, move] = useState(0);
  const [playing, play] = useState(false);
  const { seconds } = recording;
  useEffect(() => {
    audio.current.muted = !loud;
  }, [loud]);
  useEffect(() => {
    if (!playing) return undefined;
    let frame = 0;
    const follow = () => {
      move(audio.current.currentTime);
      frame = requestAnimationFrame(follow);
    };
    follow();
    return () => cancelAnimationFrame(frame);
  }, [playing]);
  const toggle = () => {
    if (!audio.current.paused) return audio.current.pause();
    // One is enough: whoever begins to listen to another has stopped listening to this.
    for (const other of document.querySelectorAll("audio")) if (other !== audio.current) other.pause();
    return audio.current.play().catch(() => play(false));
  };
  const seek = (second) => {
    audio.current.currentTime = second;
    move(second);
  };
  const current = recording.words.findLast((one) => one.second <= at + 0.05);
  const begun = playing || at > 0;
  return html`<div class="player" role="group" aria-label=${w.player(name)}>
    <audio ref=${audio} src="recordings/${recording.sid}.wav" preload="none" onPlay=${() => play(true)} onPause=${() => play(false)}
      onEnded=${() => (play(false), move(0))}></audio>
    <button type="button" class="listen" aria-label=${playing ? w.pause : w.listen} title=${playing ? w.pause : w.listen} onClick=${toggle}>
      ${icon(playing ? "pause" : "play")}</button>
    <input type="range" min="0" max=${seconds} step="0.1" value=${at} aria-label=${w.place} aria-valuetext=${timer(at)}
      style=${{ "--part": `${seconds ? (at / seconds) * 100 : 0}%` }} onInput=${(event) => seek(Number(event.target.value))} />
    <span class="tabular">${begun ? `${timer(at)} / ` : ""}${timer(Math.round(seconds))}</span>
    <a href="recordings/${recording.sid}.wav" download="${recording.sid}.wav" title=${w.file}>WAV</a>
    ${recording.words.length
      ? html`<ol class="said">${recording.words.map((one) => html`<li key=${one.second + one.text}>
          <button type="button" class=${begun && one === current ? "now" : ""} onClick=${() => seek(one.second)}>
            <time>${timer(one.second)}</time>${recording.with.length ? html`<b>${names(one.from)}</b>` : ""}<q lang=${tongue(one.text)}>${one.text}</q>
          </button></li>`)}</ol>`
      : html`<p class="empty">${w.silent}</p>`}
  </div>`;
}

function Recording({ recording, call, shown, choose, loud, names, network }) {
  const w = words().recordings;
  const item = useRef(null);
  const name = heard(recording, names).join(w.and);
  useEffect(() => {
    if (!shown) return;
    item.current.scrollIntoView({ block: "nearest" });
    (item.current.querySelector(".listen") || item.current).focus({ preventScroll: true });
  }, [shown]);
  return html`<li class="recording ${SHAPES[recording.status]}" ref=${item} tabindex="-1" data-sid=${recording.sid}>
    <header>
      <i class="reel ${SHAPES[recording.status]}" aria-hidden="true"></i>
      <h3>${name}</h3>
      <time>${hour(Date.parse(recording.at))}</time>
    </header>
    <p class="about">
      <span>${w.sources[recording.source] || recording.source}</span>
      <span>${national(recording.line)}</span>
      ${recording.status === "completed" ? "" : html`<span class="status">${w.states[recording.status]}</span>`}
      ${call ? html`<button type="button" class="quiet" onClick=${() => choose(call)}>${w.call}</button>` : ""}
    </p>
    ${recording.completed_at ? html`<${Player} recording=${recording} name=${name} loud=${loud} names=${names} />` : ""}
  </li>`;
}

export function Recordings({ state, family, chosen, choose, shown, loud, names, network }) {
  const w = words().recordings;
  const { recordings } = state;
  const found = chosen ? recordings.filter((one) => family.get(one.call_sid) === chosen) : recordings;
  return found.length
    ? html`<ol class="tapes" aria-label=${w.list}>${[...found].reverse().map((one) => html`<${Recording} key=${one.sid} recording=${one} loud=${loud}
        shown=${shown === one.sid} call=${family.get(one.call_sid)} choose=${choose} names=${names} network=${network} />`)}</ol>`
    : html`<div class="empty-state"><p>${recordings.length ? w.noneHere : w.none}</p></div>`;
}
