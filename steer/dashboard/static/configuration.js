// The campaign file as it was resolved, models, force fields, and the commands that go with it.

import { askJson } from "./api.js";
import { facts, fill, h, number, table } from "./dom.js";

export function makeConfiguration() {
  const element = h("div", { class: "grid" });
  let key = "";

  function draw(found) {
    const command = (text) => h("code", {}, text);
    fill(element,
      h("section", { class: "card w6" }, h("div", { class: "head" }, h("h2", {}, "campaign.toml"), h("span", { class: "note" }, "every default written out")), h("pre", { class: "whole", tabindex: 0 }, found.file)),
      h("div", { class: "w6" }, h("div", { class: "grid" },
        h("section", { class: "card w12" }, h("div", { class: "head" }, h("h2", {}, "This campaign")), facts([["directory", command(found.directory)], ["resume", command(found.resume)], ["stop", command(found.stop)], ["steer version", found.version]])),
        h("section", { class: "card w12" }, h("div", { class: "head" }, h("h2", {}, "Latent models")), found.models.length ? table([["version", "number"], ["state", ""], ["frames", "number"], ["validation error", "number"], ["epochs", "number"]],
          found.models.map((m) => [m.version, m.state, number(m.frames), number(m.statistics?.validation_decode_error), number(m.statistics?.epochs)])) : h("p", { class: "empty" }, "None yet.")),
        h("section", { class: "card w12" }, h("div", { class: "head" }, h("h2", {}, "Force fields")), found.force_fields.map((f) => h("details", {}, h("summary", {}, `version ${f.version}`), h("pre", { tabindex: 0 }, JSON.stringify(f.definition, null, 1))))))));
  }

  return {
    element,
    update({ status }) {
      const now = JSON.stringify([status.models, status.training, status.phase]);
      if (now === key) return;
      key = now;
      askJson("configuration").then(draw).catch((error) => { key = ""; fill(element, h("p", { class: "notice" }, error.message)); });
    },
  };
}
