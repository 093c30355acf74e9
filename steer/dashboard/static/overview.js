// The campaign at a glance: numbers, why idle, coverage with its control, rates, workers, the latest decisions.

import { askJson } from "./api.js";
import { lineChart } from "./charts.js";
import { duration, fill, h, number, simulated, table } from "./dom.js";
import { css } from "./palette.js";

const ASK_EVERY = 5000;
const FIRST = 1000;
// s without news from a coordinator after which the page says so.
export const QUIET = 15;

function tile(name, value, unit, more) {
  return h("div", { class: "tile" }, h("div", { class: "name" }, name), h("div", { class: "value" }, value, unit ? h("small", {}, ` ${unit}`) : null), h("div", { class: "more" }, more ?? ""));
}

function tiles(status) {
  const refined = status.refinements;
  const busy = status.workers.reduce((sum, worker) => sum + worker.busy.length, 0);
  const slots = status.workers.reduce((sum, worker) => sum + worker.slots, 0);
  const running = status.phase === "running";
  return [
    tile("Frames", number(status.frames), "", `${number(status.frames_aa)} all-atom`),
    tile("Coarse-grained", simulated(status.cg_time), "", running ? `${number(status.rates.ns_per_day, 2)} ns/day now` : "simulated in all"),
    tile("All-atom", simulated(status.aa_time), "", "simulated in all"),
    tile("Coverage", number(status.coverage), "cells", status.model ? `CG and AA, latent model ${status.model}` : "no model yet"),
    tile("Refinements", number(refined.accepted), "accepted", `${refined.rejected} rejected, ${refined.open} open, ${refined.failed} failed`),
    tile("Slots busy", slots ? `${busy}/${slots}` : "–", "", `${status.workers.length} worker${status.workers.length === 1 ? "" : "s"}`),
    gpuTile(status.workers),
  ];
}

const mean = (values) => (values.length ? values.reduce((a, b) => a + b, 0) / values.length : null);
const percent = (share) => (share === null ? "–" : `${Math.round(share * 100)}%`);
const gigabytes = (gpus) => {
  const told = gpus.filter((gpu) => gpu.memory_used !== null && gpu.memory_total !== null);
  const sum = (name) => number(told.reduce((total, gpu) => total + gpu[name], 0) * 1e-9);
  return told.length ? `${sum("memory_used")} of ${sum("memory_total")} GB` : "memory unknown";
};

// A GPU that two workers of one host share counts once.
function gpuTile(workers) {
  const gpus = [...new Map(workers.flatMap((w) => (w.gpus ?? []).map((gpu) => [`${w.host} ${gpu.device}`, gpu]))).values()];
  if (!gpus.length) return workers.length ? tile("GPU load", "no GPU", "", "on the attached workers") : tile("GPU load", "–", "", "no worker is attached");
  const load = mean(gpus.map((gpu) => gpu.load).filter((share) => share !== null));
  return tile("GPU load", percent(load), "", `${gpus.length} GPU${gpus.length === 1 ? "" : "s"}, ${gigabytes(gpus)}`);
}

function notices(status, map) {
  const found = [];
  // While jobs run, what is waited for is news and no worry.
  const calm = status.phase === "finished" || (status.phase === "running" && status.running.length > 0);
  if (status.waiting) found.push(h("p", { class: `notice ${calm ? "info" : ""}` }, status.waiting));
  if (status.phase === "running" && status.age > QUIET) {
    found.push(h("p", { class: "notice" }, `The coordinator has told nothing for ${duration(status.age)}.`));
  }
  if (map.problem) found.push(h("p", { class: "notice" }, map.problem));
  for (const key of (status.failed ?? []).slice(-3)) found.push(h("p", { class: "notice" }, `${key} failed; its log is among the jobs.`));
  for (const line of status.refused ?? []) found.push(h("p", { class: "notice" }, `Refused worker ${line}`));
  return found;
}

export function makeOverview(go) {
  const numbers = h("div", { class: "tiles" });
  const told = h("div", { class: "grid w12" });
  const gain = h("p", { class: "note" });
  const coverage = h("div", { id: "coverage-chart" });
  const rates = h("div", { id: "rates-chart" });
  const backlog = h("div", { id: "latency-chart" });
  const generations = h("div", {});
  const workers = h("div", {});
  const decisions = h("div", {});
  const gpus = h("div", { id: "gpu-chart" });
  const card = (width, title, ...content) => h("section", { class: `card ${width}` }, h("div", { class: "head" }, h("h2", {}, title)), content);
  const gpuCard = card("w12", "GPU load", gpus);
  gpuCard.hidden = true;
  const element = h("div", {}, h("div", { class: "grid" }, told, numbers,
    card("w7", "Coverage", gain, coverage),
    h("div", { class: "w5 stack" }, card("", "Workers", workers), card("", "Generations", generations)),
    card("w6", "Rates", rates), card("w6", "Frame latency", backlog), gpuCard,
    card("w12", "Latest decisions", decisions)));
  let timer = 0;
  let measuredOnce = false;
  let mapped = false;

  // Asks again while the panel is shown: the server measures coverage in its own time.
  async function askAgain() {
    clearTimeout(timer);
    try {
      draw(await Promise.all([askJson("coverage"), askJson("series"), askJson("decisions")]));
    } catch (error) {
      fill(gain, error.message);
    }
    clearTimeout(timer);
    timer = setTimeout(askAgain, measuredOnce ? ASK_EVERY : FIRST);
  }

  function draw([measured, series, latest]) {
    measuredOnce ||= measured !== null;
    drawCoverage(measured);
    drawSeries(series);
    fill(decisions, latest.length
      ? table([["round", "number"], ["what", "what"], ["why", "wide"]], latest.slice(0, 12).map((d) => [d.round, d.subject, d.reason]))
      : h("p", { class: "empty" }, "No decision yet."));
  }

  function drawCoverage(measured) {
    if (!measured) {
      fill(gain, mapped ? "Being measured." : "Measured when there is a latent model.");
      lineChart(coverage, [], {});
      return;
    }
    const { ratio, low, high, extrapolation } = measured.gain;
    fill(gain, ratio === null
      ? "No control: fewer than two unsteered simulations."
      : `Gain of steering ${number(ratio, 3)}${low === null ? "" : ` (95% interval ${number(low, 3)} to ${number(high, 3)})`}, against ${measured.unsteered} unsteered of ${measured.simulations} simulations${extrapolation > 3 ? "; the control is extrapolated far" : ""}. Measured up to ${simulated((measured.time.at(-1) ?? 0) * 1000)}.`);
    const curves = [{ name: "campaign", x: measured.time, y: measured.cells.estimate, low: measured.cells.low, high: measured.cells.high, colour: css("cg") }];
    if (measured.control) curves.push({ name: "control, unsteered", x: measured.control.time, y: measured.control.estimate, low: measured.control.low, high: measured.control.high, colour: css("control"), dash: true });
    lineChart(coverage, curves, { xLabel: "aggregate CG time (ns)", yLabel: "cells occupied by CG frames", height: 280 });
  }

  function drawSeries(series) {
    const begun = series.time[0] ?? 0;
    const long = (series.time.at(-1) ?? 0) - begun > 7200;
    const time = series.time.map((t) => (t - begun) / (long ? 3600 : 60));
    const xLabel = `time since the start (${long ? "h" : "min"})`;
    const curve = (name, column, colour) => ({ name, x: time, y: series[column], colour });
    lineChart(rates, time.length > 1 ? [curve("frames/s", "frames_per_second", css("cg"))] : [], { xLabel, yLabel: "frames a second", height: 200 });
    const busy = series.gpu_load_ratio?.map((share) => (share === null ? null : share * 100)) ?? [];
    gpuCard.hidden = !busy.some((share) => share !== null);
    if (!gpuCard.hidden) lineChart(gpus, [{ name: "GPU load", x: time, y: busy, colour: css("cg") }, { name: "slots busy", x: time, y: series.slots_busy.map((n, i) => (series.slots[i] ? (100 * n) / series.slots[i] : null)), colour: css("control"), dash: true }], { xLabel, yLabel: "%", height: 200 });
    lineChart(backlog, time.length > 1 ? [curve("median", "frame_latency_seconds_0.5", css("cg")), { ...curve("99th percentile", "frame_latency_seconds_0.99", css("aa")), dash: true }] : [], { xLabel, yLabel: "latency (s)", height: 200 });
  }

  function drawWorkers(status) {
    fill(workers, status.workers.length ? status.workers.map((worker) => h("div", {},
      h("div", {}, h("b", {}, worker.name), h("span", { class: "dim" }, ` on ${worker.host}, accepts ${worker.kinds.join(", ")}`)),
      h("div", { class: "slots", role: "img", "aria-label": `${worker.busy.length} of ${worker.slots} slots busy` },
        Array.from({ length: worker.slots }, (_, i) => h("i", { class: i < worker.busy.length ? "busy" : "", title: worker.devices[i] ?? "" }))),
      (worker.gpus ?? []).map((gpu) => h("div", { class: "gpu" }, h("span", {}, `${gpu.device} `), h("span", { class: "dim" }, `${gpu.name} ${gpu.load === null ? "load unknown" : `${percent(gpu.load)} busy`}, ${gigabytes([gpu])}`),
        h("div", { class: "bar" }, h("i", { style: { width: percent(gpu.load ?? 0) } }))))))
      : h("p", { class: "empty" }, status.phase === "finished" ? "The campaign has ended; no worker is needed." : "No worker is attached."),
    status.running.map((job) => h("div", {}, h("span", {}, `${job.key} `), h("span", { class: "dim" }, `${job.phase}, ${Math.round(job.fraction * 100)}%`),
      h("div", { class: "bar" }, h("i", { style: { width: `${Math.round(job.fraction * 100)}%` } })))));
  }

  function drawGenerations(status) {
    fill(generations, table([["generation", "number"], ["done", "number"], ["open", "number"], ["failed", "number"]],
      status.generations.map((g) => [g.generation, g.done, g.open, g.failed])),
    h("p", { class: "note" }, `${number(status.from_refined)} CG simulations began from refined structures.`));
  }

  return {
    element,
    update(state) {
      const { status } = state;
      mapped = state.map.frames > 0;
      fill(told, notices(status, state.map));
      told.hidden = !told.childElementCount;
      if (!status.refinements) return;
      fill(numbers, tiles(status));
      drawWorkers(status);
      drawGenerations(status);
    },
    show: askAgain,
    hide: () => clearTimeout(timer),
    repaint: () => { if (timer) askAgain(); },
  };
}
