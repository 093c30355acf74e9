// Every refinement: why its frame was chosen, what became of it, and its quality report.

import { askJson } from "./api.js";
import { facts, fill, h, number, refill, simulated } from "./dom.js";

const STATES = { done: ["accepted", "good"], rejected: ["rejected", "bad"], failed: ["failed", "bad"], open: ["open", "warn"] };

function told(value) {
  if (Array.isArray(value)) return value.length ? value.map((v) => (typeof v === "object" ? JSON.stringify(v) : String(v))).join("; ") : "none";
  if (value !== null && typeof value === "object") return Object.entries(value).map(([k, v]) => `${k.replaceAll("_", " ")} ${told(v)}`).join(", ");
  return typeof value === "number" ? number(value, 4) : String(value);
}

function card(refinement, go) {
  const { promotion, result } = refinement;
  const [state, mood] = STATES[refinement.state] ?? [refinement.state, "dim"];
  const report = result?.report ?? {};
  return h("section", { class: "card w6" },
    h("div", { class: "head" }, h("h2", {}, refinement.id), h("span", { class: `pill ${mood}` }, state),
      promotion && h("button", { class: "link", type: "button", "data-key": refinement.id, onclick: () => go.frame(promotion.frame_row, refinement.id) }, "show on the map")),
    facts([
      promotion && ["from", `${promotion.source}, step ${number(promotion.step)}`],
      promotion && ["chosen by", `${promotion.selector}${promotion.score === null ? "" : `, score ${number(promotion.score)}`} (round ${promotion.round}, model ${promotion.model})`],
      result && ["backmapped by", `${result.backmapper || "–"}, attempt ${result.attempts}`],
      result?.frames ? ["all-atom", `${simulated(result.frames * refinement.interval)} on ${result.platform}`] : null,
      "bead_rmsd" in report ? ["beads", `${number(report.bead_rmsd)} nm rms from the CG frame, worst ${number(report.bead_worst)} nm`] : null,
      result?.secondary_structure ? ["secondary structure", h("code", {}, result.secondary_structure)] : null,
      result?.reasons?.length ? ["reasons", result.reasons.join("; ")] : null,
    ]),
    Object.keys(report).length ? h("details", { "data-key": `report ${refinement.id}` }, h("summary", {}, "Quality report"), facts(Object.entries(report).map(([name, value]) => [name.replaceAll("_", " "), told(value)]))) : null);
}

export function makeRefinements(go) {
  const list = h("div", { class: "grid" });
  const element = h("div", {}, list);
  let key = "";
  return {
    element,
    update({ status }) {
      const now = JSON.stringify([status.refinements, status.promotions]);
      if (now === key) return;
      key = now;
      askJson("refinements").then((all) => refill(list, all.length
        ? all.slice(0, 200).map((refinement) => card(refinement, go))
        : h("p", { class: "empty w12" }, "No frame has been promoted yet."),
      all.length > 200 ? h("p", { class: "note w12" }, `The newest 200 of ${number(all.length)}.`) : null))
        .catch((error) => { key = ""; fill(list, h("p", { class: "notice" }, error.message)); });
    },
  };
}
