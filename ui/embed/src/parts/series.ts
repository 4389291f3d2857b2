// What a chart shows of rows: a value for each place on its axis, as the definition that the site keeps says.
import type { Row } from "./rows.js";
import type { ChartOfSite, ChartFilter, ChartSeries } from "./wishes.js";

const mostMarks = 200; // places on the axis

export interface Drawn {
  name: string;
  line: boolean;
  values: Map<string, number>;
}

/** A number as files write it: with a point or a comma, and blanks between thousands; NaN for what is none. */
export function toNumber(value: unknown): number {
  if (typeof value === "number") return value;
  const plain = String(value ?? "").replace(/[\s\u00a0\u202f]/g, "");
  return plain === "" ? NaN : Number(/^[^.,]*,[^.,]*$/.test(plain) ? plain.replace(",", ".") : plain);
}

/** The series over rows. Without a column of values it counts the rows. */
export function seriesOf(series: ChartSeries, axis: string, rows: Row[]): Map<string, number> {
  const groups = new Map<string, number[]>();
  for (const row of rows) {
    const at = String(row[series.column_x_name_override || axis] ?? "").trim();
    if (!at || !holds(series.filters, row)) continue;
    const value = series.column_y ? toNumber(row[series.column_y]) : 1;
    const group = groups.get(at) ?? [];
    groups.set(at, group);
    if (Number.isFinite(value)) group.push(value);
  }
  const how = series.column_y ? series.aggregate_y : "count";
  return new Map([...groups].map(([at, values]) => [at, aggregate(how, values)]));
}

function aggregate(how: string | null | undefined, values: number[]): number {
  if (how === "count") return values.length;
  if (!values.length) return NaN;
  if (how === "min") return values.reduce((a, b) => Math.min(a, b));
  if (how === "max") return values.reduce((a, b) => Math.max(a, b));
  const sum = values.reduce((a, b) => a + b, 0);
  return how === "avg" ? sum / values.length : sum;
}

/** Whether a row holds what a condition asks, or all of several. */
export function holds(filter: ChartFilter | null | undefined, row: Row): boolean {
  if (!filter) return true;
  if (filter.filters) return filter.filters.every((each) => holds(each, row));
  if (!filter.column) return true;
  const cell = row[filter.column];
  const missing = cell === undefined || cell === null || cell === "";
  const order = missing ? NaN : compare(cell, filter.value);
  switch (filter.condition) {
    case "is_null":
      return missing;
    case "is_not_null":
      return !missing;
    case "differs":
      return !(order === 0);
    case "greater":
      return order >= 0;
    case "less":
      return order <= 0;
    case "strictly_greater":
      return order > 0;
    case "strictly_less":
      return order < 0;
    default:
      return order === 0;
  }
}

/** Numbers are compared as such, other values as words. */
function compare(a: unknown, b: unknown): number {
  const difference = toNumber(a) - toNumber(b);
  const [x, y] = [String(a), String(b ?? "")];
  return Number.isNaN(difference) ? (x < y ? -1 : x > y ? 1 : 0) : difference;
}

/** The places on the axis in the order that the definition asks for; as they come in the files when it asks for none. */
export function marksOf(axis: ChartOfSite["x_axis"], drawn: Drawn[]): string[] {
  const marks = [...new Set(drawn.flatMap((each) => [...each.values.keys()]))];
  const sign = axis?.sort_x_direction === "desc" ? -1 : 1;
  const first = drawn[0]?.values;
  const by = axis?.sort_x_by ?? (axis?.type === "continuous" ? "axis_x" : "");
  if (by === "axis_x") marks.sort((a, b) => sign * compare(a, b));
  if (by === "axis_y" && first) marks.sort((a, b) => sign * ((first.get(a) ?? 0) - (first.get(b) ?? 0)));
  return marks.slice(0, mostMarks);
}

/** Columns for a chart of a file that nobody chose any for: the first one, and the first other one that holds numbers. */
export function usualColumns(rows: Row[]): string[] {
  const names = Object.keys(rows[0] ?? {}).filter((name) => name !== "__id");
  const numbers = names.slice(1).find((name) => rows.slice(0, 20).some((row) => Number.isFinite(toNumber(row[name]))));
  return [names[0] ?? "", ...(numbers ? [numbers] : [])];
}
