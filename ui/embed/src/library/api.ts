// The client of a site's API: what is asked for twice is fetched once, and objects asked for together come together.
import { ask } from "../site.js";

/** An object of the catalogue as version 2 of the API shows it. */
export interface CatalogObject {
  id: string;
  [member: string]: unknown;
}

export type Kind = "dataset" | "organization" | "reuse" | "dataservice" | "topic" | "territory";

export type Params = Record<string, string | number | boolean | readonly string[] | null | undefined>;

/** A page of a list; lists of searches have facets. */
export interface Page<T = CatalogObject> {
  data: T[];
  page: number;
  page_size: number;
  total: number;
  next_page: string | null;
  facets?: Record<string, { name: string; count: number }[]>;
}

/** What stands for an object that cannot be read. */
interface Missing {
  error: { status: number; message: string };
}

interface Wanted {
  reference: string;
  resolve(object: CatalogObject): void;
  reject(cause: unknown): void;
}

const together = 50; // objects of one request

/** The API of one site. */
export class Api {
  #answers = new Map<string, Promise<unknown>>();
  #wanted: Wanted[] = [];

  constructor(readonly base: string) {}

  /** The whole address of a path of the site. */
  url(path: string, params: Params = {}): string {
    const url = new URL(path, this.base);
    for (const [name, value] of Object.entries(params)) {
      if (value === undefined || value === null || value === "") continue;
      for (const each of Array.isArray(value) ? (value as string[]) : [value]) url.searchParams.append(name, String(each));
    }
    return url.href;
  }

  /** What an address of the API answers; asked once as long as the page lives, failures left out. */
  get<T>(path: string, params?: Params): Promise<T> {
    const address = this.url(path, params);
    let answer = this.#answers.get(address) as Promise<T> | undefined;
    if (!answer) {
      answer = ask<T>(address);
      this.#answers.set(address, answer);
      answer.catch(() => this.#answers.delete(address));
    }
    return answer;
  }

  /** An object by identifier or slug. All that is asked for in one go of the page's scripts is one request. */
  object(kind: Kind, ref: string): Promise<CatalogObject> {
    const reference = `${kind}-${ref}`;
    let answer = this.#answers.get(reference) as Promise<CatalogObject> | undefined;
    if (!answer) {
      answer = new Promise((resolve, reject) => {
        if (this.#wanted.push({ reference, resolve, reject }) === 1) queueMicrotask(() => void this.#fetch());
      });
      this.#answers.set(reference, answer);
      answer.catch(() => this.#answers.delete(reference));
    }
    return answer;
  }

  async #fetch(): Promise<void> {
    const wanted = this.#wanted.splice(0, together);
    if (this.#wanted.length) void this.#fetch();
    try {
      const references = wanted.map((each) => each.reference.replace(/,/g, " ")).join(",");
      const objects = await ask<(CatalogObject | Missing)[]>(this.url("/api/2/objects/", { references }));
      wanted.forEach((each, i) => {
        const object = objects[i] as (CatalogObject & Missing) | undefined;
        if (object && !object.error) each.resolve(object);
        else each.reject(Object.assign(new Error(object?.error.message), { status: object?.error.status ?? 404 }));
      });
    } catch (cause) {
      wanted.forEach((each) => each.reject(cause));
    }
  }

  dataset(id: string): Promise<CatalogObject> {
    return this.object("dataset", id);
  }

  organization(id: string): Promise<CatalogObject> {
    return this.object("organization", id);
  }

  reuse(id: string): Promise<CatalogObject> {
    return this.object("reuse", id);
  }

  dataservice(id: string): Promise<CatalogObject> {
    return this.object("dataservice", id);
  }

  topic(id: string): Promise<CatalogObject> {
    return this.object("topic", id);
  }

  /** All datasets that match, page after page. */
  datasets(params?: Params): AsyncGenerator<CatalogObject> {
    return this.#each("/api/1/datasets/", params);
  }

  /** All that a search finds, best first; type is datasets, organizations, reuses, dataservices, topics or posts. */
  search(type: string, params?: Params): AsyncGenerator<CatalogObject> {
    return this.#each(`/api/2/${type}/search/`, params);
  }

  /** A resource, and its rows where the site serves tables. */
  resource(id: string): { get(): Promise<CatalogObject>; rows(query?: Params): AsyncGenerator<Record<string, unknown>> } {
    const path = encodeURIComponent(id);
    return {
      get: async () => (await this.get<{ resource: CatalogObject }>(`/api/2/datasets/resources/${path}/`)).resource,
      rows: (query) => this.#rows(`/tabular/api/resources/${path}/data/`, query),
    };
  }

  /** A territory and the datasets about it. */
  zone(id: string): { get(): Promise<CatalogObject>; datasets(size?: number): Promise<CatalogObject[]> } {
    return {
      get: () => this.object("territory", id),
      datasets: (size = 50) => this.get<CatalogObject[]>(`/api/1/spatial/zone/${encodeURIComponent(id)}/datasets/`, { dynamic: "true", size }),
    };
  }

  async *#each(path: string, params?: Params): AsyncGenerator<CatalogObject> {
    for (let next: string | null = this.url(path, params); next; ) {
      const page: Page = await this.get<Page>(next);
      yield* page.data;
      next = page.next_page;
    }
  }

  async *#rows(path: string, query?: Params): AsyncGenerator<Record<string, unknown>> {
    for (let next: string | null | undefined = this.url(path, query); next; ) {
      const page: { data: Record<string, unknown>[]; links?: { next?: string | null } } = await this.get(next);
      yield* page.data;
      next = page.links?.next;
    }
  }
}

const apis = new Map<string, Api>();

/** The API of a site, the same for all who ask. */
export function api(base: string): Api {
  const origin = new URL(base, document.baseURI).origin;
  let known = apis.get(origin);
  if (!known) apis.set(origin, (known = new Api(origin)));
  return known;
}
