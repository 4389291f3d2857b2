// Charts of files.
import { ask } from "../site.js";
import { text, type Words } from "../texts.js";
import { rowsOf, type Row } from "./rows.js";
import { marksOf, seriesOf, usualColumns, type Drawn } from "./series.js";
import { chosen, styled } from "./table.js";
import { make, type ChartOfSite, type Resource, type Wishes } from "./wishes.js";

const palette = ["#1f6ea8", "#b3541e", "#2f7d4f", "#7a4fa3", "#a3294f", "#6b6b1e"];
const svg = "http://www.w3.org/2000/svg";

const words: Words = {
  count: "Nombre de lignes|Number of rows|Número de filas|Número de linhas|Anzahl der Zeilen|Numero di righe",
  numbers: "Voir les valeurs|See the values|Ver los valores|Ver os valores|Werte ansehen|Vedi i valori",
  none: "Aucune valeur à dessiner.|No value to draw.|Ningún valor que dibujar.|Nenhum valor a desenhar.|Keine Werte zu zeichnen.|Nessun valore da disegnare.",
};

/** A chart of the columns of a file. */
export async function chartOfFile(resource: Resource, wishes: Wishes): Promise<HTMLElement> {
  const rows = chosen(await rowsOf(resource, wishes.base), wishes);
  const [column_x = "", ...others] = wishes.columns.length ? wishes.columns : usualColumns(rows);
  const series = (others.length ? others : [""]).map((column_y) => ({ resource_id: resource.id, column_y, type: "histogram" }));
  return drawn({ x_axis: { column_x }, series }, series.map(() => rows), wishes);
}

/** A chart that the site keeps. Files that cannot be read are left out, as long as one can. */
export async function chart(definition: ChartOfSite, wishes: Wishes): Promise<HTMLElement> {
  const series = (definition.series ?? []).slice(0, palette.length);
  const files = new Map<string, Promise<Row[]>>();
  const found = await Promise.allSettled(
    series.map(({ resource_id }) => {
      const rows = files.get(resource_id) ?? rowsOfFile(resource_id, wishes);
      files.set(resource_id, rows);
      return rows;
    }),
  );
  const failed = found.find((each) => each.status === "rejected");
  if (failed && found.every((each) => each.status === "rejected")) throw failed.reason;
  return drawn({ ...definition, series }, found.map((each) => (each.status === "fulfilled" ? chosen(each.value, wishes) : undefined)), wishes);
}

async function rowsOfFile(id: string, wishes: Wishes): Promise<Row[]> {
  const { resource } = await ask<{ resource: Resource }>(`${wishes.base}/api/2/datasets/resources/${encodeURIComponent(id)}/`);
  return rowsOf(resource, wishes.base);
}

function drawn(definition: ChartOfSite, rows: (Row[] | undefined)[], wishes: Wishes): HTMLElement {
  const axis = definition.x_axis?.column_x ?? "";
  const series = (definition.series ?? []).flatMap((each, i): Drawn[] =>
    rows[i] ? [{ name: each.column_y || text(words, "count", wishes.language), line: each.type === "line", values: seriesOf(each, axis, rows[i]) }] : [],
  );
  if (!series.some((each) => [...each.values.values()].some(Number.isFinite))) return styled(make("p", { class: "udata-chart", part: "card" }, text(words, "none", wishes.language)));
  return styled(figure(definition, series, wishes));
}

const widest = 640;
const narrowest = 300;
const height = 320;
const margin = { left: 56, right: 12, top: 28, bottom: 36 };

/** The bounds of a scale and the step between its lines, in round numbers; bounds that were asked for stay. */
function scale(all: number[], min?: number | null, max?: number | null): [number, number, number] {
  const low = min ?? all.reduce((a, b) => Math.min(a, b), 0);
  const high = Math.max(max ?? all.reduce((a, b) => Math.max(a, b), 0), low) || low + 1;
  const rough = (high - low || 1) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough)!;
  return [min ?? Math.floor(low / step) * step, max ?? Math.ceil(high / step) * step, step];
}

function figure(definition: ChartOfSite, series: Drawn[], wishes: Wishes): HTMLElement {
  const { min, max, unit, unit_position, label } = definition.y_axis ?? {};
  const marks = marksOf(definition.x_axis, series);
  const all = series.flatMap((each) => marks.map((mark) => each.values.get(mark)!)).filter(Number.isFinite);
  const [low, high, line] = scale(all, min, max);
  const width = Math.min(Math.max(wishes.room || widest, narrowest), widest);
  const step = (width - margin.left - margin.right) / Math.max(marks.length, 1);
  const toX = (place: number) => margin.left + (place + 0.5) * step;
  const toY = (value: number) => margin.top + (1 - (Math.min(Math.max(value, low), high) - low) / (high - low || 1)) * (height - margin.top - margin.bottom);
  const said = (value: number) => {
    const number = new Intl.NumberFormat(wishes.language, { maximumFractionDigits: 2 }).format(value);
    return !unit ? number : unit_position === "prefix" ? `${unit} ${number}` : `${number} ${unit}`;
  };
  const drawing = shape("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": wishes.label });
  const short = new Intl.NumberFormat(wishes.language, { notation: "compact", maximumFractionDigits: 2 });
  for (let i = 0; low + i * line <= high + line / 100; i++) {
    const value = low + i * line;
    drawing.append(shape("line", { x1: margin.left, x2: width - margin.right, y1: toY(value), y2: toY(value), class: "grid" }), written(margin.left - 6, toY(value) + 4, "end", short.format(value)));
  }
  const above = [label, unit && `(${unit})`].filter(Boolean).join(" ");
  if (above) drawing.append(written(2, 12, "start", above));
  const every = Math.max(1, Math.ceil((marks.length * 76) / (width - margin.left)));
  marks.forEach((at, i) => i % every === 0 && drawing.append(written(toX(i), height - 12, "middle", at.length > 12 ? `${at.slice(0, 11)}…` : at)));
  const bars = series.filter((each) => !each.line).length;
  let bar = 0;
  series.forEach((each, i) => {
    const points = marks.flatMap((mark, place) => {
      const value = each.values.get(mark);
      return value !== undefined && Number.isFinite(value) ? [{ mark, place, value }] : [];
    });
    const colour = palette[i]!;
    if (each.line) {
      drawing.append(shape("polyline", { points: points.map((point) => `${toX(point.place)},${toY(point.value)}`).join(" "), fill: "none", stroke: colour, "stroke-width": 2.5 }));
    }
    const share = (step * 0.8) / Math.max(bars, 1);
    for (const { mark, place, value } of points) {
      const zero = toY(Math.min(Math.max(0, low), high));
      const made = each.line
        ? shape("circle", { cx: toX(place), cy: toY(value), r: 3, fill: colour })
        : shape("rect", { x: toX(place) - step * 0.4 + bar * share, y: Math.min(toY(value), zero), width: share, height: Math.abs(toY(value) - zero), fill: colour });
      const title = shape("title", {});
      title.textContent = `${mark} – ${each.name}: ${said(value)}`;
      made.append(title);
      drawing.append(made);
    }
    if (!each.line) bar++;
  });
  const legend = series.map((each, i) => {
    const key = make("span", {});
    key.style.background = palette[i]!;
    return make("li", {}, key, each.name);
  });
  return make("figure", { class: "udata-chart", part: "card" }, drawing, make("figcaption", {}, make("span", { part: "caption" }, wishes.label), make("ul", {}, ...legend)), numbers(definition, series, marks, said, wishes));
}

/** The same values as a table, for who cannot see the drawing. */
function numbers(definition: ChartOfSite, series: Drawn[], marks: string[], said: (value: number) => string, wishes: Wishes): HTMLElement {
  const cell = (value: number | undefined) => make("td", {}, value !== undefined && Number.isFinite(value) ? said(value) : "–");
  return make(
    "details",
    {},
    make("summary", {}, text(words, "numbers", wishes.language)),
    make(
      "div",
      { class: "udata-scroll", tabindex: "0", role: "region", "aria-label": series.map((each) => each.name).join(", ") },
      make(
        "table",
        { part: "table" },
        make("thead", {}, make("tr", {}, ...[definition.x_axis?.column_x ?? "", ...series.map((each) => each.name)].map((name) => make("th", { scope: "col" }, name)))),
        make("tbody", {}, ...marks.map((mark) => make("tr", {}, make("th", { scope: "row" }, mark), ...series.map((each) => cell(each.values.get(mark)))))),
      ),
    ),
  );
}

function shape(name: string, attributes: Record<string, string | number>): SVGElement {
  const made = document.createElementNS(svg, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}

function written(x: number, y: number, anchor: string, words: string): SVGElement {
  const made = shape("text", { x, y, "text-anchor": anchor });
  made.textContent = words;
  return made;
}
