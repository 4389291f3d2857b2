// What all scripts need: where they come from, how they ask, how they show styles and failures.

/** How long an answer is waited for, in milliseconds. */
const patience = 10_000;

/** Whether an answer said that there is no such thing, rather than none at all. */
export function unknown(cause: unknown): boolean {
  const { status } = cause as { status?: number };
  return !!status && status < 500;
}

/** Asks for JSON, without cookies; what takes too long fails. */
export async function ask<T>(address: string, signal?: AbortSignal): Promise<T> {
  const late = new AbortController();
  const stop = () => late.abort();
  const timer = setTimeout(stop, patience);
  if (signal) signal.addEventListener("abort", stop);
  try {
    const answer = await fetch(address, { signal: late.signal, credentials: "omit", headers: { Accept: "application/json" } });
    if (!answer.ok) throw Object.assign(new Error(`${answer.status} ${address}`), { status: answer.status });
    return (await answer.json()) as T;
  } finally {
    clearTimeout(timer);
  }
}

/** The origin of an address, empty when it is not one of the web. */
export function originOf(address: string | null | undefined): string {
  if (!address) return "";
  try {
    const url = new URL(address, document.baseURI);
    return /^https?:$/.test(url.protocol) ? url.origin : "";
  } catch {
    return "";
  }
}

/** The script that runs; only while it runs for the first time. */
export function running(): HTMLScriptElement | null {
  const script = document.currentScript;
  return script instanceof HTMLScriptElement ? script : null;
}

let sheet: CSSStyleSheet | undefined; // a script has one style

/** Adds the style of the script to a page or a shadow root, in a way that strict content security policies let pass. */
export function wear(root: Document | ShadowRoot, id: string, css: string): void {
  try {
    if (!sheet) (sheet = new CSSStyleSheet()).replaceSync(css);
    if (!root.adoptedStyleSheets.includes(sheet)) root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
  } catch {
    if (root.querySelector(`#${id}`)) return;
    const style = document.createElement("style");
    style.id = id;
    style.textContent = css;
    (root instanceof Document ? root.head : root).append(style);
  }
}

/** Elements of a text of HTML, without its style sheets: those come with the scripts. */
export function parsed(html: string): DocumentFragment {
  const template = document.createElement("template");
  template.innerHTML = html;
  template.content.querySelectorAll("style, link, script").forEach((part) => part.remove());
  return template.content;
}

/** A paragraph that says what is missing, with a way to the site. */
export function failure(words: string, href: string): HTMLElement {
  const said = document.createElement("p");
  said.className = "udata-error";
  said.setAttribute("role", "status");
  const link = document.createElement("a");
  link.href = href;
  link.textContent = new URL(href).host;
  said.append(words, " ", link);
  return said;
}

/** Runs when the page is read to its end. */
export function whenRead(run: () => void): void {
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", run);
  else run();
}

/** A list in parts of at most so many. */
export function chunks<T>(list: T[], most: number): T[][] {
  const parts: T[][] = [];
  for (let i = 0; i < list.length; i += most) parts.push(list.slice(i, i + most));
  return parts;
}
