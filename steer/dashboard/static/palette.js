// Colours of the map, for both themes. Viridis and the plain ramp can be told apart by the colour-blind.

const VIRIDIS = [[68, 1, 84], [72, 40, 120], [62, 74, 137], [49, 104, 142], [38, 130, 142], [31, 158, 137], [53, 183, 121],
  [110, 206, 88], [181, 222, 43], [253, 231, 37]];

export function css(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function rgb(hex) {
  const full = hex.length === 4 ? hex.replace(/[0-9a-f]/gi, "$&$&") : hex;
  return [1, 3, 5].map((i) => parseInt(full.slice(i, i + 2), 16));
}

// 256 colours as RGBA; the first, for nothing, is transparent.
export function ramp(colour) {
  const stops = colour === "density" ? [rgb(css("map-low")), rgb(css("map-high"))] : VIRIDIS;
  const table = new Uint8ClampedArray(4 * 256);
  for (let shade = 1; shade < 256; shade += 1) {
    const place = ((shade - 1) / 254) * (stops.length - 1);
    const before = Math.min(Math.floor(place), stops.length - 2);
    for (let i = 0; i < 3; i += 1) {
      table[4 * shade + i] = stops[before][i] + (place - before) * (stops[before + 1][i] - stops[before][i]);
    }
    table[4 * shade + 3] = 255;
  }
  return table;
}
