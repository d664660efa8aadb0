// The page: it reads the network, hands what it read to its parts, and carries deeds back.
import { html, icon, render, useEffect, useMemo, useRef, useState } from "./view.js";
import { Network, Refused, roots } from "./network.js";
import { Sound } from "./sound.js";
import { Story } from "./story.js";
import { suggestions, Telephones } from "./telephones.js";
import { CallChoice, LadderView } from "./ladder.js";
import { Webhooks } from "./webhooks.js";
import { Recordings } from "./recordings.js";
import { Room } from "./room.js";
import { Ahead, Clock } from "./clock.js";
import { national } from "./numbers.js";
import { languages, speak, words } from "./words.js";

const TROUBLE = 6000; // ms for which a refusal stands in a telephone's display
const NOTE = 2200;

const remembered = (name, otherwise) => {
  try {
    return localStorage.getItem(`toritsugi.${name}`) ?? otherwise;
  } catch {
    return otherwise;
  }
};
const remember = (name, value) => {
  try {
    localStorage.setItem(`toritsugi.${name}`, value);
  } catch {
    // A browser without storage forgets the switch; nothing else depends on it.
  }
};

function useSetting(name, otherwise) {
  const [value, set] = useState(() => remembered(name, otherwise));
  return [value, (fresh) => (remember(name, fresh), set(fresh))];
}

async function toClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without https and without localhost there is no clipboard to write to; a selection still is.
    const area = Object.assign(document.createElement("textarea"), { value: text });
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

const sound = new Sound();
const story = new Story();
const network = new Network((state) => {
  sound.follow(state.phones, network.now());
  story.follow(state.phones, state.recordings);
  page.told(state);
});
const page = { told() {} };

/** Deeds of hands: carried to the network, written into the story, refused ones shown where they were done. */
function deeds(setTroubles, note) {
  const trouble = (phone, message) => {
    setTroubles((before) => ({ ...before, [phone.number]: message }));
    setTimeout(() => setTroubles((before) => ({ ...before, [phone.number]: before[phone.number] === message ? null : before[phone.number] })), TROUBLE);
  };
  const attempt = async (phone, deed) => {
    try {
      await deed();
      return true;
    } catch (refusal) {
      const message = refusal instanceof Refused ? refusal.message : words().lost;
      if (phone) trouble(phone, message);
      else note(message);
      return false;
    }
  };
  const by = (phone, verb, body, deed, value) => {
    story.did(phone.number, deed, value, network.now());
    return attempt(phone, () => network.phone(phone.number, verb, body));
  };
  return {
    trouble,
    key: (digit) => sound.key(digit),
    dial: (phone, to) => by(phone, "dial", { to }, "dials", to),
    answer: (phone) => by(phone, "answer", {}, "answers"),
    reject: (phone) => by(phone, "reject", {}, "rejects"),
    hangup: (phone) => by(phone, "hangup", {}, "hangs_up"),
    press: (phone, digits) => by(phone, "press", { digits }, "presses", digits),
    speak: (phone, text) => by(phone, "speak", { text }, "says", text),
    send: (phone, to, body) => by(phone, "send", { to, body }, "texts", { to, body }),
    behave: (phone, settings) => attempt(phone, () => network.behave(phone.number, settings)),
    add: (number, name) => attempt(null, () => network.behave(number, name ? { name } : {})),
    forward: (seconds) => {
      story.forwarded(seconds, network.now());
      return attempt(null, () => network.advance(seconds));
    },
    forget: () => {
      story.forget();
      return attempt(null, () => network.forget());
    },
  };
}

function Switches({ language, setLanguage, loud, setLoud, theme, setTheme }) {
  const w = words();
  const themes = ["auto", "light", "dark"];
  const signs = { auto: "auto", light: "sun", dark: "moon" };
  return html`<div class="switches">
    <div class="segments" role="group" aria-label=${w.language}>
      ${Object.keys(languages).map((one) => html`<button type="button" lang=${one} aria-pressed=${one === language} onClick=${() => setLanguage(one)}>${one}</button>`)}
    </div>
    <button type="button" class="only-icon" aria-pressed=${loud} aria-label=${w.sound.on} title=${loud ? w.sound.on : w.sound.off}
      onClick=${() => setLoud(!loud)}>${icon(loud ? "loud" : "mute")}</button>
    <button type="button" class="only-icon" aria-label=${w.theme[theme]} title=${w.theme[theme]}
      onClick=${() => setTheme(themes[(themes.indexOf(theme) + 1) % 3])}>${icon(signs[theme])}</button>
  </div>`;
}

function App() {
  const [language, setLanguage] = useSetting("language", /^ja/.test(navigator.language || "") ? "ja" : "en");
  const [theme, setTheme] = useSetting("theme", "auto");
  const [loudness, setLoudness] = useSetting("sound", "on");
  const [state, setState] = useState(network.state);
  const [troubles, setTroubles] = useState({});
  const [message, setMessage] = useState("");
  const [tab, setTab] = useState("telephones");
  const [chosen, choose] = useState(null);
  const [mark, setMark] = useState(null);
  const [opened, setOpened] = useState({ all: new Set(), reveal: null });
  const [tape, setTape] = useState(null); // the recording that somebody has asked for
  const quiet = useRef(null);
  speak(language);
  const w = words();

  const note = (text) => {
    setMessage(text);
    clearTimeout(quiet.current);
    quiet.current = setTimeout(() => setMessage(""), NOTE);
  };
  const acts = useMemo(() => deeds(setTroubles, note), []);
  const known = state.phones.map((phone) => `${phone.number} ${phone.name || ""}`).join("\n");
  const names = useMemo(() => {
    const byNumber = new Map(state.phones.filter((phone) => phone.name).map((phone) => [phone.number, phone.name]));
    return (number) => byNumber.get(number) || (/^\+?\d/.test(number) ? national(number) : words().telephones.withheld);
  }, [known, language]);
  const family = useMemo(() => roots(state.calls, state.conferences), [state.calls, state.conferences]);
  const suggests = JSON.stringify(state.phones.map((phone) => phone.suggests));
  const suggested = useMemo(() => suggestions(state), [known, suggests, state.account]);
  const handlers = useMemo(
    () => ({
      pointArrow: (row) => setMark(row?.webhook ?? null),
      pick: (row) => {
        if (row.recording) {
          setTape(row.recording);
          setTab("recordings");
          return;
        }
        if (row.webhook == null) return;
        setOpened((before) => ({ all: new Set(before.all).add(row.webhook), reveal: row.webhook }));
        setTab("webhooks");
      },
      toggle: (sequence) =>
        setOpened((before) => {
          const all = new Set(before.all);
          if (!all.delete(sequence)) all.add(sequence);
          return { all, reveal: null };
        }),
      copy: (text, said) => toClipboard(text).then(() => note(said)),
    }),
    [],
  );

  useEffect(() => {
    page.told = setState;
    network.start();
  }, []);
  useEffect(() => {
    document.documentElement.lang = language;
    document.title = `Toritsugi · ${words().page}`;
  }, [language]);
  useEffect(() => {
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  }, [theme]);
  useEffect(() => {
    sound.mute(loudness === "off");
    if (loudness === "on" && sound.context) sound.wake();
  }, [loudness]);
  useEffect(() => {
    const slash = (event) => {
      const writing = event.target.closest?.("input, textarea, select") && !event.target.closest(".lcd");
      if (event.key !== "/" || writing || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      setTab("webhooks");
      // At once, for what is typed next; and again when a narrow screen has shown it.
      const find = () => document.getElementById("filter").focus();
      find();
      requestAnimationFrame(find);
    };
    addEventListener("keydown", slash);
    return () => removeEventListener("keydown", slash);
  }, []);
  useEffect(() => {
    // A call that has met others in a room belongs to the first of them.
    if (chosen && family.get(chosen) !== chosen) choose(family.get(chosen) ?? null);
  }, [family, chosen]);

  const meets = state.conferences.length > 0;
  useEffect(() => {
    if (!meets && tab === "room") setTab("telephones");
  }, [meets, tab]);
  const keeps = state.recordings.length > 0;
  useEffect(() => {
    if (!keeps && tab === "recordings") setTab("telephones");
  }, [keeps, tab]);
  const listen = (shown) => {
    setTape(null);
    setTab(shown);
  };
  const tabs = ["telephones", "ladder", ...(meets ? ["room"] : []), "webhooks", ...(keeps ? ["recordings"] : [])];
  const arrowTabs = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: tabs.length - 1 }[event.key];
    if (!step) return;
    const next = tabs[(tabs.indexOf(tab) + step) % tabs.length];
    setTab(next);
    document.getElementById(`tab-${next}`).focus();
  };
  const tell = () =>
    story.steps.length ? handlers.copy(story.write(state.phones), w.story.copied) : note(w.story.empty);
  const sid = state.account?.account_sid;

  return html`<div class="page" key=${language} data-tab=${tab} data-meets=${meets ? "yes" : "no"} data-ready=${state.reachable ? "yes" : "no"}>
    <header class="top">
      <h1><svg class="brand" viewBox="0 0 24 24" width="22" height="22" aria-hidden="true"><path d="M4 7h6.5a5.5 5.5 0 0 1 0 11M20 17h-6.5a5.5 5.5 0 0 1 0-11" /><circle cx="4" cy="7" r="2" /><circle cx="20" cy="17" r="2" /></svg>
        Toritsugi <small>${w.page}</small></h1>
      ${sid
        ? html`<button type="button" class="account" title=${w.copyAccount} onClick=${() => handlers.copy(sid, w.webhooks.copied)}>
            <span>${w.account}</span><code>${sid.slice(0, 6)}…${sid.slice(-4)}</code>${icon("copy")}
          </button>`
        : ""}
      <${Clock} state=${state} network=${network} acts=${acts} names=${names} />
      <${Switches} language=${language} setLanguage=${setLanguage} loud=${loudness === "on"}
        setLoud=${(on) => setLoudness(on ? "on" : "off")} theme=${theme} setTheme=${setTheme} />
    </header>
    <nav class="tabs" role="tablist" onKeyDown=${arrowTabs}>
      ${tabs.map((one) => html`<button type="button" role="tab" id="tab-${one}" aria-controls=${one} aria-selected=${tab === one}
        tabindex=${tab === one ? 0 : -1} onClick=${() => setTab(one)}>${w.tabs[one]}${
          one === "telephones" && tab !== one && state.phones.some((phone) => phone.state === "ringing") ? html`<i class="lamp ringing"></i>` : ""}</button>`)}
    </nav>
    <main>
      <${Telephones} state=${state} suggested=${suggested} troubles=${troubles} acts=${acts} network=${network} names=${names} language=${language} />
      <section class="panel happening" id="ladder" aria-label=${w.ladder.title}>
        <header>
          <h2>${w.ladder.title}</h2>
          <${CallChoice} calls=${state.calls} conferences=${state.conferences} family=${family} chosen=${chosen} choose=${choose} names=${names} />
          <span class="space"></span>
          <button type="button" class="quiet" onClick=${tell} title=${w.story.copy}>${icon("story")}<span>${w.story.copy}</span></button>
          <button type="button" class="quiet" onClick=${acts.forget} title=${w.ladder.forgetHint} disabled=${!state.calls.length && !state.webhooks.length && !state.messages.length}>${icon("clear")}<span>${w.ladder.forget}</span></button>
        </header>
        <${LadderView} state=${state} family=${family} suggested=${suggested} chosen=${chosen} choose=${choose} mark=${mark} point=${handlers.pointArrow} pick=${handlers.pick}
          acts=${acts} names=${names} network=${network} />
      </section>
      <section class="panel requests" id="webhooks" aria-label=${w.webhooks.title}>
        <header><h2>${w.webhooks.title}</h2><span class="count">${state.webhooks.length || ""}</span><span class="space"></span>
          ${keeps ? html`<button type="button" class="quiet" onClick=${() => listen("recordings")}>${icon("tape")}<span>${w.recordings.many(state.recordings.length)}</span></button>` : ""}</header>
        <${Webhooks} state=${state} family=${family} chosen=${chosen} mark=${mark} point=${setMark} opened=${opened} toggle=${handlers.toggle}
          copy=${handlers.copy} names=${names} />
      </section>
      ${keeps
        ? html`<section class="panel tapes-panel" id="recordings" aria-label=${w.recordings.title}>
            <header><h2>${w.recordings.title}</h2><span class="count">${state.recordings.length}</span><span class="space"></span>
              <button type="button" class="quiet" onClick=${() => listen("webhooks")}><span>${w.webhooks.title}</span></button></header>
            <${Recordings} state=${state} family=${family} chosen=${chosen} choose=${choose} shown=${tape} loud=${loudness === "on"} names=${names} network=${network} />
          </section>`
        : ""}
      ${meets ? html`<${Room} state=${state} mark=${mark} point=${handlers.pointArrow} pick=${handlers.pick} names=${names} network=${network} copy=${handlers.copy} />` : ""}
      <${Ahead} state=${state} network=${network} acts=${acts} names=${names} />
    </main>
    <div class="hidden" aria-live="polite">${keeps ? w.recordings.many(state.recordings.length) : ""}</div>
    <div class="note ${message ? "told" : ""}" role="status" aria-live="polite">${message}</div>
    ${state.reachable === false ? html`<div class="lost" role="alert">${w.lost}</div>` : ""}
  </div>`;
}

render(html`<${App} />`, document.getElementById("root"));
