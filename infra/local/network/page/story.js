// What was done by hand, written down as a test in the words of our stories.
const ROMAN = { 愛子: "aiko", ベン: "ben", 千恵: "chie", 大地: "daichi", 恵美: "emi", 文: "fumi" };

export class Story {
  constructor() {
    this.forget();
  }

  forget() {
    this.steps = [];
    this.states = new Map();
    this.ringing = new Map(); // what each telephone that rings shows
    this.heard = new Set();
    this.kept = new Set(); // texts that were read, and recordings that are there
    this.last = null;
  }

  /** A hand's deed. Time that passed before it becomes a forward, since in a story time stands still by itself. */
  did(who, deed, value, now) {
    if (this.last !== null && this.steps.length) this.pass((now - this.last) / 1000);
    this.last = now;
    // A story may begin with telephones that ring because the application called them.
    if (!this.steps.length) for (const [number, shows] of this.ringing) this.steps.push({ who: number, deed: "rings", value: shows });
    this.steps.push({ who, deed, value });
  }

  pass(seconds) {
    const whole = Math.round(seconds);
    if (whole < 1) return;
    const before = this.steps[this.steps.length - 1];
    if (before?.deed === "forward") before.value += whole;
    else this.steps.push({ deed: "forward", value: whole });
  }

  forwarded(seconds, now) {
    if (!this.steps.length) return;
    this.pass((now - this.last) / 1000 + seconds);
    this.last = now + seconds * 1000;
  }

  /** Something that takes its time to come: in a story that time has to pass first. */
  came(sid, at, who, deed, value) {
    if (this.kept.has(sid)) return;
    this.kept.add(sid);
    if (!this.steps.length) return;
    this.pass(Math.ceil((at - this.last) / 1000));
    this.last = Math.max(this.last, at);
    this.steps.push({ who, deed, value });
  }

  /** What can be seen and heard since the last reading; before the first deed there is no story. */
  follow(phones, recordings) {
    for (const phone of phones) {
      const before = this.states.get(phone.number);
      this.states.set(phone.number, phone.state);
      if (phone.state === "ringing") this.ringing.set(phone.number, phone.shows);
      else this.ringing.delete(phone.number);
      const fresh = phone.heard.filter((item) => {
        const key = `${phone.number} ${item.at} ${item.kind} ${item.text}`;
        return !this.heard.has(key) && this.heard.add(key);
      });
      if (!this.steps.length) continue;
      if (phone.state === "ringing" && before !== "ringing") this.steps.push({ who: phone.number, deed: "rings", value: phone.shows });
      for (const item of fresh) {
        if (item.kind === "say" || item.kind === "speech") this.steps.push({ who: phone.number, deed: "hears", value: item.text });
      }
    }
    for (const phone of phones) {
      for (const text of phone.messages) {
        if (text.direction === "in") this.came(`${text.sid} ${phone.number}`, Date.parse(text.at), phone.number, "reads", text.body);
      }
    }
    for (const { sid, completed_at, words } of recordings) {
      if (!completed_at) continue;
      for (const [i, { from, text }] of words.entries()) this.came(`${sid} ${i}`, Date.parse(completed_at), from, "is_recorded", text);
    }
  }

  write(phones) {
    const called = new Map();
    const lines = [];
    const nameOf = (number) => {
      if (called.has(number)) return called.get(number);
      const phone = phones.find((one) => one.number === number);
      const base = phone
        ? ROMAN[phone.name] || (/^[A-Za-z]\w*$/.test(phone.name || "") ? phone.name.toLowerCase() : `phone_${number.slice(-4)}`)
        : lines.length
          ? `line_${number.slice(-4)}`
          : "line";
      if (!phone) lines.push(number);
      called.set(number, base);
      return base;
    };
    const text = (value) => JSON.stringify(value);
    // A telephone is a person in a story, and what one dials is a number.
    const shown = (number) => (phones.some((one) => one.number === number) ? `${nameOf(number)}.number` : nameOf(number));
    const body = this.steps.map(({ who, deed, value }) => {
      if (deed === "forward") return `clock.forward(seconds=${value})`;
      const person = nameOf(who);
      switch (deed) {
        case "dials":
          return `${person}.dials(${shown(value)})`;
        case "texts":
          return `${person}.texts(${shown(value.to)}, ${text(value.body)})`;
        case "rings":
          return `${person}.rings(showing=${/^\+\d+$/.test(value || "") ? shown(value) : text(value)})`;
        case "presses":
        case "says":
        case "hears":
        case "reads":
        case "is_recorded":
          return `${person}.${deed}(${text(value)})`;
        default:
          return `${person}.${deed}()`;
      }
    });
    const first = this.steps.find((step) => step.deed === "dials" || step.deed === "texts");
    const title = first ? `${nameOf(first.who)}_${first.deed}` : "what_was_done_by_hand";
    const people = [...called].filter(([number]) => !lines.includes(number));
    const needed = [...people.map(([, name]) => name), ...(this.steps.some((step) => step.deed === "forward") ? ["clock"] : [])];
    return [
      `def test_${title}(${needed.join(", ")}):`,
      ...people.map(([number, name]) => `    # ${name}: ${number}`),
      ...lines.map((number) => `    ${called.get(number)} = ${text(number)}`),
      ...body.map((line) => `    ${line}`),
      "",
    ].join("\n");
  }
}
