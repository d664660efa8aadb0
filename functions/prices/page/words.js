// Every word on the page, and how money and numbers are written, in the language that is switched on.
import { decimal, isMore, times, written, ZERO } from "./decimal.js";

const en = {
  and: ", ",
  page: "What it costs",
  language: "Language",
  theme: { auto: "Light or dark: as the system", light: "Light", dark: "Dark" },
  ways: { "masked-call": "Masked call", "v-call": "Both are called", conference: "Conference" },
  about: {
    "masked-call": "Somebody calls a number of yours, which calls the other.",
    "v-call": "The exchange calls both of them (V-call).",
    conference: "The exchange calls both of them into a conference.",
  },
  set: {
    title: "Your month",
    numbers: "050 numbers",
    tollFree: "Toll-free numbers (0120, 0800)",
    calls: "Calls a month",
    seconds: "Seconds of a call",
    mobiles: "Of them to mobiles",
    recorded: "Of them recorded",
    texts: "Texts (SMS) a month",
    caller: "The first party is on",
    line: "Number that is called",
    again: "As at first",
  },
  units: { percent: "%", minutes: (count) => (count === 1 ? "1 whole minute" : `${count} whole minutes`) },
  telephones: { mobile: "a mobile", landline: "a landline", browser: "a browser", "050": "050", "toll-free": "toll-free" },
  mix: (mobiles) => `${mobiles} % to mobiles, ${100 - mobiles} % to landlines`,
  month: "A month, by what it is for",
  monthHint: "Point at a part, or tab to it, and read its lines.",
  perMonth: "a month",
  causes: {
    number: "Numbers",
    "incoming-call": "Calls that come in",
    "to-landline": "Calls to landlines",
    "to-mobile": "Calls to mobiles",
    "browser-call": "Browser",
    conference: "Conference",
    recording: "Recordings",
    "outgoing-text": "Texts",
    tax: "Tax",
  },
  part: (way, cause, amount, percent) => `${way}, ${cause}: ${amount}, ${percent} %`,
  all: (way) => `${way}: all lines`,
  withoutUnknown: (names) => `Without what nobody knows the rate of: ${names}.`,
  lines: {
    title: "Lines",
    what: "What", quantity: "Quantity", rate: "Rate", amount: "Amount", source: "Source, as of",
    total: "Sum", unknown: "not known", own: "your own rate",
    certainties: { own: "your own", published: "published", "third-party": "copied by others", unverified: "not verified" },
  },
  unit: {
    minute: "min", "participant minute": "participant min", "minute and month": "min · month", "answered call": "calls",
    "100 characters": "× 100 characters", segment: "segments", month: "months", "of the sum": "", time: "",
  },
  whose: (text) => text.replace(/^(masked-call|v-call|conference|text): /, ""),
  stairs: {
    title: "One call, second by second",
    hint: "Each minute that has begun is a whole one, of each leg by itself: stairs.",
    to: "Called is",
    axis: "seconds",
    at: (second, told) => `${second} s: ${told}`,
    label: "Price of one call by its seconds; arrow keys read it",
  },
  growth: {
    title: "A month, by its calls",
    hint: "Numbers are counted for masked calls alone: whoever is called sees a number that you rent anyway, or have had verified.",
    axis: "calls a month",
    at: (count, told) => `${count} calls: ${told}`,
    label: "Price of a month by the number of its calls; arrow keys read it",
  },
  breakEven: {
    title: "What is cheaper, and from where on",
    masked: (at) => at.crossing
      ? `From ${at.crossing} calls a month on, masked calls are cheaper than calling both, although their numbers cost ${at.fees}: each saves ${at.each}.`
      : `Masked calls are cheaper than calling both from the first call on: each saves ${at.each}.`,
    never: (at) => at.dearer
      ? `Calling both is never dearer than masked calls here: each of those costs ${at.each} more.`
      : `Masked calls are cheaper than calling both from the first call on: each saves ${at.each}.`,
    conference: (at) => `A conference costs ${at.each} more a call than calling both without one: ${at.month} a month.`,
    shorter: (at) => `A call of ${at.over} s less does not begin its last minute: ${at.each} a call, ${at.month} a month.`,
    browser: (at) => at.dearer
      ? `The other by browser costs ${at.each} more a call.`
      : `If the other answers in a browser, a masked call saves ${at.each}: ${at.month} a month, from the first minute on.`,
    "toll-free": (at) => at.dearer
      ? `A toll-free line instead of a 050 one costs ${at.month} more a month: ${at.fee} for the number, ${at.each} for each call.`
      : `A toll-free line instead of a 050 one costs ${at.month} less a month.`,
    unknown: {
      masked: "Whether and from how many calls on masked calls are cheaper",
      never: "Whether masked calls are cheaper than calling both",
      conference: "What a conference costs more than calling both without one",
      browser: "What a browser saves",
      "toll-free": "What a toll-free line costs more than a 050 one",
      shorter: "",
    },
    missing: (what, names) => `${what} cannot be said: there is no rate for ${names}. Give one of your own below.`,
  },
  card: {
    title: "Rates",
    choose: "Rate card",
    asOf: "as of",
    source: "Source",
    history: "History",
    ended: (day) => `Since ${day} nobody gets these rates any more.`,
    old: (days) => `This card is ${days} days old: look whether there is a newer one.`,
    rate: "Rate",
    yours: "Your own rate",
    yoursFor: (name) => `Your own rate for ${name}`,
    listed: "Card",
    certainty: "How sure",
    back: (name) => `Back to the card's rate for ${name}`,
    wrong: "A decimal number, as 0.0746",
    count: (count) => `${count} of your own`,
    note: "List prices alone stand here: nothing of any account is known to this page.",
  },
  money: {
    shown: "Shown in",
    ofCard: "as on the card",
    tax: "With tax",
    noTax: "This card names no tax.",
    rate: (base) => `1 ${base} is`,
    asOf: "as of",
    needed: (base, quote) => `Say what 1 ${base} is in ${quote}, and of which day. Until then it stands in ${base}.`,
    undated: "Say of which day that rate is.",
  },
  link: { copy: "Copy link", copied: "The link is on the clipboard: it carries all that is set.", sheet: "CSV" },
  said: (told) => `A month: ${told}`,
  names: {},
};

const ja = {
  and: "、",
  page: "料金シミュレーター",
  language: "言語",
  theme: { auto: "明るさ：システムに合わせる", light: "明るい", dark: "暗い" },
  ways: { "masked-call": "番号を隠した通話", "v-call": "双方に発信", conference: "会議通話" },
  about: {
    "masked-call": "御社の番号に電話がかかり、そこから相手に発信します。",
    "v-call": "交換機から双方に電話をかけます（V通話）。",
    conference: "交換機から双方に電話をかけ、会議室でつなぎます。",
  },
  set: {
    title: "一か月の使い方",
    numbers: "050番号",
    tollFree: "フリーダイヤル番号（0120・0800）",
    calls: "一か月の通話",
    seconds: "一通話の秒数",
    mobiles: "うち携帯あて",
    recorded: "うち録音",
    texts: "一か月のSMS",
    caller: "一人目の電話",
    line: "着信する番号",
    again: "最初に戻す",
  },
  units: { percent: "%", minutes: (count) => `課金は${count}分` },
  telephones: { mobile: "携帯", landline: "固定電話", browser: "ブラウザー", "050": "050", "toll-free": "フリーダイヤル" },
  mix: (mobiles) => `携帯 ${mobiles} %、固定 ${100 - mobiles} %`,
  month: "一か月の内訳",
  monthHint: "棒の一部を指すか、タブキーで選ぶと、明細が読めます。",
  perMonth: "／月",
  causes: {
    number: "番号",
    "incoming-call": "着信",
    "to-landline": "固定への発信",
    "to-mobile": "携帯への発信",
    "browser-call": "ブラウザー",
    conference: "会議",
    recording: "録音",
    "outgoing-text": "SMS",
    tax: "消費税",
  },
  part: (way, cause, amount, percent) => `${way}、${cause}：${amount}、${percent} %`,
  all: (way) => `${way}：すべての明細`,
  withoutUnknown: (names) => `単価の分からないものは含みません：${names}。`,
  lines: {
    title: "明細",
    what: "内容", quantity: "数量", rate: "単価", amount: "金額", source: "出典と日付",
    total: "合計", unknown: "不明", own: "自分の単価",
    certainties: { own: "自分の単価", published: "公表", "third-party": "他者による写し", unverified: "未確認" },
  },
  unit: {
    minute: "分", "participant minute": "人・分", "minute and month": "分・月", "answered call": "回",
    "100 characters": "×100文字", segment: "通", month: "か月", "of the sum": "", time: "",
  },
  whose: (text) =>
    text
      .replace(/^(masked-call|v-call|conference|text): /, "")
      .replace("the caller's leg", "かけた人の区間")
      .replace("the leg to the other", "相手の区間")
      .replace(/the leg to party (\d)/, "$1人目の区間")
      .replace("recording", "録音")
      .replace("text", "SMS"),
  stairs: {
    title: "一通話の料金、秒ごとに",
    hint: "区間ごとに、始まった一分は丸ごと一分。だから階段になります。",
    to: "相手は",
    axis: "秒",
    at: (second, told) => `${second}秒：${told}`,
    label: "一通話の料金を秒ごとに。矢印キーで読めます",
  },
  growth: {
    title: "一か月の料金、通話数ごとに",
    hint: "番号の月額は、番号を隠した通話にだけ数えます。双方に発信するときは、すでにある番号か、確認済みの番号を見せます。",
    axis: "通話／月",
    at: (count, told) => `${count}通話：${told}`,
    label: "一か月の料金を通話数ごとに。矢印キーで読めます",
  },
  breakEven: {
    title: "どちらが安いか",
    masked: (at) => at.crossing
      ? `月${at.crossing}通話からは、番号に${at.fees}かかっても、番号を隠した通話のほうが双方への発信より安くなります。一通話あたり${at.each}の差です。`
      : `番号を隠した通話のほうが、最初の一通話から双方への発信より安く、一通話あたり${at.each}の差です。`,
    never: (at) => at.dearer
      ? `この条件では、双方への発信のほうが高くなることはありません。番号を隠した通話は一通話あたり${at.each}高くなります。`
      : `番号を隠した通話のほうが、最初の一通話から双方への発信より安く、一通話あたり${at.each}の差です。`,
    conference: (at) => `会議にすると、双方への発信だけより一通話あたり${at.each}、月に${at.month}高くなります。`,
    shorter: (at) => `あと${at.over}秒短ければ最後の一分が始まらず、一通話あたり${at.each}、月に${at.month}安くなります。`,
    browser: (at) => at.dearer
      ? `相手がブラウザーで受けると、一通話あたり${at.each}高くなります。`
      : `相手がブラウザーで受けると、番号を隠した通話は最初の一分から安く、一通話あたり${at.each}、月に${at.month}の差です。`,
    "toll-free": (at) => at.dearer
      ? `050の代わりにフリーダイヤルで着信すると、月に${at.month}高くなります（番号${at.fee}、一通話あたり${at.each}）。`
      : `050の代わりにフリーダイヤルで着信すると、月に${at.month}安くなります。`,
    unknown: {
      masked: "番号を隠した通話が何通話から安くなるか",
      never: "番号を隠した通話と双方への発信のどちらが安いか",
      conference: "会議にするといくら高くなるか",
      browser: "ブラウザーでいくら安くなるか",
      "toll-free": "フリーダイヤルにするといくら高くなるか",
      shorter: "",
    },
    missing: (what, names) => `${what}は言えません。${names}の単価が分からないからです。下の表に自分の単価を入れてください。`,
  },
  card: {
    title: "単価",
    choose: "料金表",
    asOf: "時点",
    source: "出典",
    history: "過去の料金",
    ended: (day) => `${day}で終わった料金です。今はこの単価では使えません。`,
    old: (days) => `この料金表は${days}日前のものです。新しいものがないか確かめてください。`,
    rate: "対象",
    yours: "自分の単価",
    yoursFor: (name) => `${name}の自分の単価`,
    listed: "料金表",
    certainty: "確かさ",
    back: (name) => `${name}を料金表の単価に戻す`,
    wrong: "0.0746のような小数で入れてください",
    count: (count) => `自分の単価${count}件`,
    note: "ここにあるのは定価だけです。このページは、どのアカウントのことも知りません。",
  },
  money: {
    shown: "表示する通貨",
    ofCard: "料金表のまま",
    tax: "消費税を含む",
    noTax: "この料金表に税の記載はありません。",
    rate: (base) => `1 ${base} は`,
    asOf: "時点",
    needed: (base, quote) => `1 ${base} が何 ${quote} か、いつの値かを入れてください。それまでは ${base} で表示します。`,
    undated: "いつの値かを入れてください。",
  },
  link: { copy: "リンクをコピー", copied: "リンクをコピーしました。設定がすべて入っています。", sheet: "CSV" },
  said: (told) => `一か月：${told}`,
  // What cards say in English, by their own words; what is not here is shown as it is.
  names: {
    "Japan, landline and 050": "固定電話と050",
    "Japan, landline": "固定電話",
    "Japan, mobile": "携帯電話",
    "Japan, toll-free, 060 and others": "フリーダイヤル、060など",
    "Japan, 050, toll-free and others": "050、フリーダイヤルなど",
    "Japan, 050": "050番号",
    "Japan, local": "市外局番の番号",
    "Japan, toll-free": "フリーダイヤル番号",
    "Japan, 0120 and 0800": "0120と0800の番号",
    "Voice SDK or SIP": "ブラウザー（Voice SDK）かSIP",
    Conference: "会議",
    Recording: "録音",
    "Storage of recordings": "録音の保存",
    "Answering machine detection": "留守番電話の検出",
    "Text-to-speech": "音声合成",
    "Text to Japan": "日本へのSMS",
    "Text to a number of yours": "自分の番号へのSMS",
    "Japan's consumption tax": "日本の消費税",
    "Twilio's list prices for Japan": "Twilioの日本の定価",
    "KDDI Web Communications, reseller of Twilio in Japan until 2023": "KDDIウェブコミュニケーションズ（2023年までTwilioの国内代理店）",
    "outgoing-call": "発信", "incoming-call": "着信", "browser-call": "ブラウザーの通話", conference: "会議",
    recording: "録音", "recording-storage": "録音の保存", "machine-detection": "留守番電話の検出", speech: "音声合成",
    "outgoing-text": "SMSの送信", "incoming-text": "SMSの受信", number: "番号", tax: "税", aws: "AWS",
    "The card has no rate for this": "この料金表に単価がない",
    "Not in the copies of the list": "手に入った写しにはない",
    "Not in what is left of the price list": "残っている料金表にはない",
    "In one copy only": "一つの写しにだけある",
    "Of the list for the United States; none for Japan was found": "米国の定価。日本のものは見つからない",
    "With 10 % of tax in it": "10 %の税込み",
    "From an old state of Twilio's page, whose day is about right": "Twilioのページの古い版から。日付はおおよそ",
    "10 % since then; Twilio Japan's invoices have it, the list has not": "この日から10 %。Twilio Japanの請求書には付き、定価には含まれない",
    "Numbers in Japan take none; those of other countries are not in this card": "日本の番号では受けられない。他国の番号はこの料金表にない",
    "Copied from copies of Twilio's pages: nobody of us has seen these. What your account pays says Twilio's Pricing API.":
      "Twilioのページの写しからの引用で、私たちは元のページを見ていません。御社の単価はTwilioのPricing APIで分かります。",
    "History, for old articles and for tests. The day in 2021 is not known. No tax is added: the fees of numbers have it in them, and 5.4 and 16.2 are 5 and 15 with the 8 % that were asked until 2019, so these may, too.":
      "昔の記事と試験のための過去の料金です。2021年のいつかは分かりません。税は加えません。番号の月額は税込みで、5.4と16.2も、2019年までの8 %を5と15に加えた額かもしれません。",
  },
};

export const languages = { ja, en };
const LOCALES = { ja: "ja-JP", en: "en-US" };

let [language, dictionary] = ["en", en];
export const speak = (chosen) => ([language, dictionary] = [chosen, languages[chosen]]);
export const words = () => dictionary;

/** What a card calls something, in this language where we have it. */
export const named = (text) => dictionary.names[text] ?? text;

export const counted = (number) => new Intl.NumberFormat(LOCALES[language]).format(written(number));

/** An amount of money: whole yen where there are many, and as many places as matter where there are few. */
export function money(amount, currency) {
  const size = amount.units < 0n ? { ...amount, units: -amount.units } : amount;
  const many = isMore(size, decimal(currency === "JPY" ? "999" : "0.9999"));
  const places = currency === "JPY" ? (many ? 0 : 2) : many ? 2 : 4;
  return inCurrency(amount, currency, currency === "JPY" || !size.units ? 0 : 2, places);
}

/** A rate to its last digit. */
export const rated = (rate, currency) => inCurrency(rate, currency, 0, Math.min(12, rate.places));

const inCurrency = (amount, currency, least, most) =>
  new Intl.NumberFormat(LOCALES[language], {
    style: "currency",
    currency,
    currencyDisplay: "narrowSymbol",
    minimumFractionDigits: Math.min(least, most),
    maximumFractionDigits: most,
  }).format(written(amount));

/** A line's rate; that of a tax is a part of a sum. */
export const ratedLine = ({ what, rate, currency }) =>
  what === "tax" ? `${written(times(rate, decimal(100)))} %` : rated(rate, currency);

/** The amount without its sign, for a sentence that says itself which way it goes. */
export const size = (amount, currency) => money({ ...amount, units: amount.units < 0n ? -amount.units : amount.units }, currency);
export const isDearer = (amount) => isMore(amount, ZERO);
