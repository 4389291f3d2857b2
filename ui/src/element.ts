// What all elements share.

/** An element that is set up when it enters the page, and leaves nothing behind when it goes. */
export abstract class Enhancement extends HTMLElement {
  #life = new AbortController();

  connectedCallback(): void {
    this.#life = new AbortController();
    this.connect();
  }

  disconnectedCallback(): void {
    this.#life.abort();
    this.disconnect();
  }

  /** Aborted when the element leaves the page. */
  get life(): AbortSignal {
    return this.#life.signal;
  }

  protected abstract connect(): void;

  protected disconnect(): void {}

  /** Listens until the element leaves the page. */
  protected listen<E extends Event>(target: EventTarget, type: string, handle: (event: E) => void, options?: AddEventListenerOptions): void {
    target.addEventListener(type, (event) => handle(event as E), { ...options, signal: this.life });
  }

  /** Runs later, unless the element left the page by then. */
  protected later(milliseconds: number, run: () => void): number {
    return window.setTimeout(() => {
      if (!this.life.aborted) run();
    }, milliseconds);
  }
}

/** An element with attributes and children; null attributes are left out. */
export function create<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Record<string, string | null> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value !== null) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** A polite live region, seen by nobody and read by screen readers. */
export function liveRegion(): HTMLElement {
  return create("span", { role: "status", class: "visually-hidden" });
}

/** Says a text in a live region; the same text twice is read twice. */
export function announce(region: HTMLElement, text: string): void {
  region.textContent = "";
  window.setTimeout(() => (region.textContent = text), 50);
}

/** Whether a failure only means that nobody waits for the answer any more. */
export function isAbort(failure: unknown): boolean {
  return failure instanceof DOMException && failure.name === "AbortError";
}

let made = 0;

/** An id that no other element of the page has. */
export function freshId(prefix: string): string {
  let id: string;
  do id = `${prefix}-${++made}`;
  while (document.getElementById(id));
  return id;
}

/** The address as one of the web, seen from this page; undefined when it is none (javascript:, data: …). */
export function webAddress(address: string): URL | undefined {
  let url: URL;
  try {
    url = new URL(address, document.baseURI);
  } catch {
    return undefined;
  }
  return url.protocol === "https:" || url.protocol === "http:" ? url : undefined;
}

/** Moves the focus to something that Tab does not stop at. */
export function focusOn(target: HTMLElement, options?: FocusOptions): void {
  if (!target.matches("a[href], button, input, select, textarea, summary, [tabindex]")) target.setAttribute("tabindex", "-1");
  target.focus(options);
}
