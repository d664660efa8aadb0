// What a telephone hears, word by word as it is spoken.
import { html, still, useBeat, useLayoutEffect, useRef } from "./view.js";
import { lasting, tongue } from "./numbers.js";
import { fileName, timer, words } from "./words.js";

const cutter = {};
function pieces(text) {
  const language = tongue(text);
  if (!globalThis.Intl?.Segmenter) return text.split(/(?<=\s)/);
  cutter[language] ??= new Intl.Segmenter(language, { granularity: "word" });
  return [...cutter[language].segment(text)].map((piece) => piece.segment);
}

/** A sentence whose words appear when they are said. It has its full room from the first moment, so nothing jumps. */
function Spoken({ item, over, network }) {
  const { text } = item;
  const seconds = lasting(text);
  const elapsed = (network.now() - Date.parse(item.at)) / 1000;
  const frozen = useRef(null);
  if (item.cut && frozen.current === null) frozen.current = Math.min(1, elapsed / seconds);
  const part = frozen.current ?? (over ? 1 : elapsed / seconds);
  useBeat(part < 1 && frozen.current === null, 60);
  if (part >= 1) return html`<span>${text}</span>`;
  let reached = part * text.length;
  const list = pieces(text).map((piece) => {
    const said = reached > 0;
    reached -= piece.length;
    return html`<span class=${said ? "word said" : "word"}>${piece}</span>`;
  });
  const way = frozen.current !== null ? "broken" : network.state.clock?.pace ? "" : "still";
  return html`<span class=${way}>${list}</span>`;
}

/** What was said into a telephone in this call, whoever may have heard it: a Gather, a recording, another person. */
function said(call) {
  const answered = call?.timeline.find(({ event }) => event === "answered");
  const since = ({ at }) => (answered ? Math.max(0, (Date.parse(at) - Date.parse(answered.at)) / 1000) : null);
  return (call?.timeline || [])
    .filter(({ event }) => event === "speaks")
    .map((entry) => ({ at: entry.at, kind: "own", text: entry.detail, second: since(entry) }));
}

const withoutQuery = (address) => (address || "").split(/[?#]/)[0];

const Heard = still(({ item, over, network, names }) => {
  const w = words().telephones;
  const own = item.kind === "own";
  const spoken = item.kind === "say" || item.kind === "speech";
  const file = item.kind === "play" || item.kind === "music" ? fileName(withoutQuery(item.text)) : "";
  return html`<li class="heard-item ${item.kind}">
    <span class="second">${item.second == null ? "–" : timer(item.second)}</span>
    <span class="kind">${item.kind === "speech" && item.from ? names(item.from) : w.kinds[item.kind] || item.kind}</span>
    <span class="text" lang=${spoken || own ? tongue(item.text) : undefined}>
      ${own ? html`<q>${item.text}</q>` : ""}
      ${spoken ? html`<${Spoken} item=${item} over=${over} network=${network} />` : file
        ? html`♪ ${file}${/^https?:/.test(item.text) ? html`<a class="address" href=${item.text} title=${item.text} target="_blank" rel="noreferrer">${withoutQuery(item.text)}</a>` : ""}`
        : ""}
      ${item.cut ? html`<em class="cut">${w.cut}</em>` : ""}
    </span>
  </li>`;
});

export function Ear({ phone, last, name, network, names }) {
  const w = words().telephones;
  const box = useRef(null);
  const items = [
    ...phone.heard,
    ...said(last),
    ...(phone.messages || []).map((message) => ({ ...message, kind: "message" })),
  ].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  const length = items.length;
  useLayoutEffect(() => {
    if (box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [length]);
  return html`<div class="ear" ref=${box} role="log" aria-live="polite" aria-label=${w.heard(name)} tabindex="-1">
    ${length
      ? html`<ol>
          ${items.map((item) =>
            item.kind === "message"
              ? html`<li key=${item.sid} class="heard-item message">
                  <span class="second">✉</span>
                  <span class="kind">${w.message[item.direction]} ${names(item.direction === "in" ? item.from : item.to)}</span>
                  <span class="text" lang=${tongue(item.body || "")}>${item.body}</span>
                </li>`
              : html`<${Heard} key=${item.at + item.kind + item.text} item=${item} network=${network} names=${names}
                  over=${phone.state === "idle"} />`,
          )}
        </ol>`
      : html`<p class="empty">${w.nothingHeard(name)}</p>`}
  </div>`;
}
