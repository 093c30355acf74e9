// Small line charts with bands, in SVG.

import { fill, h, number } from "./dom.js";

const LEFT = 52, RIGHT = 12, TOP = 10, BOTTOM = 38;

export function ticks(low, high, count) {
  const rough = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough) ?? power;
  const values = [];
  for (let v = Math.ceil(low / step) * step; v <= high + step * 1e-6; v += step) values.push(Math.abs(v) < step * 1e-9 ? 0 : v);
  return values;
}

function span(values, zero) {
  const finite = values.filter((v) => v !== null && Number.isFinite(v));
  if (!finite.length) return [0, 1];
  let low = finite.reduce((a, b) => Math.min(a, b));
  let high = finite.reduce((a, b) => Math.max(a, b));
  if (zero) low = Math.min(low, 0);
  if (high <= low) high = low + (Math.abs(low) || 1);
  return [low, high + (high - low) * 0.04];
}

// Pieces of a curve between the gaps (null) in it.
function pieces(x, y, place) {
  const found = [];
  let open = [];
  y.forEach((value, i) => {
    if (value === null || !Number.isFinite(value)) {
      if (open.length) found.push(open);
      open = [];
    } else open.push(place(x[i], value));
  });
  if (open.length) found.push(open);
  return found;
}

// `curves`: {name, x, y, low?, high?, colour, dash?}. Draws into `box`; its width decides how many labels there are.
export function lineChart(box, curves, { xLabel, yLabel, zero = true, height = 240 }) {
  const drawn = curves.filter((curve) => curve.x.length);
  if (!drawn.length) {
    fill(box, h("p", { class: "empty" }, "Nothing to draw yet."));
    return;
  }
  const width = Math.max(280, Math.round(box.clientWidth || 600));
  const [x0, x1] = span(drawn.flatMap((c) => c.x), true);
  const [y0, y1] = span(drawn.flatMap((c) => [...c.y, ...(c.high ?? []), ...(c.low ?? [])]), zero);
  const xx = (v) => LEFT + ((v - x0) / (x1 - x0)) * (width - LEFT - RIGHT);
  const yy = (v) => height - BOTTOM - ((v - y0) / (y1 - y0)) * (height - TOP - BOTTOM);
  const place = (a, b) => `${xx(a).toFixed(1)},${yy(b).toFixed(1)}`;
  const svg = h("svg", { class: "chart", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${yLabel} against ${xLabel}` });
  for (const v of ticks(y0, y1, 5)) {
    svg.append(h("line", { class: "axis", x1: LEFT, x2: width - RIGHT, y1: yy(v), y2: yy(v) }),
      h("text", { x: LEFT - 6, y: yy(v) + 4, "text-anchor": "end" }, number(v)));
  }
  for (const v of ticks(x0, x1, width / 110)) {
    svg.append(h("text", { x: xx(v), y: height - BOTTOM + 16, "text-anchor": "middle" }, number(v)));
  }
  svg.append(h("text", { class: "label", x: (LEFT + width - RIGHT) / 2, y: height - 5, "text-anchor": "middle" }, xLabel),
    h("text", { class: "label", transform: `translate(13 ${(TOP + height - BOTTOM) / 2}) rotate(-90)`, "text-anchor": "middle" }, yLabel));
  for (const curve of drawn) {
    if (!curve.low) continue;
    const ok = curve.low.map((v, i) => v !== null && curve.high[i] !== null);
    const upper = pieces(curve.x, curve.high.map((v, i) => (ok[i] ? v : null)), place);
    const lower = pieces(curve.x, curve.low.map((v, i) => (ok[i] ? v : null)), place);
    upper.forEach((points, i) => svg.append(h("polygon", { points: [...points, ...lower[i].reverse()].join(" "), fill: curve.colour, opacity: 0.16 })));
  }
  for (const curve of drawn) {
    for (const points of pieces(curve.x, curve.y, place)) {
      svg.append(points.length > 1
        ? h("polyline", { points: points.join(" "), fill: "none", stroke: curve.colour, "stroke-width": 2, "stroke-linejoin": "round", "stroke-dasharray": curve.dash ? "6 4" : null })
        : h("circle", { cx: points[0].split(",")[0], cy: points[0].split(",")[1], r: 3, fill: curve.colour }));
    }
  }
  const legend = h("div", { class: "legend" });
  const tell = (at) => fill(legend, drawn.map((curve) => {
    const i = at === null ? curve.x.length - 1 : nearest(curve.x, at);
    return h("span", {}, h("i", { class: curve.dash ? "dash" : null, style: { borderColor: curve.colour } }), h("b", {}, `${curve.name}: ${number(curve.y[i])}`));
  }), at === null ? null : h("span", {}, `at ${number(at)}`));
  tell(null);
  const cursor = h("line", { class: "axis", y1: TOP, y2: height - BOTTOM, visibility: "hidden" });
  svg.append(cursor);
  svg.addEventListener("pointermove", (event) => {
    const frame = svg.getBoundingClientRect();
    const at = x0 + (((event.clientX - frame.left) / frame.width) * width - LEFT) / (width - LEFT - RIGHT) * (x1 - x0);
    if (at < x0 || at > x1) return;
    cursor.setAttribute("visibility", "visible");
    cursor.setAttribute("x1", xx(at));
    cursor.setAttribute("x2", xx(at));
    tell(at);
  });
  svg.addEventListener("pointerleave", () => {
    cursor.setAttribute("visibility", "hidden");
    tell(null);
  });
  fill(box, legend, svg);
}

function nearest(sorted, value) {
  let best = 0;
  sorted.forEach((v, i) => {
    if (Math.abs(v - value) < Math.abs(sorted[best] - value)) best = i;
  });
  return best;
}
