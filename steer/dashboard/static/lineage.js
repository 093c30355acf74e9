// What came from what: the input structure, seeds, simulations, refinements.

import { askJson } from "./api.js";
import { fill, h, number, refill } from "./dom.js";

const ROW = 20, COLUMN = 150, LEFT = 12, TOP = 14, AT_MOST = 1200;
const COLOURS = { input: "var(--ink)", frame: "var(--seed)", cg: "var(--cg)", aa: "var(--good)", open: "var(--aa)", rejected: "var(--bad)", failed: "var(--bad)" };
const KINDS = { input: "input structure", frame: "seed from a CG frame", cg: "CG simulation", aa: "refinement, accepted", open: "refinement, open", rejected: "refinement, rejected", failed: "refinement, failed" };

// Shapes tell kinds apart as well as colours do; what is not over yet is hollow.
function shape(kind, x, y, r = 5) {
  const colour = COLOURS[kind];
  if (kind === "input") return h("rect", { x: x - r, y: y - r, width: 2 * r, height: 2 * r, fill: colour });
  if (kind === "cg") return h("circle", { cx: x, cy: y, r, fill: colour });
  if (kind === "rejected") return h("path", { class: "mark", d: `M${x - r},${y - r}l${2 * r},${2 * r}M${x + r},${y - r}l${-2 * r},${2 * r}`, stroke: colour });
  if (kind === "failed") return h("path", { class: "mark", d: `M${x},${y - r}v${2 * r}M${x - r},${y}h${2 * r}`, stroke: colour });
  const diamond = `${x},${y - r - 1} ${x + r + 1},${y} ${x},${y + r + 1} ${x - r - 1},${y}`;
  if (kind === "open") return h("polygon", { points: diamond, fill: "var(--card)", stroke: colour, "stroke-width": 2 });
  return kind === "aa" ? h("polygon", { points: diamond, fill: colour }) : h("rect", { x: x - r + 0.5, y: y - r + 0.5, width: 2 * r - 1, height: 2 * r - 1, fill: colour });
}

const sample = (kind) => h("svg", { width: 16, height: 16, viewBox: "0 0 16 16" }, shape(kind, 8, 8));

// Leaves that are CG simulations become a number beside their parent when there are too many nodes to draw.
function folded(nodes) {
  if (nodes.length <= AT_MOST) return { nodes, hidden: new Map() };
  const parents = new Set(nodes.map((node) => node.parent));
  const hidden = new Map();
  const kept = nodes.filter((node) => {
    if (parents.has(node.id) || node.kind !== "cg") return true;
    hidden.set(node.parent, (hidden.get(node.parent) ?? 0) + 1);
    return false;
  });
  return { nodes: kept.slice(0, AT_MOST), hidden, cut: kept.length > AT_MOST };
}

// Leaves get a row each; a parent stands in the middle of its children.
function placed(nodes) {
  const children = new Map();
  for (const node of nodes) children.set(node.parent, [...(children.get(node.parent) ?? []), node]);
  let rows = 0;
  const rowOf = new Map();
  for (const node of [...nodes].sort((a, b) => a.height - b.height)) if (!children.has(node.id)) rowOf.set(node.id, rows++);
  for (const node of [...nodes].reverse()) {
    const below = children.get(node.id);
    if (below) rowOf.set(node.id, (rowOf.get(below[0].id) + rowOf.get(below.at(-1).id)) / 2);
  }
  return { rows, rowOf };
}

export function makeLineage(go) {
  const box = h("div", { class: "tree scroll" });
  const note = h("p", { class: "note" });
  const legend = h("div", { class: "legend" }, Object.entries(KINDS).map(([kind, label]) => h("span", {}, sample(kind), label)));
  const element = h("div", {}, h("section", { class: "card" }, h("div", { class: "head" }, h("h2", {}, "Lineage"), legend), note, box));
  let key = "";

  function act(node) {
    if (node.kind !== "input" && node.kind !== "frame") go.simulation(node.id);
  }

  function draw(all) {
    if (!all.length) {
      fill(box, h("p", { class: "empty" }, "Nothing has started yet."));
      return;
    }
    const { nodes, hidden, cut } = folded(all);
    const { rows, rowOf } = placed(nodes);
    const x = (node) => LEFT + node.depth * COLUMN;
    const y = (node) => TOP + rowOf.get(node.id) * ROW;
    const byId = new Map(nodes.map((node) => [node.id, node]));
    const width = LEFT + (Math.max(...nodes.map((n) => n.depth)) + 1) * COLUMN;
    const svg = h("svg", { width, height: TOP + rows * ROW, viewBox: `0 0 ${width} ${TOP + rows * ROW}` });
    for (const node of nodes) {
      const parent = byId.get(node.parent);
      if (parent) svg.append(h("path", { d: `M${x(parent) + 5},${y(parent)} C${x(parent) + COLUMN / 2},${y(parent)} ${x(node) - COLUMN / 2},${y(node)} ${x(node) - 5},${y(node)}` }));
    }
    for (const node of nodes) {
      const more = hidden.get(node.id);
      svg.append(h("g", { class: "node", "data-key": node.id, tabindex: 0, role: "button", "aria-label": `${node.id}, ${KINDS[node.kind]}`, onclick: () => act(node), onkeydown: (event) => { if (event.key === "Enter") act(node); } },
        h("circle", { class: "halo", cx: x(node), cy: y(node), r: 8 }), shape(node.kind, x(node), y(node)),
        h("text", { x: x(node) + 9, y: y(node) + 4 }, more ? `${node.id} (+${number(more)} CG)` : node.id), h("title", {}, KINDS[node.kind])));
    }
    fill(note, hidden.size ? `${number(all.length)} nodes: CG simulations that nothing came from are counted beside their seed${cut ? `; the first ${number(AT_MOST)} branches are shown` : ""}.` : `${number(all.length)} nodes. Click a simulation or refinement to see its last frame on the map.`);
    refill(box, svg);
  }

  return {
    element,
    update({ status }) {
      const now = JSON.stringify([status.generations, status.seeds, status.refinements]);
      if (now === key) return;
      key = now;
      askJson("lineage").then(draw).catch((error) => { key = ""; fill(note, error.message); });
    },
  };
}
