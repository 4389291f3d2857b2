// A search of datasets with its filters.
import type { Page, Params } from "./api.js";
import { make } from "./element.js";
import { CardElement } from "./object.js";
import { say } from "./words.js";

const allFacets = ["tag", "license", "geozone", "granularity", "format", "organization"];
const sorts = ["", "-created", "-last_update", "-reuses", "-followers"];
const values = 30; // of a filter

export class SearchElement extends CardElement {
  /** What the reader chose, over what the page set. */
  #chosen: Record<string, string> = {};
  #started = false;
  #focus = "";

  protected override async content(): Promise<Node> {
    if (!this.#started) this.#start();
    const params = this.#params();
    const page = await this.api.get<Page>("/api/2/datasets/search/", params);
    this.data = { params, page };
    if (this.#focus || page.page > 1) this.tell("udata:change", this.data);
    const results = this.list({ params, page }, this.look("dataset"), (to) => this.#choose({ page: String(to) }, "page"));
    const shown = make("div", { class: "udata-search" }, this.#form(page), results);
    if (this.#focus) setTimeout(() => this.#refocus(shown));
    return shown;
  }

  // An address that somebody shared begins where they were.
  #start(): void {
    this.#started = true;
    if (!this.hasAttribute("sync-url")) return;
    for (const name of ["q", "sort", "page", ...allFacets]) {
      const value = new URLSearchParams(location.search).get(`udata-${name}`);
      if (value) this.#chosen[name] = value;
    }
  }

  #params(): Params {
    const chosen = this.#chosen;
    const tags = [this.getAttribute("tag"), chosen["tag"]].flatMap((list) => (list ? list.split(",") : [])).map((tag) => tag.trim());
    const params: Params = { page: chosen["page"] || 1, page_size: this.pageSize, tag: tags };
    for (const name of ["q", "sort", ...allFacets.slice(1)]) params[name] = chosen[name] ?? this.getAttribute(name);
    return params;
  }

  #choose(change: Record<string, string>, focus: string): void {
    this.#chosen = { ...this.#chosen, page: "1", ...change };
    this.#focus = focus;
    if (this.hasAttribute("sync-url")) {
      const url = new URL(location.href);
      for (const [name, value] of Object.entries(this.#chosen)) {
        if (value && !(name === "page" && value === "1")) url.searchParams.set(`udata-${name}`, value);
        else url.searchParams.delete(`udata-${name}`);
      }
      history.replaceState(history.state, "", url);
    }
    this.refresh();
  }

  // What was drawn anew keeps the place of the keyboard.
  #refocus(shown: HTMLElement): void {
    if (!shown.isConnected) return;
    const target = this.#focus === "page" ? shown.querySelector<HTMLElement>(".udata-total") : shown.querySelector<HTMLElement>(`[name="${this.#focus}"]`);
    if (this.#focus === "page") target?.setAttribute("tabindex", "-1");
    target?.focus();
    this.#focus = "";
  }

  #form(page: Page): HTMLElement {
    const language = this.language;
    const field = make("input", { type: "search", name: "q", "aria-label": say(language, "search"), placeholder: say(language, "search"), part: "input" }) as HTMLInputElement;
    field.value = this.#chosen["q"] ?? this.getAttribute("q") ?? "";
    const form = make("form", { role: "search", class: "udata-form" }, field, make("button", { part: "button" }, say(language, "search")));
    form.append(this.#select("sort", "sort", sorts.map((value) => [value, say(language, value || "relevance")])));
    const wished = this.getAttribute("facets") ?? "";
    for (const name of wished.trim() === "all" ? allFacets : wished.split(/[\s,]+/).filter((each) => allFacets.includes(each))) {
      const options = this.#options(name, page);
      if (options.length) form.append(this.#select(name, name, [["", say(language, "all")], ...options]));
    }
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#choose({ q: field.value.trim() }, "q");
    });
    return form;
  }

  /** The values of a filter; names of organisations come with their identifiers. */
  #options(name: string, page: Page): [string, string][] {
    const buckets = page.facets?.[name === "organization" ? "organization_id_with_name" : name] ?? [];
    const among = name === "organization" ? (this.getAttribute(name) ?? "").split(",").map((id) => id.trim()).filter(Boolean) : [];
    return buckets
      .map((bucket): [string, string] => {
        const [id, ...label] = name === "organization" ? bucket.name.split("|") : [bucket.name];
        return [id!, `${label.join("|") || id} (${bucket.count})`];
      })
      .filter(([id]) => !among.length || among.includes(id))
      .slice(0, values);
  }

  #select(name: string, label: string, options: [string, string][]): HTMLElement {
    const select = make("select", { name, part: "input" }) as HTMLSelectElement;
    const now = this.#chosen[name] ?? this.getAttribute(name) ?? "";
    if (!options.some(([value]) => value === now) && !now.includes(",")) options.push([now, now]);
    for (const [value, words] of options) select.append(new Option(words, value, false, value === now));
    select.addEventListener("change", () => this.#choose({ [name]: select.value }, name));
    return make("label", {}, make("span", {}, say(this.language, label)), select);
  }
}
