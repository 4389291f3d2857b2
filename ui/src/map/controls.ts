// The buttons of a map: all that can be done by dragging can be done by them.
import type { Map as LeafletMap } from "leaflet";
import { create } from "../element.js";
import { text, type TextName } from "../texts.js";

const step = 120; // pixels

/** Buttons to come closer, go away and move to four sides. */
export function controls(map: LeafletMap, within: HTMLElement): void {
  const zoomIn = button("map-zoom-in", "+", "in", () => map.zoomIn());
  const zoomOut = button("map-zoom-out", "−", "out", () => map.zoomOut());
  const pan = create(
    "div",
    { class: "map-pan" },
    button("map-up", "↑", "up", () => map.panBy([0, -step])),
    button("map-left", "←", "left", () => map.panBy([-step, 0])),
    button("map-right", "→", "right", () => map.panBy([step, 0])),
    button("map-down", "↓", "down", () => map.panBy([0, step])),
  );
  const bounds = () => {
    // Not the attribute "disabled": a button that is disabled loses the focus.
    zoomIn.setAttribute("aria-disabled", String(map.getZoom() >= map.getMaxZoom()));
    zoomOut.setAttribute("aria-disabled", String(map.getZoom() <= map.getMinZoom()));
  };
  map.on("zoomend", bounds);
  bounds();
  const box = create("div", { class: "map-controls" }, create("div", { class: "map-zoom" }, zoomIn, zoomOut), pan);
  for (const type of ["click", "dblclick", "mousedown", "pointerdown", "touchstart", "wheel"]) {
    box.addEventListener(type, (event) => event.stopPropagation(), { passive: true });
  }
  within.append(box);
}

function button(name: TextName, sign: string, side: string, act: () => void): HTMLButtonElement {
  const made = create("button", { type: "button", class: `map-button ${side}`, "aria-label": text(name), title: text(name) }, sign);
  made.addEventListener("click", act);
  return made;
}

/** Whose data the map shows; the names are texts, never markup. */
export function attribution(names: string[], href: string | null): HTMLElement {
  const line = create("p", { class: "map-attribution" });
  names.filter(Boolean).forEach((name, i) => {
    if (i > 0) line.append(" · ");
    line.append(i > 0 && href ? create("a", { href, rel: "noopener" }, name) : name);
  });
  return line;
}
