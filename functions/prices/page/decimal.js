// Decimal numbers, exact: so many units, each of so many places behind the point. A float is made only to be drawn.

/** The number that is written so: "0.0746", or a whole number of JavaScript. */
export function decimal(text) {
  if (Number.isInteger(text)) return { units: BigInt(text), places: 0 };
  const [, sign, whole, part = ""] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? refuse(text);
  const units = BigInt(whole + part);
  return { units: sign ? -units : units, places: part.length };
}

const refuse = (text) => {
  throw new RangeError(`no decimal number: ${text}`);
};

export const ZERO = decimal("0");

const unitsAt = (number, places) => number.units * 10n ** BigInt(places - number.places);

const together = (one, other, join) => {
  const places = Math.max(one.places, other.places);
  return { units: join(unitsAt(one, places), unitsAt(other, places)), places };
};

export const plus = (one, other) => together(one, other, (a, b) => a + b);
export const minus = (one, other) => together(one, other, (a, b) => a - b);
export const times = (one, other) => ({ units: one.units * other.units, places: one.places + other.places });
export const sum = (numbers) => numbers.reduce(plus, ZERO);

/** -1, 0 or 1, as the first is less, the same or more. */
export function compare(one, other) {
  const { units } = minus(one, other);
  return units < 0n ? -1 : units > 0n ? 1 : 0;
}

export const isMore = (one, other) => compare(one, other) > 0;
export const most = (one, other) => (isMore(one, other) ? one : other);

/** How often the one goes into the other: a whole number, what is left over is left. */
export function timesIn(small, large) {
  const places = Math.max(small.places, large.places);
  return unitsAt(large, places) / unitsAt(small, places);
}

/** As it is written, to the last digit that is not nought. */
export function written({ units, places }) {
  const digits = String(units < 0n ? -units : units).padStart(places + 1, "0");
  const part = digits.slice(digits.length - places).replace(/0+$/, "");
  const whole = digits.slice(0, digits.length - places);
  return `${units < 0n ? "-" : ""}${whole}${places && part ? `.${part}` : ""}`;
}

/** For what is drawn, and for nothing else. */
export const drawn = (number) => Number(written(number));
