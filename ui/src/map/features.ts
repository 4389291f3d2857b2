// The features of a map as popups, and as a table for those who do not see or do not use a pointer.
import type { Feature } from "geojson";
import { create } from "../element.js";
import { text } from "../texts.js";

const mostProperties = 20; // in a popup
const mostColumns = 8; // of the table
const mostRows = 100;
const longest = 300; // characters of a value

/** What a feature says of itself. Values come from anywhere: they are texts, never markup. */
export function popup(feature: Feature, title: string): HTMLElement {
  const properties = Object.entries(feature.properties ?? {}).slice(0, mostProperties);
  const body = create("tbody");
  for (const [name, value] of properties) body.append(create("tr", {}, create("th", { scope: "row" }, name), create("td", {}, written(value))));
  const box = create("div", { class: "map-popup", tabindex: "-1", role: "group", "aria-label": title });
  box.append(properties.length > 0 ? create("table", {}, body) : title);
  return box;
}

/** The title of the nth feature: what it calls itself, else its number. */
export function titleOf(feature: Feature, at: number): string {
  for (const name of ["name", "nom", "title", "titre", "label", "libelle", "NAME", "NOM"]) {
    const value: unknown = feature.properties?.[name];
    if (typeof value === "string" && value.trim()) return written(value);
  }
  return text("map-feature", { number: at + 1 });
}

/** The table of the features, filled when it is opened. */
export function table(features: Feature[], show: (at: number, from: HTMLElement) => void, life: AbortSignal): HTMLElement {
  const details = create("details", { class: "map-table" }, create("summary", {}, text("map-table", { count: features.length })));
  details.addEventListener(
    "toggle",
    () => {
      if (details.open && details.childElementCount === 1) fill(details, features, show);
    },
    { signal: life },
  );
  return details;
}

function fill(details: HTMLElement, features: Feature[], show: (at: number, from: HTMLElement) => void): void {
  const rows = features.slice(0, mostRows);
  const columns = new Set<string>();
  for (const { properties } of rows) for (const name of Object.keys(properties ?? {})) if (columns.size < mostColumns) columns.add(name);
  const head = create("tr", {}, create("th", { scope: "col" }, text("map-heading")));
  for (const name of columns) head.append(create("th", { scope: "col" }, name));
  const body = create("tbody");
  rows.forEach((feature, at) => {
    const title = titleOf(feature, at);
    const button = create("button", { type: "button", class: "button small quiet", "aria-label": `${text("map-show")}: ${title}` }, text("map-show"));
    button.addEventListener("click", () => show(at, button));
    const row = create("tr", {}, create("th", { scope: "row" }, button));
    for (const name of columns) row.append(create("td", {}, written(feature.properties?.[name])));
    body.append(row);
  });
  const label = text("map-table", { count: features.length });
  const wrap = create("div", { class: "table-wrap", tabindex: "0", role: "region", "aria-label": label });
  wrap.append(create("table", { class: "table data" }, create("caption", { class: "visually-hidden" }, label), create("thead", {}, head), body));
  details.append(wrap);
  if (features.length > rows.length) details.append(create("p", { class: "muted small" }, text("map-more", { shown: rows.length, count: features.length })));
}

function written(value: unknown): string {
  const words = value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
  return words.length > longest ? `${words.slice(0, longest)}…` : words;
}
