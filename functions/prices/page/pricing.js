// What was called and written in, lines out: toritsugi/money/rates.py, pricing.py and currencies.py, for a browser.
// Fields are named as in JSON. tests/unit/money/golden.json holds for both.
import { compare, decimal, most, plus, sum, times, ZERO } from "./decimal.js";

export const MINUTE = 60;
const SPOKEN_CHARACTERS = 100; // that text-to-speech is billed by
const EVERY_ORIGIN = "ALL";
const UNKNOWN = decimal("-1"); // among rates that fit equally, a known one counts
const TYPES_OF_JAPAN = { 8150: "national", 81120: "toll-free", 81800: "toll-free", 81: "local" };

// Of what a rate is, which follows from what is paid for.
const UNITS = {
  "outgoing-call": "minute",
  "incoming-call": "minute",
  "browser-call": "minute",
  conference: "participant minute",
  recording: "minute",
  "recording-storage": "minute and month",
  "machine-detection": "answered call",
  speech: "100 characters",
  "outgoing-text": "segment",
  "incoming-text": "segment",
  number: "month",
  tax: "of the sum",
  aws: "time",
};

// ---- rates ----------------------------------------------------------------------------------------------------------

/** A card as its JSON has it, with decimals, and in each rate what the card says for all. */
export function readCard(document) {
  const { source = "", as_of, certainty = "published" } = document;
  const rates = document.rates.map((row) => ({
    name: "",
    number_type: "",
    carrier: "",
    voice: "",
    note: "",
    source,
    as_of,
    certainty,
    ...row,
    rate: row.rate === null ? null : decimal(row.rate),
    free: decimal(row.free ?? "0"),
    destination_prefixes: row.destination_prefixes ?? [],
    origination_prefixes: row.origination_prefixes?.length ? row.origination_prefixes : [EVERY_ORIGIN],
  }));
  return { title: "", note: "", ended_on: "", ...document, source, rates };
}

const FOUND = new WeakMap(); // by card, what was looked for before: a slider asks for the same hundreds of times a second

/** The rate that a card has for this, which may say that it is not known; undefined if the card has none. */
export function rateFor(card, wanted) {
  if (!FOUND.has(card)) FOUND.set(card, new Map());
  const found = FOUND.get(card);
  const key = [wanted.what, wanted.to, wanted.origin, wanted.number_type, wanted.carrier, wanted.voice].join();
  if (!found.has(key)) found.set(key, findRate(card, wanted));
  return found.get(key);
}

function findRate(card, wanted) {
  let [best, found] = [null, undefined];
  for (const rate of card.rates) {
    const rank = rate.what === wanted.what ? rankOf(rate, wanted) : null;
    if (rank && (!best || compareRanks(rank, best) > 0)) [best, found] = [rank, rate];
  }
  return found;
}

/** How closely a rate is meant for this, and at last how dear it is; null if it is for something else. */
function rankOf(rate, { to = "", origin = "", number_type = "", carrier = "", voice = "" }) {
  const pairs = [[rate.number_type, number_type], [rate.carrier, carrier], [rate.voice, voice]];
  const reached = rate.destination_prefixes.length ? longest(rate.destination_prefixes, to) : 0;
  const from = longest(rate.origination_prefixes, origin);
  if (reached === null || from === null || pairs.some(([has, asks]) => has && asks && has !== asks)) return null;
  return [reached, from, ...pairs.map(([has, asks]) => Number(has !== "" && has === asks)), rate.rate ?? UNKNOWN];
}

function compareRanks(one, other) {
  for (let place = 0; place < one.length - 1; place += 1)
    if (one[place] !== other[place]) return one[place] - other[place];
  return compare(one.at(-1), other.at(-1));
}

/** How many digits the longest of these has with which a number begins; null if it begins with none. */
function longest(prefixes, number) {
  const digits = number.replace(/^\+/, "");
  let found = null;
  for (const one of prefixes) {
    const length = one === EVERY_ORIGIN ? 0 : digits.startsWith(one) ? one.length : null;
    if (length !== null && (found === null || length > found)) found = length;
  }
  return found;
}

// ---- lines ----------------------------------------------------------------------------------------------------------

const LINES_OF = {
  *call(card, { what = "outgoing-call", seconds, to = "", shows = "", count = 1, whose = "", ...more }) {
    if (seconds === null) return;
    const number_type = more.number_type || (what === "incoming-call" ? typeOfLine(to) : "");
    const wanted = { what, to, origin: shows, number_type };
    yield priceLine(card, wanted, wholeMinutes(seconds) * count, whose);
    if (more.conference_seconds != null)
      yield priceLine(card, { what: "conference" }, wholeMinutes(more.conference_seconds) * count, whose);
    if (more.detects_machines) yield priceLine(card, { what: "machine-detection" }, count, whose);
  },
  *recording(card, { seconds, count = 1, whose = "" }) {
    yield priceLine(card, { what: "recording" }, wholeMinutes(seconds) * count, whose);
  },
  *storage(card, { minute_months, free_months = 0, count = 1, whose = "" }) {
    const what = "recording-storage";
    const free = times(rateFor(card, { what })?.free ?? ZERO, decimal(-free_months));
    yield priceLine(card, { what }, most(plus(times(decimal(minute_months), decimal(count)), free), ZERO), whose);
  },
  *speech(card, { characters, voice = "", count = 1, whose = "" }) {
    const hundreds = Math.ceil(characters / SPOKEN_CHARACTERS);
    if (hundreds) yield priceLine(card, { what: "speech", voice }, hundreds * count, whose);
  },
  *text(card, { segments, to = "", comes_in = false, number_type = "", carrier = "", count = 1, whose = "" }) {
    const what = comes_in ? "incoming-text" : "outgoing-text";
    yield priceLine(card, { what, to, number_type, carrier }, segments * count, whose);
  },
  *number(card, { to, number_type = "", months = 1, count = 1, whose = "" }) {
    yield priceLine(card, { what: "number", to, number_type: number_type || typeOfLine(to) }, months * count, whose);
  },
};

/** What these cost by a card, line by line; with the tax, if the card names one, as the last. */
export function price(things, card, { tax = true } = {}) {
  const lines = things.flatMap((one) => (one.count === 0 ? [] : [...LINES_OF[one.thing](card, one)]));
  if (tax && lines.length && rateFor(card, { what: "tax" }))
    lines.push(priceLine(card, { what: "tax" }, sumUp(lines).amount));
  return lines;
}

/** The sum of the lines whose amount is known, and those that it is without. */
export function sumUp(lines) {
  const known = lines.filter((line) => line.amount);
  return { amount: sum(known.map((line) => line.amount)), unknown: lines.filter((line) => !line.amount) };
}

function priceLine(card, wanted, much, whose = "") {
  const quantity = typeof much === "number" ? decimal(much) : much;
  const rate = rateFor(card, wanted) ?? missingRate(card, wanted);
  const amount = rate.rate && times(rate.rate, quantity);
  return {
    what: wanted.what,
    name: rate.name,
    whose,
    quantity,
    unit: UNITS[wanted.what],
    rate: rate.rate,
    amount,
    currency: card.currency,
    source: rate.source,
    as_of: rate.as_of,
    certainty: rate.certainty,
    note: rate.note,
    is_overridden: rate.is_overridden ?? false,
    why_unknown: amount ? "" : rate.note,
    to: wanted.to ?? "",
  };
}

function missingRate(card, { what, to }) {
  const note = `The card ${card.name} has no rate for this: ${what}${to ? ` to ${to}` : ""}`;
  return { what, rate: null, name: what, note, source: card.source, as_of: card.as_of, certainty: "published" };
}

/** The minutes that are billed of something that has begun: all that have begun, and one at least. */
export const wholeMinutes = (seconds) => Math.max(1, Math.ceil(seconds / MINUTE));

function typeOfLine(number) {
  const digits = number.replace(/^\+/, "");
  for (let size = 5; size > 1; size -= 1)
    if (TYPES_OF_JAPAN[digits.slice(0, size)]) return TYPES_OF_JAPAN[digits.slice(0, size)];
  return "";
}

// ---- another currency, and rates of one's own -------------------------------------------------------------------------

/** The same lines in another currency, by {base, quote, rate}; those that are not in the base stay as they are. */
export function exchanged(lines, { base, quote, rate }) {
  return lines.map((line) => {
    if (line.currency !== base) return line;
    const amount = line.amount && times(line.amount, rate);
    if (line.what === "tax") return { ...line, quantity: times(line.quantity, rate), amount, currency: quote };
    return { ...line, rate: line.rate && times(line.rate, rate), amount, currency: quote };
  });
}

/** What a rate is for, in one word: no card has two for the same. */
export const subjectOf = ({ what, destination_prefixes = [], origination_prefixes = [EVERY_ORIGIN], ...more }) => {
  const kinds = [more.number_type, more.carrier, more.voice].filter(Boolean);
  const origin = origination_prefixes[0] === EVERY_ORIGIN ? "" : `from-${origination_prefixes[0]}`;
  return [what, destination_prefixes[0], origin, ...kinds].filter(Boolean).join(".");
};

/** The card with rates of one's own, by their subjects; each is marked as that. */
export function withOwnRates(card, own) {
  const rates = card.rates.map((rate) => {
    const mine = own[subjectOf(rate)];
    if (mine === undefined) return rate;
    const marks = { is_overridden: true, certainty: "own", source: "", note: "" };
    return { ...rate, ...marks, rate: decimal(mine), list_rate: rate.rate };
  });
  return { ...card, rates };
}
