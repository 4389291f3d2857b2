// The rows of a file: from the table that the site serves, else from the file itself when it may be read.
import { ask } from "../site.js";
import type { Resource } from "./wishes.js";

export type Row = Record<string, string | number | null>;

const most = 2000; // rows
const widest = 200; // columns
const largest = 2 << 20; // characters

/** At most 2,000 rows. */
export async function rowsOf(resource: Resource, base: string): Promise<Row[]> {
  const extras = (resource["extras"] ?? {}) as Record<string, unknown>;
  if (!extras["analysis:parsing:parsing_table"]) return fromFile(resource.latest || resource.url); // the site has no table of it
  return (await ask<{ data: Row[] }>(`${base}/tabular/api/resources/${encodeURIComponent(resource.id)}/data/?page_size=200`)).data;
}

async function fromFile(address: string): Promise<Row[]> {
  const answer = await fetch(address, { credentials: "omit" });
  if (!answer.ok) throw Object.assign(new Error(address), { status: answer.status });
  const text = await beginning(answer);
  if (/^\s*[[{]/.test(text)) {
    const json = JSON.parse(text) as Row[] | { data?: Row[] };
    return (Array.isArray(json) ? json : (json.data ?? [])).slice(0, most);
  }
  return readCSV(text);
}

async function beginning(answer: Response): Promise<string> {
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (text.length < largest) {
    const { done, value } = await reader.read();
    if (done) return text;
    text += value;
  }
  await reader.cancel();
  return text.slice(0, text.lastIndexOf("\n"));
}

/** Reads CSV (RFC 4180) with the separator that its first line has most of. */
export function readCSV(text: string): Row[] {
  const first = text.slice(0, text.search(/[\r\n]/) >>> 0);
  const separator = [";", ",", "\t", "|"].map((mark) => [first.split(mark).length, mark] as const).sort((a, b) => b[0] - a[0])[0]![1];
  const lines: string[][] = [];
  let line: string[] = [];
  let field = "";
  let quoted = false;
  for (let i = text.charCodeAt(0) === 0xfeff ? 1 : 0; i < text.length && lines.length <= most; i++) {
    const c = text[i]!;
    if (quoted) {
      if (c !== '"') field += c;
      else if (text[i + 1] === '"') field += text[++i];
      else quoted = false;
    } else if (c === '"' && field === "") quoted = true;
    else if (c === separator) {
      line.push(field);
      field = "";
    } else if (c === "\n" || c === "\r") {
      if (c === "\r" && text[i + 1] === "\n") i++;
      lines.push([...line, field]);
      line = [];
      field = "";
    } else field += c;
  }
  if (field || line.length) lines.push([...line, field]);
  const [names = [], ...rest] = lines;
  return rest.filter((cells) => cells.length > 1 || cells[0]).map((cells) => Object.fromEntries(names.slice(0, widest).map((name, i) => [name.trim(), cells[i] ?? ""])));
}
