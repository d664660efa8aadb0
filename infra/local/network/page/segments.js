// In how many pieces a text is sent, counted while it is written: the network's own rule (messages/segments.py).
const BASIC = new Set("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà");
const EXTENSION = new Set("^{}\\[~]|€\f"); // each takes two places
const ALPHABETS = { "GSM-7": [160, 153], "UCS-2": [70, 67] }; // alone, and in each of several

/** {alphabet, places, room: in as many segments as it takes, segments} */
export function segments(text) {
  const letters = [...text];
  const alphabet = letters.every((one) => BASIC.has(one) || EXTENSION.has(one)) ? "GSM-7" : "UCS-2";
  const sizes = letters.map((one) => (alphabet === "UCS-2" ? one.length : EXTENSION.has(one) ? 2 : 1));
  const places = sizes.reduce((sum, size) => sum + size, 0);
  const [alone, each] = ALPHABETS[alphabet];
  if (places <= alone) return { alphabet, places, room: alone, segments: 1 };
  let [count, used] = [1, 0];
  for (const size of sizes) {
    if (used + size > each) [count, used] = [count + 1, 0];
    used += size;
  }
  return { alphabet, places, room: count * each, segments: count };
}
