// Beads of a frame as a shape for the viewer: the backbone as a smooth tube, side chains as beads on sticks.

const STEPS = 8;
const CHAIN = [[49, 54, 149], [69, 117, 180], [116, 173, 209], [171, 217, 233], [254, 224, 144], [253, 174, 97], [244, 109, 67], [215, 48, 39]];

// Beads ({name, place}) and bonds ([i, j]) of PDB text.
export function parseBeads(pdb) {
  const beads = [];
  const bySerial = new Map();
  const bonds = [];
  for (const line of pdb.split("\n")) {
    if (line.startsWith("ATOM")) {
      bySerial.set(Number(line.slice(6, 11)), beads.length);
      beads.push({ name: line.slice(12, 16).trim(), place: [30, 38, 46].map((i) => Number(line.slice(i, i + 8))) });
    } else if (line.startsWith("CONECT")) {
      bonds.push([line.slice(6, 11), line.slice(11, 16)].map((text) => bySerial.get(Number(text))));
    }
  }
  return { beads, bonds };
}

function along(share) {
  const place = Math.min(0.999999, Math.max(0, share)) * (CHAIN.length - 1);
  const i = Math.floor(place);
  return [0, 1, 2].map((c) => (CHAIN[i][c] + (place - i) * (CHAIN[i + 1][c] - CHAIN[i][c])) / 255);
}

// Runs of backbone beads, each bonded to the next.
function chains({ beads, bonds }) {
  const bonded = new Set(bonds.map(([i, j]) => `${Math.min(i, j)} ${Math.max(i, j)}`));
  const backbone = beads.flatMap((bead, i) => (bead.name === "BB" ? [i] : []));
  const runs = [];
  backbone.forEach((bead, k) => {
    if (k && bonded.has(`${backbone[k - 1]} ${bead}`)) runs.at(-1).push(bead);
    else runs.push([bead]);
  });
  return { runs, order: new Map(backbone.map((bead, k) => [bead, k / Math.max(1, backbone.length - 1)])) };
}

// A smooth curve through points (Catmull-Rom).
function smooth(points) {
  const curve = [];
  for (let i = 0; i + 1 < points.length; i += 1) {
    const [a, b, c, d] = [points[Math.max(0, i - 1)], points[i], points[i + 1], points[Math.min(points.length - 1, i + 2)]];
    for (let s = 0; s < STEPS; s += 1) {
      const t = s / STEPS;
      curve.push([0, 1, 2].map((k) => 0.5 * (2 * b[k] + (c[k] - a[k]) * t + (2 * a[k] - 5 * b[k] + 4 * c[k] - d[k]) * t * t + (3 * b[k] - a[k] - 3 * c[k] + d[k]) * t * t * t)));
    }
  }
  curve.push(points.at(-1));
  return curve;
}

// `colour` is null for a chain coloured from end to end; `sides` whether side chains are drawn.
export function beadShape(NGL, pdb, { name, colour = null, radius = 0.55, sides = true }) {
  const model = parseBeads(pdb);
  const { runs, order } = chains(model);
  const shape = new NGL.Shape(name, { sphereDetail: 2, radialSegments: 20, disableImpostor: false });
  const tint = (bead) => colour ?? along(order.get(bead) ?? 0.5);
  for (const run of runs) {
    const curve = smooth(run.map((bead) => model.beads[bead].place));
    curve.forEach((place, k) => {
      const [before, share] = [Math.floor(k / STEPS), (k % STEPS) / STEPS];
      const [a, b] = [tint(run[before]), tint(run[Math.min(run.length - 1, before + 1)])];
      const shade = a.map((v, c) => v + share * (b[c] - v));
      shape.addSphere(place, shade, radius, name);
      if (k) shape.addCylinder(curve[k - 1], place, shade, radius, name);
    });
  }
  if (sides) addSideChains(shape, model, order, radius);
  return shape;
}

function addSideChains(shape, { beads, bonds }, order, radius) {
  // A side bead has the colour of the backbone bead before it, paler.
  let at = 0.5;
  const shade = beads.map((bead, i) => {
    at = order.get(i) ?? at;
    return along(at).map((v) => 0.35 + 0.65 * v);
  });
  const isBackbone = (i) => order.has(i);
  for (const [i, j] of bonds) {
    if (!(isBackbone(i) && isBackbone(j))) shape.addCylinder(beads[i].place, beads[j].place, shade[Math.max(i, j)], 0.35 * radius, "bond");
  }
  beads.forEach((bead, i) => {
    if (!isBackbone(i)) shape.addSphere(bead.place, shade[i], 1.35 * radius, bead.name);
  });
}
