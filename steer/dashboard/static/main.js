// The page: its panels, what the server tells, light and dark.

import { listen } from "./api.js";
import { fill, h } from "./dom.js";
import { makeConfiguration } from "./configuration.js";
import { makeJobs } from "./jobs.js";
import { makeLineage } from "./lineage.js";
import { makeExplore } from "./explore.js";
import { makeOverview, QUIET } from "./overview.js";
import { makeRefinements } from "./refinements.js";

const PHASES = { running: "good", finished: "dim", stopped: "warn", interrupted: "bad", starting: "dim" };

// A panel is {element, show(), hide(), update(state)}; `update` is called for the panel that is shown.
const go = {
  frame: (row, refinement = null) => { panels.map.pick({ row }, refinement); open("map"); },
  simulation: (id) => { panels.map.pick({ simulation: id }); open("map"); },
};
const panels = {
  overview: makeOverview(go), map: makeExplore(), lineage: makeLineage(go), refinements: makeRefinements(go), jobs: makeJobs(), configuration: makeConfiguration(),
};
const NAMES = { overview: "Overview", map: "Latent map", lineage: "Lineage", refinements: "Refinements", jobs: "Jobs and workers", configuration: "Configuration" };

let shown = null;
let state = null;
let answers = false;
let [toldAt, toldAge] = [0, 0];

function open(name) {
  if (location.hash !== `#${name}`) history.pushState(null, "", `#${name}`);
  show();
}

function show() {
  const name = panels[location.hash.slice(1)] ? location.hash.slice(1) : "overview";
  if (shown === name) return;
  if (shown) panels[shown].hide?.();
  shown = name;
  for (const button of document.querySelectorAll("nav button")) {
    const selected = button.id === `tab-${name}`;
    button.setAttribute("aria-selected", selected);
    button.tabIndex = selected ? 0 : -1;
  }
  for (const [other, panel] of Object.entries(panels)) panel.element.hidden = other !== name;
  panels[name].show?.();
  if (state) panels[name].update(state);
}

function makeTabs() {
  const names = Object.keys(panels);
  const main = document.querySelector("main");
  const nav = document.querySelector("nav");
  for (const name of names) {
    const element = panels[name].element;
    element.id = `panel-${name}`;
    element.setAttribute("role", "tabpanel");
    element.setAttribute("aria-labelledby", `tab-${name}`);
    main.append(element);
    nav.append(h("button", { id: `tab-${name}`, role: "tab", type: "button", "aria-controls": element.id, onclick: () => open(name) }, NAMES[name]));
  }
  nav.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = names[(names.indexOf(shown) + step + names.length) % names.length];
    open(next);
    document.getElementById(`tab-${next}`).focus();
  });
  window.addEventListener("popstate", show);
  window.addEventListener("hashchange", show);
}

function tell(next) {
  state = next;
  [toldAt, toldAge] = [performance.now(), next.status.age ?? 0];
  const { status } = state;
  document.title = `${status.campaign} · steer`;
  fill(document.getElementById("campaign"), status.campaign);
  const phase = document.getElementById("phase");
  phase.hidden = false;
  phase.className = `pill ${PHASES[status.phase] ?? "dim"}`;
  fill(phase, status.phase);
  panels[shown].update(state);
  document.body.dataset.told = Number(document.body.dataset.told ?? 0) + 1;
}

function useTheme(theme) {
  document.documentElement.dataset.theme = theme;
  for (const panel of Object.values(panels)) panel.repaint?.();
  if (state) panels[shown].update(state);
}

const dark = matchMedia("(prefers-color-scheme: dark)");
const wanted = () => localStorage.getItem("steer-theme") ?? (dark.matches ? "dark" : "light");
document.getElementById("theme").addEventListener("click", () => {
  localStorage.setItem("steer-theme", document.documentElement.dataset.theme === "dark" ? "light" : "dark");
  useTheme(wanted());
});
dark.addEventListener("change", () => useTheme(wanted()));

makeTabs();
useTheme(wanted());
show();
listen(tell, (problem) => {
  answers = !problem;
  fill(document.getElementById("connection"), problem ? h("span", { class: "bad" }, problem) : "");
});

// A coordinator that hangs makes no news: the page itself counts how long it has told nothing.
setInterval(() => {
  if (!state || !answers || document.hidden) return;
  const age = toldAge + (performance.now() - toldAt) / 1000;
  if (state.status.phase === "running" && age > QUIET) panels[shown].update({ ...state, status: { ...state.status, age } });
}, 5000);
