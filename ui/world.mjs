// The background of maps: the outlines of lands and the borders between countries, of Natural Earth
// at 1:50 million, with fewer points, so that it comes with every map.
import { readFile } from "node:fs/promises";
import { feature, mesh } from "topojson-client";

// Distances in degrees. The shape of an island is kept in proportion to its size, so that Mayotte
// stays Mayotte; the coasts and borders of Europe, where most maps look, keep more.
const tolerance = 0.25;
const proportion = 1 / 15;
const detailed = { west: -12, south: 35, east: 25, north: 60, tolerance: 0.02 };
const steps = 24000; // of the grid around the world: 0.015°

/** TopoJSON with two objects, "land" and "borders"; every ring and every line is an arc of its own. */
export async function world(source) {
  const topology = JSON.parse(await readFile(source, "utf8"));
  const arcs = [];
  const arc = (points) => arcs.push(onGrid(simplified(points))) - 1;
  const polygons = polygonsOf(feature(topology, topology.objects.land)).flatMap(cutAtDateLine);
  const lines = mesh(topology, topology.objects.countries, (a, b) => a !== b).coordinates;
  return {
    type: "Topology",
    transform: { scale: [360 / steps, 360 / steps], translate: [-180, -90] },
    objects: {
      land: { type: "MultiPolygon", arcs: polygons.map((rings) => rings.map((ring) => [arc(ring)])) },
      borders: { type: "MultiLineString", arcs: lines.map((line) => [arc(line)]) },
    },
    arcs,
  };
}

function polygonsOf(land) {
  const geometries = land.type === "FeatureCollection" ? land.features.map((each) => each.geometry) : [land.geometry];
  return geometries.flatMap((geometry) => (geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates));
}

// The source lets rings jump from 180° to -180°: they are drawn on, then cut where the map ends.
function cutAtDateLine(rings) {
  const unrolled = rings.map(unroll);
  if (unrolled.every((ring) => ring.every(([x]) => Math.abs(x) <= 180))) return [rings];
  return [-360, 0, 360].flatMap((shift) => {
    const parts = unrolled.map((ring) => clip(clip(ring.map(([x, y]) => [x + shift, y]), -180, 1), 180, -1)).filter((ring) => ring.length > 3);
    return parts.length > 0 ? [parts] : [];
  });
}

function unroll(ring) {
  let turn = 0;
  const out = ring.map(([x, y], i) => {
    const step = i > 0 ? x - ring[i - 1][0] : 0;
    if (step > 180) turn -= 360;
    if (step < -180) turn += 360;
    return [x + turn, y];
  });
  // Around the pole: closed along the lower edge of the map.
  return turn === 0 ? out : [...out, [out[out.length - 1][0], -90], [out[0][0], -90], out[0]];
}

// Sutherland–Hodgman at one meridian, keeping the side where x · sign ≥ edge · sign.
function clip(ring, edge, sign) {
  const out = [];
  ring.forEach((point, i) => {
    const before = ring[(i + ring.length - 1) % ring.length];
    const [inside, wasInside] = [(point[0] - edge) * sign >= 0, (before[0] - edge) * sign >= 0];
    if (inside !== wasInside) out.push([edge, before[1] + ((point[1] - before[1]) * (edge - before[0])) / (point[0] - before[0])]);
    if (inside) out.push(point);
  });
  if (out.length > 0 && distance(out[0], out[out.length - 1]) > 0) out.push(out[0]);
  return out;
}

// Ramer–Douglas–Peucker; a ring is cut at its first point and the one farthest from it.
function simplified(points) {
  const last = points.length - 1;
  const kept = new Set([0, last]);
  if (distance(points[0], points[last]) > 0) {
    keep(points, 0, last, kept);
  } else {
    const size = toleranceOf(points);
    let far = 0;
    points.forEach((p, i) => {
      if (distance(p, points[0]) > distance(points[far], points[0])) far = i;
    });
    kept.add(far);
    keep(points, 0, far, kept, size);
    keep(points, far, last, kept, size);
    const corner = farthest(points, 0, far).at || farthest(points, far, last).at;
    if (kept.size < 4 && corner) kept.add(corner); // a ring needs three corners
  }
  return points.filter((_, i) => kept.has(i));
}

function keep(points, from, to, kept, most = Infinity) {
  const { at, off } = farthest(points, from, to);
  if (!at || off <= Math.min(most, isDetailed(points[at]) ? detailed.tolerance : tolerance)) return;
  kept.add(at);
  keep(points, from, at, kept, most);
  keep(points, at, to, kept, most);
}

function farthest(points, from, to) {
  const [a, b] = [points[from], points[to]];
  const length = distance(a, b);
  let at = 0;
  let off = -1;
  for (let i = from + 1; i < to; i++) {
    const p = points[i];
    const d = length === 0 ? distance(p, a) : Math.abs((b[0] - a[0]) * (a[1] - p[1]) - (a[0] - p[0]) * (b[1] - a[1])) / length;
    if (d > off) [at, off] = [i, d];
  }
  return { at, off };
}

function toleranceOf(points) {
  const xs = points.map((p) => p[0]);
  const ys = points.map((p) => p[1]);
  return Math.max(Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys)) * proportion;
}

const isDetailed = ([x, y]) => x > detailed.west && x < detailed.east && y > detailed.south && y < detailed.north;

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
  while (out.length < 2) out.push([0, 0]);
  return out;
}
