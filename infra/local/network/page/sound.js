// What can be heard: bells and keys from WebAudio, words from the browser's own voices. Everything here may be absent.
import { tongue } from "./numbers.js";

const FRESH = 2500; // ms: what began longer ago (before a jump of the clock, say) is not spoken any more
const TONES = { 1: [697, 1209], 2: [697, 1336], 3: [697, 1477], 4: [770, 1209], 5: [770, 1336], 6: [770, 1477],
  7: [852, 1209], 8: [852, 1336], 9: [852, 1477], "*": [941, 1209], 0: [941, 1336], "#": [941, 1477] };

export class Sound {
  constructor() {
    this.on = true;
    this.context = null;
    this.ringing = new Map();
    this.spoken = new Set();
    globalThis.speechSynthesis?.getVoices(); // some browsers load them only when first asked
    // A browser lets a page sound only after its user has touched it; until then there is no context to ring on.
    for (const touch of ["pointerdown", "keydown"]) {
      addEventListener(touch, () => this.wake(), { once: true, capture: true });
    }
  }

  wake() {
    try {
      this.context ??= new AudioContext();
      this.context.resume?.().catch(() => {});
    } catch {
      this.context = null;
    }
    for (const [number, bell] of this.ringing) if (!bell) this.ring(number);
  }

  mute(silent) {
    this.on = !silent;
    if (!silent) return;
    for (const number of [...this.ringing.keys()]) this.still(number, true);
    globalThis.speechSynthesis?.cancel();
  }

  tone(frequencies, { start = 0, seconds, gain = 0.03, tremolo = 0 }) {
    const { context } = this;
    if (!context || !this.on) return [];
    const at = context.currentTime + start;
    const loudness = context.createGain();
    loudness.gain.setValueAtTime(0, at);
    loudness.gain.linearRampToValueAtTime(gain, at + 0.02);
    loudness.gain.setValueAtTime(gain, at + seconds - 0.03);
    loudness.gain.linearRampToValueAtTime(0, at + seconds);
    loudness.connect(context.destination);
    const sources = frequencies.map((frequency) => {
      const source = context.createOscillator();
      source.frequency.value = frequency;
      source.connect(loudness);
      return source;
    });
    if (tremolo) {
      const wave = context.createOscillator();
      const depth = context.createGain();
      wave.frequency.value = tremolo;
      depth.gain.value = gain / 2;
      wave.connect(depth).connect(loudness.gain);
      sources.push(wave);
    }
    for (const source of sources) {
      source.start(at);
      source.stop(at + seconds);
    }
    return sources;
  }

  key(digit, start = 0) {
    if (TONES[digit]) this.tone(TONES[digit], { start, seconds: 0.12, gain: 0.02 });
  }

  /** A bell as in Japan: one second of 400 Hz, trembling sixteen times, then two seconds of rest. */
  ring(number) {
    if (this.ringing.get(number)) return;
    if (!this.context || !this.on) {
      this.ringing.set(number, null);
      return;
    }
    const bell = { sources: [] };
    const once = () => {
      bell.sources = this.tone([800, 1020], { seconds: 1, gain: 0.014, tremolo: 16 });
    };
    once();
    bell.timer = setInterval(once, 3000);
    this.ringing.set(number, bell);
  }

  still(number, keep = false) {
    const bell = this.ringing.get(number);
    if (bell) {
      clearInterval(bell.timer);
      for (const source of bell.sources) source.stop();
    }
    if (keep) this.ringing.set(number, null);
    else this.ringing.delete(number);
  }

  /** Called with every reading of the telephones: rings where it rings, says what has just begun to be said. */
  follow(phones, now) {
    for (const phone of phones) {
      if (phone.state === "ringing") this.ring(phone.number);
      else if (this.ringing.has(phone.number)) this.still(phone.number);
      for (const item of phone.heard) {
        const key = `${phone.number} ${item.at} ${item.kind} ${item.text}`;
        if (this.spoken.has(key)) continue;
        this.spoken.add(key);
        if (now - Date.parse(item.at) > FRESH) continue;
        if (item.kind === "beep") this.tone([1000], { seconds: 0.4, gain: 0.02 });
        if (item.kind === "tone") [...item.text].forEach((digit, i) => this.key(digit, i * 0.16));
        if (item.kind === "say" || item.kind === "speech") this.say(item.text, item.kind === "speech" ? 0.85 : 1);
      }
      const last = phone.heard[phone.heard.length - 1];
      if (last?.cut && this.saying === last.text) {
        globalThis.speechSynthesis?.cancel();
        this.saying = null;
      }
    }
  }

  say(text, pitch) {
    const voices = globalThis.speechSynthesis?.getVoices() ?? [];
    if (!this.on || !voices.length || !text) return;
    const language = tongue(text) === "ja" ? "ja-JP" : "en-US";
    const voice =
      voices.find((one) => one.lang.replace("_", "-") === language) ||
      voices.find((one) => one.lang.startsWith(language.slice(0, 2)));
    if (!voice) return;
    const words = new SpeechSynthesisUtterance(text);
    Object.assign(words, { voice, lang: voice.lang, pitch, volume: 0.8 });
    this.saying = text;
    speechSynthesis.speak(words);
  }
}
