// The background of maps: the outlines of lands and the borders between countries, of Natural Earth
// at 1:50 million, with fewer points, so that it comes with every map.
import { readFile } from "node:fs/promises";
import { meshArcs } from "topojson-client";

// Distances in degrees. The shape of an island is kept in proportion to its size, so that Mayotte
// stays Mayotte; the coasts and borders of Europe, where most maps look, keep twice the detail.
const tolerance = 0.18;
const proportion = 1 / 15;
const detailed = { west: -12, south: 34, east: 32, north: 61, tolerance: 0.05 };
const steps = 18000; // of the grid around the world: 0.02°

export async function world(source) {
  const topology = JSON.parse(await readFile(source, "utf8"));
  const { scale, translate } = topology.transform;
  const absolute = topology.arcs.map((arc) => {
    let x = 0;
    let y = 0;
    return arc.map(([dx, dy]) => [(x += dx) * scale[0] + translate[0], (y += dy) * scale[1] + translate[1]]);
  });
  const countries = topology.objects.countries;
  const borders = meshArcs(topology, countries, (a, b) => a !== b);
  const land = { type: "MultiPolygon", arcs: topology.objects.land.geometries.flatMap((g) => g.arcs) };
  const arcs = absolute.map((arc) => onGrid(simplified(arc)));
  return {
    type: "Topology",
    transform: { scale: [360 / steps, 360 / steps], translate: [-180, -90] },
    objects: { land, borders: { type: "MultiLineString", arcs: borders.arcs } },
    arcs,
  };
}

// Ramer–Douglas–Peucker; a ring is cut at its first point and the one farthest from it.
function simplified(arc) {
  const limit = toleranceOf(arc);
  const kept = new Set([0, arc.length - 1]);
  const [first, last] = [arc[0], arc[arc.length - 1]];
  if (first[0] === last[0] && first[1] === last[1]) {
    let far = 0;
    arc.forEach((p, i) => { if (distance(p, first) > distance(arc[far], first)) far = i; });
    kept.add(far);
    keep(arc, 0, far, limit, kept);
    keep(arc, far, arc.length - 1, limit, kept);
    const corner = farthest(arc, 0, far).at || farthest(arc, far, arc.length - 1).at;
    if (kept.size < 4 && corner) kept.add(corner); // a ring needs three corners
  } else {
    keep(arc, 0, arc.length - 1, limit, kept);
  }
  return arc.filter((_, i) => kept.has(i));
}

function keep(arc, from, to, limit, kept) {
  const { at, off } = farthest(arc, from, to);
  if (!at || off <= limit) return;
  kept.add(at);
  keep(arc, from, at, limit, kept);
  keep(arc, at, to, limit, kept);
}

function farthest(arc, from, to) {
  const [a, b] = [arc[from], arc[to]];
  const length = distance(a, b);
  let at = 0;
  let off = -1;
  for (let i = from + 1; i < to; i++) {
    const p = arc[i];
    const d = length === 0 ? distance(p, a) : Math.abs((b[0] - a[0]) * (a[1] - p[1]) - (a[0] - p[0]) * (b[1] - a[1])) / length;
    if (d > off) [at, off] = [i, d];
  }
  return { at, off };
}

function toleranceOf(arc) {
  const xs = arc.map((p) => p[0]);
  const ys = arc.map((p) => p[1]);
  const [west, east, south, north] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const near = west < detailed.east && east > detailed.west && south < detailed.north && north > detailed.south;
  return Math.min(near ? detailed.tolerance : tolerance, Math.max(east - west, north - south) * proportion);
}

const distance = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);

// The points on the grid, each as its step from the one before; points that fall together are one.
function onGrid(points) {
  let before = [0, 0];
  const out = [];
  for (const [x, y] of points) {
    const at = [Math.round(((x + 180) * steps) / 360), Math.round(((y + 90) * steps) / 360)];
    const step = [at[0] - before[0], at[1] - before[1]];
    if (out.length === 0 || step[0] !== 0 || step[1] !== 0) out.push(step);
    before = at;
  }
  if (out.length === 1) out.push([0, 0]);
  return out;
}
