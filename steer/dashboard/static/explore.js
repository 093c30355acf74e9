// The map and, beside it, what was picked on it.

import { askJson } from "./api.js";
import { facts, fill, h, number, simulated } from "./dom.js";
import { LatentMap, paintMark } from "./map.js";
import { ramp } from "./palette.js";
import { nearColour, Viewer } from "./viewer.js";

const NEIGHBOURS = 3;
const LEVELS = { all: "all frames", cg: "coarse-grained", aa: "all-atom", unsteered: "unsteered (control)" };
const REFINED = { none: "none", end: "at the end", backmapped: "as backmapped" };
const OWN = { frame: "of this frame", ...REFINED };

function choice(name, options, changed) {
  const select = h("select", { onchange: () => changed(select.value), "aria-label": name });
  let offered = "";
  // A list that is open would close when it is filled again.
  const offer = (values) => {
    const now = select.value;
    const next = JSON.stringify(values);
    if (next === offered) return;
    offered = next;
    fill(select, Object.entries(values).map(([value, label]) => h("option", { value }, label)));
    if (now in values) select.value = now;
  };
  offer(options);
  return { element: h("label", {}, h("span", {}, name), select), offer, select };
}

function key(kind, state, label) {
  const canvas = h("canvas", { width: 32, height: 32, style: { width: "16px", height: "16px", verticalAlign: "-3px" } });
  const draw = () => {
    const context = canvas.getContext("2d");
    context.setTransform(2, 0, 0, 2, 0, 0);
    context.clearRect(0, 0, 16, 16);
    paintMark(context, kind, state, 8, 8, 5);
  };
  return { element: h("span", {}, canvas, ` ${label}`), draw };
}

export function makeExplore() {
  const canvas = h("canvas", { id: "latent-map", tabindex: 0, role: "application", "aria-label": "Latent map. Arrow keys move, plus and minus zoom, 0 shows everything, Enter picks the frame in the middle." });
  const count = h("span", { id: "map-count" });
  const bar = h("canvas", { width: 255, height: 1 });
  const [low, high] = [h("span", {}), h("span", {})];
  const about = h("div", { id: "picked" });
  const shown = h("p", { class: "note", id: "shown" });
  const viewer = new Viewer(h("div", { class: "viewer", id: "viewer" }));
  const keys = [key("seed", "input", "input"), key("seed", "cg", "seed from a CG frame"), key("seed", "aa", "seed from AA"), key("refinement", "done", "refined"), key("refinement", "open", "refinement open"), key("refinement", "rejected", "rejected")];
  let frame = null;
  let marksAsked = "";
  let showNear = true;
  let asking = null;

  const map = new LatentMap(canvas, {
    picked: (px, py) => {
      const mark = map.markAt(px, py);
      if (mark?.row !== undefined && mark?.row !== null) pick({ row: mark.row }, mark.id);
      else pick(map.question(px, py));
    },
    hovered: (mark) => { canvas.title = mark ? `${mark.id} (${mark.kind === "seed" ? `origin ${mark.state}` : mark.state}, generation ${mark.generation})` : ""; },
    drawn: (header, milliseconds, error) => {
      if (error) {
        fill(count, error.message);
        return;
      }
      fill(count, `${number(header.count)} of ${number(header.frames)} frames in view, model ${header.version}`);
      Object.assign(canvas.dataset, { frames: header.frames, count: header.count, milliseconds: Math.round(milliseconds), colour: header.colour, tiles: Number(canvas.dataset.tiles ?? 0) + 1 });
      drawScale(header);
    },
  });

  function drawScale(header) {
    const image = new ImageData(255, 1);
    image.data.set(ramp(header.colour).subarray(4));
    bar.getContext("2d").putImageData(image, 0, 0);
    fill(low, header.colour === "density" ? "1" : number(header.low));
    fill(high, header.colour === "density" ? `${number(header.high)} a bin` : number(header.high));
  }

  const colour = choice("colour", { density: "density of frames" }, (value) => map.setLayer({ colour: value }));
  const level = choice("frames", LEVELS, (value) => { map.inView = undefined; map.setLayer({ level: value }); });
  const generation = choice("generation", { "": "all" }, (value) => { map.inView = undefined; map.setLayer({ generation: value }); });
  const stage = choice("atoms", REFINED, () => draw());
  const tick = (label, checked, changed) => h("label", {}, h("input", { type: "checkbox", checked, onchange: (event) => changed(event.target.checked) }), label);
  const marked = (kind) => (on) => { map.markKinds[on ? "add" : "delete"](kind); map.paint(); };
  const button = (label, text, action) => h("button", { class: "plain", type: "button", "aria-label": label, title: label, onclick: action }, text);

  const isOwn = () => frame.refinement === frame.simulation;

  async function pick(question, refinement = null, again = false) {
    try {
      const found = await askJson("pick", { ...question, neighbours: NEIGHBOURS });
      if (!found) {
        fill(about, h("p", { class: "note" }, "No frame is that near; click on one."));
        return;
      }
      found.refinement = refinement ?? map.marks.find((mark) => mark.row === found.row)?.id ?? (found.simulation.startsWith("aa-") ? found.simulation : null);
      select(found, again);
    } catch (error) {
      fill(about, h("p", { class: "notice" }, error.message));
    }
  }

  // `again`: the same frame on the map of another model; its atoms stay as they were chosen.
  function select(found, again) {
    frame = { ...found, version: map.version };
    stage.offer(isOwn() ? OWN : REFINED);
    if (!again) stage.select.value = !found.refinement ? "none" : isOwn() ? "frame" : "end";
    map.selected = { x: found.x, y: found.y };
    map.near = found.neighbours;
    if (again) map.paint();
    else map.reveal(found.x, found.y);
    tell();
    draw();
  }

  function tell() {
    stage.select.disabled = !frame.refinement;
    fill(about,
      facts([
        ["frame", `${frame.simulation || "damaged record"}, step ${number(frame.step)} (${simulated(frame.time)})`],
        ["row", number(frame.row)],
        ["generation", `${frame.generation}${frame.unsteered ? ", unsteered: part of the control" : ""}`],
        ["decode error", number(frame.error)],
        ["latent point", frame.latent.map((v) => number(v)).join(", ")],
        frame.refinement && !isOwn() && ["refined as", frame.refinement],
      ]),
      h("div", { class: "neighbours" }, h("span", { class: "dim" }, "nearest of other simulations:"),
        frame.neighbours.map((other, i) => h("button", { class: "link", type: "button", onclick: () => pick({ row: other.row }) },
          h("span", { style: { color: nearColour(i) } }, "■ "), `${other.simulation} (${number(other.distance, 2)})`))));
  }

  // What lies in the viewer, so that nobody takes one time's atoms for another's.
  function drawn(atoms) {
    const beads = `Tube: backbone beads of this ${frame.simulation.startsWith("aa-") ? "all-atom frame, mapped" : "frame"}, first residue blue, last red`;
    if (!atoms) return `${beads}; spheres: side chains.`;
    const when = {
      frame: `${atoms.refinement} at this very frame`,
      end: `${atoms.refinement} at the end of its simulation${isOwn() ? ", not at this frame" : ", which began from this frame"}`,
      backmapped: `${atoms.refinement} as backmapped, before relaxation and simulation${isOwn() ? ": not at this frame" : ""}`,
    };
    return `${beads}. Atoms: ${when[atoms.stage]}, laid over these backbone beads.`;
  }

  function draw() {
    if (!frame) return;
    const atoms = frame.refinement && stage.select.value !== "none" ? { refinement: frame.refinement, stage: stage.select.value } : null;
    fill(shown, drawn(atoms));
    viewer.show({ row: frame.row, near: showNear ? frame.neighbours.map((other) => other.row) : [], atoms });
  }

  async function askMarks(state) {
    const now = `${state.map.version} ${state.map.frames} ${state.status.promotions} ${JSON.stringify(state.status.seeds)} ${JSON.stringify(state.status.refinements)}`;
    if (now === marksAsked) return;
    marksAsked = now;
    map.marks = await askJson("marks");
    map.paint();
  }

  const waiting = h("p", { class: "notice info", hidden: true });
  const body = h("div", { class: "explore" },
    h("section", { class: "card" },
      h("div", { class: "controls" }, colour.element, level.element, generation.element, h("span", { class: "together" }, tick("seeds", true, marked("seed")), tick("refinements", true, marked("refinement")))),
      h("div", { class: "map-box" }, canvas, h("div", { class: "buttons" }, button("Zoom in", "+", () => map.zoom(1.6)), button("Zoom out", "−", () => map.zoom(1 / 1.6)), button("Show everything", "⤢", () => map.reset()))),
      h("div", { class: "map-foot" }, count, h("span", { class: "scale" }, low, bar, high)),
      h("div", { class: "map-foot keys" }, keys.map((each) => each.element))),
    h("section", { class: "card" }, h("div", { class: "controls" }, h("h2", {}, "Structure"), stage.element, tick("neighbours", true, (on) => { showNear = on; draw(); })), viewer.box, shown, about));
  const element = h("div", {}, waiting, body);
  stage.select.disabled = true;

  return {
    element,
    pick,
    update(state) {
      const ready = state.map.frames > 0;
      waiting.hidden = ready;
      body.hidden = !ready;
      if (!ready) {
        fill(waiting, state.map.problem || (state.status.min_frames ? `The map is drawn when the first latent model is trained: ${number(state.status.frames)} of ${number(state.status.min_frames)} frames.` : "The campaign is starting."));
        return;
      }
      colour.offer(Object.fromEntries(state.map.colours.map((c) => [c.name, c.label])));
      generation.offer({ "": "all", ...Object.fromEntries(Array.from({ length: state.map.generations }, (_, g) => [g, g])) });
      map.use(state.map);
      if (frame && frame.version !== map.version && asking !== map.version) {
        asking = map.version;
        pick({ row: frame.row }, frame.refinement, true).finally(() => { asking = null; });
      }
      askMarks(state).catch(() => { marksAsked = ""; });
      keys.forEach((each) => each.draw());
    },
    repaint() {
      map.repaint();
      viewer.repaint();
      keys.forEach((each) => each.draw());
      if (map.tile) drawScale(map.tile.header);
    },
  };
}
