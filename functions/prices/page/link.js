// A scenario as the fragment of an address, which no browser sends to a server; and what such a fragment says.
import { BOUNDS, CHOICES, CURRENCIES, usual } from "./simulation.js";
import { subjectOf } from "./pricing.js";

const DECIMAL = /^\d{1,12}(\.\d{1,12})?$/; // as in a card
const DATE = /^\d{4}-\d{2}-\d{2}$/;
const OWN = "own.";

export const isDecimal = (text) => DECIMAL.test(text);
export const isRate = (text) => DECIMAL.test(text) && /[1-9]/.test(text);

/** All that is set, so that it is the same for whoever opens it, whatever is usual by then. */
export function writeLink({ own, tax, ...settings }) {
  const said = new URLSearchParams();
  for (const [name, value] of Object.entries(settings)) if (value !== "") said.set(name, value);
  said.set("tax", tax ? "1" : "0");
  for (const [subject, rate] of Object.entries(own)) said.set(OWN + subject, rate);
  return said.toString();
}

/** What a fragment sets. What is missing, or can be nothing, is as usual: a link may be cut, or of another time. */
export function readLink(fragment, cards, first) {
  const said = new URLSearchParams(fragment.replace(/^#/, ""));
  const card = Object.hasOwn(cards, said.get("card") ?? "") ? said.get("card") : first;
  const settings = { ...usual(card), own: readOwn(said, cards[card]) };
  for (const [name, bounds] of Object.entries(BOUNDS)) {
    const value = readNumber(said.get(name) ?? "", bounds);
    if (value !== null) settings[name] = value;
  }
  for (const [name, choices] of Object.entries(CHOICES))
    if (choices.includes(said.get(name))) settings[name] = said.get(name);
  if (said.get("tax") === "0") settings.tax = false;
  if (CURRENCIES.includes(said.get("currency"))) settings.currency = said.get("currency");
  if (isRate(said.get("rate") ?? "")) settings.rate = said.get("rate");
  if (DATE.test(said.get("asOf") ?? "")) settings.asOf = said.get("asOf");
  return settings;
}

/** A whole number within its bounds, or null. */
export function readNumber(text, { least, most }) {
  if (!/^\d{1,9}$/.test(text)) return null;
  return Math.min(most, Math.max(least, Number(text)));
}

function readOwn(said, card) {
  const known = card.rates.map(subjectOf).filter((subject) => isDecimal(said.get(OWN + subject) ?? ""));
  return Object.fromEntries(known.map((subject) => [subject, said.get(OWN + subject)]));
}
