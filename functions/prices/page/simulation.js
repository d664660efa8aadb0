// From what somebody has set, all that the page shows: months side by side, the stairs of a call, where which is cheaper.
import { compare, decimal, drawn, isMore, minus, plus, times, timesIn, ZERO } from "./decimal.js";
import { exchanged, MINUTE, price, sumUp, wholeMinutes, withOwnRates } from "./pricing.js";
import { thingsOf } from "./scenarios.js";

export const WAYS = ["masked-call", "v-call", "conference"];
export const CAUSES = [
  ...["number", "incoming-call", "to-landline", "to-mobile", "browser-call"],
  ...["conference", "recording", "outgoing-text", "tax"],
];

// Of each number that is set: the least and the most of it, and to where its slider goes.
export const BOUNDS = {
  numbers: { least: 0, most: 10_000, slider: 50 },
  tollFree: { least: 0, most: 1_000, slider: 10 },
  calls: { least: 0, most: 1_000_000, slider: 2_000 },
  seconds: { least: 1, most: 14_400, slider: 900 },
  mobiles: { least: 0, most: 100, slider: 100 },
  recorded: { least: 0, most: 100, slider: 100 },
  texts: { least: 0, most: 1_000_000, slider: 2_000 },
};
export const CHOICES = {
  caller: ["mobile", "landline", "browser"],
  line: ["050", "toll-free"],
  to: ["mobile", "landline"],
};
export const CURRENCIES = ["JPY", "USD"];

/** What stands there at first. An exchange rate does not: nobody knows which day this is read. */
export const usual = (card) => ({
  card,
  numbers: 3,
  tollFree: 0,
  calls: 300,
  seconds: 181,
  mobiles: 60,
  recorded: 0,
  texts: 100,
  caller: "mobile",
  line: "050",
  to: "mobile",
  tax: true,
  currency: "",
  rate: "",
  asOf: "",
  own: {},
});

const STAIRS_SECONDS = 300;
const POINTS = 60; // of a straight line, so that one can read it anywhere
const HUNDREDTH = decimal("0.01");

/** All of it, by a card as readCard() has read it. */
export function simulate(settings, shipped) {
  const terms = termsOf(settings, withOwnRates(shipped, settings.own));
  const months = WAYS.map((way) => monthOf(way, settings, terms));
  const calls = callsOf(settings, terms);
  const growth = growthOf(settings, terms, calls);
  return {
    card: terms.card,
    currency: terms.currency,
    needsRate: Boolean(settings.currency) && settings.currency !== terms.currency,
    months,
    stairs: stairsOf(settings, terms),
    growth,
    breakEvens: breakEvensOf(settings, terms, calls, growth),
  };
}

// ---- by which terms -------------------------------------------------------------------------------------------------

function termsOf({ tax, currency, rate }, card) {
  const changes = currency && currency !== card.currency && rate;
  const exchange = changes ? { base: card.currency, quote: currency, rate: decimal(rate) } : null;
  return { card, tax, exchange, currency: changes ? currency : card.currency };
}

function linesOf(things, { card, tax, exchange }) {
  const lines = price(things, card, { tax });
  return exchange ? exchanged(lines, exchange) : lines;
}

const totalOf = (things, terms) => sumUp(linesOf(things, terms));

// ---- a month --------------------------------------------------------------------------------------------------------

const callBy = (way, { line, caller, seconds }, callee, record = false) =>
  way === "masked-call"
    ? { kind: way, line, caller, callee, seconds, record }
    : { kind: way, line, parties: [caller, callee], seconds, record };

const share = (count, percent) => Math.round((count * percent) / 100);

function monthOf(way, settings, terms) {
  const lines = linesOf(thingsOf(monthScenario(way, settings)), terms);
  const { amount, unknown } = sumUp(lines);
  const causes = CAUSES.map((cause) => {
    const own = lines.filter((line) => causeOf(line) === cause);
    return { cause, lines: own, ...sumUp(own) };
  });
  return { way, lines, amount, unknown, causes: causes.filter((one) => one.lines.length) };
}

export function monthScenario(way, settings) {
  const { calls, mobiles, recorded, texts } = settings;
  const toMobiles = share(calls, mobiles);
  const parts = [["landline", calls - toMobiles], ["mobile", toMobiles]].flatMap(([callee, count]) => {
    const kept = share(count, recorded);
    return [
      [callBy(way, settings, callee), count - kept],
      [callBy(way, settings, callee, true), kept],
    ];
  });
  return {
    kind: "month",
    parts: [...parts, [{ kind: "text" }, texts]].filter(([, count]) => count),
    numbers: numbersOf(settings),
  };
}

const numbersOf = ({ numbers, tollFree }) =>
  [{ to: "+8150", count: numbers }, { to: "+81120", count: tollFree }].filter(({ count }) => count);

const causeOf = (line) =>
  line.what === "outgoing-call" ? (line.to === "+8190" ? "to-mobile" : "to-landline") : line.what;

// ---- the stairs of a call -------------------------------------------------------------------------------------------

/** What one call costs, second by second: each begun minute of each leg is a whole one. */
function stairsOf(settings, terms) {
  const seconds = Array.from({ length: STAIRS_SECONDS + 1 }, (_, second) => second);
  const steps = WAYS.map((way) =>
    Array.from({ length: STAIRS_SECONDS / MINUTE }, (_, minute) => {
      const call = callBy(way, { ...settings, seconds: (minute + 1) * MINUTE }, settings.to);
      return totalOf(thingsOf(call), terms).amount;
    }),
  );
  return { seconds, steps, amountAt: (way, second) => steps[way][wholeMinutes(second) - 1] };
}

// ---- more calls, and where which way is cheaper ---------------------------------------------------------------------

/** Of each way, what a call costs on average: so many of them go to mobiles, and so many are recorded. */
function callsOf(settings, terms) {
  return WAYS.map((way) => callOnAverage(way, settings, terms));
}

function callOnAverage(way, settings, terms) {
  const mix = [["mobile", settings.mobiles], ["landline", 100 - settings.mobiles]].filter(([, percent]) => percent);
  let [amount, unknown] = [ZERO, []];
  for (const [callee, percent] of mix) {
    const plain = totalOf(thingsOf(callBy(way, settings, callee)), terms);
    const taped = settings.recorded ? totalOf(thingsOf(callBy(way, settings, callee, true)), terms) : plain;
    const more = times(times(minus(taped.amount, plain.amount), decimal(settings.recorded)), HUNDREDTH);
    amount = plus(amount, times(times(plus(plain.amount, more), decimal(percent)), HUNDREDTH));
    unknown = [...unknown, ...taped.unknown];
  }
  return { way, amount, unknown };
}

/** A month by the number of its calls. The numbers are rented for masked calls alone: others show one that is there. */
function growthOf(settings, terms, calls) {
  const fees = totalOf(thingsOf({ kind: "month", parts: [], numbers: numbersOf(settings) }), terms);
  const fixed = WAYS.map((way) => (way === "masked-call" ? fees.amount : ZERO));
  const crossing = firstCheaper(fixed[0], calls[0].amount, fixed[1], calls[1].amount);
  const most = Math.max(20, 2 * settings.calls, crossing === null ? 0 : Math.ceil(1.6 * crossing));
  const step = Math.max(1, Math.ceil(most / POINTS));
  const counts = Array.from({ length: Math.floor(most / step) + 1 }, (_, place) => place * step);
  const amountAt = (way, count) => plus(fixed[way], times(calls[way].amount, decimal(count)));
  return { counts, fees, crossing, amountAt };
}

/** From how many on the first is cheaper than the second: 0 if always, null if never. */
function firstCheaper(fixed, each, otherFixed, otherEach) {
  if (compare(fixed, otherFixed) < 0 && compare(each, otherEach) <= 0) return 0;
  const [ahead, gains] = [minus(fixed, otherFixed), minus(otherEach, each)];
  return isMore(gains, ZERO) ? Number(timesIn(gains, ahead)) + 1 : null;
}

/** What is worth knowing, each by its name and its figures; words.js has the sentences. */
function breakEvensOf(settings, terms, calls, growth) {
  const [masked, vCall, conference] = calls;
  const count = decimal(settings.calls);
  const found = [];
  if (growth.fees.amount.units && growth.crossing !== null)
    found.push({
      name: "masked",
      crossing: growth.crossing,
      fees: growth.fees.amount,
      each: minus(vCall.amount, masked.amount),
      missing: [...growth.fees.unknown, ...masked.unknown, ...vCall.unknown],
    });
  if (!growth.fees.amount.units || growth.crossing === null) {
    const each = minus(vCall.amount, masked.amount);
    found.push({ name: "never", each, missing: [...masked.unknown, ...vCall.unknown] });
  }
  const more = minus(conference.amount, vCall.amount);
  found.push({ name: "conference", each: more, month: times(more, count), missing: conference.unknown });
  found.push(...shorterOf(settings, terms, count), ...browserOf(settings, terms, masked), ...tollFreeOf(settings, terms, masked));
  return found;
}

function shorterOf(settings, terms, count) {
  const over = settings.seconds % MINUTE;
  if (settings.seconds < MINUTE || !over || over > 10) return [];
  const [now, then] = [settings.seconds, settings.seconds - over].map(
    (seconds) => callOnAverage("masked-call", { ...settings, seconds }, terms).amount,
  );
  const each = minus(now, then);
  return [{ name: "shorter", over, each, month: times(each, count), missing: [] }];
}

function browserOf(settings, terms, masked) {
  const call = callBy("masked-call", settings, "browser", false);
  const plain = totalOf(thingsOf(call), terms);
  const taped = settings.recorded ? totalOf(thingsOf({ ...call, record: true }), terms) : plain;
  const more = times(times(minus(taped.amount, plain.amount), decimal(settings.recorded)), HUNDREDTH);
  const each = minus(masked.amount, plus(plain.amount, more));
  return [{ name: "browser", each, month: times(each, decimal(settings.calls)), missing: plain.unknown }];
}

function tollFreeOf(settings, terms, masked) {
  if (settings.line !== "050" || settings.caller === "browser") return [];
  const by = callOnAverage("masked-call", { ...settings, line: "toll-free" }, terms);
  const [own, other] = ["+81120", "+8150"].map((to) => totalOf([{ thing: "number", to }], terms));
  const each = minus(by.amount, masked.amount);
  const fee = minus(own.amount, other.amount);
  const missing = [...by.unknown, ...own.unknown];
  return [{ name: "toll-free", each, fee, month: plus(fee, times(each, decimal(settings.calls))), missing }];
}

/** Columns for a plot: floats, for nothing is reckoned with them any more. */
export const columnsOf = ({ places, amountAt }) => [
  places,
  ...WAYS.map((_, way) => places.map((place) => drawn(amountAt(way, place)))),
];
