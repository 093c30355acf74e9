// The 3-D viewer: beads with their backbone, neighbours laid over them, and atoms where there are any.

import { ask } from "./api.js";
import { beadShape } from "./beads.js";
import { fill, h } from "./dom.js";
import { loadNgl } from "./ngl.js";
import { css } from "./palette.js";

const NEAR = ["#56b4e9", "#e69f00", "#cc79a7", "#009e73", "#999999"];

export class Viewer {
  constructor(box) {
    this.box = box;
    this.note = h("div", { class: "over" }, "Click a point of the map to see its structure.");
    this.place = h("div", { style: { width: "100%", height: "100%" } });
    fill(box, this.place, this.note);
    new ResizeObserver(() => this.stage?.handleResize()).observe(box);
  }

  // `row` is the frame; `near` the rows laid over it; `atoms` {refinement, stage} or null.
  async show({ row, near, atoms }) {
    const turn = (this.turn = (this.turn ?? 0) + 1);
    // What is still drawn is no longer what the panel tells of.
    delete this.box.dataset.row;
    this.box.ariaBusy = "true";
    // Beads are shown also where there are no atoms.
    let missing = "";
    try {
      const NGL = await loadNgl();
      this.stage ??= new NGL.Stage(this.place, { backgroundColor: css("map-page"), tooltip: false });
      const texts = await Promise.all([
        text({ row }), atoms ? text({ row, ...atoms }).catch((error) => { missing = error.message; return null; }) : null, ...near.map((other) => text({ row: other, onto: row })),
      ]);
      // Read before anything is drawn, so that frames chosen in quick succession never lie in the viewer together.
      const refined = texts[1] && (await NGL.autoLoad(new Blob([texts[1]], { type: "text/plain" }), { ext: "pdb" }));
      if (turn !== this.turn) return;
      this.#draw(NGL, texts[0], refined, texts.slice(2), this.row !== row);
      this.row = row;
      this.note.classList.toggle("low", missing !== "");
      fill(this.note, missing);
      this.box.dataset.row = row;
    } catch (error) {
      if (turn !== this.turn) return;
      this.note.classList.remove("low");
      fill(this.note, `The structure cannot be shown: ${error.message}`);
    } finally {
      if (turn === this.turn) this.box.ariaBusy = "false";
    }
  }

  #draw(NGL, beads, atoms, near, fresh) {
    const { stage } = this;
    stage.removeAllComponents();
    const add = (shape, opacity) => {
      const component = stage.addComponentFromObject(shape);
      component.addRepresentation("buffer", { opacity });
      return component;
    };
    add(beadShape(NGL, beads, { name: "beads", sides: !atoms, radius: atoms ? 0.35 : 0.6 }), 1);
    near.forEach((pdb, i) => add(beadShape(NGL, pdb, { name: `neighbour ${i + 1}`, colour: rgb(nearColour(i)), radius: 0.28, sides: false }), 0.9));
    if (atoms) {
      const all = stage.addComponentFromObject(atoms);
      all.addRepresentation("cartoon", { colorScheme: "residueindex", colorScale: "RdYlBu", colorReverse: true });
      all.addRepresentation("licorice", { multipleBond: "off", colorScheme: "element", radiusSize: 0.16, sele: "not hydrogen" });
    }
    stage.setFocus(0);
    if (fresh) {
      stage.autoView(0);
      stage.viewerControls.zoom(0.12);
    }
  }

  repaint() {
    this.stage?.setParameters({ backgroundColor: css("map-page") });
  }
}

export const nearColour = (i) => NEAR[i % NEAR.length];
const rgb = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255);

async function text(question) {
  return (await ask("structure", question)).text();
}
