// Reading what is drawn on maps.
import type { Feature, FeatureCollection, Geometry, GeoJSON, Position } from "geojson";
import { feature, mesh } from "topojson-client";
import type { GeometryObject, Topology } from "topojson-specification";

const largest = 8 << 20; // bytes

/** Reads JSON; a RangeError when it is larger than maps are made for. */
export async function readJson(address: string | URL, signal: AbortSignal): Promise<unknown> {
  const answer = await fetch(address, { signal, headers: { Accept: "application/geo+json, application/json" } });
  if (!answer.ok || !answer.body) throw new Error(`${answer.status}`);
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  const pieces: string[] = [];
  for (let size = 0; ; ) {
    const { done, value } = await reader.read();
    if (done) return JSON.parse(pieces.join(""));
    pieces.push(value);
    size += value.length;
    if (size > largest) {
      await reader.cancel();
      throw new RangeError("too large for a map");
    }
  }
}

/** The features of any GeoJSON that can be drawn: coordinates are degrees, and there are some. */
export function featuresOf(data: unknown): Feature[] {
  const json = data as GeoJSON | null;
  const all: unknown =
    json?.type === "FeatureCollection" ? json.features : json?.type === "Feature" ? [json] : [{ type: "Feature", properties: null, geometry: json }];
  return Array.isArray(all) ? (all as (Feature | null)[]).filter((each): each is Feature => drawable(each?.geometry)) : [];
}

const depths = { Point: 0, MultiPoint: 1, LineString: 1, MultiLineString: 2, Polygon: 2, MultiPolygon: 3 };

function drawable(geometry: Geometry | null | undefined): boolean {
  if (geometry?.type === "GeometryCollection") return Array.isArray(geometry.geometries) && geometry.geometries.length > 0 && geometry.geometries.every(drawable);
  return geometry != null && Object.hasOwn(depths, geometry.type) && inDegrees(geometry.coordinates, depths[geometry.type]);
}

function inDegrees(coordinates: unknown, depth: number): boolean {
  if (!Array.isArray(coordinates)) return false;
  if (depth > 0) return coordinates.length > 0 && coordinates.every((each) => inDegrees(each, depth - 1));
  const [longitude, latitude] = coordinates as Position;
  return typeof longitude === "number" && typeof latitude === "number" && Math.abs(longitude) <= 360 && Math.abs(latitude) <= 90;
}

/** The parts of a background: areas that are filled, and lines. */
export interface Outlines {
  areas: GeoJSON[];
  lines: GeoJSON[];
}

/** TopoJSON with an object "land" is filled; the borders of anything else are drawn as lines. */
export function outlinesOf(data: unknown): Outlines {
  const topology = data as Topology | null;
  if (topology?.type !== "Topology") return { areas: [], lines: [{ type: "FeatureCollection", features: featuresOf(data) } as FeatureCollection] };
  const outlines: Outlines = { areas: [], lines: [] };
  for (const [name, object] of Object.entries(topology.objects)) {
    if (name === "land") outlines.areas.push(feature(topology, object));
    else outlines.lines.push(mesh(topology, object as GeometryObject));
  }
  return outlines;
}

/** "west,south,east,north" as corners; undefined when it is no box. East of the antimeridian goes on beyond 180. */
export function boxOf(attribute: string | null): [[number, number], [number, number]] | undefined {
  const numbers = (attribute ?? "").split(",").map((part) => (part.trim() === "" ? NaN : Number(part)));
  const [west, south, east, north] = numbers;
  if (numbers.length !== 4 || west === undefined || south === undefined || east === undefined || north === undefined) return undefined;
  if (!numbers.every(Number.isFinite) || Math.abs(south) > 90 || Math.abs(north) > 90 || Math.abs(west) > 360 || Math.abs(east) > 360 || south > north) return undefined;
  return [
    [south, west],
    [north, east < west ? east + 360 : east],
  ];
}
