// The texts of a telephone: one thread with everybody it writes to, and what is on its way to it.
import { html, icon, useEffect, useLayoutEffect, useRef, useState } from "./view.js";
import { international, national, tongue } from "./numbers.js";
import { segments } from "./segments.js";
import { fileName, hour, words } from "./words.js";

/** What a telephone has sent and got, and what the account has sent to it and it has not got (yet), in the order of time. */
export function thread(phone, messages) {
  const got = new Set(phone.messages.map(({ sid }) => sid));
  const missing = messages.filter((one) => one.to === phone.number && one.direction !== "inbound" && !got.has(one.sid));
  return [...phone.messages, ...missing.map((one) => ({ ...one, direction: "in", missing: true }))].sort(
    (a, b) => Date.parse(a.at) - Date.parse(b.at),
  );
}

/** How far a text has come: a shape for each way that it can be. */
export const stateOf = (message) => (message.status === "received" && message.direction === "in" ? "delivered" : message.status);

/** There, astray, or on its way; a telephone itself knows no more than that a text has left it. */
function shapeOf(message) {
  const state = stateOf(message);
  if (isLost(message)) return "astray";
  return state === "delivered" || (state === "sent" && message.direction === "out") ? "there" : "underway";
}

export const isLost = ({ status }) => status === "undelivered" || status === "failed";

const partner = (message) => (message.direction === "in" ? message.from : message.to);

function Text({ message, names }) {
  const w = words().texts;
  const state = stateOf(message);
  return html`<li class="letter-item ${message.direction} ${message.missing ? "missing" : ""}">
    <div class="letter-body" lang=${tongue(message.body || "")}>
      ${message.body}
      ${message.media.map((url) => html`<a href=${url} target="_blank" rel="noreferrer" title=${url}>${icon("clip")}${fileName(url)}</a>`)}
    </div>
    <div class="letter-foot">
      <time>${hour(Date.parse(message.at))}</time>
      <span class="letter-state ${shapeOf(message)}"><i class="letter ${shapeOf(message)}" aria-hidden="true"></i>${w.states[state] || state}${message.error ? ` ${message.error}` : ""}</span>
      ${message.segments > 1 ? html`<span>${w.segments(message.segments)}</span>` : ""}
    </div>
  </li>`;
}

export function Texts({ phone, name, messages, suggests, acts, names }) {
  const w = words().texts;
  const all = thread(phone, messages);
  const last = all.filter((one) => !one.missing).pop();
  const [to, address] = useState(null);
  const [body, write] = useState("");
  const box = useRef(null);
  const id = phone.number.slice(1);
  const goes = to ?? national(last ? partner(last) : suggests[0]?.number || "");
  const count = segments(body);
  useLayoutEffect(() => {
    if (box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [all.length]);
  const send = (event) => {
    event.preventDefault();
    if (!body.trim()) return;
    const number = international(goes, phone.number);
    if (!/^\+?[\d*#]{3,15}$/.test(number)) {
      acts.trouble(phone, words().telephones.bad);
      return;
    }
    acts.send(phone, number, body).then((done) => done && write(""));
  };
  const partners = [...new Set([...all.map(partner), ...suggests.map(({ number }) => number)])];
  let before = null;
  return html`<div class="texts">
    <div class="thread" ref=${box} role="log" aria-live="polite" aria-label=${w.of(name)} tabindex="-1">
      ${all.length
        ? html`<ol>${all.map((message) => {
            const other = partner(message);
            const heading = other === before ? "" : html`<li class="letter-with">${names(other)}</li>`;
            before = other;
            return html`${heading}<${Text} key=${message.sid + message.direction} message=${message} names=${names} />`;
          })}</ol>`
        : html`<p class="empty">${phone.receives === "landline" ? w.landline : w.none(name)}</p>`}
    </div>
    <form class="compose" onSubmit=${send}>
      <label class="to"><span>${w.to}</span>
        <input class="tabular" list="partners-${id}" inputmode="tel" autocomplete="off" spellcheck="false" value=${goes} aria-label=${w.toField(name)}
          onInput=${(event) => address(event.target.value)} />
      </label>
      <datalist id="partners-${id}">${partners.map((number) => html`<option value=${national(number)}>${names(number)}</option>`)}</datalist>
      <span class="count" aria-live="off">${w.count(count)}</span>
      <textarea rows="2" maxlength="1600" value=${body} placeholder=${w.write} aria-label=${w.writeField(name)}
        onInput=${(event) => write(event.target.value)}
        onKeyDown=${(event) => event.key === "Enter" && !event.shiftKey && !event.isComposing && send(event)}></textarea>
      <button type="submit" aria-label=${w.send} title=${w.send} disabled=${!body.trim()}>${icon("send")}</button>
    </form>
  </div>`;
}

/** How many texts have come since somebody last looked at them. */
export function useUnread(phone, looking) {
  const came = phone.messages.filter((message) => message.direction === "in").length;
  const [seen, see] = useState(came);
  useEffect(() => {
    if (looking || came < seen) see(came);
  }, [looking, came]);
  return looking ? 0 : Math.max(0, came - seen);
}
