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
  x_axis?: { column_x?: string; type?: string; sort_x_by?: string | null; sort_x_direction?: string | null };
  y_axis?: { min?: number | null; max?: number | null; label?: string | null; unit?: string | null; unit_position?: string | null };
  series?: ChartSeries[];
}

/** One line or one row of bars. */
export interface ChartSeries {
  resource_id: string;
  column_y?: string | null;
  aggregate_y?: string | null;
  column_x_name_override?: string | null;
  type?: string | null;
  filters?: ChartFilter | null;
}

/** A condition on a column, or several that all hold. */
export interface ChartFilter {
  column?: string | null;
  condition?: string | null;
  value?: unknown;
  filters?: ChartFilter[];
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
  /** How wide the element is, in pixels; 0 when that is not known. */
  room: number;
}

/** An element with attributes and children. */
export function make(name: string, attributes: Record<string, string>, ...children: (Node | string)[]): HTMLElement {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}
