// A map as udata-js showed it: the files in an attribute, how they look by names of functions and templates of the page.
import { ask, failure } from "../site.js";
import { languageOf } from "../texts.js";
import { compile, elements } from "./handlebars.js";
import { helpersFor } from "./helpers.js";
import { said } from "./words.js";

interface Layer {
  id: string;
  template?: string;
  style?: unknown;
  marker?: unknown;
  pointToLayer?: unknown;
}

interface Maps {
  map(sources: { title: string; url: string }[], wishes: Record<string, unknown>): Promise<HTMLElement>;
}

/** Draws the map of a div; what cannot be read is said in its place. */
export async function show(box: HTMLElement, base: string): Promise<void> {
  const language = languageOf(box);
  try {
    const layers = JSON.parse(box.dataset["resources"] ?? "[]") as Layer[];
    if (layers.some((layer) => layer.marker || layer.pointToLayer) && !("L" in window)) console.info("udata.js: marker, pointToLayer: no Leaflet");
    const sources = await Promise.all(
      layers.map(async ({ id }) => {
        const { resource } = await ask<{ resource: { title?: string; latest?: string; url: string } }>(`${base}/api/2/datasets/resources/${encodeURIComponent(id)}/`);
        return { title: resource.title ?? id, url: resource.latest ?? resource.url };
      }),
    );
    const label = box.dataset["title"] ?? sources.map((source) => source.title).join(", ");
    const template = layers.find((layer) => layer.template)?.template;
    const part = (await import(`${base}/static/udata-map.mjs`)) as Maps;
    box.replaceChildren(await part.map(sources, { language, base, columns: [], filters: [], basemap: "", label, popup: template && popup(template, language, base) }));
    box.dispatchEvent(new CustomEvent("udata:ready", { bubbles: true }));
  } catch (cause) {
    console.info("udata.js", cause);
    box.replaceChildren(failure(said("unreachable", language), base));
  }
}

/** What a template makes of a feature: a function of the page by its name, a template by its selector, or the text itself. */
function popup(template: string, language: string, base: string): (properties: Record<string, unknown>) => Node {
  const named = (window as unknown as Record<string, unknown>)[template];
  return (properties) => {
    const source = typeof named === "function" ? String((named as (given: unknown) => unknown)(properties)) : (written(template) ?? template);
    const html = typeof named === "function" ? source : compile(source, helpersFor(language, base))(properties);
    return elements(html);
  };
}

function written(selector: string): string | undefined {
  try {
    return document.querySelector(selector)?.textContent ?? undefined;
  } catch {
    return undefined; // it is no selector but a template
  }
}
