// The two plots, by uPlot: lines of the three ways, told apart by their dashes as by their colours, read by mouse or keys.
import { html, useEffect, useRef, useState } from "./vendor/htm-preact.js";

const HEIGHT = 230;
export const DASHES = [[], [7, 4], [2, 3]];
const INKS = ["--accent", "--ink-2", "--bad"];

/** A sample of a way's line, for a legend. */
export const sample = (way) => html`<svg class="sample way-${way}" viewBox="0 0 26 8" width="26" height="8" aria-hidden="true">
  <path d="M1 4h24" stroke-dasharray=${DASHES[way].join(" ")} /></svg>`;

/** What a colour of the page is at this moment: canvas knows no light-dark(). */
function inkOf(element, name) {
  element.style.color = `var(${name})`;
  const { color } = getComputedStyle(element);
  element.style.color = "";
  return color;
}

function draw(element, { columns, stepped, axis, write, point, marks, font }) {
  const [paper, rule, quiet, ...inks] = ["--panel", "--rule", "--ink-3", ...INKS].map((name) => inkOf(element, name));
  const path = stepped ? uPlot.paths.stepped({ align: 1 }) : undefined;
  const lines = inks.map((stroke, way) => ({ stroke, width: 2, dash: DASHES[way], paths: path, pxAlign: 0, points: { show: false } }));
  const plain = { stroke: quiet, font, ticks: { show: false }, grid: { stroke: rule, width: 1 } };
  const plot = new uPlot(
    {
      width: Math.max(240, element.clientWidth),
      height: HEIGHT,
      padding: [12, 12, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 7, fill: paper } },
      scales: { x: { time: false }, y: { range: (_, least, most) => [0, most > 0 ? most * 1.06 : 1] } },
      axes: [
        { ...plain, label: axis, labelSize: 18, labelFont: font, size: 26, gap: 4, incrs: stepped ? [60] : undefined },
        { ...plain, size: 62, gap: 6, values: (_, all) => all.map(write) },
      ],
      series: [{}, ...lines],
      hooks: {
        setCursor: [({ cursor }) => point(cursor.idx ?? null)],
        draw: [(drawnPlot) => marks().forEach((mark) => drawMark(drawnPlot, mark, { ink: inks[0], quiet, paper }))],
      },
    },
    columns,
    element,
  );
  return plot;
}

/** A line upwards where one stands, or a ring where two ways cost the same. */
function drawMark(plot, { x, y }, { ink, quiet, paper }) {
  const { ctx, bbox } = plot;
  const across = plot.valToPos(x, "x", true);
  if (across < bbox.left || across > bbox.left + bbox.width) return;
  ctx.save();
  ctx.lineWidth = 1.5 * devicePixelRatio;
  ctx.beginPath();
  if (y === undefined) {
    ctx.strokeStyle = quiet;
    ctx.setLineDash([1, 3].map((one) => one * devicePixelRatio));
    ctx.moveTo(across, bbox.top);
    ctx.lineTo(across, bbox.top + bbox.height);
  } else {
    ctx.strokeStyle = ink;
    ctx.fillStyle = paper;
    ctx.arc(across, plot.valToPos(y, "y", true), 5 * devicePixelRatio, 0, 2 * Math.PI);
    ctx.fill();
  }
  ctx.stroke();
  ctx.restore();
}

/** One plot. `read` says in words what costs how much at a place of it; `marks` are where one stands, and what crosses. */
export function Chart({ columns, stepped, axis, label, write, read, marks, at, look }) {
  const [element, plot, latest] = [useRef(null), useRef(null), useRef({})];
  const [pointed, point] = useState(null);
  latest.current = { write, marks };
  const places = columns[0];
  const place = Math.min(pointed ?? nearest(places, at), places.length - 1);

  useEffect(() => {
    const { fontFamily } = getComputedStyle(element.current);
    const drawAgain = () => {
      plot.current?.destroy();
      plot.current = draw(element.current, {
        ...{ columns, stepped, axis, point, font: `11px ${fontFamily}` },
        write: (amount) => latest.current.write(amount),
        marks: () => latest.current.marks,
      });
    };
    drawAgain();
    const watch = new ResizeObserver(() => {
      const width = Math.max(240, element.current.clientWidth);
      if (plot.current.width !== width) plot.current.setSize({ width, height: HEIGHT });
    });
    watch.observe(element.current);
    return () => (watch.disconnect(), plot.current.destroy(), (plot.current = null));
  }, [look]);
  useEffect(() => plot.current.setData(columns), [columns]);

  const keys = (event) => {
    const last = places.length - 1;
    const to = { ArrowRight: place + 1, ArrowUp: place + 1, ArrowLeft: place - 1, ArrowDown: place - 1 }[event.key] ??
      { PageUp: place + 10, PageDown: place - 10, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = Math.max(0, Math.min(last, to));
    plot.current.setCursor({ left: plot.current.valToPos(places[next], "x"), top: 20 });
    point(next);
  };
  const value = pointed === null ? Math.min(at, places.at(-1)) : places[place]; // where one stands may lie between two
  const told = read(value);
  return html`<div class="plot" ref=${element} role="slider" tabindex="0" aria-label=${label} aria-valuemin=${places[0]}
      aria-valuemax=${places.at(-1)} aria-valuenow=${value} aria-valuetext=${told} onKeyDown=${keys}></div>
    <p class="reading">${told}</p>`;
}

function nearest(places, value) {
  const found = places.findIndex((one) => one >= value);
  return found < 0 ? places.length - 1 : found;
}
