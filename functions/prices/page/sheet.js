// The months as a sheet: a line of the price is a line of it. Figures are as they are, so that a sum comes out.
import { written } from "./decimal.js";

const COLUMNS = {
  way: (line, way) => way,
  what: (line) => line.what,
  name: (line) => line.name,
  whose: (line) => line.whose,
  quantity: (line) => written(line.quantity),
  unit: (line) => line.unit,
  rate: (line) => (line.rate ? written(line.rate) : ""),
  amount: (line) => (line.amount ? written(line.amount) : ""),
  currency: (line) => line.currency,
  source: (line) => line.source,
  as_of: (line) => line.as_of,
  certainty: (line) => line.certainty,
  your_own_rate: (line) => (line.is_overridden ? "yes" : "no"),
  not_known: (line) => line.why_unknown,
};

const cell = (value) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);

/** The sheet, in UTF-8 with a mark by which Excel knows that it is. */
export function writeSheet(months) {
  const rows = months.flatMap(({ way, lines }) =>
    lines.map((line) => Object.values(COLUMNS).map((of) => cell(of(line, way)))),
  );
  return `\uFEFF${[Object.keys(COLUMNS), ...rows].map((row) => row.join(",")).join("\r\n")}\r\n`;
}
