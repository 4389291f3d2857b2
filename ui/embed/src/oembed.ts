// oembed.js: cards, lists and pages of the site in pages of others, by attributes of elements. It runs by itself.
import { ask, chunks, failure, originOf, parsed, running, wear, whenRead } from "./site.js";
import { languageOf, text, type Words } from "./texts.js";

declare const CARD_CSS: string;

const added = "__GRENIER_STYLE__"; // the style of the site's theme
const atOnce = 50; // cards asked for in one request

/** What an attribute shows: a card, or a page in a frame with its height until the page tells it. */
const kinds: Record<string, { page: string; card?: boolean; height: number; width?: number }> = {
  dataservice: { page: "dataservices", card: true, height: 180 },
  dataset: { page: "datasets", card: true, height: 180 },
  organization: { page: "organizations", card: true, height: 220, width: 440 },
  reuse: { page: "reuses", card: true, height: 400, width: 440 },
  topic: { page: "topics", card: true, height: 180 },
  territory: { page: "territories", card: true, height: 180 },
  "search-dataset": { page: "search-datasets", height: 1500 },
  "search-dataservice": { page: "search-dataservices", height: 1500 },
  "list-reuse": { page: "list-reuses", height: 900 },
};

/** What elements of the library draw. */
const drawn = ["chart", "resource"];

const words: Words = {
  unknown: "Contenu introuvable :|Content not found:|Contenido no encontrado:|Conteúdo não encontrado:|Inhalt nicht gefunden:|Contenuto non trovato:",
  unreachable: "Contenu indisponible :|Content not available:|Contenido no disponible:|Conteúdo indisponível:|Inhalt nicht verfügbar:|Contenuto non disponibile:",
  frame: "Contenu de {}|Content of {}|Contenido de {}|Conteúdo de {}|Inhalt von {}|Contenuto di {}",
};

interface Embed {
  html: string;
  error?: string;
}

const script = running();
const source = document.querySelector<HTMLScriptElement>("script[data-udata]") || script || document.querySelector<HTMLScriptElement>('script[src*="/oembed.js"]');
const base = originOf(source && (source.getAttribute("data-udata") || source.src)) || location.origin;

interface Place {
  element: HTMLElement;
  kind: string;
  id: string;
}

function fill(): void {
  const waiting: Place[] = [];
  for (const kind of Object.keys(kinds)) {
    for (const element of Array.from(document.querySelectorAll<HTMLElement>(`[data-udata-${kind}]`))) {
      const id = (element.getAttribute(`data-udata-${kind}`) || "").trim();
      if (!id || element.hasAttribute("data-udata-embedded")) continue; // it was filled, maybe by another copy of this script
      element.setAttribute("data-udata-embedded", "");
      if (kinds[kind]!.card && element.getAttribute("data-mode") !== "iframe") waiting.push({ element, kind, id });
      else frame({ element, kind, id });
    }
  }
  for (const part of chunks(waiting, atOnce)) void cards(part);
  for (const kind of drawn) document.querySelectorAll<HTMLElement>(`[data-udata-${kind}]:not([data-udata-embedded])`).forEach((element) => draw(element, kind));
}

// The library comes once, however many elements ask for it.
function draw(element: HTMLElement, kind: string): void {
  element.setAttribute("data-udata-embedded", "");
  const made = document.createElement(`udata-${kind}`);
  made.setAttribute("base", base);
  made.setAttribute("ref", element.getAttribute(`data-udata-${kind}`)!);
  for (const name of ["view", "columns"]) if (element.hasAttribute(`data-${name}`)) made.setAttribute(name, element.getAttribute(`data-${name}`)!);
  element.append(made);
  const src = `${base}/static/udata.mjs`;
  if (document.querySelector(`script[src="${src}"]`)) return;
  const library = document.createElement("script");
  library.type = "module";
  library.src = src;
  document.head.append(library);
}

// One request for many cards.
async function cards(places: Place[]): Promise<void> {
  places.forEach(({ element }) => element.setAttribute("aria-busy", "true"));
  const references = places.map(({ kind, id }) => encodeURIComponent(`${kind}-${id.replace(/,/g, " ")}`)).join(",");
  let list: Embed[] | undefined;
  try {
    list = await ask<Embed[]>(`${base}/api/1/oembeds/?references=${references}&form=card&partial=1&lang=${languageOf()}`);
  } catch (cause) {
    console.info("oembed.js", cause); // the page says it where the cards would be
  }
  places.forEach(({ element }, i) => show(element, list && list[i], !list));
}

function show(element: HTMLElement, answer: Embed | undefined, lost: boolean): void {
  element.removeAttribute("aria-busy");
  element.textContent = "";
  if (!answer || answer.error) {
    wear(document, "udata-oembed-css", CARD_CSS + added);
    element.append(failure(text(words, lost ? "unreachable" : "unknown", languageOf(element)), base));
    return;
  }
  const box = document.createElement("div");
  box.className = "udata-oembed";
  box.append(parsed(answer.html));
  const shadow = element.getAttribute("data-mode") !== "light" && !element.shadowRoot && shadowOf(element);
  wear(shadow || document, "udata-oembed-css", CARD_CSS + added);
  (shadow || element).append(box);
}

// Few elements can have one; the others hold their card themselves.
function shadowOf(element: HTMLElement): ShadowRoot | undefined {
  try {
    return element.attachShadow({ mode: "open" });
  } catch {
    return undefined;
  }
}

function frame({ element, kind, id }: Place): void {
  const { page, height, width, card } = kinds[kind]!;
  const size = (name: string, usual?: number) => {
    const wished = card ? 0 : parseInt(element.getAttribute(`data-${name}`) || "", 10);
    return wished > 0 ? `${wished}px` : usual ? `${usual}px` : "100%";
  };
  const made = document.createElement("iframe");
  const language = languageOf(element);
  const [path, query] = id.split("?");
  made.src = `${base}/embeds/${page}/${path!.split("/").map(encodeURIComponent).join("/")}?${query ? `${query}&` : ""}lang=${language}`;
  made.title = element.getAttribute("data-title") || text(words, "frame", language, new URL(base).host);
  made.loading = "lazy";
  Object.assign(made.style, { width: size("width", width), maxWidth: "100%", height: size("height", height), border: "0", display: "block" });
  element.textContent = "";
  element.append(made);
  const fixed = !card && element.hasAttribute("data-height");
  if (!fixed) window.addEventListener("message", (event) => grow(made, event));
}

// The page in a frame tells how high it is.
function grow(framed: HTMLIFrameElement, event: MessageEvent): void {
  if (event.origin !== base || event.source !== framed.contentWindow || !event.data || event.data.type !== "udata:height") return;
  const height = Number(event.data.height);
  if (height > 0 && height < 20_000) framed.style.height = `${Math.ceil(height)}px`;
}

whenRead(fill);
