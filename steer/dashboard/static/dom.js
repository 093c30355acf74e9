// Elements from plain values. Text is always text: nothing that comes from a campaign is ever parsed as HTML.

const SVG = "http://www.w3.org/2000/svg";
const SVG_TAGS = new Set(["svg", "g", "path", "line", "rect", "circle", "text", "title", "polyline", "polygon"]);

export function h(tag, properties = {}, ...children) {
  const node = SVG_TAGS.has(tag) ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "style") Object.assign(node.style, value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export function fill(node, ...children) {
  node.replaceChildren(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
}

// The same with a newer state: what had the keyboard keeps it, and what was folded open stays open, by their `data-key`.
export function refill(node, ...children) {
  const keyOf = (element) => element?.closest?.("[data-key]")?.dataset.key;
  const focused = node.contains(document.activeElement) ? keyOf(document.activeElement) : undefined;
  const opened = new Set([...node.querySelectorAll("details[open][data-key]")].map((element) => element.dataset.key));
  fill(node, ...children);
  for (const element of node.querySelectorAll("[data-key]")) {
    if (opened.has(element.dataset.key)) element.open = true;
    if (focused === element.dataset.key) (element.tagName === "DETAILS" ? element.firstElementChild : element).focus({ preventScroll: true });
  }
}

export function number(value, digits = 3) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (Number.isInteger(value)) return value.toLocaleString("en");
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e7)) return value.toExponential(digits - 1);
  return Number(value.toPrecision(digits)).toLocaleString("en", { maximumFractionDigits: 6 });
}

// Simulated time from ps, in the unit that reads best.
export function simulated(ps) {
  if (!Number.isFinite(ps)) return "–";
  if (ps >= 1e6) return `${number(ps / 1e6)} µs`;
  return ps >= 1e3 ? `${number(ps / 1e3)} ns` : `${number(ps)} ps`;
}

export function duration(seconds) {
  if (!Number.isFinite(seconds)) return "–";
  if (seconds < 100) return `${Math.round(seconds)} s`;
  if (seconds < 6000) return `${Math.round(seconds / 60)} min`;
  return seconds < 48 * 3600 ? `${number(seconds / 3600)} h` : `${number(seconds / 86400)} d`;
}

export function clock(unix) {
  // Swedish dates are ISO 8601: they sort, and mean the same to every reader.
  return unix ? new Date(unix * 1000).toLocaleString("sv") : "–";
}

export function facts(pairs) {
  return h("dl", {}, pairs.filter((pair) => pair).map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

export function table(columns, rows) {
  return h("div", { class: "scroll" }, h("table", {},
    h("thead", {}, h("tr", {}, columns.map(([name, kind]) => h("th", { class: kind, scope: "col" }, name)))),
    h("tbody", {}, rows.map((row) => h("tr", {}, row.map((cell, i) => h("td", { class: columns[i][1] }, cell)))))));
}
