// udata-map.mjs: files with places on a map.
import type { Feature } from "geojson";
import * as leaflet from "leaflet";
import { featuresOf, readJson } from "../../../src/map/data.js";
import type { Source, Wishes } from "./wishes.js";

declare const LEAFLET_CSS: string;

const palette = ["#1f6ea8", "#b3541e", "#2f7d4f", "#7a4fa3", "#a3294f", "#6b6b1e"];
const mostProperties = 20;
const css = `${LEAFLET_CSS}
.udata-map{height:var(--udata-map-height,24rem);background:#e9eef2;isolation:isolate}
.udata-map dl{display:grid;grid-template-columns:auto 1fr;gap:.125rem .5rem;margin:0;max-height:14rem;overflow:auto}
.udata-map dt{font-weight:700}.udata-map dd{margin:0;overflow-wrap:anywhere}`;

let sheet: CSSStyleSheet | undefined;

/** A map of the features of files; what is said of a feature is text, or what the page's template makes of it. */
export async function map(sources: Source[], wishes: Wishes): Promise<HTMLElement> {
  const collections = await Promise.all(sources.map(async (source) => featuresOf(await readJson(source.url, AbortSignal.timeout(30_000)))));
  const box = document.createElement("div");
  box.className = "udata-map";
  box.setAttribute("part", "card");
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", wishes.label);
  // Leaflet measures its box: it is drawn once the box stands in the page, with its style.
  requestAnimationFrame(() => draw(box, collections, wishes));
  return box;
}

function draw(box: HTMLElement, collections: Feature[][], wishes: Wishes): void {
  const root = box.getRootNode();
  if (!(root instanceof Document || root instanceof ShadowRoot)) return;
  if (!sheet) (sheet = new CSSStyleSheet()).replaceSync(css);
  if (!root.adoptedStyleSheets.includes(sheet)) root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
  const drawn = leaflet.map(box, { attributionControl: false, zoomAnimation: !matchMedia("(prefers-reduced-motion: reduce)").matches, worldCopyJump: true });
  if (wishes.basemap) leaflet.tileLayer(wishes.basemap, { maxZoom: 19 }).addTo(drawn);
  const layers = collections.map((features, i) => {
    const color = palette[i % palette.length]!;
    return leaflet
      .geoJSON(features as never, {
        style: { color, weight: 2, fillOpacity: 0.25 },
        pointToLayer: (_, at) => leaflet.circleMarker(at, { radius: 6, color, weight: 2, fillOpacity: 0.6 }),
        onEachFeature: (feature, layer) => layer.bindPopup(() => said(feature, wishes)),
      })
      .addTo(drawn);
  });
  const bounds = leaflet.featureGroup(layers).getBounds();
  if (bounds.isValid()) drawn.fitBounds(bounds, { maxZoom: 14, padding: [16, 16] });
  else drawn.setView([46.6, 2.4], 5);
}

function said(feature: Feature, wishes: Wishes): HTMLElement {
  const box = document.createElement("div");
  const properties = feature.properties ?? {};
  if (wishes.popup) {
    box.append(wishes.popup(properties));
    return box;
  }
  const list = document.createElement("dl");
  for (const [name, value] of Object.entries(properties).slice(0, mostProperties)) {
    for (const [tag, words] of [["dt", name], ["dd", String(value ?? "")]] as const) {
      const part = document.createElement(tag);
      part.textContent = words;
      list.append(part);
    }
  }
  box.append(list);
  return box;
}
