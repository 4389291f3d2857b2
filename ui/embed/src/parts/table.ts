// Tables of files, and the style of what is drawn of them.
import { rowsOf, type Row } from "./rows.js";
import { make, type Resource, type Wishes } from "./wishes.js";

const mostRows = 100; // of a table

/** The rows that the page wishes. */
export function chosen(rows: Row[], wishes: Wishes): Row[] {
  return rows.filter((row) => wishes.filters.every(([name, value]) => String(row[name]) === value));
}

/** A table of the first rows; it scrolls by keyboard where it is wider than its place. */
export async function table(resource: Resource, wishes: Wishes): Promise<HTMLElement> {
  const rows = chosen(await rowsOf(resource, wishes.base), wishes).slice(0, mostRows);
  const names = wishes.columns.length ? wishes.columns : Object.keys(rows[0] ?? {}).filter((name) => name !== "__id");
  const body = rows.map((row) => make("tr", {}, ...names.map((name) => make("td", {}, String(row[name] ?? "")))));
  const drawn = make(
    "table",
    { part: "table" },
    make("caption", { part: "caption" }, wishes.label),
    make("thead", {}, make("tr", {}, ...names.map((name) => make("th", { scope: "col" }, name)))),
    make("tbody", {}, ...body),
  );
  const box = make("div", { class: "udata-scroll", part: "card", tabindex: "0", role: "region", "aria-label": wishes.label }, drawn);
  return styled(box);
}

const css = `
.udata-scroll{overflow:auto;max-height:28rem;color:var(--udata-fg,inherit)}
.udata-scroll table{border-collapse:collapse;font-size:.875rem}
.udata-scroll caption{text-align:start;font-weight:700;padding:.25rem .5rem}
.udata-scroll th,.udata-scroll td{text-align:start;padding:.25rem .5rem;border-bottom:1px solid var(--udata-border,#d5d7dd)}
.udata-chart{margin:0}.udata-chart svg{display:block;width:100%;height:auto;color:var(--udata-fg,inherit)}
.udata-chart text{font-size:12px;fill:currentColor}.udata-chart .grid{stroke:currentColor;opacity:.25}
.udata-chart ul{display:flex;flex-wrap:wrap;gap:.25rem 1rem;margin:.25rem 0 0;padding:0;list-style:none;font-size:.8125rem}
.udata-chart li span{display:inline-block;width:.75rem;height:.75rem;margin-inline-end:.375rem}`;

let sheet: CSSStyleSheet | undefined;

/** The element puts what it gets into its tree; the style goes to the root of that tree then. */
export function styled(box: HTMLElement): HTMLElement {
  if (!sheet) (sheet = new CSSStyleSheet()).replaceSync(css);
  queueMicrotask(() => adopt(box));
  requestAnimationFrame(() => adopt(box));
  return box;
}

function adopt(box: HTMLElement): void {
  const root = box.getRootNode();
  if ((root instanceof Document || root instanceof ShadowRoot) && !root.adoptedStyleSheets.includes(sheet!)) root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet!];
}
