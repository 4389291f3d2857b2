// udata-files.mjs: what the elements for files show.
import type { CatalogObject } from "../library/api.js";
import type { UdataElement } from "../library/element.js";
import { text, type Words } from "../texts.js";
import { chart, chartOfFile } from "./chart.js";
import { table } from "./table.js";
import { make, type ChartOfSite, type Maps, type Resource, type Wishes } from "./wishes.js";

const words: Words = { download: "Télécharger|Download|Descargar|Descarregar|Herunterladen|Scarica" };

/** The content of an element: a file in one of its views, a chart of the site ("drawn"), or files on a map ("places"). */
export async function show(element: UdataElement, what: string): Promise<Node> {
  if (what === "drawn") return drawn(element);
  if (what === "places") return places(element);
  const resource = await resourceOf(element, element.getAttribute("ref") ?? "");
  element.data = resource;
  const wishes = wishesOf(element, resource.title ?? resource.id);
  switch (what) {
    case "table":
      return table(resource, wishes);
    case "chart":
      return chartOfFile(resource, wishes);
    case "map":
      return (await maps(wishes)).map([{ title: wishes.label, url: resource.latest || resource.url }], wishes);
  }
  const template = element.template;
  return template ? make("div", { part: "card" }, element.filled(template, resource)) : link(resource, element.language);
}

async function drawn(element: UdataElement): Promise<Node> {
  const key = encodeURIComponent(element.getAttribute("ref") ?? "");
  const definition = await element.api.get<CatalogObject & ChartOfSite>(`/api/1/visualizations/${key}/`);
  element.data = definition;
  return chart(definition, wishesOf(element, definition.title ?? ""));
}

async function places(element: UdataElement): Promise<Node> {
  const names = (element.getAttribute("resources") ?? element.getAttribute("ref") ?? "").split(/[\s,]+/).filter(Boolean);
  const found = await Promise.all(names.map((name) => resourceOf(element, name)));
  element.data = found;
  const sources = found.map((resource) => ({ title: resource.title ?? resource.id, url: resource.latest || resource.url }));
  const wishes = wishesOf(element, sources.map((source) => source.title).join(", "));
  return (await maps(wishes)).map(sources, wishes);
}

const maps = (wishes: Wishes): Promise<Maps> => import(`${wishes.base}/static/udata-map.mjs`) as Promise<Maps>;

/** A file by its identifier, or by an address that holds it. */
function resourceOf(element: UdataElement, ref: string): Promise<Resource> {
  return element.api.resource(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/i.exec(ref)?.[0] ?? ref).get() as Promise<Resource>;
}

function wishesOf(element: UdataElement, label: string): Wishes {
  const list = (name: string) => (element.getAttribute(name) ?? "").split(",").map((each) => each.trim()).filter(Boolean);
  const named = element.getAttribute("popup");
  const template = named ? document.querySelector(named) : element.template;
  return {
    language: element.language,
    base: element.api.base,
    columns: list("columns"),
    filters: list("filters").map((pair) => pair.split("=") as [string, string]).filter((pair) => pair.length === 2),
    basemap: element.getAttribute("basemap") ?? "",
    popup: template instanceof HTMLTemplateElement ? (properties) => element.filled(template, properties) : undefined,
    label,
    room: element.clientWidth,
  };
}

function link(resource: Resource, language: string): HTMLElement {
  const title = resource.title ?? resource.id;
  const date = resource.last_modified ? new Intl.DateTimeFormat(language, { dateStyle: "long" }).format(new Date(resource.last_modified)) : "";
  const about = [resource.format ?? "", resource.filesize ? size(resource.filesize, language) : "", date].filter(Boolean).join(" · ");
  const say = text(words, "download", language);
  return make(
    "div",
    { class: "udata-file", part: "card" },
    make("div", { class: "udata-body" }, make("p", { class: "udata-title", part: "title" }, title), make("p", { class: "udata-by", part: "meta" }, about)),
    make("a", { href: resource.latest || resource.url, part: "link", "aria-label": `${say} ${title}` }, say),
  );
}

function size(bytes: number, language: string): string {
  const step = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), 4);
  const unit = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"][step]!;
  return new Intl.NumberFormat(language, { style: "unit", unit, maximumFractionDigits: 1 }).format(bytes / 1000 ** step);
}
