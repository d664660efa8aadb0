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

const PATHS = {
  handset: "M3.2 2.2 5.4 2l1.5 3.3-1.5 1.3c.7 1.6 2 2.900 3.600 3.600l1.300-1.500L13.900 10.200l-.2 2.300c-.1.8-.7 1.300-1.500 1.300C6.600 13.500 2.200 9 2 3.700c0-.8.400-1.400 1.200-1.500Z",
  end: "M8 5.600c-2.400 0-4.500.600-6 1.700-.600.500-.8 1.200-.5 1.900l.6 1.300c.2.400.7.600 1.100.400l2.100-.900c.4-.2.600-.5.600-.9V7.900a8 8 0 0 1 4.200 0v1.200c0 .4.200.7.6.9l2.100.9c.4.2.9 0 1.100-.4l.6-1.300c.3-.7.1-1.400-.5-1.900C12.500 6.200 10.400 5.600 8 5.600Z",
  loud: "M2 6v4h2.500L8 13V3L4.500 6H2Zm8.200-.9.9-.9a5.400 5.400 0 0 1 0 7.600l-.9-.9a4.100 4.100 0 0 0 0-5.800Z",
  mute: "M2 6v4h2.500L8 13V3L4.500 6H2Zm8 .9.9-.9L12.200 7.300l1.300-1.300.9.9L13.100 8.200l1.300 1.300-.9.9-1.300-1.300-1.300 1.300-.9-.9 1.300-1.300L10 6.900Z",
  sun: "M8 4.700a3.300 3.300 0 1 1 0 6.600 3.300 3.300 0 0 1 0-6.600ZM7.400 1h1.200v2.200H7.400V1Zm0 11.800h1.200V15H7.400v-2.200ZM1 7.400h2.200v1.200H1V7.400Zm11.800 0H15v1.200h-2.200V7.400ZM2.600 3.500l.9-.9 1.500 1.600-.8.8-1.600-1.500Zm8.400 8.400.8-.8 1.600 1.500-.9.9-1.500-1.600Zm1.500-9.300.9.9-1.600 1.500-.8-.8 1.500-1.600ZM4.200 11l.8.8-1.500 1.600-.9-.9L4.200 11Z",
  moon: "M13.600 9.900A6 6 0 0 1 6.100 2.400a6 6 0 1 0 7.500 7.500Z",
  auto: "M8 1.500a6.500 6.500 0 1 1 0 13 6.500 6.500 0 0 1 0-13Zm0 1.300v10.400a5.200 5.200 0 0 0 0-10.400Z",
  copy: "M5 2h7.500c.6 0 1 .4 1 1v8h-1.300V3.300H5V2ZM3 4.700h6.700c.5 0 .9.4.9.9v7.500c0 .5-.4.9-.9.9H3a.9.9 0 0 1-.9-.9V5.600c0-.5.4-.9.9-.9Zm.4 1.300v6.700h5.900V6H3.400Z",
  open: "m6 3.500 4.500 4.500L6 12.500l-.9-.9L8.700 8 5.100 4.400l.9-.9Z",
  plus: "M7.300 2.500h1.400v4.800h4.800v1.400H8.700v4.800H7.300V8.700H2.500V7.300h4.800V2.500Z",
  send: "M2.200 13.500 14 8 2.200 2.500l-.1 4.200L10 8l-7.900 1.300.1 4.200Z",
  pen: "m11.300 1.800 2.900 2.900-8.300 8.300-3.700.8.800-3.700 8.300-8.300Zm0 1.800L4.200 10.700l-.3 1.400 1.400-.3 7.100-7.100-1.100-1.100Z",
  clear: "M6 1.800h4v1.200h3.500v1.300h-11V3H6V1.800ZM3.700 5.500h8.600l-.6 8.700H4.300l-.6-8.700Zm1.400 1.200.4 6.200h5l.4-6.200H5.100Z",
  story: "M3 1.800h7l3 3v9.400H3V1.800Zm1.300 1.300v9.800h7.400V5.700H9.200V3.100H4.300Zm1.500 4.400h4.400v1.100H5.800V7.500Zm0 2.300h4.400v1.100H5.800V9.800Z",
};

/** A sign beside a word; alone it stands in something that has a label. */
export const icon = (name) =>
  html`<svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path d=${PATHS[name]} /></svg>`;

/** The state as a shape: hollow, dotted, pulsing, filled. */
export const lamp = (state) => html`<i class="lamp ${state}" aria-hidden="true"></i>`;
