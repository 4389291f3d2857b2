// What the parts share: what they draw, and how the page wants it.
import type { CatalogObject } from "../library/api.js";

/** A file as the API shows it. */
export interface Resource extends CatalogObject {
  title?: string;
  format?: string | null;
  filesize?: number | null;
  last_modified?: string;
  latest: string;
  url: string;
}

/** A file on a map. */
export interface Source {
  title: string;
  url: string;
}

export interface Maps {
  map(sources: Source[], wishes: Wishes): Promise<HTMLElement>;
}

/** A chart as the API shows it. */
export interface ChartOfSite {
  title?: string;
  x_axis?: { column_x?: string; type?: string };
  series?: { resource_id: string; column_y?: string; type?: string }[];
}

export interface Wishes {
  language: string;
  base: string;
  /** Columns to show, all when empty. */
  columns: string[];
  /** Only rows whose columns hold these values. */
  filters: [string, string][];
  /** The address of a server of tiles, with {z}, {x} and {y}; empty for none. */
  basemap: string;
  /** What a popup shows of a feature; undefined for its properties. */
  popup?: ((properties: Record<string, unknown>) => Node) | undefined;
  label: string;
}

/** An element with attributes and children. */
export function make(name: string, attributes: Record<string, string>, ...children: (Node | string)[]): HTMLElement {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}
