// What every part of the page is drawn with. The library lies in vendor/, so nothing is fetched from outside this machine.
import { Component, html, render, useEffect, useLayoutEffect, useMemo, useRef, useState } from "./vendor/htm-preact.js";

export { html, render, useEffect, useLayoutEffect, useMemo, useRef, useState };

/** A part that is drawn again only when it is given another object (or changes itself): rows of long lists. */
export function still(Draw) {
  return class extends Component {
    shouldComponentUpdate(next) {
      for (const key in next) if (key !== "children" && next[key] !== this.props[key]) return true;
      return false;
    }

    render(given) {
      return html`<${Draw} ...${given} />`;
    }
  };
}

/** Draws again every `period` ms while something is going on. */
export function useBeat(running, period) {
  const [, beat] = useState(0);
  useEffect(() => {
    if (!running) return undefined;
    const handle = setInterval(() => beat((n) => n + 1), period);
    return () => clearInterval(handle);
  }, [running, period]);
}

const PATHS = {
  handset: "M3.2 2.2 5.4 2l1.5 3.3-1.5 1.3c.7 1.6 2 2.9 3.6 3.6l1.3-1.5L13.9 10.2l-.2 2.3c-.1.8-.7 1.3-1.5 1.3C6.6 13.5 2.2 9 2 3.7c0-.8.4-1.4 1.2-1.5Z",
  end: "M8 5.6c-2.4 0-4.5.600-6 1.7-.6.500-.8 1.2-.5 1.9l.6 1.3c.2.4.7.6 1.1.400l2.1-.9c.4-.2.6-.5.6-.9V7.9a8 8 0 0 1 4.2 0v1.2c0 .4.2.7.6.9l2.1.9c.4.2.9 0 1.1-.4l.6-1.3c.3-.7.1-1.4-.5-1.9C12.5 6.2 10.4 5.6 8 5.6Z",
  loud: "M2 6v4h2.5L8 13V3L4.5 6H2Zm8.2-.9.9-.9a5.4 5.4 0 0 1 0 7.6l-.9-.9a4.1 4.1 0 0 0 0-5.8Z",
  mute: "M2 6v4h2.5L8 13V3L4.5 6H2Zm8 .9.9-.9L12.2 7.3l1.3-1.3.9.9L13.1 8.2l1.3 1.3-.9.9-1.3-1.3-1.3 1.3-.9-.9 1.3-1.3L10 6.9Z",
  sun: "M8 4.7a3.3 3.3 0 1 1 0 6.6 3.3 3.3 0 0 1 0-6.6ZM7.4 1h1.2v2.2H7.4V1Zm0 11.8h1.2V15H7.4v-2.2ZM1 7.4h2.2v1.2H1V7.4Zm11.8 0H15v1.2h-2.2V7.4ZM2.6 3.5l.9-.9 1.5 1.6-.8.8-1.6-1.5Zm8.4 8.4.8-.8 1.6 1.5-.9.9-1.5-1.6Zm1.5-9.3.9.9-1.6 1.5-.8-.8 1.5-1.6ZM4.2 11l.8.8-1.5 1.6-.9-.9L4.2 11Z",
  moon: "M13.6 9.9A6 6 0 0 1 6.1 2.4a6 6 0 1 0 7.5 7.5Z",
  auto: "M8 1.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13Zm0 1.3v10.4a5.2 5.2 0 0 0 0-10.4Z",
  copy: "M5 2h7.5c.6 0 1 .4 1 1v8h-1.3V3.3H5V2ZM3 4.7h6.7c.5 0 .9.4.9.9v7.5c0 .5-.4.9-.9.9H3a.9.9 0 0 1-.9-.9V5.6c0-.5.4-.9.9-.9Zm.4 1.3v6.7h5.9V6H3.4Z",
  open: "m6 3.5 4.5 4.5L6 12.5l-.9-.9L8.7 8 5.1 4.4l.9-.9Z",
  plus: "M7.3 2.5h1.4v4.8h4.8v1.4H8.7v4.8H7.3V8.7H2.5V7.3h4.8V2.5Z",
  send: "M2.2 13.5 14 8 2.2 2.5l-.1 4.2L10 8l-7.9 1.3.1 4.2Z",
  pen: "m11.3 1.8 2.9 2.9-8.3 8.3-3.7.8.8-3.7 8.3-8.3Zm0 1.8L4.2 10.7l-.3 1.4 1.4-.3 7.1-7.1-1.1-1.1Z",
  clear: "M6 1.8h4v1.2h3.5v1.3h-11V3H6V1.8ZM3.7 5.5h8.6l-.6 8.7H4.3l-.6-8.7Zm1.4 1.2.4 6.2h5l.4-6.2H5.1Z",
  story: "M3 1.8h7l3 3v9.4H3V1.8Zm1.3 1.3v9.8h7.4V5.7H9.2V3.1H4.3Zm1.5 4.4h4.4v1.1H5.8V7.5Zm0 2.3h4.4v1.1H5.8V9.8Z",
  people: "M5.5 3.2a2.2 2.2 0 1 1 0 4.4 2.2 2.2 0 0 1 0-4.4ZM1.5 12.8c0-2.6 1.7-4.2 4-4.2s4 1.6 4 4.2h-8ZM10.8 4.2a1.9 1.9 0 1 1 0 3.8 1.9 1.9 0 0 1-.9-.2c.5-.6.8-1.4.8-2.3 0-.4-.1-.8-.2-1.2l.3-.1Zm0 4.7c2.1 0 3.7 1.4 3.7 3.9h-3.7c0-1.6-.5-2.9-1.3-3.7.4-.1.8-.2 1.3-.2Z",
  note: "M12.5 2.2v8.3a2.1 2.1 0 1 1-1.3-2V5L6.8 6v6a2.1 2.1 0 1 1-1.3-2V4l7-1.8Z",
  horn: "M11.8 2.5v11l-1.2-.2-5-2.5H4.8l.7 2.9H4l-.7-2.9h-.9a.9.9 0 0 1-.9-.9V6.3c0-.5.4-.9.9-.9h3.2l5-2.7 1.2-.2ZM13 6.3c.9.2 1.5.9 1.5 1.7S13.9 9.5 13 9.7V6.3Z",
  silence: "M3 7.3h10v1.4H3V7.3Z",
  pause: "M4.5 3h2.2v10H4.5V3Zm4.8 0h2.2v10H9.3V3Z",
  muted: "M8 1.8c1.2 0 2.1 1 2.1 2.2v3.3L5.9 4C5.9 2.8 6.8 1.8 8 1.8Zm-5.3 0 11.5 11.5-.9.9-2.4-2.4c-.6.4-1.4.7-2.2.8V15H7.3v-2.4C5.3 12.3 3.8 10.6 3.8 8.5H5a3 3 0 0 0 5 2.3l-.8-.8a2.1 2.1 0 0 1-3.3-1.7V6.8L1.8 2.7l.9-.9Zm9.5 6.7c0 .7-.2 1.4-.5 2l-.9-.9c.1-.3.2-.7.2-1.1h1.2Z",
  whisper: "M2 3h12v7.5H8.5L5 13.5v-3H2V3Zm1.3 1.3v4.9h3V11l2-1.8h4.4V4.3H3.3Zm1.5 1.7h6.4v1.1H4.8V6Z",
  play: "M4.5 2.5 13 8l-8.5 5.5v-11Z",
  text: "M2 3h12v8H7.6L4.5 13.6V11H2V3Zm1.3 1.3v5.4h2.5v1.2l1.4-1.2h5.5V4.3H3.3Z",
  tape: "M8 3.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9Z",
  clip: "M11.6 4v6.6a3.3 3.3 0 0 1-6.6 0V3.8a2.1 2.1 0 0 1 4.2 0v6.3a.9.9 0 0 1-1.8 0V4.5H6.3v5.6a2 2 0 0 0 4 0V3.8a3.2 3.2 0 0 0-6.4 0v6.8a4.4 4.4 0 0 0 8.8 0V4h-1.1Z",
  key: "M8 1.5 9.9 5.6l4.4.5-3.3 3 .9 4.4L8 11.3l-3.9 2.2.9-4.4-3.3-3 4.4-.5L8 1.5Z",
};

/** A sign beside a word; alone it stands in something that has a label. */
export const icon = (name) =>
  html`<svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path d=${PATHS[name]} /></svg>`;

/** The state as a shape: hollow, dotted, pulsing, filled. */
export const lamp = (state) => html`<i class="lamp ${state}" aria-hidden="true"></i>`;
