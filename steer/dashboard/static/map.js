// The latent map: a canvas that shows a window of it. The server bins the frames; what is between two answers is a
// stretched copy of the last one, so that dragging and zooming never wait.

import { ask } from "./api.js";
import { ticks } from "./charts.js";
import { number } from "./dom.js";
import { css, ramp } from "./palette.js";

const ZOOM = 1.6;
const SETTLE = 40;
// Of the extent of all frames: what the window shows at least and at most, and how far its middle may stray.
const CLOSEST = 1e-3, FARTHEST = 4, ASTRAY = 1;

export class LatentMap {
  constructor(canvas, { picked, drawn, hovered }) {
    this.canvas = canvas;
    this.picked = picked;
    this.drawn = drawn;
    this.hovered = hovered;
    this.window = null;
    this.extent = null;
    this.layer = { level: "all", generation: "", colour: "density" };
    this.marks = [];
    this.markKinds = new Set(["seed", "refinement"]);
    this.selected = null;
    this.near = [];
    this.tile = null;
    this.pointers = new Map();
    this.#listenTo();
    new ResizeObserver(() => this.#resize()).observe(canvas);
  }

  get size() {
    return [this.canvas.clientWidth, this.canvas.clientHeight];
  }

  // The map of a model version; `extent` is what all frames fit into.
  use(state) {
    const other = state.version !== this.version;
    this.version = state.version;
    this.labels = state.labels;
    this.extent = state.extent;
    if (other) {
      // Places in the space of the last model mean nothing in this one.
      this.selected = null;
      this.near = [];
      this.inView = undefined;
    }
    if (other || !this.window) this.reset();
    else if (state.frames !== this.frames) this.refresh();
    this.frames = state.frames;
  }

  reset() {
    if (!this.extent || !this.canvas.clientWidth) return;
    this.window = this.#fitted(this.extent);
    this.touched = false;
    this.refresh();
  }

  // Equal scales on both axes: the larger of the two decides.
  #fitted([x0, x1, y0, y1]) {
    const [width, height] = this.size;
    const scale = Math.max((x1 - x0) / width, (y1 - y0) / height);
    const [cx, cy] = [(x0 + x1) / 2, (y0 + y1) / 2];
    return [cx - (scale * width) / 2, cx + (scale * width) / 2, cy - (scale * height) / 2, cy + (scale * height) / 2];
  }

  setLayer(change) {
    this.layer = { ...this.layer, ...change };
    this.refresh();
  }

  zoom(factor, at = null) {
    if (!this.window) return;
    const [x0, x1, y0, y1] = this.window;
    const [px, py] = at ?? [(x0 + x1) / 2, (y0 + y1) / 2];
    const [e0, e1, f0, f1] = this.#fitted(this.extent);
    const share = (x1 - x0) / (e1 - e0);
    const by = Math.min(share / CLOSEST, Math.max(share / FARTHEST, factor));
    this.#moveTo([px + (x0 - px) / by, px + (x1 - px) / by, py + (y0 - py) / by, py + (y1 - py) / by], [e0, e1, f0, f1]);
  }

  pan(dx, dy) {
    if (!this.window) return;
    const [width, height] = this.size;
    const [x0, x1, y0, y1] = this.window;
    const [mx, my] = [(-dx * (x1 - x0)) / width, (dy * (y1 - y0)) / height];
    this.#moveTo([x0 + mx, x1 + mx, y0 + my, y1 + my], this.#fitted(this.extent));
  }

  // Show this part, moved back where its middle would leave the frames far behind.
  #moveTo([x0, x1, y0, y1], [e0, e1, f0, f1]) {
    const back = (low, high, from, to) => {
      const middle = (low + high) / 2, over = ASTRAY * (to - from);
      return Math.min(to + over, Math.max(from - over, middle)) - middle;
    };
    const [dx, dy] = [back(x0, x1, e0, e1), back(y0, y1, f0, f1)];
    this.window = [x0 + dx, x1 + dx, y0 + dy, y1 + dy];
    this.touched = true;
    this.refresh();
  }

  // Bring a place into view when it is not.
  reveal(x, y) {
    if (!this.window) return;
    const [x0, x1, y0, y1] = this.window;
    if (x > x0 && x < x1 && y > y0 && y < y1) return this.paint();
    const [w, v] = [(x1 - x0) / 2, (y1 - y0) / 2];
    this.window = [x - w, x + w, y - v, y + v];
    this.refresh();
  }

  refresh() {
    this.paint();
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.#fetch(), SETTLE);
  }

  async #fetch() {
    if (!this.window) return;
    const [width, height] = this.size;
    if (!width) return;
    // Fewer frames, larger bins: a lone frame must be seen.
    const bin = Math.min(5, Math.max(1, Math.round(Math.sqrt((width * height) / (6 * Math.max(1, this.inView ?? this.frames ?? 1))))));
    const [x0, x1, y0, y1] = this.window;
    this.asking?.abort();
    this.asking = new AbortController();
    const begun = performance.now();
    try {
      const response = await ask("map", { x0, x1, y0, y1, width: Math.ceil(width / bin), height: Math.ceil(height / bin), ...this.layer }, { signal: this.asking.signal });
      this.#use(await response.arrayBuffer());
      const again = this.inView === undefined;
      this.inView = this.tile.header.count;
      this.paint();
      this.drawn(this.tile.header, performance.now() - begun);
      if (again) this.#fetch();
    } catch (error) {
      if (error.name !== "AbortError") this.drawn(null, 0, error);
    }
  }

  #use(buffer) {
    const length = new DataView(buffer).getUint32(0, true);
    const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
    this.tile = { header, shades: new Uint8Array(buffer, 4 + length) };
    this.#colour();
  }

  #colour() {
    if (!this.tile) return;
    const { header, shades } = this.tile;
    const table = new Uint32Array(ramp(header.colour).buffer);
    const image = new ImageData(header.width, header.height);
    const pixels = new Uint32Array(image.data.buffer);
    for (let row = 0; row < header.height; row += 1) {
      const from = (header.height - 1 - row) * header.width;
      for (let column = 0; column < header.width; column += 1) pixels[row * header.width + column] = table[shades[from + column]];
    }
    this.tile.picture = new OffscreenCanvas(header.width, header.height);
    this.tile.picture.getContext("2d").putImageData(image, 0, 0);
  }

  repaint() {
    this.#colour();
    this.paint();
  }

  #resize() {
    const [width, height] = this.size;
    if (!width) return;
    const ratio = devicePixelRatio || 1;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    if (this.extent && !this.touched) this.reset();
    else if (this.window) {
      this.window = this.#fitted(this.window);
      this.refresh();
    }
  }

  toScreen(x, y) {
    const [width, height] = this.size;
    const [x0, x1, y0, y1] = this.window;
    return [((x - x0) / (x1 - x0)) * width, (1 - (y - y0) / (y1 - y0)) * height];
  }

  toMap(px, py) {
    const [width, height] = this.size;
    const [x0, x1, y0, y1] = this.window;
    return [x0 + (px / width) * (x1 - x0), y0 + (1 - py / height) * (y1 - y0)];
  }

  paint() {
    const [width, height] = this.size;
    if (!width || !this.window) return;
    const context = this.canvas.getContext("2d");
    const ratio = devicePixelRatio || 1;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    this.#paintGrid(context, width, height);
    if (this.tile) {
      const [x0, x1, y0, y1] = this.tile.header.window;
      const [left, top] = this.toScreen(x0, y1);
      const [right, bottom] = this.toScreen(x1, y0);
      context.imageSmoothingEnabled = false;
      context.drawImage(this.tile.picture, left, top, right - left, bottom - top);
    }
    this.#paintMarks(context);
    this.#paintSelected(context);
    this.#paintLabels(context, width, height);
  }

  #paintGrid(context, width, height) {
    const [x0, x1, y0, y1] = this.window;
    context.strokeStyle = css("line");
    context.lineWidth = 1;
    context.globalAlpha = 0.55;
    context.beginPath();
    for (const v of ticks(x0, x1, width / 110)) {
      const at = Math.round(this.toScreen(v, y0)[0]) + 0.5;
      context.moveTo(at, 0);
      context.lineTo(at, height);
    }
    for (const v of ticks(y0, y1, height / 80)) {
      const at = Math.round(this.toScreen(x0, v)[1]) + 0.5;
      context.moveTo(0, at);
      context.lineTo(width, at);
    }
    context.stroke();
    context.globalAlpha = 1;
  }

  #paintLabels(context, width, height) {
    const [x0, x1, y0, y1] = this.window;
    context.font = "11px system-ui, sans-serif";
    context.lineWidth = 3;
    context.lineJoin = "round";
    context.strokeStyle = css("map-page");
    context.fillStyle = css("dim");
    const write = (text, x, y) => {
      context.strokeText(text, x, y);
      context.fillText(text, x, y);
    };
    context.textAlign = "center";
    for (const [v, text] of labelled(x0, x1, width / 110)) {
      const at = this.toScreen(v, y0)[0];
      if (at > 50 && at < width - 20) write(text, at, height - 18);
    }
    context.textAlign = "left";
    for (const [v, text] of labelled(y0, y1, height / 80)) {
      const at = this.toScreen(x0, v)[1];
      if (at > 20 && at < height - 40) write(text, 5, at - 4);
    }
    write(this.labels?.[1] ?? "", 5, 14);
    context.textAlign = "right";
    write(this.labels?.[0] ?? "", width - 6, height - 4);
  }

  #shownMarks() {
    return this.marks.filter((mark) => this.markKinds.has(mark.kind) && (this.layer.generation === "" || mark.generation === Number(this.layer.generation)));
  }

  #paintMarks(context) {
    for (const mark of this.#shownMarks()) {
      const [x, y] = this.toScreen(mark.x, mark.y);
      paintMark(context, mark.kind, mark.state, x, y);
    }
  }

  #paintSelected(context) {
    const ring = (place, radius, width) => {
      const [x, y] = this.toScreen(place.x, place.y);
      for (const [colour, line] of [[css("map-page"), width + 3], [css("ink"), width]]) {
        context.beginPath();
        context.arc(x, y, radius, 0, 7);
        context.strokeStyle = colour;
        context.lineWidth = line;
        context.stroke();
      }
    };
    for (const place of this.near) ring(place, 4, 1.5);
    if (this.selected) ring(this.selected, 12, 2.5);
  }

  // The mark under a place on the screen, for clicking and telling.
  markAt(px, py) {
    let best = null;
    let reach = 11 ** 2;
    for (const mark of this.#shownMarks()) {
      const [x, y] = this.toScreen(mark.x, mark.y);
      const distance = (x - px) ** 2 + (y - py) ** 2;
      if (distance < reach) [best, reach] = [mark, distance];
    }
    return best;
  }

  // What the server needs to know to find the frame at a place on the screen.
  question(px, py) {
    const [x, y] = this.toMap(px, py);
    const [x0, x1, y0, y1] = this.window;
    const [width, height] = this.size;
    return { x, y, x0, x1, y0, y1, width, height, level: this.layer.level, generation: this.layer.generation };
  }

  #listenTo() {
    const { canvas } = this;
    const place = (event) => {
      const box = canvas.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      if (this.window) this.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), this.toMap(...place(event)));
    }, { passive: false });
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.pointers.set(event.pointerId, place(event));
      this.moved = this.pointers.size > 1 ? 99 : 0;
    });
    canvas.addEventListener("pointermove", (event) => {
      const before = this.pointers.get(event.pointerId);
      const now = place(event);
      if (!before) {
        if (this.window) this.hovered(this.markAt(...now));
        return;
      }
      const others = [...this.pointers].filter(([id]) => id !== event.pointerId).map(([, where]) => where);
      this.pointers.set(event.pointerId, now);
      this.moved += Math.hypot(now[0] - before[0], now[1] - before[1]);
      if (others.length) {
        const apart = (where) => Math.hypot(where[0] - others[0][0], where[1] - others[0][1]);
        this.zoom(apart(now) / Math.max(1, apart(before)), this.toMap((now[0] + others[0][0]) / 2, (now[1] + others[0][1]) / 2));
      } else if (this.moved > 4) this.pan(now[0] - before[0], now[1] - before[1]);
    });
    const end = (event) => {
      const was = this.pointers.delete(event.pointerId);
      if (was && event.type === "pointerup" && this.moved <= 4 && this.window) this.picked(...place(event));
    };
    canvas.addEventListener("pointerup", end);
    canvas.addEventListener("pointercancel", end);
    canvas.addEventListener("keydown", (event) => {
      const steps = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
      if (steps[event.key]) this.pan(...steps[event.key]);
      else if (event.key === "+" || event.key === "=") this.zoom(ZOOM);
      else if (event.key === "-") this.zoom(1 / ZOOM);
      else if (event.key === "0") this.reset();
      else if (event.key === "Enter" || event.key === " ") this.picked(this.size[0] / 2, this.size[1] / 2);
      else return;
      event.preventDefault();
    });
  }
}

// Ticks with as many digits as tell one from the next.
function labelled(low, high, count) {
  const values = ticks(low, high, count);
  const apart = values.length > 1 ? values[1] - values[0] : high - low;
  const digits = Math.ceil(Math.log10(Math.max(Math.abs(low), Math.abs(high)) / apart)) + 1;
  return values.map((v) => [v, number(v, Math.min(9, Math.max(3, digits)))]);
}

// Marks differ in shape, not in colour alone.
export function paintMark(context, kind, state, x, y, size = 6) {
  const colour = kind === "seed" ? css("seed") : { done: css("good"), rejected: css("bad"), failed: css("bad") }[state] ?? css("aa");
  context.beginPath();
  if (kind === "seed" && state === "input") context.rect(x - size + 1, y - size + 1, 2 * size - 2, 2 * size - 2);
  else if (kind === "seed") {
    context.moveTo(x, y - size);
    context.lineTo(x + size, y);
    context.lineTo(x, y + size);
    context.lineTo(x - size, y);
    context.closePath();
  } else if (state === "rejected" || state === "failed") {
    context.moveTo(x - size + 1, y - size + 1);
    context.lineTo(x + size - 1, y + size - 1);
    context.moveTo(x + size - 1, y - size + 1);
    context.lineTo(x - size + 1, y + size - 1);
  } else context.arc(x, y, size - 0.5, 0, 7);
  context.strokeStyle = css("map-page");
  context.lineWidth = 4;
  context.stroke();
  if ((kind === "seed" && state !== "cg") || state === "done") {
    context.fillStyle = colour;
    context.fill();
  }
  context.strokeStyle = colour;
  context.lineWidth = 2;
  context.stroke();
}
