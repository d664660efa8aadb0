// Every word on the page comes from here, in the language that is switched on.
import { en } from "./english.js";
import { ja } from "./japanese.js";

export const languages = { ja, en };

const dictionary = { language: "en", words: en };

export const speak = (language) => {
  dictionary.language = language;
  dictionary.words = languages[language];
};

/** The words of the language that is switched on. */
export const words = () => dictionary.words;

const DUES = [
  [/^(.+) stops ringing$/, "$1 の呼出が止む"],
  [/^(.+) answers$/, "$1 が応答"],
  [/^(.+) rejects$/, "$1 が拒否"],
  [/^(.+) presses (.+)$/, "$1 が $2 を押す"],
  [/^time limit of (.+)$/, "通話時間の上限（$1）"],
  [/^say ends: (.+)$/s, "音声案内の終わり「$1」"],
  [/^(play|music) ends: (.+)$/s, "音源の終わり $2"],
  [/^an announcement ends: (.+)$/s, "アナウンスの終わり「$1」"],
  [/^the end of what somebody says$/, "話の終わり"],
  [/^the <Dial> of (.+) reaches its time limit$/, "<Dial> の時間の上限（$1）"],
  [/^(SM|MM)\w+ leaves the queue$/, "SMS の送信順が来る"],
  [/^(SM|MM)\w+ is with the carrier$/, "SMS が通信事業者に渡る"],
  [/^(SM|MM)\w+ is delivered$/, "SMS が届く"],
  [/^(SM|MM)\w+ is given up$/, "SMS の配信をあきらめる"],
  [/^the file of RE\w+$/, "録音ファイルができる"],
  [/^Record ends$/, "録音の終わり"],
  [/^Gather ends$/, "入力待ちの終わり"],
  [/^Pause ends$/, "無音の終わり"],
];

/** What is due, in the language of the page; what the network may add one day stays as it says it. */
export function due(what) {
  if (dictionary.language !== "ja") return what;
  const [pattern, told] = DUES.find(([one]) => one.test(what)) || [];
  return pattern ? what.replace(pattern, told) : what;
}

/** 75 -> "1 min 15 s" */
export function span(seconds) {
  const japanese = dictionary.language === "ja";
  const units = japanese ? ["時間", "分", "秒"] : [" h", " min", " s"];
  const whole = Math.max(0, seconds);
  if (whole < 10 && whole % 1 >= 0.05) return `${whole.toFixed(1)}${units[2]}`;
  const rounded = Math.round(whole);
  const parts = [Math.floor(rounded / 3600), Math.floor((rounded % 3600) / 60), rounded % 60];
  const told = parts.map((n, i) => (n ? `${n}${units[i]}` : "")).filter(Boolean);
  return told.slice(0, 2).join(japanese ? "" : " ") || `0${units[2]}`;
}

/** Seconds as a handset shows them: 0:42 */
export function timer(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  const two = (n) => String(n).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** The time of day, 24 hours, to the second. */
export function hour(moment) {
  const date = new Date(moment);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((n) => String(n).padStart(2, "0")).join(":");
}

/** The name of an audio file, by its address; how often Twilio is to ask for it, behind the #, is no part of that. */
export const fileName = (address) => decodeURIComponent((address || "").split("#")[0].split("/").pop());
