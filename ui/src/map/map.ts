// Draws a map with Leaflet: the outlines of the world, then an area or features upon it.
import type { Feature, GeoJsonObject } from "geojson";
import { canvas, circleMarker, FeatureGroup, type FitBoundsOptions, geoJSON, latLngBounds, Map as LeafletMap, rectangle, tileLayer, type GeoJSON as GeoJSONLayer, type GeoJSONOptions, type LatLngBounds, type Path, type Renderer } from "leaflet";
import { create, webAddress } from "../element.js";
import { text } from "../texts.js";
import { attribution, controls } from "./controls.js";
import { boxOf, featuresOf, outlinesOf, readJson } from "./data.js";
import { popup, table, titleOf } from "./features.js";
import { onTheme, paint, type Role } from "./palette.js";

declare const WORLD_JSON: string;

const world: [[number, number], [number, number]] = [
  [-84, -180],
  [84, 180],
];
// Pixels kept free around what is shown: the buttons stand at the left.
const clear: FitBoundsOptions = { paddingTopLeft: [88, 24], paddingBottomRight: [24, 24] };
const manyFeatures = 300; // beyond, they are painted rather than drawn one by one

/** Draws the map that the element's attributes describe, over its content; the answer takes it away again. */
export async function draw(host: HTMLElement, life: AbortSignal): Promise<() => void> {
  const [subject, backgrounds] = await Promise.all([readSubject(host, life), readBackgrounds(host, life)]);
  const end = new AbortController();
  const box = create("div", { class: "map-canvas", role: "region", "aria-label": host.getAttribute("label") || text("map-label") });
  const covered = cover(host, box);
  const undo: (() => void)[] = [covered, () => end.abort()];
  const undraw = () => undo.reverse().forEach((each) => each());
  try {
    const scene = new Scene(host, box);
    undo.push(() => scene.map.remove());
    for (const background of backgrounds) scene.background(background);
    scene.subject(subject, end.signal);
    onTheme(() => scene.repaint(), end.signal);
    const resized = new ResizeObserver(() => scene.map.invalidateSize({ animate: false }));
    resized.observe(box);
    undo.push(() => resized.disconnect());
  } catch (failure) {
    undraw();
    throw failure;
  }
  return undraw;
}

interface Subject {
  bounds: LatLngBounds;
  area?: Feature[];
  features?: Feature[];
}

async function readSubject(host: HTMLElement, life: AbortSignal): Promise<Subject> {
  const corners = boxOf(host.getAttribute("bbox"));
  const bounds = latLngBounds(corners ?? world);
  const looked = webAddress(host.getAttribute("geojson") ?? "");
  if (host.hasAttribute("geojson") && looked) {
    const features = featuresOf(await readJson(looked, life));
    if (features.length === 0) throw new Error("no features in degrees");
    return { bounds, features };
  }
  const contour = host.hasAttribute("contour") ? webAddress(host.getAttribute("contour") ?? "") : undefined;
  if (contour) {
    try {
      const area = featuresOf(await readJson(contour, life));
      if (area.length > 0) return { bounds, area };
    } catch (failure) {
      if (life.aborted || !corners) throw failure; // with a box, the box stands for the contour
    }
  }
  if (!corners) throw new Error("nothing to draw");
  return { bounds };
}

/** The outlines of the world and those the page adds; one that cannot be read is left out. */
async function readBackgrounds(host: HTMLElement, life: AbortSignal): Promise<unknown[]> {
  const more = (host.getAttribute("background") ?? "").split(/\s+/).filter(Boolean);
  const addresses = [new URL(WORLD_JSON, import.meta.url), ...more.map(webAddress).filter((url) => url !== undefined)];
  const answers = await Promise.allSettled(addresses.map((address) => readJson(address, life)));
  return answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
}

/** Puts the box in the place of the element's content, or of its part with class map; the answer brings it back. */
function cover(host: HTMLElement, box: HTMLElement): () => void {
  const place = host.querySelector<HTMLElement>(":scope > .map") ?? host;
  const fallback = create("div", { hidden: "" });
  fallback.append(...place.childNodes);
  place.append(fallback, box);
  return () => {
    box.remove();
    fallback.replaceWith(...fallback.childNodes);
  };
}

class Scene {
  readonly map: LeafletMap;
  readonly #painter: Renderer;
  readonly #painted: { layer: FeatureGroup | Path; role: Role }[] = [];

  constructor(
    private readonly host: HTMLElement,
    private readonly box: HTMLElement,
  ) {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const tiles = host.getAttribute("tiles");
    this.map = new LeafletMap(box, {
      zoomControl: false,
      attributionControl: false,
      scrollWheelZoom: false,
      minZoom: 1,
      maxZoom: 18,
      zoomSnap: 0.5,
      maxBounds: latLngBounds([-89, -270], [89, 270]),
      zoomAnimation: !calm,
      fadeAnimation: !calm,
      inertia: !calm,
    });
    if (calm) this.calm();
    this.map.createPane("background").style.zIndex = "150";
    this.#painter = canvas({ pane: "background", padding: 0.3 });
    if (tiles) tileLayer(tiles, { maxZoom: 19 }).addTo(this.map);
    this.whenUsed();
    controls(this.map, box);
    box.append(attribution([text("map-attribution"), host.getAttribute("attribution") ?? ""], host.getAttribute("attribution-href")));
  }

  background(data: unknown): void {
    const { areas, lines } = outlinesOf(data);
    for (const area of areas) this.outline(area, "land");
    for (const line of lines) this.outline(line, "borders");
  }

  /** Draws what the map is about and shows it whole. */
  subject({ bounds, area, features }: Subject, life: AbortSignal): void {
    let seen = bounds;
    if (features) seen = this.features(features, life);
    else if (area) seen = this.paint(geoJSON({ type: "FeatureCollection", features: area } as GeoJsonObject, { interactive: false }), "area").getBounds();
    else this.paint(rectangle(bounds, { interactive: false }), "area");
    this.map.fitBounds(seen, { ...clear, maxZoom: features ? 16 : 10, animate: false });
  }

  repaint(): void {
    for (const { layer, role } of this.#painted) layer.setStyle(paint(role, this.host));
  }

  private outline(data: GeoJsonObject, role: Role): void {
    const options = { pane: "background", renderer: this.#painter, interactive: false, smoothFactor: 0.8 };
    this.paint(geoJSON(data, { ...options, style: () => options }), role);
  }

  private paint<L extends FeatureGroup | Path>(layer: L, role: Role): L {
    layer.setStyle(paint(role, this.host));
    this.#painted.push({ layer, role });
    layer.addTo(this.map);
    return layer;
  }

  private features(features: Feature[], life: AbortSignal): LatLngBounds {
    const renderer = features.length > manyFeatures ? { renderer: canvas({ tolerance: 4 }) } : {};
    const group = new FeatureGroup();
    const layers = features.map((feature, at) => {
      const options: GeoJSONOptions = { style: () => renderer, pointToLayer: (_, place) => circleMarker(place, { radius: 6, ...renderer }) };
      const layer = geoJSON(feature, options);
      layer.bindPopup(() => popup(feature, titleOf(feature, at)), { maxHeight: 240, maxWidth: 320, autoPan: true });
      group.addLayer(layer);
      return layer;
    });
    this.paint(group, "feature");
    const showing = this.popups(life);
    this.host.after(...this.table(features, layers, showing, life));
    return group.getBounds();
  }

  private table(features: Feature[], layers: GeoJSONLayer[], showing: Showing, life: AbortSignal): Node[] {
    const show = (at: number, from: HTMLElement) => {
      const layer = layers[at];
      if (!layer) return;
      this.box.scrollIntoView({ block: "nearest" });
      this.map.fitBounds(layer.getBounds(), { maxZoom: Math.max(this.map.getZoom(), 8), ...clear, animate: false });
      showing.back = from;
      layer.openPopup(layer.getBounds().getCenter());
    };
    const made = table(features, show, life);
    life.addEventListener("abort", () => made.remove());
    return [made];
  }

  /** Names the button that closes, lets Escape close, brings the focus back. */
  private popups(life: AbortSignal): Showing {
    const showing: Showing = { back: undefined };
    this.map.on("popupopen", ({ popup: opened }) => {
      const element = opened.getElement();
      element?.querySelector(".leaflet-popup-close-button")?.setAttribute("aria-label", text("map-close"));
      if (showing.back) element?.querySelector<HTMLElement>(".map-popup")?.focus({ preventScroll: true });
    });
    this.map.on("popupclose", ({ popup: closed }) => {
      const { back } = showing;
      showing.back = undefined;
      if (back) back.focus();
      else if (closed.getElement()?.contains(document.activeElement)) this.box.focus({ preventScroll: true });
    });
    this.box.addEventListener(
      "keydown",
      (event) => {
        if (event.key === "Escape") this.map.closePopup();
      },
      { signal: life },
    );
    return showing;
  }

  /** The wheel and the finger scroll the page, until the map is used. */
  private whenUsed(): void {
    const finger = matchMedia("(pointer: coarse)").matches;
    const use = (used: boolean) => {
      if (used) this.map.scrollWheelZoom.enable();
      else this.map.scrollWheelZoom.disable();
      if (finger && used) this.map.dragging.enable();
      else if (finger) this.map.dragging.disable();
    };
    this.map.on("focus", () => use(true));
    this.map.on("blur", () => use(false));
    use(false);
  }

  /** No sliding when the person asks for less motion. */
  private calm(): void {
    const panBy = this.map.panBy.bind(this.map);
    this.map.panBy = (offset, options) => panBy(offset, { ...options, animate: false });
  }
}

interface Showing {
  /** What the focus returns to when the popup closes. */
  back: HTMLElement | undefined;
}
