// The 3-D viewer: beads with their backbone, neighbours laid over them, and atoms where there are any.

import { ask } from "./api.js";
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
    try {
      const NGL = await loadNgl();
      this.stage ??= new NGL.Stage(this.place, { backgroundColor: css("map-page"), tooltip: false });
      const texts = await Promise.all([
        text({ row }), atoms ? text({ row, ...atoms }) : null, ...near.map((other) => text({ row: other, onto: row })),
      ]);
      if (turn !== this.turn) return;
      await this.#draw(NGL, texts, this.row !== row);
      this.row = row;
      fill(this.note);
      this.box.dataset.row = row;
    } catch (error) {
      fill(this.note, `The structure cannot be shown: ${error.message}`);
    }
  }

  async #draw(NGL, [beads, atoms, ...near], fresh) {
    this.stage.removeAllComponents();
    const load = (pdb, name) => this.stage.loadFile(new Blob([pdb], { type: "text/plain" }), { ext: "pdb", name });
    const main = await load(beads, "beads");
    const faint = atoms ? 0.35 : 1;
    main.addRepresentation("tube", { colorScheme: "residueindex", radius: atoms ? 0.5 : 0.75, opacity: faint, subdiv: 8 });
    main.addRepresentation("ball+stick", { sele: "not .BB and not .CA", multipleBond: "off", colorScheme: "residueindex", colorReverse: false, radiusType: "size", radiusSize: 0.95, aspectRatio: 1, bondScale: 0.3, opacity: atoms ? 0.2 : 0.9 });
    main.addRepresentation("licorice", { multipleBond: "off", colorScheme: "residueindex", radiusSize: 0.28, opacity: faint });
    if (atoms) {
      const all = await load(atoms, "atoms");
      all.addRepresentation("cartoon", { colorScheme: "residueindex", opacity: 0.9 });
      all.addRepresentation("licorice", { multipleBond: "off", colorScheme: "element", colorValue: css("dim"), radiusSize: 0.17 });
    }
    for (const [i, pdb] of near.entries()) {
      const other = await load(pdb, `neighbour ${i + 1}`);
      other.addRepresentation("tube", { colorScheme: "uniform", colorValue: NEAR[i % NEAR.length], radius: 0.3, subdiv: 6 });
    }
    if (fresh) this.stage.autoView(300);
  }

  repaint() {
    this.stage?.setParameters({ backgroundColor: css("map-page") });
  }
}

export const nearColour = (i) => NEAR[i % NEAR.length];

async function text(question) {
  return (await ask("structure", question)).text();
}
