// The page: what somebody sets becomes a simulation, and that is shown. Nothing is asked of a server any more.
import { html, render, useEffect, useMemo, useRef, useState } from "./vendor/htm-preact.js";
import { Chart, sample } from "./charts.js";
import { drawn, isMore, ZERO } from "./decimal.js";
import { isDecimal, isRate, readLink, readNumber, writeLink } from "./link.js";
import { readCard, subjectOf, wholeMinutes } from "./pricing.js";
import { writeSheet } from "./sheet.js";
import { BOUNDS, CHOICES, columnsOf, CURRENCIES, simulate, usual, WAYS } from "./simulation.js";
import { counted, isDearer, languages, money, named, rated, ratedLine, size, speak, words } from "./words.js";

const shipped = JSON.parse(document.getElementById("cards").textContent);
const cards = Object.fromEntries(shipped.cards.map((card) => [card.name, readCard(card)]));

const MAX_CARD_DAYS = 90;
const DAY = 86_400_000; // ms
const NOTE = 2_600; // ms for which a note stands
const QUIET = 800; // ms after which what was set is said to who does not see it

const remembered = (name, otherwise) => {
  try {
    return localStorage.getItem(`toritsugi.${name}`) ?? otherwise;
  } catch {
    return otherwise;
  }
};

function useSetting(name, otherwise) {
  const [value, set] = useState(() => remembered(name, otherwise));
  const keep = (fresh) => {
    try {
      localStorage.setItem(`toritsugi.${name}`, fresh);
    } catch {
      // A browser without storage forgets the switch; nothing else depends on it.
    }
    set(fresh);
  };
  return [value, keep];
}

/** Whether the page is dark at this moment, for what is drawn on a canvas. */
function useDark(theme) {
  const asked = useMemo(() => matchMedia("(prefers-color-scheme: dark)"), []);
  const [dark, set] = useState(asked.matches);
  useEffect(() => {
    const follow = () => set(asked.matches);
    asked.addEventListener("change", follow);
    return () => asked.removeEventListener("change", follow);
  }, []);
  return theme === "auto" ? dark : theme === "dark";
}

/** What is set, which is what the address says; going back goes back. */
function useScenario() {
  const [settings, set] = useState(() => readLink(location.hash, cards, shipped.default));
  useEffect(() => {
    const follow = () => set(readLink(location.hash, cards, shipped.default));
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  useEffect(() => {
    const handle = setTimeout(() => history.replaceState(null, "", `#${writeLink(settings)}`), 200);
    return () => clearTimeout(handle);
  }, [settings]);
  return [settings, (changes) => set((before) => ({ ...before, ...changes }))];
}

const namesOf = (lines) => [...new Set(lines.map((line) => named(line.name)))].join(words().and);
const today = () => new Date().toLocaleDateString("sv"); // as 2026-11-28, where one is

/** How sure a figure is, and of which day; one's own is of no day that anybody knows here. */
const provenOf = ({ certainty, as_of, is_overridden }) =>
  is_overridden ? words().lines.certainties.own : `${words().lines.certainties[certainty]}, ${as_of}`;

// ---- what is set ----------------------------------------------------------------------------------------------------

function Slider({ name, value, set, unit = "", note = "" }) {
  const bounds = BOUNDS[name];
  const label = words().set[name];
  const take = (event) => {
    const read = readNumber(event.target.value, bounds);
    if (read !== null) set({ [name]: read });
  };
  const settle = (event) => (event.target.value = value);
  return html`<div class="setting">
    <label for=${`${name}-number`}>${label}</label>
    <span class="figure"><input id=${`${name}-number`} type="number" inputmode="numeric" min=${bounds.least} max=${bounds.most} value=${value}
      onInput=${take} onBlur=${settle} />${unit ? html`<span>${unit}</span>` : ""}</span>
    <input type="range" aria-label=${label} aria-valuetext=${note ? `${value}${unit}, ${note}` : null} min=${bounds.least} max=${bounds.slider}
      value=${Math.min(value, bounds.slider)} onInput=${take} />
    ${note ? html`<small>${note}</small>` : ""}
  </div>`;
}

function Choice({ name, value, set, label }) {
  return html`<div class="setting choice"><label for=${name}>${label}</label>
    <select id=${name} value=${value} onChange=${(event) => set({ [name]: event.target.value })}>
      ${CHOICES[name].map((one) => html`<option value=${one} selected=${one === value}>${words().telephones[one]}</option>`)}
    </select></div>`;
}

function Settings({ settings, set }) {
  const w = words();
  const slider = (name, more = {}) => html`<${Slider} name=${name} value=${settings[name]} set=${set} ...${more} />`;
  return html`<section class="panel settings" aria-label=${w.set.title}>
    <header><h2>${w.set.title}</h2><span class="space"></span>
      <button type="button" class="quiet" onClick=${() => set(usual(settings.card))}>${w.set.again}</button></header>
    <div class="fields">
      ${slider("numbers")} ${slider("tollFree")} ${slider("calls")}
      ${slider("seconds", { note: w.units.minutes(wholeMinutes(settings.seconds)) })}
      ${slider("mobiles", { unit: w.units.percent, note: w.mix(settings.mobiles) })}
      ${slider("recorded", { unit: w.units.percent })} ${slider("texts")}
      <${Choice} name="caller" value=${settings.caller} set=${set} label=${w.set.caller} />
      <${Choice} name="line" value=${settings.line} set=${set} label=${w.set.line} />
    </div>
  </section>`;
}

// ---- a month --------------------------------------------------------------------------------------------------------

function Month({ result, chosen, choose }) {
  const w = words();
  const widest = Math.max(...result.months.map((month) => drawn(month.amount)), 1e-9);
  const causes = [...new Set(result.months.flatMap((month) => month.causes.map((one) => one.cause)))];
  const hovered = (way, cause) => ({ onClick: () => choose({ way, cause }), onFocus: () => choose({ way, cause }), onMouseEnter: () => choose({ way, cause }) });
  return html`<section class="panel month" aria-label=${w.month}>
    <header><h2>${w.month}</h2><span class="hint">${w.monthHint}</span></header>
    ${result.months.map(({ way, amount, unknown, causes: parts }, place) => html`<div class="way" key=${way}>
      <button type="button" class="name quiet" aria-pressed=${chosen.way === way && !chosen.cause} title=${w.about[way]} aria-label=${w.all(w.ways[way])}
        onClick=${() => choose({ way, cause: "" })}>${sample(place)}<b>${w.ways[way]}</b></button>
      <div class="bar">${parts.filter((one) => one.amount.units).map(({ cause, amount: part }) => {
        const percent = (100 * drawn(part)) / drawn(amount);
        const style = { width: `${(100 * drawn(part)) / widest}%` };
        return html`<button type="button" key=${cause} class="part cause-${cause}" style=${style} ...${hovered(way, cause)}
          aria-pressed=${chosen.way === way && chosen.cause === cause}
          aria-label=${w.part(w.ways[way], w.causes[cause], money(part, result.currency), percent.toFixed(0))}></button>`;
      })}</div>
      <output class="total"><b>${money(amount, result.currency)}</b> <small>${w.perMonth}${unknown.length ? html` <span class="lacks" title=${w.withoutUnknown(namesOf(unknown))}>−?</span>` : ""}</small></output>
    </div>`)}
    <ul class="legend">${causes.map((cause) => html`<li key=${cause}><i class="swatch cause-${cause}" aria-hidden="true"></i>${w.causes[cause]}</li>`)}</ul>
    <${Lines} result=${result} chosen=${chosen} />
  </section>`;
}

function Lines({ result, chosen }) {
  const w = words();
  const month = result.months.find((one) => one.way === chosen.way);
  const cause = month.causes.find((one) => one.cause === chosen.cause);
  const { lines, amount, unknown } = cause ?? month;
  const title = cause ? `${w.ways[month.way]} · ${w.causes[cause.cause]}` : w.ways[month.way];
  return html`<div class="lines" role="region" aria-label=${w.lines.title} tabindex="0"><table>
    <caption>${title}</caption>
    <thead><tr><th scope="col">${w.lines.what}</th><th scope="col" class="figures">${w.lines.quantity}</th><th scope="col" class="figures">${w.lines.rate}</th>
      <th scope="col" class="figures">${w.lines.amount}</th><th scope="col" class="from">${w.lines.source}</th></tr></thead>
    <tbody>${lines.map((line, place) => html`<tr key=${place}>
      <th scope="row">${named(line.name)} <small>${w.whose(line.whose)}</small> ${line.is_overridden ? html`<span class="tag own">${w.lines.own}</span>` : ""}</th>
      <td>${line.what === "tax" ? money(line.quantity, line.currency) : `${counted(line.quantity)} ${w.unit[line.unit]}`}</td>
      <td>${line.rate ? ratedLine(line) : "–"}</td>
      <td>${line.amount ? money(line.amount, line.currency) : html`<span class="tag unknown">${w.lines.unknown}</span>`}</td>
      <td class="from">${line.amount ? provenOf(line) : named(line.why_unknown.replace(/^(The card) .* (has no rate for this).*/, "$1 $2"))}</td>
    </tr>`)}</tbody>
    <tfoot><tr><th scope="row">${w.lines.total}</th><td></td><td></td><td><b>${money(amount, result.currency)}</b></td><td class="from">${unknown.length ? w.withoutUnknown(namesOf(unknown)) : ""}</td></tr></tfoot>
  </table></div>`;
}

// ---- plots and words ------------------------------------------------------------------------------------------------

const Legend = () => html`<ul class="legend">${WAYS.map((way, place) => html`<li key=${way}>${sample(place)}${words().ways[way]}</li>`)}</ul>`;

function Stairs({ result, settings, set, look }) {
  const w = words();
  const { seconds, amountAt } = result.stairs;
  const columns = useMemo(() => columnsOf({ places: seconds, amountAt }), [result]);
  const told = (second) => w.stairs.at(second, WAYS.map((way, place) => `${w.ways[way]} ${money(amountAt(place, second), result.currency)}`).join(" · "));
  const write = (amount) => shorten(amount, result.currency);
  return html`<section class="panel" aria-label=${w.stairs.title}>
    <header><h2>${w.stairs.title}</h2><span class="space"></span>
      <label class="inline">${w.stairs.to} <select value=${settings.to} onChange=${(event) => set({ to: event.target.value })}>
        ${CHOICES.to.map((one) => html`<option value=${one} selected=${one === settings.to}>${w.telephones[one]}</option>`)}</select></label></header>
    <div class="inside"><${Legend} /><${Chart} columns=${columns} stepped axis=${w.stairs.axis} label=${w.stairs.label} write=${write} read=${told}
      marks=${[{ x: settings.seconds }]} at=${settings.seconds} look=${look} /><p class="hint">${w.stairs.hint}</p></div>
  </section>`;
}

function Growth({ result, settings, look }) {
  const w = words();
  const { counts, crossing, amountAt } = result.growth;
  const columns = useMemo(() => columnsOf({ places: counts, amountAt }), [result]);
  const told = (count) => w.growth.at(count, WAYS.map((way, place) => `${w.ways[way]} ${money(amountAt(place, count), result.currency)}`).join(" · "));
  const write = (amount) => shorten(amount, result.currency);
  const marks = [{ x: settings.calls }, ...(crossing ? [{ x: crossing, y: drawn(amountAt(0, crossing)) }] : [])];
  return html`<section class="panel" aria-label=${w.growth.title}>
    <header><h2>${w.growth.title}</h2></header>
    <div class="inside"><${Legend} /><${Chart} columns=${columns} axis=${w.growth.axis} label=${w.growth.label} write=${write} read=${told}
      marks=${marks} at=${settings.calls} look=${look} /><p class="hint">${w.growth.hint}</p></div>
  </section>`;
}

/** A figure at an axis: as few digits as tell it from its neighbours. */
const shorten = (amount, currency) =>
  new Intl.NumberFormat(document.documentElement.lang === "ja" ? "ja-JP" : "en-US", {
    ...{ style: "currency", currency, currencyDisplay: "narrowSymbol" },
    ...{ minimumFractionDigits: 0, maximumFractionDigits: 2 },
  }).format(amount);

function BreakEvens({ result }) {
  const w = words();
  const told = ({ name, missing, crossing, ...amounts }) => {
    if (missing.length) return w.breakEven.missing(w.breakEven.unknown[name], namesOf(missing));
    const facts = Object.fromEntries(["each", "month", "fees", "fee"].filter((one) => amounts[one]).map((one) => [one, size(amounts[one], result.currency)]));
    const dearer = name === "toll-free" ? isDearer(amounts.month) : isMore(ZERO, amounts.each);
    return w.breakEven[name]({ ...facts, crossing, dearer, over: amounts.over });
  };
  return html`<section class="panel" aria-label=${w.breakEven.title}>
    <header><h2>${w.breakEven.title}</h2></header>
    <ul class="sentences">${result.breakEvens.map((one) => html`<li key=${one.name} class=${one.missing.length ? "missing" : ""}>${told(one)}</li>`)}</ul>
  </section>`;
}

// ---- the card -------------------------------------------------------------------------------------------------------

function Money({ result, settings, set }) {
  const w = words();
  const { currency } = cards[settings.card];
  const other = CURRENCIES.find((one) => one !== currency);
  const changes = settings.currency && settings.currency !== currency;
  const taxed = cards[settings.card].rates.some((rate) => rate.what === "tax");
  const giveRate = (event) => {
    const rate = event.target.value.trim();
    if (rate === "" || isRate(rate)) set({ rate, ...(rate && !settings.asOf ? { asOf: today() } : {}) });
  };
  return html`<div class="money">
    <label class="inline">${w.money.shown} <select id="currency" value=${settings.currency} onChange=${(event) => set({ currency: event.target.value })}>
      <option value="" selected=${!changes}>${currency}, ${w.money.ofCard}</option><option value=${other} selected=${changes}>${other}</option></select></label>
    ${changes ? html`<span class="exchange"><label class="inline">${w.money.rate(currency)} <input id="rate" inputmode="decimal" size="8" value=${settings.rate} onInput=${giveRate} />
      <span>${other}</span></label> <label class="inline">${w.money.asOf} <input id="asOf" type="date" value=${settings.asOf} onInput=${(event) => set({ asOf: event.target.value })} /></label></span>` : ""}
    <label class="check"><input type="checkbox" checked=${settings.tax} onChange=${(event) => set({ tax: event.target.checked })} /> ${w.money.tax}</label>
    ${taxed ? "" : html`<small>${w.money.noTax}</small>`}
    ${result.needsRate ? html`<p class="warning" role="status">${w.money.needed(currency, other)}</p>`
      : changes && !settings.asOf ? html`<p class="warning" role="status">${w.money.undated}</p>` : ""}
  </div>`;
}

function Card({ result, settings, set }) {
  const w = words();
  const card = cards[settings.card];
  const days = Math.floor((Date.now() - Date.parse(card.as_of)) / DAY);
  const ended = card.ended_on && card.ended_on <= today();
  const own = Object.keys(settings.own).length;
  return html`<section class="panel card" aria-label=${w.card.title}>
    <header><h2>${w.card.title}</h2>${own ? html`<span class="tag own">${w.card.count(own)}</span>` : ""}</header>
    <div class="inside about">
      <p><b>${named(card.title)}</b>, ${w.card.asOf} <time>${card.as_of}</time> · <a href=${card.source} rel="noreferrer">${w.card.source}</a></p>
      ${ended ? html`<p class="warning"><span class="tag">${w.card.history}</span> ${w.card.ended(card.ended_on)}</p>`
        : days > MAX_CARD_DAYS ? html`<p class="warning">${w.card.old(days)}</p>` : ""}
      <p class="hint">${named(card.note)} ${w.card.note}</p>
    </div>
    <div class="lines" role="region" aria-label=${`${w.card.title}: ${card.name}`} tabindex="0"><table class="rates">
      <thead><tr><th scope="col">${w.card.rate}</th><th scope="col" class="figures">${w.card.listed}</th><th scope="col" class="figures">${w.card.yours}</th><th scope="col" class="from">${w.card.certainty}</th></tr></thead>
      <tbody>${card.rates.map((rate) => html`<${OwnRate} key=${subjectOf(rate)} rate=${rate} card=${card} own=${settings.own} set=${set} />`)}</tbody>
    </table></div>
  </section>`;
}

function OwnRate({ rate, card, own, set }) {
  const w = words();
  const [wrong, setWrong] = useState(false);
  const subject = subjectOf(rate);
  const name = `${named(rate.name)} (${named(rate.what)})`;
  const drop = () => {
    const { [subject]: _, ...others } = own;
    setWrong(false);
    set({ own: others });
  };
  const give = (event) => {
    const text = event.target.value.trim();
    if (text === "") return drop();
    setWrong(!isDecimal(text));
    if (isDecimal(text)) set({ own: { ...own, [subject]: text } });
  };
  const mine = own[subject] !== undefined;
  return html`<tr class=${mine ? "mine" : ""}>
    <th scope="row">${named(rate.name)} <small>${named(rate.what)}</small></th>
    <td>${rate.rate ? ratedLine({ ...rate, currency: card.currency }) : html`<span class="tag unknown">${w.lines.unknown}</span>`}</td>
    <td class="yours"><input inputmode="decimal" size="7" aria-label=${w.card.yoursFor(name)} aria-invalid=${wrong} title=${wrong ? w.card.wrong : null} value=${own[subject] ?? ""} onInput=${give} />
      ${mine ? html`<button type="button" class="quiet" aria-label=${w.card.back(name)} title=${w.card.back(name)} onClick=${drop}>×</button>` : ""}</td>
    <td class="from">${mine ? html`<span class="tag own">${w.lines.own}</span>` : html`${rate.rate ? provenOf(rate) : ""}${rate.note ? html` <small>${named(rate.note)}</small>` : ""}`}</td>
  </tr>`;
}

// ---- all of it ------------------------------------------------------------------------------------------------------

function Switches({ language, setLanguage, theme, setTheme }) {
  const w = words();
  const themes = ["auto", "light", "dark"];
  const signs = { auto: "◐", light: "○", dark: "●" };
  return html`<div class="switches">
    <div class="segments" role="group" aria-label=${w.language}>
      ${Object.keys(languages).map((one) => html`<button type="button" lang=${one} aria-pressed=${one === language} onClick=${() => setLanguage(one)}>${one}</button>`)}
    </div>
    <button type="button" class="only-icon" aria-label=${w.theme[theme]} title=${w.theme[theme]}
      onClick=${() => setTheme(themes[(themes.indexOf(theme) + 1) % 3])}>${signs[theme]}</button>
  </div>`;
}

function handOut(text, name) {
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  Object.assign(document.createElement("a"), { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1_000);
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

function App() {
  const [language, setLanguage] = useSetting("language", /^ja/.test(navigator.language || "") ? "ja" : "en");
  const [theme, setTheme] = useSetting("theme", "auto");
  const [settings, set] = useScenario();
  const [chosen, choose] = useState({ way: WAYS[0], cause: "" });
  const [note, setNote] = useState("");
  const [said, say] = useState("");
  const quiet = useRef(null);
  const dark = useDark(theme);
  speak(language);
  const w = words();
  const result = useMemo(() => simulate(settings, cards[settings.card]), [settings]);
  const look = `${language} ${dark} ${result.currency}`;
  const totals = result.months.map(({ way, amount }) => `${w.ways[way]} ${money(amount, result.currency)}`);

  useEffect(() => {
    document.documentElement.lang = language;
    document.title = `Toritsugi · ${w.page}`;
  }, [language]);
  useEffect(() => {
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  }, [theme]);
  useEffect(() => {
    const handle = setTimeout(() => say(w.said(totals.join(" · "))), QUIET);
    return () => clearTimeout(handle);
  }, [totals.join()]);

  const copy = async () => {
    const address = `${location.origin}${location.pathname}#${writeLink(settings)}`;
    await toClipboard(address);
    setNote(w.link.copied);
    clearTimeout(quiet.current);
    quiet.current = setTimeout(() => setNote(""), NOTE);
  };
  const chooseCard = (event) => set({ card: event.target.value, own: {}, currency: "", rate: "", asOf: "" });
  return html`<div class="page">
    <header class="top">
      <h1><svg class="brand" viewBox="0 0 24 24" width="22" height="22" aria-hidden="true"><path d="M4 7h6.5a5.5 5.5 0 0 1 0 11M20 17h-6.5a5.5 5.5 0 0 1 0-11" /><circle cx="4" cy="7" r="2" /><circle cx="20" cy="17" r="2" /></svg>
        Toritsugi <small>${w.page}</small></h1>
      <label class="inline chosen-card"><span>${w.card.choose}</span> <select id="card" value=${settings.card} onChange=${chooseCard}>
        ${Object.values(cards).map((card) => html`<option value=${card.name} selected=${card.name === settings.card}>${card.name} · ${card.as_of}${card.ended_on ? ` · ${w.card.history}` : ""}</option>`)}
      </select></label>
      <span class="space"></span>
      <button type="button" onClick=${copy}>${w.link.copy}</button>
      <button type="button" onClick=${() => handOut(writeSheet(result.months), `${settings.card}.csv`)}>${w.link.sheet}</button>
      <${Switches} language=${language} setLanguage=${setLanguage} theme=${theme} setTheme=${setTheme} />
    </header>
    <main>
      <div class="left">
        <${Settings} settings=${settings} set=${set} />
        <section class="panel" aria-label=${w.money.shown}><div class="inside"><${Money} result=${result} settings=${settings} set=${set} /></div></section>
      </div>
      <div class="right">
        <${Month} result=${result} chosen=${chosen} choose=${choose} />
        <div class="plots"><${Stairs} result=${result} settings=${settings} set=${set} look=${look} /><${Growth} result=${result} settings=${settings} look=${look} /></div>
        <${BreakEvens} result=${result} />
        <${Card} result=${result} settings=${settings} set=${set} />
      </div>
    </main>
    <div class="sticky" aria-hidden="true">${result.months.map(({ way, amount }, place) => html`<span key=${way}>${sample(place)}<small>${w.ways[way]}</small><b>${money(amount, result.currency)}</b></span>`)}</div>
    <div class="hidden" role="status" aria-live="polite">${said}</div>
    <div class="note ${note ? "told" : ""}" role="status" aria-live="polite">${note}</div>
  </div>`;
}

render(html`<${App} />`, document.getElementById("root"));
