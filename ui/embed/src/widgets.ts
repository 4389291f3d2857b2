// widgets.js: cards of datasets, of an organisation's or a territory's, in pages of other sites. The names of its
// functions, attributes, classes and of its event are those that pages have used since 2016.
import { addSearch } from "./widgets-search.js";
import { openBox } from "./widgets-box.js";
import { ask, chunks, failure, originOf, parsed, running, unknown, wear, whenRead } from "./site.js";
import { languageOf, text } from "./texts.js";
import { words } from "./widgets-texts.js";

declare const WIDGETS_CSS: string;

export interface Options {
  withDynamic?: boolean;
  withSearch?: boolean;
}

interface Embed {
  html: string;
  error?: string;
}

interface Item {
  class: string;
  id: string;
}

interface Page {
  data: Item[];
  next_page?: string | null;
}

const atOnce = 12; // references asked for in one request
const perPage = 50; // datasets of a list before "show more"
const added = "__GRENIER_STYLE__"; // the style of the site's theme

const script = running();
const named = document.querySelector<HTMLScriptElement>("script#udata");
const source = named || script || document.querySelector<HTMLScriptElement>('script[src*="/widgets.js"]');
const base =
  originOf(source && (source.getAttribute("data-udata") || source.src)) || originOf((window as { udataURL?: string }).udataURL) || location.origin;

const embedded = new WeakMap<Element, Promise<boolean>>(); // what was begun, and whether it became a card
const listed = new WeakMap<Element, Promise<HTMLElement[]>>(); // containers

const say = (name: string) => text(words, name, languageOf());

/** The reference of an element, as the site reads it; empty when it names nothing. */
function reference(element: Element): string {
  const territory = element.getAttribute("data-udata-territory-id") || element.getAttribute("data-udata-town-id");
  const dataset = element.getAttribute("data-udata-dataset-id");
  return territory ? `territory-${territory}` : dataset ? `dataset-${dataset}` : "";
}

/** Fills elements with their cards, a few requests for all. Gives those that show a card. */
async function embed(elements: HTMLElement[]): Promise<HTMLElement[]> {
  wear(document, "udata-widgets-css", WIDGETS_CSS + added);
  for (const part of chunks(elements.filter((element) => !embedded.has(element)), atOnce)) {
    const answers = askFor(part);
    part.forEach((element, i) => {
      element.setAttribute("aria-busy", "true");
      embedded.set(element, answers.then((list) => show(element, list && list[i])));
    });
  }
  const shown = await Promise.all(elements.map((element) => embedded.get(element)!));
  return elements.filter((_, i) => shown[i]);
}

async function askFor(elements: Element[]): Promise<Embed[] | undefined> {
  const references = elements.map((element) => encodeURIComponent(reference(element).replace(/,/g, " "))).join(",");
  try {
    return await ask<Embed[]>(`${base}/api/1/oembeds/?references=${references}&partial=1&lang=${languageOf()}`);
  } catch (cause) {
    complain(cause);
    return undefined;
  }
}

function show(element: HTMLElement, answer: Embed | undefined): boolean {
  element.removeAttribute("aria-busy");
  element.textContent = "";
  if (!answer || !answer.html) {
    element.append(failure(say(answer ? "unknown" : "unreachable"), base));
    return false;
  }
  element.append(parsed(answer.html));
  element.addEventListener("click", (event) => openBox(event, element, source ? source.src : `${base}/static/widgets.js`, say));
  return !answer.error;
}

// What failed is told where the card would be; the console is for who looks closer, and says no error.
function complain(cause: unknown): void {
  console.info("widgets.js", cause);
}

function announce(datasets: HTMLElement[]): HTMLElement[] {
  window.dispatchEvent(new CustomEvent("udataset:loaded", { bubbles: true, cancelable: true, detail: { datasets } }));
  return datasets;
}

const all = (selector: string) => Array.from(document.querySelectorAll<HTMLElement>(selector));

async function loadDatasets(): Promise<HTMLElement[]> {
  const elements = [...all("[data-udata-territory-id],[data-udata-town-id]"), ...all("[data-udata-dataset-id]")];
  const fresh = elements.some((element) => !embedded.has(element));
  const shown = await embed(elements);
  return fresh ? announce(shown) : shown;
}

/** Fills every container with a list, once; a search field is added whenever it is asked for. */
async function load(selector: string, search: boolean | undefined, fill: (container: HTMLElement) => Promise<HTMLElement[]>): Promise<HTMLElement[]> {
  const containers = all(selector);
  const fresh = containers.some((container) => !listed.has(container));
  const lists = await Promise.all(
    containers.map(async (container) => {
      if (!listed.has(container)) listed.set(container, filled(container, fill));
      const shown = await listed.get(container)!;
      if (search && shown.length) addSearch(container, say);
      return shown;
    }),
  );
  const shown = lists.reduce((some, more) => some.concat(more), []);
  return fresh ? announce(shown) : shown;
}

async function filled(container: HTMLElement, fill: (container: HTMLElement) => Promise<HTMLElement[]>): Promise<HTMLElement[]> {
  container.setAttribute("aria-busy", "true");
  try {
    const shown = await fill(container);
    if (!container.querySelector("[data-udata-dataset-id],[data-udata-territory-id]")) container.append(failure(say("nothing"), base));
    return shown;
  } catch (cause) {
    complain(cause);
    container.append(failure(say(unknown(cause) ? "unknown" : "unreachable"), base));
    return [];
  } finally {
    container.removeAttribute("aria-busy");
  }
}

function place(container: HTMLElement, attribute: string, value: string): HTMLElement {
  const element = document.createElement("div");
  element.setAttribute(attribute, value);
  container.append(element);
  return element;
}

const loadTerritory = ({ withDynamic = true, withSearch = false }: Options = {}) =>
  load("[data-udata-territory]", withSearch, (container) => territory(container, withDynamic, 0));

// The list of a territory has no pages: who wants more asks for a longer one.
async function territory(container: HTMLElement, dynamic: boolean, shown: number): Promise<HTMLElement[]> {
  const value = container.getAttribute("data-udata-territory")!;
  const zone = value.split("-").map(encodeURIComponent).join("/");
  const size = shown + perPage;
  const items = await ask<Item[]>(`${base}/api/1/spatial/zone/${zone}/datasets?dynamic=${dynamic}&size=${size}`);
  const fresh = items.slice(shown);
  const places = [
    ...fresh.filter((item) => item.class !== "Dataset").map((item) => place(container, "data-udata-territory-id", `${value}-${item.id}`)),
    ...fresh.filter((item) => item.class === "Dataset").map((item) => place(container, "data-udata-dataset-id", item.id)),
  ];
  if (items.length >= size) more(container, () => territory(container, dynamic, size));
  return embed(places);
}

const loadOrganization = ({ withSearch = false }: Options = {}) =>
  load("[data-udata-organization]", withSearch, (container) => organization(container, 1));

async function organization(container: HTMLElement, page: number): Promise<HTMLElement[]> {
  const id = encodeURIComponent(container.getAttribute("data-udata-organization")!);
  const answer = await ask<Page>(`${base}/api/1/organizations/${id}/datasets/?page_size=${perPage}&page=${page}`);
  const places = answer.data.map((item) => place(container, "data-udata-dataset-id", item.id));
  if (answer.next_page) more(container, () => organization(container, page + 1));
  return embed(places);
}

/** A button at the end of a list; the focus goes to the first new card. */
function more(container: HTMLElement, next: () => Promise<HTMLElement[]>): void {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "udata-more";
  button.textContent = say("more");
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      const shown = announce(await next());
      const link = shown[0] && shown[0].querySelector("a");
      if (link) link.focus();
      button.remove();
    } catch (cause) {
      complain(cause);
      button.disabled = false;
      button.after(failure(say("unreachable"), base));
    }
  });
  container.after(button);
}

/** What functions of pages get: errors are told, never thrown. */
const guarded =
  (run: (options?: Options) => Promise<HTMLElement[]>) =>
  (options?: Options): Promise<HTMLElement[] | undefined> =>
    run(options).catch((cause) => {
      complain(cause);
      return undefined;
    });

const udataScript = { loadDatasets: guarded(loadDatasets), loadTerritory: guarded(loadTerritory), loadOrganization: guarded(loadOrganization) };

// Pages of early 2016 call nothing; where a policy forbids handlers in the markup, they are read instead of run.
function runByItself(tag: HTMLScriptElement): void {
  const wish = tag.getAttribute("onload") || "";
  const called = /udataScript\.(load\w+)/.exec(wish);
  const name = called ? called[1] : document.querySelector("[data-udata-territory]") ? "loadTerritory" : "loadDatasets";
  const run = udataScript[name as keyof typeof udataScript];
  if (run) run({ withSearch: /withSearch\s*:\s*true/.test(wish), withDynamic: !/withDynamic\s*:\s*false/.test(wish) });
}

const page = window as { udataScript?: typeof udataScript };
if (!page.udataScript) page.udataScript = udataScript;
if (script && !script.onload && page.udataScript === udataScript) whenRead(() => runByItself(script));
