// Tables and charts of files.
import { ask } from "../site.js";
import { rowsOf, type Row } from "./rows.js";
import { make, type ChartOfSite, type Resource, type Wishes } from "./wishes.js";

const mostRows = 100; // of a table
const mostPoints = 500; // of a chart
const palette = ["#1f6ea8", "#b3541e", "#2f7d4f", "#7a4fa3", "#a3294f", "#6b6b1e"];
const svg = "http://www.w3.org/2000/svg";

function chosen(rows: Row[], wishes: Wishes): Row[] {
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
    make("caption", {}, wishes.label),
    make("thead", {}, make("tr", {}, ...names.map((name) => make("th", { scope: "col" }, name)))),
    make("tbody", {}, ...body),
  );
  const box = make("div", { class: "udata-scroll", part: "card", tabindex: "0", role: "region", "aria-label": wishes.label }, drawn);
  return styled(box);
}

/** A chart of series over a common axis: lines where the axis is of numbers or dates, bars else. */
export async function chart(definition: ChartOfSite, wishes: Wishes): Promise<HTMLElement> {
  const x = definition.x_axis?.column_x ?? "";
  const series = await Promise.all(
    (definition.series ?? []).slice(0, palette.length).map(async (each) => {
      const { resource } = await ask<{ resource: Resource }>(`${wishes.base}/api/2/datasets/resources/${encodeURIComponent(each.resource_id)}/`);
      const rows = chosen(await rowsOf(resource, wishes.base), wishes).slice(0, mostPoints);
      return { name: each.column_y ?? "", bars: each.type === "histogram" || each.type === "bar", points: rows.map((row) => ({ at: String(row[x] ?? ""), value: toNumber(row[each.column_y ?? ""]) })) };
    }),
  );
  return styled(figure(series, wishes));
}

interface Series {
  name: string;
  bars: boolean;
  points: { at: string; value: number }[];
}

function toNumber(value: unknown): number {
  if (typeof value === "number") return value;
  const plain = String(value ?? "").replace(/[\s\u00a0\u202f]/g, "").replace(",", ".");
  return plain === "" ? NaN : Number(plain);
}

const width = 640;
const height = 320;
const margin = { left: 56, right: 12, top: 12, bottom: 36 };

function figure(series: Series[], wishes: Wishes): HTMLElement {
  const places = [...new Set(series.flatMap((each) => each.points.map((point) => point.at)))];
  const all = series.flatMap((each) => each.points.map((point) => point.value)).filter(Number.isFinite);
  const low = Math.min(0, ...all);
  const high = Math.max(0, ...all) || 1;
  const toX = (at: string) => margin.left + ((places.indexOf(at) + 0.5) / Math.max(places.length, 1)) * (width - margin.left - margin.right);
  const toY = (value: number) => margin.top + (1 - (value - low) / (high - low)) * (height - margin.top - margin.bottom);
  const drawing = shape("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": wishes.label });
  const words = new Intl.NumberFormat(wishes.language, { notation: "compact" });
  for (const value of [low, (low + high) / 2, high]) {
    drawing.append(shape("line", { x1: margin.left, x2: width - margin.right, y1: toY(value), y2: toY(value), class: "grid" }), caption(margin.left - 6, toY(value) + 4, "end", words.format(value)));
  }
  const step = Math.max(1, Math.ceil(places.length / 8));
  places.forEach((at, i) => i % step === 0 && drawing.append(caption(toX(at), height - 12, "middle", at.slice(0, 12))));
  const bar = ((width - margin.left - margin.right) / Math.max(places.length, 1)) * 0.8;
  series.forEach((each, i) => {
    const points = each.points.filter((point) => Number.isFinite(point.value));
    const colour = palette[i]!;
    if (each.bars || !points.every((point) => /^\d/.test(point.at))) {
      const share = bar / series.length;
      for (const point of points) {
        const top = Math.min(toY(point.value), toY(0));
        drawing.append(shape("rect", { x: toX(point.at) - bar / 2 + i * share, y: top, width: share, height: Math.abs(toY(point.value) - toY(0)), fill: colour }));
      }
    } else drawing.append(shape("polyline", { points: points.map((point) => `${toX(point.at)},${toY(point.value)}`).join(" "), fill: "none", stroke: colour, "stroke-width": 2.5 }));
  });
  const legend = make("ul", {}, ...series.map((each, i) => {
    const key = make("span", {});
    key.style.background = palette[i]!;
    return make("li", {}, key, each.name);
  }));
  return make("figure", { class: "udata-chart", part: "card" }, drawing, make("figcaption", {}, wishes.label, legend));
}

function shape(name: string, attributes: Record<string, string | number>): SVGElement {
  const made = document.createElementNS(svg, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}

function caption(x: number, y: number, anchor: string, words: string): SVGElement {
  const made = shape("text", { x, y, "text-anchor": anchor });
  made.textContent = words;
  return made;
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

// The element puts what it gets into its tree; the style goes to the root of that tree then.
function styled(box: HTMLElement): HTMLElement {
  if (!sheet) (sheet = new CSSStyleSheet()).replaceSync(css);
  queueMicrotask(() => adopt(box));
  requestAnimationFrame(() => adopt(box));
  return box;
}

function adopt(box: HTMLElement): void {
  const root = box.getRootNode();
  if ((root instanceof Document || root instanceof ShadowRoot) && !root.adoptedStyleSheets.includes(sheet!)) root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet!];
}
