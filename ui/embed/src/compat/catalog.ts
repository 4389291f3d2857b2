// A list of datasets as udata-js showed it: the attributes of a div, templates, and clicks on links with hooks.
import { ask, failure, originOf } from "../site.js";
import { languageOf } from "../texts.js";
import { compile, elements, Markup, type Helper } from "./handlebars.js";
import { helpersFor } from "./helpers.js";
import { templates } from "./templates.js";
import { said } from "./words.js";

interface Page {
  data: Record<string, unknown>[];
  page: number;
  page_size: number;
  total: number;
  facets?: Record<string, { name: string; count: number }[]>;
}

type State = Record<string, string | string[]>;

const hooks: Record<string, string> = { tag: "Tag", license: "License", geozone: "Geozone", granularity: "Granularity", format: "Format" };
const sorts = ["title", "created", "last_modified", "followers", "reuses"];
const apiName = (name: string) => name.replace("pageS", "page_s");
/** The sort of the API by how pages call it. */
const sortOf = (sort: string) => sort.replace("last_modified", "last_update");
const own = ["organizations", "facets", "sharelink", "sharemaps", "udataReady"];

export class Catalog {
  #state: State = {};
  #language: string;
  #helpers: Record<string, Helper>;
  #names = new Map<string, string>();
  #run = 0;

  constructor(
    readonly box: HTMLElement,
    readonly base: string,
  ) {
    this.#language = languageOf(box);
    this.#helpers = helpersFor(this.#language, base);
    for (const [name, value] of Object.entries(box.dataset)) if (!own.includes(name) && value !== undefined) this.#state[name] = name === "tag" ? value.split(",") : value;
    if (!this.#state["sort"]) this.#state["sort"] = "title";
    box.addEventListener("click", (event) => this.#clicked(event));
    box.addEventListener("submit", (event) => this.#sent(event));
    box.addEventListener("change", (event) => this.#changed(event));
  }

  get #organizations(): string[] {
    return (this.box.dataset["organizations"] ?? "").split(",").map((id) => id.trim()).filter(Boolean);
  }

  async show(focus = ""): Promise<void> {
    const run = ++this.#run;
    this.box.setAttribute("aria-busy", "true");
    try {
      const [page] = await Promise.all([this.#page(), this.#know()]);
      if (run !== this.#run) return;
      this.box.replaceChildren(...this.#parts(page));
      if (focus) this.box.querySelector<HTMLElement>(focus)?.focus();
    } catch (cause) {
      if (run !== this.#run) return;
      console.info("udata.js", cause);
      this.box.replaceChildren(failure(said("unreachable", this.#language), this.base));
    } finally {
      this.box.removeAttribute("aria-busy");
    }
  }

  /** The page of the list: its facets come from the search, all the rest from the list that pages were written for. */
  async #page(): Promise<Page> {
    const url = new URL("/api/1/datasets/", this.base);
    const search = new URL("/api/2/datasets/search/", this.base);
    for (const [name, value] of Object.entries(this.#state)) {
      for (const each of Array.isArray(value) ? value : [value]) {
        if (!each) continue;
        const api = apiName(name);
        const given = name === "sort" ? sortOf(each) : each;
        url.searchParams.append(api, given);
        if (!["sort", "page", "page_size"].includes(api)) search.searchParams.append(api, given);
      }
    }
    if (!this.#state["organization"]) {
      const all = this.#organizations;
      if (all.length === 1) url.searchParams.set("organization", all[0]!);
      else return this.#ofSeveral(search, all);
      search.searchParams.set("organization", all[0]!);
    }
    if (!this.box.dataset["facets"]) return ask<Page>(url.href);
    search.searchParams.set("page_size", "1");
    const [page, counted] = await Promise.all([ask<Page>(url.href), ask<Page>(search.href)]);
    return { ...page, ...(counted.facets ? { facets: counted.facets } : {}) };
  }

  // The list knows one organisation at a time, the search several.
  #ofSeveral(search: URL, all: string[]): Promise<Page> {
    search.searchParams.set("organization", all.join(","));
    const sort = sortOf(String(this.#state["sort"]));
    if (!sort.endsWith("title")) search.searchParams.set("sort", sort);
    for (const name of ["page", "page_size", "pageSize"]) if (this.#state[name]) search.searchParams.set(apiName(name), String(this.#state[name]));
    return ask<Page>(search.href);
  }

  /** The names of the organisations to choose from. */
  async #know(): Promise<void> {
    const unknown = this.#organizations.filter((id) => !this.#names.has(id));
    if (!unknown.length || this.#organizations.length < 2) return;
    const references = unknown.map((id) => `organization-${id}`).join(",");
    const found = await ask<{ name?: string }[]>(`${this.base}/api/2/objects/?references=${references}`);
    unknown.forEach((id, i) => this.#names.set(id, found[i]?.name ?? id));
  }

  #parts(page: Page): Node[] {
    const state = this.#state;
    const sort = String(state["sort"]);
    const tags = ([] as string[]).concat(state["tag"] ?? []);
    const chosen = Object.keys(hooks).filter((name) => name !== "tag" && state[name]).map((name) => ({ name, value: state[name] }));
    const orgs = this.#organizations.map((id) => ({ id, name: this.#names.get(id) ?? id }));
    const order = { sort: sort.replace("-", ""), sortDesc: sort.startsWith("-"), sortTypes: state["sort"] === "false" ? undefined : sorts.map((id) => ({ id })) };
    const data = page.data.map((dataset) => ({ ...dataset, logo: pictureOf(dataset, this.base) }));
    const html = [this.#write("datasetsForm", { ...state, orgs, tags, chosen, ...order }), this.#write("datasets", { ...page, data, ...order, facets: this.#facets(page) })];
    if (this.box.dataset["sharelink"] === "true") html.push(this.#write("shareLink", { url: location.href }));
    const made = elements(html.join(""));
    // large enough for fingers, whatever the style of the page
    made.querySelectorAll<HTMLElement>('a[href="#"]').forEach(({ style }) => (style.cssText = "display:inline-block;min-width:24px;min-height:24px"));
    return Array.from(made.childNodes);
  }

  #facets(page: Page): unknown[] | undefined {
    const wished = this.box.dataset["facets"];
    if (!wished || !page.facets) return undefined;
    const names = wished === "all" ? Object.keys(hooks) : wished.split(/[\s,]+/).filter((name) => hooks[name]);
    const panels = names.map((name) => ({ name, hook: hooks[name], values: (page.facets![name] ?? []).slice(0, 5).map((bucket) => ({ value: bucket.name, label: bucket.name, count: bucket.count })) }));
    return panels.filter((panel) => panel.values.length);
  }

  /** A template of the page, else ours. */
  #write(name: string, data: unknown): string {
    const written = document.getElementById(`udata_template_${name}`);
    try {
      return compile(written ? written.textContent ?? "" : templates[name] ?? "", this.#helpers)(data);
    } catch (cause) {
      console.info(`udata_template_${name}`, cause);
      return compile(templates[name] ?? "", this.#helpers)(data);
    }
  }

  #set(change: State, focus = ""): void {
    this.#state = { ...this.#state, page: "1", ...change };
    void this.show(focus);
  }

  #clicked(event: Event): void {
    const link = event.target instanceof Element && event.target.closest<HTMLElement>("a, button");
    if (!link || !this.box.contains(link)) return;
    const hook = Array.from(link.attributes).find(({ name }) => /^data-(page|dataset|add\w+|remove\w+)$/i.test(name));
    if (!hook && !link.matches(".reloadDataSets, .sortdirection")) return;
    event.preventDefault();
    const sort = String(this.#state["sort"]);
    if (link.matches(".sortdirection")) return this.#set({ sort: sort.startsWith("-") ? sort.slice(1) : `-${sort}` }, ".sortdirection");
    if (!hook) return void this.show();
    const name = hook.name.slice("data-".length).toLowerCase();
    const tags = ([] as string[]).concat(this.#state["tag"] ?? []);
    if (name === "page") this.#set({ page: hook.value }, `[data-page="${CSS.escape(hook.value)}"]`);
    else if (name === "dataset") void this.#detail(link, hook.value);
    else if (name === "addtag") this.#set({ tag: [...new Set([...tags, hook.value])] });
    else if (name === "removetag") this.#set({ tag: tags.filter((tag) => tag !== hook.value) });
    else if (name === "removeparam") this.#set({ [hook.value]: "" });
    else if (name.startsWith("add")) this.#set({ [name.slice("add".length)]: hook.value });
  }

  /** Opens or closes what is said of a dataset below its line. */
  async #detail(link: HTMLElement, id: string): Promise<void> {
    const line = this.box.querySelector(`.dataset-result[data-dataset="${CSS.escape(id)}"]`);
    if (!line) return;
    const open = line.querySelector(".dataset");
    link.setAttribute("aria-expanded", String(!open));
    if (open) return open.remove();
    const dataset = await ask<Record<string, unknown>>(`${this.base}/api/1/datasets/${encodeURIComponent(id)}/`);
    const resources = (dataset["resources"] as Record<string, unknown>[]).map((resource) => ({
      ...resource, li: new Markup(this.#write("li_resource", { metadata_url: dataset["page"], license: dataset["license"], organization: dataset["organization"], ...resource })),
    }));
    line.append(elements(this.#write("dataset", { ...dataset, resources })));
  }

  #sent(event: Event): void {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !form.matches(".datasetsForm")) return;
    event.preventDefault();
    const values = new FormData(form);
    this.#set({ q: String(values.get("q") ?? ""), ...(values.has("organizations") ? { organization: String(values.get("organizations")) } : {}) }, '[name="q"]');
  }

  #changed(event: Event): void {
    const field = event.target;
    if (!(field instanceof HTMLSelectElement)) return;
    if (field.matches(".result-sort select[name=sort]")) this.#set({ sort: (String(this.#state["sort"]).startsWith("-") ? "-" : "") + field.value }, ".result-sort select");
    else if (field.name === "organizations") this.#set({ organization: field.value }, '[name="organizations"]');
  }
}

function pictureOf(dataset: Record<string, unknown>, base: string): string {
  const organization = dataset["organization"] as { id?: string; logo_thumbnail?: string } | null;
  return organization?.logo_thumbnail && organization.id ? `${base}/pictures/organizations/${organization.id}/100` : "";
}

/** The site of the script: that of udata.js, of this file, or of the page itself. */
export function siteOf(script: HTMLScriptElement | null): string {
  return originOf(script?.src) || originOf(document.querySelector<HTMLScriptElement>('script[src*="/udata"]')?.src) || location.origin;
}
