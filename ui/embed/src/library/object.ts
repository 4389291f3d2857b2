// The elements that show one object, or the list of its datasets.
import type { CatalogObject, Kind, Page, Params } from "./api.js";
import { card, type Look } from "./card.js";
import { make, UdataElement } from "./element.js";
import { say } from "./words.js";

/** What is named by an attribute: an identifier, a slug, or the address of a page of the site or of its API. */
export function keyOf(ref: string, kind: Kind): string {
  if (!/^https?:\/\//.test(ref)) return ref;
  const parts = new URL(ref).pathname.split("/").filter(Boolean).map(decodeURIComponent);
  const at = parts.findIndex((part) => part === (kind === "territory" ? "territories" : `${kind}s`));
  if (kind === "territory" && parts[at + 2]) return `fr:${parts[at + 1]}:${parts[at + 2]}`;
  return parts[at + 1] ?? parts[parts.length - 1] ?? "";
}

const words = (attribute: string | null) => (attribute ?? "").split(/[\s,]+/).filter(Boolean);

/** What a list or a search holds, and how it came about. */
export interface Results {
  params: Params;
  page: Page;
}

/** An element that shows objects as cards or by a template. */
export abstract class CardElement extends UdataElement {
  protected look(kind: Kind): Look {
    return {
      kind, level: Math.min(Math.max(Number(this.getAttribute("heading")) || 3, 2), 6), layout: this.getAttribute("layout") || "card", fields: words(this.getAttribute("fields")), language: this.language, base: this.api.base,
    };
  }

  /** One object as the page or the library draws it; its links tell that it was chosen. */
  protected draw(object: CatalogObject, look: Look): Node {
    const template = this.template;
    const shown: HTMLElement = template ? make("div", { class: "udata-templated", part: "card" }, this.filled(template, object)) : card(object, look);
    shown.addEventListener("click", (event) => {
      const link = event.composedPath().find((target) => target instanceof HTMLAnchorElement);
      if (link && !this.tell("udata:select", object)) event.preventDefault();
    });
    return shown;
  }

  /** A list of objects with a heading that says how many there are, and a way to the other pages. */
  protected list(results: Results, look: Look, turn: (page: number) => void): HTMLElement {
    const { page } = results;
    const total = say(this.language, page.total ? "results" : "none", new Intl.NumberFormat(this.language).format(page.total));
    const last = Math.ceil(page.total / page.page_size) || 1;
    const button = (name: string, to: number) => {
      const made = make("button", { type: "button", part: "button" }, say(this.language, name)) as HTMLButtonElement;
      made.disabled = to < 1 || to > last;
      made.addEventListener("click", () => turn(to));
      return made;
    };
    return make(
      "div",
      { class: "udata-list" },
      make("p", { class: "udata-total", role: "status" }, total),
      make("ul", { class: "udata-items", role: "list" }, ...page.data.map((object) => make("li", {}, this.draw(object, look)))),
      last > 1 && make("nav", { class: "udata-pages", "aria-label": say(this.language, "page", `${page.page} / ${last}`) }, button("previous", page.page - 1), make("span", {}, say(this.language, "page", `${page.page} / ${last}`)), button("next", page.page + 1)),
    );
  }

  protected get pageSize(): number {
    return Math.min(Math.max(Number(this.getAttribute("page-size")) || 10, 1), 100);
  }
}

/** How the datasets of an object of a kind are asked for. */
const lists: Partial<Record<Kind, string>> = { organization: "organization", topic: "topic" };

abstract class ObjectElement extends CardElement {
  protected abstract kind: Kind;
  #page = 1;
  #words = "";

  protected override async content(): Promise<Node> {
    const object = await this.api.object(this.kind, keyOf(this.getAttribute("ref") ?? "", this.kind));
    if (this.hasAttribute("list") && (lists[this.kind] || this.kind === "territory")) return this.#datasets(object);
    this.data = this.needsAll ? await this.#whole(object) : object;
    return this.draw(this.data as CatalogObject, this.look(this.kind));
  }

  // The files of a dataset come with the dataset alone.
  private get needsAll(): boolean {
    return this.kind === "dataset" && (this.getAttribute("layout") === "full" || /resources\b/.test(this.template?.innerHTML ?? ""));
  }

  #whole(object: CatalogObject): Promise<CatalogObject> {
    return this.api.get<CatalogObject>(`/api/1/datasets/${encodeURIComponent(object.id)}/`);
  }

  async #datasets(object: CatalogObject): Promise<Node> {
    const params: Params = { q: this.#words, page: this.#page, page_size: this.pageSize, sort: this.getAttribute("sort") };
    const page = this.kind === "territory" ? await this.#ofTerritory(object.id) : await this.api.get<Page>("/api/2/datasets/search/", { ...params, [lists[this.kind]!]: object.id });
    this.data = { ...object, list: page };
    const shown = this.list({ params, page }, this.look("dataset"), (to) => {
      this.#page = to;
      this.refresh();
    });
    if (this.hasAttribute("with-search")) shown.prepend(this.#search());
    return shown;
  }

  // The list of a territory comes whole; its pages are ours.
  async #ofTerritory(id: string): Promise<Page> {
    const items = (await this.api.zone(id).datasets(200)).filter((item) => item["class"] === "Dataset");
    const found = items.filter((item) => String(item["title"]).toLowerCase().includes(this.#words.toLowerCase()));
    const size = this.pageSize;
    const data = await Promise.all(found.slice((this.#page - 1) * size, this.#page * size).map((item) => this.api.dataset(item.id)));
    return { data, page: this.#page, page_size: size, total: found.length, next_page: null };
  }

  #search(): HTMLElement {
    const label = say(this.language, "search");
    const field = make("input", { type: "search", name: "q", "aria-label": label, placeholder: label, part: "input" }) as HTMLInputElement;
    field.value = this.#words;
    const form = make("form", { role: "search", class: "udata-form" }, field, make("button", { part: "button" }, label));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#words = field.value.trim();
      this.#page = 1;
      this.refresh();
    });
    return form;
  }
}

export class DatasetElement extends ObjectElement {
  protected override kind = "dataset" as const;
}

export class OrganizationElement extends ObjectElement {
  protected override kind = "organization" as const;
}

export class ReuseElement extends ObjectElement {
  protected override kind = "reuse" as const;
}

export class DataserviceElement extends ObjectElement {
  protected override kind = "dataservice" as const;
}

export class TopicElement extends ObjectElement {
  protected override kind = "topic" as const;
}

export class TerritoryElement extends ObjectElement {
  protected override kind = "territory" as const;
}
