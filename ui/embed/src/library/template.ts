// Templates of pages: <template> elements with {{paths}} that are filled in, without evaluating anything.
import { excerpt, markdown, safe } from "./markup.js";
import { day, number, say } from "./words.js";

interface Scope {
  data: unknown;
  up?: Scope | undefined;
  language: string;
}

const deepest = 40;
const each = "data-each";
const condition = "data-if";
const attribute = "data-attr-";

type Filter = (value: unknown, argument: string, language: string) => unknown;

const filters: Record<string, Filter> = {
  date: (value, style, language) => day(value, language, style as "long" | undefined || "long"),
  number: (value, _, language) => number(value, language),
  truncate: (value, most) => excerpt(String(value ?? ""), Number(most) || 120),
  md: (value) => markdown(String(value ?? "")),
  t: (value, _, language) => say(language, String(value ?? "")),
  default: (value, other) => (value === null || value === undefined || value === "" ? other : value),
  json: (value) => JSON.stringify(value),
  uppercase: (value) => String(value ?? "").toUpperCase(),
};

/** A copy of a template with the data in it. */
export function fill(template: HTMLTemplateElement, data: unknown, language: string): DocumentFragment {
  const copy = document.importNode(template.content, true);
  children(copy, { data, language }, 0);
  return copy;
}

function children(parent: Node, scope: Scope, depth: number): void {
  if (depth > deepest) throw new RangeError("a template goes too deep");
  for (const node of Array.from(parent.childNodes)) {
    if (node.nodeType === Node.TEXT_NODE) words(node as Text, scope);
    else if (node instanceof Element) element(node, scope, depth);
  }
}

function element(node: Element, scope: Scope, depth: number): void {
  const test = node.getAttribute(condition);
  if (test !== null) {
    node.removeAttribute(condition);
    const no = test.trim().startsWith("!");
    if (filled(read(test.replace("!", ""), scope)) === no) return node.remove();
  }
  const list = node.getAttribute(each);
  if (list !== null) {
    node.removeAttribute(each);
    const items = read(list, scope);
    for (const item of Array.isArray(items) ? items : []) {
      const copy = node.cloneNode(true) as Element;
      node.before(copy);
      element(copy, { data: item, up: scope, language: scope.language }, depth + 1);
    }
    return node.remove();
  }
  if (/^(script|style)$/i.test(node.tagName)) return; // data becomes no code
  for (const { name, value } of Array.from(node.attributes)) {
    if (name.startsWith(attribute)) {
      node.removeAttribute(name);
      const given = read(value, scope);
      if (filled(given)) set(node, name.slice(attribute.length), String(given));
    } else if (value.includes("{{")) {
      set(node, name, value.replace(/\{\{\s*([^{}]+?)\s*\}\}/g, (_, path: string) => String(read(path, scope) ?? "")));
    }
  }
  if (node instanceof HTMLTemplateElement) return; // a template within is for whoever reads it
  children(node, scope, depth + 1);
}

const places = /\{\{\{\s*([^{}]+?)\s*\}\}\}|\{\{\s*([^{}]+?)\s*\}\}/g;

function words(node: Text, scope: Scope): void {
  const source = node.data;
  if (!source.includes("{{")) return;
  const made = document.createDocumentFragment();
  let at = 0;
  for (const found of source.matchAll(places)) {
    made.append(source.slice(at, found.index));
    at = found.index + found[0].length;
    if (found[1]) made.append(safe(String(read(found[1], scope) ?? "")));
    else made.append(String(read(found[2]!, scope) ?? ""));
  }
  made.append(source.slice(at));
  node.replaceWith(made);
}

/** What a path gives, through its filters: a.b.0 | date:long. "../" is the scope around, "." the item itself. */
function read(expression: string, scope: Scope): unknown {
  const [path, ...steps] = expression.split("|").map((part) => part.trim());
  let at: Scope | undefined = scope;
  let rest = path!.replace(/^this\.?/, "");
  for (; rest.startsWith("../"); rest = rest.slice(3)) at = at?.up;
  let value: unknown = at?.data;
  for (const name of rest === "." ? [] : rest.split(".").filter(Boolean)) {
    value = typeof value === "object" && value !== null && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : Array.isArray(value) && name === "length" ? value.length : undefined;
  }
  for (const step of steps) {
    const [name, ...argument] = step.split(":");
    const filter = Object.hasOwn(filters, name!) ? filters[name!] : undefined;
    if (filter) value = filter(value, argument.join(":"), scope.language);
  }
  return value;
}

function filled(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : !!value;
}

const addresses = /^(href|src|action|formaction|poster|xlink:href)$/i;

// Data may come from anywhere: it becomes no handler, and no address that runs.
function set(node: Element, name: string, value: string): void {
  if (/^on|^srcdoc$|^style$/i.test(name) || (addresses.test(name) && !/^(https?:|mailto:|tel:|\/|#|\?|\.)/i.test(value.trim()))) node.removeAttribute(name);
  else node.setAttribute(name, value);
}
