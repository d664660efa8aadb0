// What somebody wants to know the price of, and which calls and texts that is: toritsugi/money/scenarios.py.
import { decimal, plus, times, written, ZERO } from "./decimal.js";
import { wholeMinutes } from "./pricing.js";

// Who is called, where nobody has said a number: one of this kind in Japan.
const KINDS_OF_TELEPHONES = { mobile: "+8190", landline: "+813", "050": "+8150", "toll-free": "+81120" };
const BROWSER = "browser";
const DEFAULT_SECONDS = 180;

const numberOf = (telephone) => KINDS_OF_TELEPHONES[telephone] ?? telephone;

const legTo = (telephone, seconds, whose, more = {}) =>
  telephone === BROWSER
    ? { thing: "call", what: "browser-call", seconds, whose, ...more }
    : { thing: "call", what: "outgoing-call", to: numberOf(telephone), seconds, whose, ...more };

const legFrom = (telephone, line, seconds, whose) =>
  telephone === BROWSER
    ? { thing: "call", what: "browser-call", seconds, whose }
    : { thing: "call", what: "incoming-call", to: numberOf(line), seconds, whose };

function* recorded(seconds, kept_months) {
  if (seconds == null) return;
  yield { thing: "recording", seconds, whose: "recording" };
  const minute_months = times(decimal(wholeMinutes(seconds)), decimal(kept_months));
  if (minute_months.units) yield { thing: "storage", minute_months: written(minute_months), whose: "recording" };
}

const LEGS = {
  *"masked-call"({ line = "050", caller = "mobile", callee = "mobile", seconds }) {
    yield legFrom(caller, line, seconds, "the caller's leg");
    yield legTo(callee, seconds, "the leg to the other", { shows: numberOf(line) });
  },
  *"v-call"({ line = "050", parties = ["mobile", "mobile"], kind, detect_machines = false, seconds }) {
    for (const [place, party] of parties.entries())
      yield legTo(party, seconds, `the leg to party ${place + 1}`, {
        shows: numberOf(line),
        conference_seconds: kind === "conference" ? seconds : null,
        detects_machines: detect_machines && party !== BROWSER,
      });
  },
  *conference(scenario) {
    yield* LEGS["v-call"](scenario);
  },
  *reception({ line = "050", caller = "mobile", transfer_to, transfer_seconds, seconds }) {
    yield legFrom(caller, line, seconds, "the caller's leg");
    if (transfer_to) yield legTo(transfer_to, transfer_seconds, "the leg of the transfer", { shows: numberOf(line) });
  },
};

/** What is paid for in it, as price() takes it. */
export function thingsOf(scenario) {
  if (scenario.kind === "month") return thingsOfMonth(scenario);
  return scenario.kind === "text" ? [thingOfText(scenario)] : [...thingsOfCall(scenario)];
}

function* thingsOfCall(scenario) {
  const { answered = true, extensions = [], sentences = [], kept_months = "0" } = scenario;
  if (!answered) return;
  const seconds = extensions.reduce((all, one) => all + one, scenario.seconds ?? DEFAULT_SECONDS);
  yield* LEGS[scenario.kind]({ ...scenario, seconds });
  if (scenario.kind === "reception") yield* recorded(scenario.voicemail_seconds, kept_months);
  if (scenario.record) yield* recorded(seconds, kept_months);
  for (const characters of sentences) yield { thing: "speech", characters, whose: "spoken" };
}

function thingOfText({ to = "mobile", body = "", segments = 1, ...more }) {
  const { comes_in = false, number_type = "", carrier = "" } = more;
  const counted = body ? countSegments(body) : segments;
  return { thing: "text", to: numberOf(to), segments: counted, comes_in, number_type, carrier, whose: "text" };
}

function thingsOfMonth({ parts, numbers }) {
  let stored = ZERO;
  const things = [];
  for (const [scenario, count] of parts)
    for (const one of thingsOf(scenario)) {
      if (one.thing === "storage") stored = plus(stored, times(decimal(one.minute_months), decimal(count)));
      else things.push({ ...one, count, whose: `${scenario.kind}: ${one.whose}` });
    }
  if (stored.units)
    things.push({ thing: "storage", minute_months: written(stored), free_months: 1, whose: "recordings" });
  return [...things, ...numbers.map((one) => ({ thing: "number", ...one }))];
}

// ---- texts ----------------------------------------------------------------------------------------------------------

const BASIC = new Set(
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà",
);
const EXTENSION = new Set("\f^{}\\[~]|€"); // each takes two places
const ROOM = { "GSM-7": [160, 153], "UCS-2": [70, 67] }; // alone, and in each of several

/** In how many segments a text is sent: toritsugi/foundation/segments.py. */
function countSegments(text) {
  const letters = [...text];
  const encoding = letters.every((one) => BASIC.has(one) || EXTENSION.has(one)) ? "GSM-7" : "UCS-2";
  const widths = letters.map((one) => (encoding === "UCS-2" ? one.length : EXTENSION.has(one) ? 2 : 1));
  const [alone, each] = ROOM[encoding];
  if (widths.reduce((all, one) => all + one, 0) <= alone) return 1;
  let [left, segments] = [0, 0];
  for (const width of widths) {
    if (width > left) [left, segments] = [each, segments + 1];
    left -= width;
  }
  return segments;
}
