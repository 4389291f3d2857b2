// The part of Handlebars that templates for udata-js are written in, without evaluating anything.
import { safe } from "../library/markup.js";

/** A helper: its arguments, what is written name=value, the block's contents. */
export type Helper = (args: unknown[], named: Record<string, unknown>, block: Block | undefined, scope: Scope) => unknown;

interface Block {
  inside(data: unknown): string;
  otherwise(data: unknown): string;
}

/** HTML that a helper made itself. */
export class Markup {
  constructor(readonly html: string) {}
}

export interface Scope {
  data: unknown;
  up?: Scope | undefined;
  root: unknown;
}

type Part =
  | { kind: "text"; text: string }
  | { kind: "value"; call: string[]; raw: boolean }
  | { kind: "block"; call: string[]; inside: Part[]; otherwise: Part[] };

const deepest = 40;
const tag = /\{\{\{\s*([\s\S]*?)\s*\}\}\}|\{\{~?\s*(![\s\S]*?|[#/^]?\s*[\s\S]*?)\s*~?\}\}/g;
const word = /"(?:[^"])*"|'(?:[^'])*'|[^\s=]+=(?:"[^"]*"|'[^']*'|\S+)|\S+/g;

/** A template that can be filled. An error tells what its text lacks. */
export function compile(source: string, helpers: Record<string, Helper>): (data: unknown) => string {
  const parts = parse(source);
  return (data) => write(parts, { data, root: data }, helpers, 0);
}

function parse(source: string): Part[] {
  const top: Part[] = [];
  const open: { name: string; block: Part & { kind: "block" }; into: Part[] }[] = [];
  let into = top;
  let at = 0;
  const text = (end: number) => end > at && into.push({ kind: "text", text: source.slice(at, end) });
  for (const found of source.matchAll(tag)) {
    text(found.index);
    at = found.index + found[0].length;
    const inner = (found[1] ?? found[2] ?? "").trim();
    const call = inner.replace(/^[#/^]\s*/, "").match(word) ?? [];
    if (inner.startsWith("!")) continue;
    if (inner.startsWith("#")) {
      const block: Part & { kind: "block" } = { kind: "block", call, inside: [], otherwise: [] };
      into.push(block);
      open.push({ name: call[0] ?? "", block, into });
      if (open.length > deepest) throw new RangeError("depth");
      into = block.inside;
    } else if (inner === "else" || inner === "^") {
      const last = open[open.length - 1];
      if (last) into = last.block.otherwise;
    } else if (inner.startsWith("/")) {
      const last = open.pop();
      if (last?.name !== call[0]) throw new SyntaxError(inner);
      into = last!.into;
    } else into.push({ kind: "value", call, raw: found[1] !== undefined });
  }
  text(source.length);
  if (open.length) throw new SyntaxError(`#${open[0]!.name}`);
  return top;
}

function write(parts: Part[], scope: Scope, helpers: Record<string, Helper>, depth: number): string {
  if (depth > deepest) throw new RangeError("depth");
  return parts
    .map((part) => {
      if (part.kind === "text") return part.text;
      if (part.kind === "value") {
        const value = call(part.call, scope, helpers);
        if (value instanceof Markup) return value.html;
        const words = value === null || value === undefined ? "" : String(value);
        return part.raw ? clean(words) : escaped(words);
      }
      return block(part, scope, helpers, depth);
    })
    .join("");
}

function block(part: Part & { kind: "block" }, scope: Scope, helpers: Record<string, Helper>, depth: number): string {
  const inside = (data: unknown) => write(part.inside, { data, up: scope, root: scope.root }, helpers, depth + 1);
  const same = (parts: Part[]) => write(parts, scope, helpers, depth + 1);
  const [name, ...rest] = part.call;
  const value = rest.length ? read(rest[0]!, scope) : undefined;
  switch (name) {
    case "if":
      return same(filled(value) ? part.inside : part.otherwise);
    case "unless":
      return same(filled(value) ? part.otherwise : part.inside);
    case "each": {
      const items = Array.isArray(value) ? value : value && typeof value === "object" ? Object.values(value) : [];
      return items.length ? items.map(inside).join("") : same(part.otherwise);
    }
    case "with":
      return filled(value) ? inside(value) : same(part.otherwise);
  }
  const made = call(part.call, scope, helpers, { inside: (data) => (data === scope.data ? same(part.inside) : inside(data)), otherwise: () => same(part.otherwise) });
  return made instanceof Markup ? made.html : String(made ?? "");
}

function call(words: string[], scope: Scope, helpers: Record<string, Helper>, around?: Block): unknown {
  const [name = "", ...rest] = words;
  const helper = Object.hasOwn(helpers, name) ? helpers[name] : undefined;
  if (!helper) return read(name, scope);
  const args: unknown[] = [];
  const named: Record<string, unknown> = {};
  for (const each of rest) {
    const pair = /^([\w-]+)=(.+)$/s.exec(each);
    if (pair && !/^["']/.test(each)) named[pair[1]!] = read(pair[2]!, scope);
    else args.push(read(each, scope));
  }
  return helper(args, named, around, scope);
}

/** What a word of a template means: a text, a number, or a path such as ../a.[0].b. */
function read(path: string, scope: Scope): unknown {
  const quote = /^(["'])([\s\S]*)\1$/.exec(path);
  if (quote) return quote[2];
  if (/^-?\d+(\.\d+)?$/.test(path)) return Number(path);
  if (path === "true" || path === "false") return path === "true";
  let at: Scope | undefined = scope;
  let rest = path;
  for (; rest.startsWith("../"); rest = rest.slice(3)) at = at?.up;
  let value: unknown = rest.startsWith("@root") ? scope.root : at?.data;
  for (const name of rest.replace(/^(@root|this)\b/, "").split(/[./]/)) {
    const member = name.replace(/^\[(.*)\]$/, "$1");
    if (!member || member === ".") continue;
    value = typeof value === "object" && value !== null && Object.hasOwn(value, member) ? (value as Record<string, unknown>)[member] : undefined;
  }
  return value;
}

// Data comes from anywhere: what is written raw brings its words and links, and nothing that runs.
function clean(html: string): string {
  const box = document.createElement("div");
  box.append(safe(html));
  return box.innerHTML;
}

/** The elements of filled templates; addresses that would run lead nowhere, also with what browsers leave out of them. */
export function elements(html: string): DocumentFragment {
  const { content } = Object.assign(document.createElement("template"), { innerHTML: html });
  content.querySelectorAll("[href],[src],[action]").forEach((element) => {
    for (const name of ["href", "src", "action"]) if (/^(javascript|data):/i.test(String(element.getAttribute(name)).replace(/[\0- ]/g, ""))) element.removeAttribute(name);
  });
  return content;
}

function filled(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : !!value;
}

export function escaped(text: string): string {
  return text.replace(/[&<>"'`=]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
