// The log of webhooks: what was asked, what the application answered, and what was wrong with it.
import { html, icon, still, useEffect, useLayoutEffect, useMemo, useRef, useState } from "./view.js";
import { national } from "./numbers.js";
import { hour, words } from "./words.js";

const AT_ONCE = 200; // rows; older ones come on demand

/** Form parameters as pairs, whichever way they were told. */
export function parameters(entry) {
  const { params } = entry;
  return Array.isArray(params) ? params : Object.entries(params || {});
}

/** Where a request goes, short enough to be a label: ids in a path say nothing to people. */
export function path(url) {
  if (!URL.canParse(url)) return url;
  const { pathname } = new URL(url);
  const parts = pathname.split("/").map((part) => (part.length > 16 ? "…" : part));
  const told = parts.join("/");
  return told.length > 24 ? `${parts.slice(0, 2).join("/")}/…` : told;
}

const documents = new WeakMap();

/** The answer read as XML; null when it is not. */
function twiml(entry) {
  if (!documents.has(entry)) {
    const text = (entry.answer || "").trim();
    let found = null;
    if (text.startsWith("<")) {
      const read = new DOMParser().parseFromString(text, "text/xml");
      found = read.querySelector("parsererror") ? null : read.documentElement;
    }
    documents.set(entry, found);
  }
  return documents.get(entry);
}

/** The verbs of an answer, uppermost level. */
export function verbs(entry) {
  const root = twiml(entry);
  return root && root.nodeName === "Response" ? [...root.children].map((child) => child.nodeName) : [];
}

const mark = (text) => html`<span class="xml-mark">${text}</span>`;
const line = (depth, ...content) => html`<span class="xml-line" style=${{ "--depth": depth }}>${content}${"\n"}</span>`;

/** TwiML as a page shows it: a line for each verb, indented, long ones continued further in. */
function indented(element, depth = 0) {
  const attributes = [...element.attributes].map(
    ({ name, value }) => html` <span class="xml-name">${name}</span>${mark('="')}<span class="xml-value">${value}</span>${mark('"')}`,
  );
  const open = html`${mark("<")}<span class="xml-tag">${element.nodeName}</span>${attributes}`;
  const inside = [...element.childNodes].filter((node) => node.nodeType !== 3 || node.data.trim());
  if (!inside.length) return line(depth, open, mark("/>"));
  const close = html`${mark("</")}<span class="xml-tag">${element.nodeName}</span>${mark(">")}`;
  const text = (node) => html`<span class="xml-text">${node.data.trim()}</span>`;
  if (inside.every((node) => node.nodeType === 3 || node.nodeType === 4)) return line(depth, open, mark(">"), inside.map(text), close);
  const drawn = inside.map((node) => {
    if (node.nodeType === 1) return indented(node, depth + 1);
    return line(depth + 1, node.nodeType === 8 ? html`<span class="xml-comment">${`<!--${node.data}-->`}</span>` : text(node));
  });
  return html`${line(depth, open, mark(">"))}${drawn}${line(depth, close)}`;
}

/** A status callback says in which state the call is, or what happened in the conference. */
export function progress(entry) {
  const given = new Map(parameters(entry));
  if (given.has("StatusCallbackEvent")) return given.get("StatusCallbackEvent");
  return given.has("SequenceNumber") || given.has("CallDuration") ? given.get("CallStatus") : null;
}

const quoted = (text) => `'${String(text).replaceAll("'", `'\\''`)}'`;

/** The very request again, with its signature. */
export function curl(entry) {
  const lines = [`curl -i ${entry.method === "GET" ? "" : `-X ${entry.method} `}${quoted(entry.url.replace(/#.*/, ""))}`];
  for (const [name, value] of Object.entries(entry.headers || {})) {
    if (!/^(host|content-length|connection|accept-encoding|content-type|signature)$/i.test(name)) lines.push(`-H ${quoted(`${name}: ${value}`)}`);
  }
  if (entry.method !== "GET") for (const [name, value] of parameters(entry)) lines.push(`--data-urlencode ${quoted(`${name}=${value}`)}`);
  return lines.join(" \\\n  ");
}

const signed = (entry) => Object.keys(entry.headers || {}).some((name) => name.toLowerCase() === "x-twilio-signature");

function Detail({ entry, copy }) {
  const w = words();
  const said = entry.error && { code: entry.error.code ?? "", message: entry.error.message ?? String(entry.error) };
  const root = twiml(entry);
  const text = (entry.answer || "").trim();
  const empty = parameters(entry).filter(([, value]) => value === "").map(([name]) => name);
  return html`<div class="hook-detail">
    ${said
      ? html`<div class="hook-error" role="note">
          <b>${w.webhooks.error} ${said.code}</b>
          ${w.codes[said.code] ? html`<p>${w.codes[said.code]}</p>` : ""}
          <p class="quoted">${said.message}</p>
          ${/^\d{5}$/.test(said.code)
            ? html`<a href="https://www.twilio.com/docs/api/errors/${said.code}" target="_blank" rel="noreferrer">${w.webhooks.docs}</a>`
            : ""}
        </div>`
      : ""}
    <div class="hook-bar">
      <code class="url">${entry.url}</code>
      <span class="tag">${signed(entry) ? `✓ ${w.webhooks.signed}` : w.webhooks.unsigned}</span>
      <button type="button" onClick=${() => copy(curl(entry), w.webhooks.copied)}>${icon("copy")}${w.webhooks.curl}</button>
    </div>
    <h3>${w.webhooks.answer} <span>${entry.status ?? ""}</span></h3>
    ${text
      ? html`<pre class="twiml"><code>${root ? indented(root) : text}</code></pre>`
      : html`<p class="empty">${entry.status ? w.webhooks.emptyAnswer : w.webhooks.noAnswer}</p>`}
    <h3>${w.webhooks.parameters}</h3>
    <table>
      <tbody>${parameters(entry).filter(([, value]) => value !== "").map(([name, value]) => html`<tr key=${name}><th scope="row">${name}</th><td>${value}</td></tr>`)}</tbody>
    </table>
    ${empty.length ? html`<p class="hook-empty">${w.webhooks.empty} ${empty.join(", ")}</p>` : ""}
  </div>`;
}

const shape = (entry) => (entry.error || entry.status == null || entry.status >= 400 ? "bad" : "fine");

const Row = still(({ entry, marked, open, toggle, point, copy, current }) => {
  const w = words().webhooks;
  const id = `hook-${entry.sequence}`;
  const told = verbs(entry);
  return html`<li class="hook ${shape(entry)} ${marked ? "marked" : ""} ${open ? "open" : ""}" data-sequence=${entry.sequence}
    onMouseEnter=${() => point(entry.sequence)} onMouseLeave=${() => point(null)}>
    <button type="button" class="hook-row" tabindex=${current ? 0 : -1} aria-expanded=${open} aria-controls=${id}
      onFocus=${() => point(entry.sequence)} onClick=${() => toggle(entry.sequence)}>
      ${icon("open")}
      <time>${hour(Date.parse(entry.at))}</time>
      <span class="method">${entry.method}</span>
      <span class="path" title=${entry.url}>${path(entry.url)}${told.length ? html` <em>${told.map((verb) => `<${verb}>`).join(" ")}</em>` : ""}${progress(entry) ? html` <i>${progress(entry)}</i>` : ""}</span>
      ${entry.attempt > 1 ? html`<span class="tag">${w.attempt(entry.attempt)}</span>` : ""}
      <span class="status">${entry.error ? `✕ ${entry.error.code || entry.status || ""}` : (entry.status ?? "✕")}</span>
      <span class="ms">${entry.milliseconds == null ? "" : w.ms(Math.round(entry.milliseconds))}</span>
    </button>
    <div id=${id} hidden=${!open}>${open ? html`<${Detail} entry=${entry} copy=${copy} />` : ""}</div>
  </li>`;
});

export function Webhooks({ state, family, chosen, mark, point, opened, toggle, copy, names }) {
  const w = words().webhooks;
  const { webhooks } = state;
  const [filter, setFilter] = useState("");
  const [errors, setErrors] = useState(false);
  const [older, setOlder] = useState(0);
  const [current, setCurrent] = useState(null);
  const box = useRef(null);
  const following = useRef(true);
  const found = useMemo(() => {
    const wanted = filter.trim().toLowerCase();
    return webhooks.filter((entry) => {
      if (errors && shape(entry) !== "bad") return false;
      if (chosen && family.get(entry.call_sid) !== chosen) return false;
      if (!wanted) return true;
      const values = parameters(entry).flatMap(([name, value]) => [name, value, national(value), names(value)]);
      return [entry.method, entry.url, entry.status, entry.answer, entry.call_sid, ...values].join("\n").toLowerCase().includes(wanted);
    });
  }, [webhooks, chosen, filter, errors, family, names]);
  const hidden = Math.max(0, found.length - AT_ONCE - older);
  const seen = hidden ? found.slice(hidden) : found;
  const currentNow = seen.some((entry) => entry.sequence === current) ? current : seen.length ? seen[seen.length - 1].sequence : null;

  useLayoutEffect(() => {
    if (box.current && following.current) box.current.scrollTop = box.current.scrollHeight;
  }, [found.length]);
  /** An entry that has just been unfolded is seen from its first line, if it does not fit as it lies. */
  const show = (sequence) =>
    requestAnimationFrame(() => {
      const [list, entry] = [box.current, box.current?.querySelector(`[data-sequence="${sequence}"]`)];
      if (!entry) return;
      const [room, place] = [list.getBoundingClientRect(), entry.getBoundingClientRect()];
      if (place.top < room.top || place.bottom > room.bottom) entry.scrollIntoView({ block: place.height > room.height ? "start" : "nearest" });
    });
  useEffect(() => {
    if (opened?.reveal == null) return;
    // The bottom stops being followed as soon as somebody asks for one entry.
    following.current = false;
    setCurrent(opened.reveal);
    show(opened.reveal);
  }, [opened?.reveal]);

  const unfold = useMemo(
    () => (sequence) => {
      following.current = false;
      setCurrent(sequence);
      toggle(sequence);
      requestAnimationFrame(() => show(sequence));
    },
    [toggle],
  );
  const move = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity }[event.key];
    if (!step || !event.target.classList.contains("hook-row")) return;
    event.preventDefault();
    const at = seen.findIndex((entry) => entry.sequence === currentNow);
    const next = seen[Math.max(0, Math.min(seen.length - 1, at + step))].sequence;
    setCurrent(next);
    box.current.querySelector(`[data-sequence="${next}"] .hook-row`)?.focus();
  };
  return html`
    <div class="filters">
      <input id="filter" type="search" value=${filter} placeholder=${w.filterHint} aria-label=${w.filter} aria-keyshortcuts="/" autocomplete="off"
        spellcheck="false" onInput=${(event) => setFilter(event.target.value)}
        onKeyDown=${(event) => event.key === "Escape" && (setFilter(""), event.target.blur())} />
      <label class="check"><input type="checkbox" checked=${errors} onChange=${(event) => setErrors(event.target.checked)} /> ${w.errors}</label>
    </div>
    ${seen.length
      ? html`<div class="log" ref=${box} onScroll=${({ target }) => {
          following.current = target.scrollHeight - target.scrollTop - target.clientHeight < 40;
        }}>
          ${hidden ? html`<button type="button" class="older" onClick=${() => setOlder(older + AT_ONCE)}>${w.older(hidden)}</button>` : ""}
          <ol onKeyDown=${move}>
            ${seen.map((entry) => html`<${Row} key=${entry.sequence} entry=${entry} marked=${mark === entry.sequence} copy=${copy}
              open=${Boolean(opened?.all.has(entry.sequence))} toggle=${unfold} point=${point} current=${entry.sequence === currentNow} />`)}
          </ol>
        </div>`
      : html`<div class="empty-state">
          ${webhooks.length ? html`<p>${w.noneFiltered}</p>` : html`<p><b>${w.none}</b></p><p>${w.noneHint}</p>`}
        </div>`}`;
}
