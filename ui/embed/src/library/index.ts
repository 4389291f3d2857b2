// The library: elements for pages of other sites, and the client that they use.
import { api, type Api, type CatalogObject, type Kind, type Page, type Params } from "./api.js";
import { settings, UdataElement } from "./element.js";
import { DataserviceElement, DatasetElement, OrganizationElement, ReuseElement, TerritoryElement, TopicElement } from "./object.js";
import { ResourceElement, ChartElement, MapElement } from "./lazy.js";
import { SearchElement } from "./search.js";
import "./tags.js";
import type { Results } from "./object.js";
import { fill } from "./template.js";
import { languageOf } from "../texts.js";

export type { Api, CatalogObject, Kind, Page, Params, Results };
export { api, UdataElement };

const elements: Record<string, CustomElementConstructor> = {
  dataset: DatasetElement,
  organization: OrganizationElement,
  reuse: ReuseElement,
  dataservice: DataserviceElement,
  topic: TopicElement,
  territory: TerritoryElement,
  search: SearchElement,
  resource: ResourceElement,
  chart: ChartElement,
  map: MapElement,
};

/** Makes the elements known as <prefix-dataset>, <prefix-search> …; names that the page has already stay as they are. */
export function define(prefix = "udata"): void {
  for (const [name, element] of Object.entries(elements)) {
    const tag = `${prefix}-${name}`;
    if (!customElements.get(tag)) customElements.define(tag, class extends element {});
  }
}

/** Puts data into an element, by a template: the element, its text, or the selector of one in the page. */
export function render(element: Element, data: unknown, template: HTMLTemplateElement | string): void {
  const found = typeof template === "string" ? (template.trimStart().startsWith("<") ? written(template) : document.querySelector(template)) : template;
  if (!(found instanceof HTMLTemplateElement)) throw new TypeError(`There is no template ${String(template)}`);
  element.replaceChildren(fill(found, data, languageOf(element)));
}

function written(html: string): HTMLTemplateElement {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template;
}

/** The site that elements without "base" ask: the one that the script came from. */
export function configure(options: { base?: string }): void {
  if (options.base) settings.base = new URL(options.base, document.baseURI).origin;
}

// Datasets that became ready in one go are told once to who listens as to widgets.js.
let ready: Element[] = [];
document.addEventListener("udata:ready", (event) => {
  const element = event.composedPath()[0];
  if (!(element instanceof DatasetElement)) return;
  if (ready.push(element) > 1) return;
  setTimeout(() => {
    const datasets = ready;
    ready = [];
    window.dispatchEvent(new CustomEvent("udataset:loaded", { bubbles: true, cancelable: true, detail: { datasets } }));
  });
});
