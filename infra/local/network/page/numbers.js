// Telephone numbers as people write them. The network itself only knows E.164.

const three = (digits, a, b) => `${digits.slice(0, a)}-${digits.slice(a, a + b)}-${digits.slice(a + b)}`;

function japanese(rest) {
  const digits = `0${rest}`;
  if (/^(120|570|800|990)/.test(rest)) return three(digits, 4, 3);
  if (/^([5789]0|20)/.test(rest) && digits.length === 11) return three(digits, 3, 4);
  // Area codes have two to five digits and no rule; the two great cities have two, most others are read well with three.
  if (digits.length === 10) return /^[36]/.test(rest) ? three(digits, 2, 4) : three(digits, 3, 3);
  return digits;
}

/** +819011110001 -> 090-1111-0001; what is not a number ("anonymous", a name) stays as it is. */
export function national(number) {
  if (!number || !/^\+\d{6,15}$/.test(number)) return number || "";
  if (number.startsWith("+81")) return japanese(number.slice(3));
  const american = /^\+1(\d{3})(\d{3})(\d{4})$/.exec(number);
  if (american) return `+1 ${american[1]}-${american[2]}-${american[3]}`;
  const [, country, rest] = /^\+(7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[246]|9[0-58]|\d{3})(\d+)$/.exec(number) || [];
  return country ? `+${country} ${rest.replace(/(\d{3,4})(?=\d{3,})/g, "$1 ")}` : number;
}

/** What was typed -> E.164. Without a country it is Japanese, or American where the telephone itself is. */
export function international(typed, from = "+81") {
  const text = typed
    .replace(/[\uff10-\uff19]/g, (digit) => String.fromCharCode(digit.charCodeAt(0) - 0xfee0))
    .replace(/[\uff0b]/g, "+");
  const digits = text.replace(/[^\d+]/g, "");
  if (digits.startsWith("+")) return digits;
  if (digits.startsWith("010")) return `+${digits.slice(3)}`;
  if (from.startsWith("+1") && !from.startsWith("+81")) return digits.length === 10 ? `+1${digits}` : `+${digits}`;
  if (digits.startsWith("0")) return `+81${digits.slice(1)}`;
  return digits.startsWith("81") && digits.length > 10 ? `+${digits}` : digits;
}

const JAPANESE = /[\u3040-\u30ff\u3400-\u9fff\uff66-\uff9f]/;

/** The language of a text, as the network counts its length and as a voice must be chosen. */
export const tongue = (text) => (JAPANESE.test(text) ? "ja" : "en");

/** How long a text takes to be said, in seconds (the network's own rule). */
export const lasting = (text) => Math.max(1, text.length / (tongue(text) === "ja" ? 7 : 15));
