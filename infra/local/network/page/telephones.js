// The telephones: a display, twelve keys, two buttons, a mouth and an ear.
import { html, icon, lamp, still, useBeat, useEffect, useRef, useState } from "./view.js";
import { Ear } from "./ear.js";
import { Texts, useUnread } from "./texts.js";
import { international, national } from "./numbers.js";
import { timer, words } from "./words.js";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];
const LETTERS = {
  en: { 2: "ABC", 3: "DEF", 4: "GHI", 5: "JKL", 6: "MNO", 7: "PQRS", 8: "TUV", 9: "WXYZ", 0: "+" },
  ja: { 1: "あ", 2: "か", 3: "さ", 4: "た", 5: "な", 6: "は", 7: "ま", 8: "や", 9: "ら", 0: "わ" },
};
const ANSWERS = ["by hand", "at once", "busy", "never", "machine"];
const PEOPLE = [["Aiko", "愛子"], ["Ben", "ベン"], ["Chie", "千恵"], ["Daichi", "大地"], ["Emi", "恵美"], ["Fumi", "文"]];

export const nameOf = (phone) => phone.name || national(phone.number);

/** The next telephone that nobody has: 090-1111-0001, 0002 ... */
export function proposal(phones, language) {
  const taken = new Set(phones.map((phone) => phone.number));
  for (let n = 1; ; n++) {
    const number = `+819011110${String(n).padStart(3, "0")}`;
    if (taken.has(number)) continue;
    const free = PEOPLE.filter(([en, jp]) => !phones.some((phone) => phone.name === en || phone.name === jp));
    const person = free[0];
    return { number, name: person ? person[language === "ja" ? 1 : 0] : "" };
  }
}

function Since({ moment, network }) {
  useBeat(true, 250);
  return html`<time class="since">${timer((network.now() - moment) / 1000)}</time>`;
}

/** When this leg was answered: the call's own time line knows; else the moment at which this page saw it. */
function useAnswered(phone, call, network) {
  const seen = useRef({ call: null, moment: null });
  if (phone.state === "talking" && seen.current.call !== phone.call_sid) {
    seen.current = { call: phone.call_sid, moment: network.now() };
  }
  if (phone.state !== "talking") return null;
  const answered = call?.timeline.find((entry) => /^(answered|in-progress)$/.test(entry.event) && entry.at);
  return answered ? Date.parse(answered.at) : seen.current.moment;
}

const unknown = (shown) => !shown || /^(anonymous|unknown|withheld|private|restricted)/i.test(shown);

function Behaviour({ phone, acts }) {
  const w = words().telephones;
  const change = (part) => acts.behave(phone, part);
  // A machine that says nothing would be a riddle to whoever calls it.
  const choose = (way) => change(way === "machine" ? { answers: way, greeting: w.greetingExample } : { answers: way });
  const answers = phone.answers || "by hand";
  const id = phone.number.slice(1);
  return html`<details class="behaviour">
    <summary>
      ${icon("open")}<span>${w.behaviour}: </span><b>${w.behaviours[answers]}</b>
      ${phone.withheld ? html`<span class="tag">${w.withheld}</span>` : ""}
      ${phone.presses ? html`<span class="tag">${w.presses} ${phone.presses}</span>` : ""}
    </summary>
    <div class="behaviour-fields">
      <label for="answers-${id}">${w.behaviour}</label>
      <select id="answers-${id}" value=${answers} onChange=${(event) => choose(event.target.value)}>
        ${ANSWERS.map((one) => html`<option value=${one} selected=${one === answers}>${w.behaviours[one]}</option>`)}
      </select>
      ${answers === "at once" || answers === "machine" || answers === "busy"
        ? html`<label for="after-${id}">${w.after[answers === "busy" ? "busy" : "answers"]}</label>
            <span class="with-unit">
              <input id="after-${id}" type="number" min="0" max="120" step="1" value=${phone.after || ""} placeholder="0"
                onChange=${(event) => change({ after: event.target.value === "" ? null : Number(event.target.value) })} /> ${w.seconds}
            </span>`
        : ""}
      <label for="presses-${id}">${w.presses}</label>
      <input id="presses-${id}" value=${phone.presses ?? ""} placeholder="1ww2#" pattern="[0-9*#wW]*" spellcheck="false"
        onChange=${(event) => change({ presses: event.target.value })} />
      ${answers === "machine"
        ? html`<label for="greeting-${id}">${w.greeting}</label>
            <input id="greeting-${id}" value=${phone.greeting ?? ""} placeholder=${w.greetingExample}
              onChange=${(event) => change({ greeting: event.target.value })} />`
        : ""}
      <label for="name-${id}">${w.rename}</label>
      <input id="name-${id}" value=${phone.name ?? ""} onChange=${(event) => change({ name: event.target.value })} />
      <label class="check"><input type="checkbox" checked=${Boolean(phone.withheld)}
        onChange=${(event) => change({ withheld: event.target.checked })} /> ${w.withhold}</label>
    </div>
  </details>`;
}

function Suggestions({ phone, suggests, fresh, dial }) {
  const w = words().telephones;
  if (!suggests.length) return html`<p class="empty">${w.noSuggestion}</p>`;
  const single = suggests.length === 1;
  return suggests.map(({ number, reaches }) => {
    const [before, , after] = w.suggest(number, reaches);
    return html`<button type="button" class="suggest ${single ? "wide" : ""} ${fresh ? "fresh" : ""}" disabled=${phone.state !== "idle"}
      onClick=${() => dial(number)} title="${before}${national(number)}${after}">
      ${single
        ? html`<span>${before}<b>${national(number)}</b>${after}</span>`
        : html`<b>${national(number)}</b><span>${reaches || ""}</span>`}
    </button>`;
  });
}

const NOTHING = [];

/** What each telephone may dial. Where nobody has said it: the account's numbers, else the other telephones. */
export function suggestions({ phones, account }) {
  const lines = (account?.numbers || []).map((number) => ({ number }));
  const others = (phone) => phones.filter((other) => other !== phone).map((other) => ({ number: other.number, reaches: other.name }));
  return new Map(
    phones.map((phone) => [phone.number, phone.suggests?.length ? phone.suggests : lines.length ? lines : others(phone)]),
  );
}

export const Telephone = still(({ phone, call, last, messages, suggests, fresh, trouble, acts, network, names, language }) => {
  const w = words().telephones;
  const { state } = phone;
  const name = nameOf(phone);
  const [typed, type] = useState("");
  const [sent, send] = useState("");
  const [speech, setSpeech] = useState("");
  const [face, turn] = useState("keys");
  const unread = useUnread(phone, face === "texts");
  const field = useRef(null);
  const mouth = useRef(null);
  const answered = useAnswered(phone, call, network);
  const busy = state !== "idle";
  const listening = state === "talking" && !phone.talking_with.length;

  useEffect(() => {
    if (state === "idle") send("");
    else type("");
  }, [state === "idle"]);

  useEffect(() => {
    if (busy) turn("keys"); // a call wants the keys
  }, [busy]);

  const dial = (number) => {
    if (!/^\+?[\d*#]{3,15}$/.test(number)) return acts.trouble(phone, w.bad);
    return acts.dial(phone, number);
  };
  const go = () => {
    if (state === "ringing") acts.answer(phone);
    else if (state === "idle" && typed) dial(international(typed, phone.number));
    else if (state === "idle") field.current.focus();
  };
  const stop = () => {
    if (state === "ringing") acts.reject(phone);
    else if (busy) acts.hangup(phone);
    else type("");
  };
  const tap = (digit) => {
    acts.key(digit);
    if (state === "talking") {
      send((before) => (before + digit).slice(-16));
      acts.press(phone, digit);
    } else if (state === "idle") type((before) => before + digit);
  };
  const speak = (event) => {
    event.preventDefault();
    if (state !== "talking" || !speech.trim()) return;
    acts.speak(phone, speech.trim());
    setSpeech("");
  };
  const keys = (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter") {
      event.preventDefault();
      go();
    } else if (event.key === "Escape") {
      stop();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const all = [...document.querySelectorAll(".lcd input")];
      const step = event.key === "ArrowDown" ? 1 : all.length - 1;
      all[(all.indexOf(event.target) + step) % all.length].focus();
    } else if (/^[\d*#]$/.test(event.key) && state === "talking") {
      event.preventDefault();
      tap(event.key);
    } else if (/^[\d*#]$/.test(event.key) && state === "idle") {
      acts.key(event.key);
    } else if (event.key.length === 1 && /\p{L}/u.test(event.key)) {
      // No number has letters in it: whoever types one here wants to talk.
      event.preventDefault();
      if (state === "talking") {
        setSpeech((before) => before + event.key);
        mouth.current.focus();
      }
    }
  };
  const escape = (event) => {
    if (event.key === "Escape" && busy && event.target !== field.current) stop();
  };

  const shown = state === "dialing" || (state === "talking" && call?.from === phone.number) ? call?.to : phone.shows;
  const who = state === "idle" ? "" : unknown(shown) ? (state === "dialing" ? "…" : w.withheld) : national(shown);
  const known = state !== "talking" && !unknown(shown) && names(shown) !== national(shown) ? names(shown) : "";
  const hint = trouble
    ? trouble
    : state === "ringing"
      ? w.ringingHint
      : state === "dialing"
        ? w.dialingHint
        : state === "talking"
          ? html`${listening ? "" : w.with(phone.talking_with.map(names))}${[...sent].map((digit) => html`<kbd>${digit}</kbd>`)}`
          : "";
  const label = state === "talking" ? w.keysField(name) : w.dialField(name);

  return html`<section class="telephone ${state} ${listening ? "listening" : ""}" role="group" data-number=${phone.number}
    aria-label="${name}, ${national(phone.number)}, ${w.states[listening ? "listening" : state]}" onKeyDown=${escape}>
    <header>
      <h2>${name}</h2>
      <div class="faces" role="group" aria-label=${w.faces}>
        <button type="button" aria-pressed=${face === "keys"} aria-label=${w.keysFace} title=${w.keysFace} onClick=${() => turn("keys")}>${icon("handset")}</button>
        <button type="button" aria-pressed=${face === "texts"} aria-label="${w.textsFace}${unread ? `, ${w.unread(unread)}` : ""}" title=${w.textsFace}
          onClick=${() => turn("texts")}>${icon("text")}${unread ? html`<b>${unread}</b>` : ""}</button>
      </div>
      <span class="number">${national(phone.number)}</span>
    </header>
    <div class="lcd" onClick=${() => field.current.focus({ preventScroll: true })}>
      <div class="lcd-top">
        <span class="state" aria-live="assertive">${lamp(listening ? "listening" : state)}${w.states[listening ? "listening" : state]}${
          state === "ringing" ? html`<span class="hidden"> ${who} ${known}</span>` : ""}</span>
        ${answered ? html`<${Since} moment=${answered} network=${network} />` : ""}
      </div>
      <div class="lcd-main">
        <input ref=${field} class=${busy ? "behind" : ""} value=${busy ? "" : typed} readonly=${busy} inputmode="tel" autocomplete="off"
          spellcheck="false" placeholder=${busy ? "" : w.placeholder} aria-label=${label} aria-keyshortcuts="Enter Escape"
          onInput=${(event) => type(event.target.value)} onKeyDown=${keys} />
        ${busy ? html`<span class="who">${who}${known ? html`<small>${known}</small>` : ""}</span>` : ""}
        ${!busy && typed
          ? html`<button type="button" class="erase" tabindex="-1" aria-label=${w.erase} onClick=${() => type(typed.slice(0, -1))}>⌫</button>`
          : ""}
      </div>
      <div class="lcd-hint ${trouble ? "trouble" : ""}" role=${trouble ? "alert" : undefined}>${hint || "\u00a0"}</div>
    </div>
    ${face === "texts"
      ? html`<${Texts} phone=${phone} name=${name} messages=${messages} suggests=${suggests} acts=${acts} names=${names} />`
      : html`<div class="body">
      <div class="keypad" role="group" aria-label=${w.keypad(name)}>
        ${KEYS.map(
          (digit) => html`<button type="button" tabindex="-1" class="key" data-key=${digit}
            disabled=${state === "dialing" || state === "ringing"} onClick=${() => tap(digit)}>
            ${digit}<small aria-hidden="true">${LETTERS[language][digit] || ""}</small>
          </button>`,
        )}
      </div>
      <div class="actions">
        <button type="button" class="go" tabindex="-1" aria-keyshortcuts="Enter" onClick=${go}
          disabled=${state === "dialing" || state === "talking"}>
          ${icon("handset")}${state === "ringing" ? w.answer : w.dial}
        </button>
        <button type="button" class="stop" tabindex="-1" aria-keyshortcuts="Escape" onClick=${stop} disabled=${!busy}>
          ${icon("end")}${state === "ringing" ? w.reject : w.hangup}
        </button>
        <div class="slot">
          ${busy
            ? html`<form class="mouth" onSubmit=${speak}>
                <textarea ref=${mouth} rows="2" value=${speech} placeholder=${w.say} aria-label=${w.sayField(name)} disabled=${state !== "talking"}
                  onInput=${(event) => setSpeech(event.target.value)}
                  onKeyDown=${(event) => event.key === "Enter" && !event.shiftKey && !event.isComposing && speak(event)}></textarea>
                <button type="submit" aria-label=${w.sayIt} title=${w.sayIt} disabled=${state !== "talking" || !speech.trim()}>${icon("send")}</button>
              </form>`
            : html`<${Suggestions} phone=${phone} suggests=${suggests} fresh=${fresh} dial=${dial} />`}
        </div>
      </div>
    </div>
    <${Ear} phone=${phone} last=${last} name=${name} network=${network} names=${names} />`}
    <${Behaviour} phone=${phone} acts=${acts} />
  </section>`;
});

function Add({ phones, acts, language }) {
  const w = words().telephones;
  const [draft, setDraft] = useState(null);
  const form = useRef(null);
  useEffect(() => {
    form.current?.scrollIntoView({ block: "nearest" });
    form.current?.querySelector("input").focus();
  }, [draft !== null]);
  if (!draft) {
    return html`<button type="button" class="add" onClick=${() => setDraft(proposal(phones, language))}>${icon("plus")}${w.add}</button>`;
  }
  const add = (event) => {
    event.preventDefault();
    acts.add(international(draft.number), draft.name.trim()).then((done) => done && setDraft(null));
  };
  return html`<form class="add-form" ref=${form} onSubmit=${add} onKeyDown=${(event) => event.key === "Escape" && setDraft(null)}>
    <label>${w.name}<input value=${draft.name} onInput=${(event) => setDraft({ ...draft, name: event.target.value })} /></label>
    <label>${w.number}<input class="tabular" inputmode="tel" value=${national(draft.number)}
      onInput=${(event) => setDraft({ ...draft, number: event.target.value })} /></label>
    <button type="submit" class="go">${w.addIt}</button>
    <button type="button" onClick=${() => setDraft(null)}>${w.cancel}</button>
  </form>`;
}

export function Telephones({ state, suggested, troubles, acts, network, names, language }) {
  const w = words().telephones;
  const { phones, calls, reachable } = state;
  const first = phones.find((phone) => suggested.get(phone.number)?.length);
  const bySid = new Map(calls.map((call) => [call.sid, call]));
  const latest = new Map(calls.map((call) => [call.phone, call]));
  const couple = () => {
    const one = proposal([], language);
    return [one, proposal([one], language)];
  };
  return html`<section class="telephones" id="telephones" aria-label=${w.title}>
    ${phones.map(
      (phone) => html`<${Telephone} key=${phone.number} phone=${phone} call=${bySid.get(phone.call_sid)} language=${language}
        last=${latest.get(phone.number)} messages=${state.messages}
        suggests=${suggested.get(phone.number) || NOTHING}
        fresh=${!calls.length && phone === first} trouble=${troubles[phone.number]} acts=${acts} network=${network} names=${names} />`,
    )}
    ${!phones.length && reachable
      ? html`<div class="first">
          <p>${w.none}</p>
          <button type="button" class="go" onClick=${() => couple().forEach(({ number, name }) => acts.add(number, name))}>
            ${icon("plus")}${w.start(couple().map(({ name }) => name).join(language === "ja" ? "と" : " and "))}
          </button>
        </div>`
      : ""}
    <${Add} phones=${phones} acts=${acts} language=${language} />
  </section>`;
}
