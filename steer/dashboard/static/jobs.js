// Workers, what they did when, all jobs, and their logs.

import { askJson } from "./api.js";
import { clock, duration, fill, h, number, refill, table } from "./dom.js";

const KINDS = { cg: "var(--cg)", refine: "var(--aa)", train: "var(--seed)" };
const MOODS = { done: "good", failed: "bad", planned: "dim", submitted: "warn" };

function timeline({ spans }) {
  if (!spans.length) return h("p", { class: "empty" }, "No job has ended yet.");
  const lanes = [...new Set(spans.map((s) => `${s.worker} ${s.lane}`))];
  const end = Math.max(...spans.map((s) => s.stop));
  const width = 1000, left = 150, row = 18;
  const x = (seconds) => left + (seconds / end) * (width - left - 10);
  const svg = h("svg", { class: "chart", viewBox: `0 0 ${width} ${lanes.length * row + 24}`, role: "img", "aria-label": "Jobs of each worker over time" });
  lanes.forEach((lane, i) => svg.append(h("text", { x: left - 8, y: i * row + 13, "text-anchor": "end" }, lane)));
  for (const span of spans) {
    svg.append(h("rect", { x: x(span.start), y: lanes.indexOf(`${span.worker} ${span.lane}`) * row + 3, width: Math.max(1.5, x(span.stop) - x(span.start) - 1), height: row - 6, rx: 2, fill: span.failed ? "var(--bad)" : KINDS[span.kind] ?? "var(--dim)" },
      h("title", {}, `${span.key}: ${duration(span.stop - span.start)}`)));
  }
  svg.append(h("text", { x: left, y: lanes.length * row + 18 }, "0"), h("text", { x: width - 10, y: lanes.length * row + 18, "text-anchor": "end" }, duration(end)));
  return svg;
}

export function makeJobs() {
  const workers = h("div", {});
  const line = h("div", { class: "scroll" });
  const list = h("div", {});
  const log = h("div", {});
  const filter = { state: "", kind: "", first: 0 };
  const select = (name, values) => h("select", { "aria-label": name, onchange: (event) => { filter[name] = event.target.value; filter.first = 0; refresh(); } }, Object.entries(values).map(([value, label]) => h("option", { value }, label)));
  const legend = h("div", { class: "legend" }, Object.entries(KINDS).map(([kind, colour]) => h("span", {}, h("i", { style: { borderColor: colour } }), kind)), h("span", {}, h("i", { style: { borderColor: "var(--bad)" } }), "failed"));
  const element = h("div", {}, h("div", { class: "grid" },
    h("section", { class: "card w12" }, h("div", { class: "head" }, h("h2", {}, "Workers")), workers),
    h("section", { class: "card w12" }, h("div", { class: "head" }, h("h2", {}, "Time line"), legend), line),
    h("section", { class: "card w7" }, h("div", { class: "controls" }, h("h2", {}, "Jobs"), select("state", { "": "all states", open: "open", done: "done", failed: "failed" }), select("kind", { "": "all kinds", cg: "cg", refine: "refine", train: "train" })), list),
    h("section", { class: "card w5 stay" }, h("div", { class: "head" }, h("h2", {}, "Log")), log)));
  fill(log, h("p", { class: "note" }, "Choose a job to read the end of its log."));
  let key = "";
  let asked = "";
  let running = new Map();

  async function showLog(job) {
    asked = job.key;
    const error = job.error ? h("p", { class: "notice" }, job.error) : null;
    try {
      const found = await askJson("log", { job: job.key });
      const text = h("pre", { id: "log", tabindex: 0 }, found.text);
      if (asked !== job.key) return;
      fill(log, h("h3", {}, job.key), error, h("p", { class: "note" }, `${found.file}${found.cut ? ", its end" : ""}`), text);
      text.scrollTop = text.scrollHeight;
    } catch (problem) {
      if (asked !== job.key) return;
      fill(log, h("h3", {}, job.key), error, h("p", { class: "note" }, problem.message));
    }
    // On a phone the log lies below the list.
    log.parentElement.scrollIntoView({ block: "nearest" });
  }

  const stateOf = (job) => (running.has(job.key)
    ? h("span", { class: "warn" }, "running")
    : h("span", { class: MOODS[job.state] }, job.state));

  async function refresh() {
    const [page, spans] = await Promise.all([askJson("jobs", filter), askJson("spans")]);
    const pages = page.total > page.jobs.length ? h("div", { class: "controls" },
      h("button", { class: "plain", type: "button", disabled: filter.first === 0, onclick: () => { filter.first = Math.max(0, filter.first - 500); refresh(); } }, "newer"),
      h("button", { class: "plain", type: "button", disabled: filter.first + page.jobs.length >= page.total, onclick: () => { filter.first += 500; refresh(); } }, "older"),
      h("span", { class: "dim" }, `${number(filter.first + 1)} to ${number(filter.first + page.jobs.length)} of ${number(page.total)}`)) : null;
    refill(list, pages, page.jobs.length ? table([["job", ""], ["state", ""], ["worker", ""], ["took", "number"], ["ended", ""]],
      page.jobs.map((job) => [h("button", { class: "link", type: "button", "data-key": job.key, onclick: () => showLog(job) }, job.key), stateOf(job), job.worker || running.get(job.key) || "–",
        job.finished && job.started ? duration(job.finished - job.started) : "–", clock(job.finished)])) : h("p", { class: "empty" }, "No such job."));
    fill(line, timeline(spans));
  }

  return {
    element,
    update({ status }) {
      fill(workers, status.workers?.length ? table([["worker", ""], ["host", ""], ["busy", "number"], ["devices", ""], ["accepts", ""], ["runs", "wide"]],
        status.workers.map((w) => [w.name, w.host, `${w.busy.length}/${w.slots}`, [...new Set(w.devices)].join(", "), w.kinds.join(", "), w.busy.map((k) => {
          const job = status.running.find((r) => r.key === k);
          return job ? `${k} (${job.phase} ${Math.round(job.fraction * 100)}%)` : k;
        }).join(", ")])) : h("p", { class: "empty" }, "No worker is attached."));
      running = new Map(status.running.map((job) => [job.key, job.worker]));
      const now = JSON.stringify([[...running], status.open, status.failed, status.generations, status.refinements, status.models]);
      if (now === key) return;
      key = now;
      refresh().catch((error) => { key = ""; fill(list, h("p", { class: "notice" }, error.message)); });
    },
  };
}
