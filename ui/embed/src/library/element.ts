// What all elements share: where they ask, what they show meanwhile, how they tell what happened.
import { failure, unknown, wear } from "../site.js";
import { languageOf } from "../texts.js";
import { api, type Api } from "./api.js";
import { fill } from "./template.js";
import { say } from "./words.js";

declare const LIBRARY_CSS: string;

const added = "__GRENIER_STYLE__"; // the style of the site's theme

export const settings = {
  /** The site that elements without "base" ask. */
  base: location.origin,
};

export type State = "loading" | "ready" | "error";

/** An element that shows something of a site; what it holds is shown until then, and when there is nothing. */
export abstract class UdataElement extends HTMLElement {
  static observedAttributes = ["ref", "base", "lang", "layout", "fields", "heading", "template", "list", "sort", "page-size", "q", "tag", "organization", "facets", "view", "resources", "columns", "filters"];

  #internals = this.attachInternals?.();
  #queued = false;
  #run = 0;
  /** What the element shows, once it is ready. */
  data: unknown;

  connectedCallback(): void {
    this.refresh();
  }

  attributeChangedCallback(_: string, before: string | null, after: string | null): void {
    if (before !== after && this.isConnected) this.refresh();
  }

  /** The API of the site that the element asks. */
  get api(): Api {
    return api(this.getAttribute("base") || originOfRef(this.getAttribute("ref")) || settings.base);
  }

  get language(): string {
    return languageOf(this);
  }

  /** Asks and shows anew; several changes in one go are one. */
  refresh(): void {
    if (this.#queued) return;
    this.#queued = true;
    // Parsers add children after the element itself: templates among them are read when the page has its word.
    queueMicrotask(() => {
      this.#queued = false;
      if (this.isConnected) void this.#show();
    });
  }

  async #show(): Promise<void> {
    const run = ++this.#run;
    const root = this.root;
    this.#become("loading");
    try {
      const shown = await this.content();
      if (run !== this.#run) return;
      this.#put(root, shown);
      this.#become("ready");
      this.tell("udata:ready", this.data);
    } catch (cause) {
      if (run !== this.#run) return;
      const name = unknown(cause) ? "unknown" : "unreachable";
      const said = failure(say(this.language, name), this.api.base);
      said.setAttribute("part", "error");
      this.#put(root, said, true);
      this.#become("error");
      this.tell("udata:error", { cause });
    }
  }

  /** Where the content is: a shadow root, or the element itself with mode="light". */
  get root(): ShadowRoot | this {
    if (this.getAttribute("mode") === "light" && !this.shadowRoot) {
      wear(document, "udata-css", LIBRARY_CSS + added);
      return this;
    }
    if (this.shadowRoot) return this.shadowRoot;
    const root = this.attachShadow({ mode: "open" });
    wear(root, "udata-css", LIBRARY_CSS + added);
    root.append(document.createElement("slot"));
    return root;
  }

  // In the page's own tree, what the author put before and after stays; in a shadow tree it has its places.
  #put(root: ShadowRoot | this, shown: Node, fallback = false): void {
    if (root instanceof ShadowRoot) {
      const style = root.querySelector("style");
      root.replaceChildren(...(style ? [style] : []), slot("before"), shown, ...(fallback ? [slot("")] : []), slot("after"));
      return;
    }
    const before = this.querySelector(':scope > [slot="before"]');
    for (const child of Array.from(this.childNodes)) {
      const stays = child instanceof Element && (child.slot || child instanceof HTMLTemplateElement || child.tagName === "SCRIPT");
      if (!stays && !(fallback && child instanceof HTMLAnchorElement)) child.remove();
    }
    if (before) before.after(shown);
    else this.prepend(shown);
  }

  #become(state: State): void {
    for (const each of ["loading", "ready", "error"]) {
      this.toggleAttribute(each, each === state);
      try {
        if (each === state) this.#internals?.states.add(each);
        else this.#internals?.states.delete(each);
      } catch {
        // browsers before the states of custom elements have the attributes alone
      }
    }
    if (state === "loading") this.setAttribute("aria-busy", "true");
    else this.removeAttribute("aria-busy");
  }

  /** Tells an event to the page around; false when a listener took it over. */
  tell(name: string, detail: unknown): boolean {
    return this.dispatchEvent(new CustomEvent(name, { bubbles: true, composed: true, cancelable: true, detail }));
  }

  /** The template for what the element shows, of the page or of its child; undefined for the usual card. */
  get template(): HTMLTemplateElement | undefined {
    const named = this.getAttribute("template");
    const found = named ? document.querySelector(named) : this.querySelector(":scope > template");
    return found instanceof HTMLTemplateElement ? found : undefined;
  }

  /** The template filled with data. */
  filled(template: HTMLTemplateElement, data: unknown): DocumentFragment {
    return fill(template, data, this.language);
  }

  /** Asks for the data, keeps it in `data`, and gives what is shown. */
  protected abstract content(): Promise<Node>;
}

function slot(name: string): HTMLSlotElement {
  const made = document.createElement("slot");
  if (name) made.name = name;
  return made;
}

function originOfRef(ref: string | null): string {
  return ref && /^https?:\/\//.test(ref) ? new URL(ref).origin : "";
}

type Child = Node | string | undefined | false;

/** An element with attributes and children; what is undefined or false is left out. */
export function make(name: string, attributes: Record<string, string | undefined>, ...content: Child[]): HTMLElement {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value !== undefined) made.setAttribute(key, value);
  made.append(...content.filter((child): child is Node | string => !!child));
  return made;
}
