// The colours of the page, for what is painted rather than styled.
import type { PathOptions } from "leaflet";

export type Role = "land" | "borders" | "area" | "feature";

/** How something is painted on a map, in the theme that the element is shown in now. */
export function paint(role: Role, element: Element): PathOptions {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(`--gr-color-${name}`).trim() || style.color;
  switch (role) {
    case "land":
      return { stroke: true, weight: 0.75, color: colour("border-strong"), fill: true, fillColor: colour("surface"), fillOpacity: 1 };
    case "borders":
      return { stroke: true, weight: 0.75, color: colour("border-strong"), opacity: 0.7, fill: false };
    case "area":
      return { stroke: true, weight: 2, color: colour("accent"), fill: true, fillColor: colour("accent"), fillOpacity: 0.18 };
    case "feature":
      return { stroke: true, weight: 2, color: colour("accent"), fill: true, fillColor: colour("accent"), fillOpacity: 0.3 };
  }
}

/** Calls back when the theme of the page changes, until the signal. */
export function onTheme(change: () => void, signal: AbortSignal): void {
  const observer = new MutationObserver(change);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  signal.addEventListener("abort", () => observer.disconnect());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", change, { signal });
}
