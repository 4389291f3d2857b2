import { Enhancement, announce, create, focusOn, isAbort, liveRegion } from "./element.js";
import { keyOf, morph } from "./morph.js";
import { text } from "./texts.js";

const pause = 300; // milliseconds after the last change

interface Step {
  /** The page was moved or focused by a link of the results. */
  fromLink?: boolean;
  /** The browser went back or forward: the address is already there. */
  traversal?: boolean;
  scroll?: number;
}

/**
 * Around a GET form of filters: changes show new results at once, without leaving the page. The
 * element whose id is in "target", this element itself and parts marked data-live-part (with an id)
 * become what the server's page has in their place. GET forms within the target (sort), links with
 * data-live and those of the results' pager and chips do the same. The text of [data-announce] is said.
 * Back and forward go through the results; what the server refuses is shown as its own page.
 */
export class Filters extends Enhancement {
  #region = liveRegion();
  #asked: AbortController | undefined;
  #timer = 0;
  #shown = "";

  protected override connect(): void {
    if (!this.target) return;
    document.body.append(this.#region);
    this.#shown = place(location.href);
    const [entry] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
    if (entry?.type === "back_forward") for (const each of this.forms()) each.reset(); // the browser filled in what was there before
    this.settle();
    this.listen(document, "change", (event) => {
      const changed = fieldForm(event.target);
      if (changed && this.forms().includes(changed)) this.ask(changed, pause);
    });
    this.listen<SubmitEvent>(document, "submit", (event) => {
      const sent = event.target as HTMLFormElement;
      if (event.defaultPrevented || !this.forms().includes(sent)) return;
      event.preventDefault();
      this.ask(sent, 0);
    });
    this.listen<MouseEvent>(document, "click", (event) => this.follow(event));
    this.listen<PopStateEvent>(window, "popstate", (event) => {
      if (place(location.href) === this.#shown) return;
      const { scroll } = (event.state ?? {}) as { scroll?: number };
      void this.load(new URL(location.href), { traversal: true, ...(scroll === undefined ? {} : { scroll }) });
    });
    // A page kept by the browser may have been left while an answer was on its way.
    this.listen<PageTransitionEvent>(window, "pageshow", (event) => {
      if (event.persisted && place(location.href) !== this.#shown) void this.load(new URL(location.href), { traversal: true });
    });
  }

  protected override disconnect(): void {
    this.#asked?.abort();
    clearTimeout(this.#timer);
    this.#region.remove();
    this.target?.removeAttribute("aria-busy");
  }

  private get target(): HTMLElement | null {
    return document.getElementById(this.getAttribute("target") ?? "");
  }

  /** The forms that are live: the one of the filters and those of the results that lead to this page. */
  private forms(): HTMLFormElement[] {
    const all = [...this.querySelectorAll("form"), ...(this.target?.querySelectorAll("form") ?? [])];
    return all.filter((form) => form.method === "get" && address(form).origin + address(form).pathname === location.origin + location.pathname);
  }

  /** Nobody needs the buttons that send a live form; those of a search bar or with data-keep stay. */
  private settle(): void {
    for (const form of this.forms()) {
      form.autocomplete = "off";
      for (const button of form.querySelectorAll<HTMLButtonElement | HTMLInputElement>("button, input[type=submit]")) {
        if (button.type === "submit" && !button.name && !button.matches("[data-keep], .searchbar *")) button.hidden = true;
      }
    }
  }

  private follow(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element).closest<HTMLAnchorElement>("a[href]");
    if (!link || link.target || link.download || !this.isLive(link)) return;
    event.preventDefault();
    void this.load(new URL(link.href), { fromLink: link.closest(".pager") !== null });
  }

  private isLive(link: HTMLAnchorElement): boolean {
    if (link.origin !== location.origin || link.pathname !== location.pathname) return false;
    if (link.hash && place(link.href) === this.#shown) return false;
    return link.matches("a[data-live]") || (this.target?.contains(link) === true && link.closest(".pager, .chips") !== null);
  }

  private ask(form: HTMLFormElement, milliseconds: number): void {
    this.#asked?.abort();
    clearTimeout(this.#timer);
    this.#timer = this.later(milliseconds, () => void this.load(address(form), {}));
  }

  private async load(url: URL, step: Step): Promise<void> {
    clearTimeout(this.#timer); // what was about to be asked is overtaken
    this.#asked?.abort();
    const asked = new AbortController();
    this.#asked = asked;
    this.target?.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(url, { signal: asked.signal, headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (asked.signal.aborted) return;
      const arrived = new URL(answer.url || url);
      if (!answer.ok || arrived.pathname !== location.pathname || !page.getElementById(this.target?.id ?? "")) {
        if (step.traversal) location.reload();
        else location.assign(url);
        return;
      }
      this.record(arrived, step);
      this.apply(page, step);
    } catch (failure) {
      if (!isAbort(failure)) this.fail(url);
    } finally {
      if (this.#asked === asked) this.target?.removeAttribute("aria-busy");
    }
  }

  private record(url: URL, { traversal }: Step): void {
    if (!traversal && place(url.href) !== place(location.href)) {
      history.replaceState({ ...(history.state as object | null), scroll: scrollY }, "");
      history.pushState({}, "", url);
    }
    this.#shown = place(location.href);
  }

  private apply(page: Document, { fromLink, traversal, scroll }: Step): void {
    const focused = document.activeElement;
    const key = focused && focused !== document.body ? keyOf(focused) : "";
    const within = focused !== null && (this.contains(focused) || this.target?.contains(focused) === true);
    const parts = [this.target, ...document.querySelectorAll<HTMLElement>("[data-live-part][id]")];
    for (const part of parts) {
      const next = part && page.getElementById(part.id);
      if (next) morph(part, next, traversal);
    }
    const own = page.querySelector(`gr-filters[target="${CSS.escape(this.getAttribute("target") ?? "")}"]`);
    if (own) morph(this, own, traversal);
    for (const field of this.querySelectorAll<HTMLInputElement>("input[data-once]")) field.value = ""; // it was added to the choices
    this.settle();
    updateHead(page);
    if (fromLink && this.target) this.bringToTop(this.target);
    else if (within && document.activeElement === document.body) this.refocus(key);
    if (scroll !== undefined) window.scrollTo({ top: scroll, behavior: "instant" });
    announce(this.#region, page.querySelector("[data-announce]")?.textContent?.trim().replace(/\s+/g, " ") ?? "");
  }

  /** The next page of results begins at its top, like any page. */
  private bringToTop(target: HTMLElement): void {
    focusOn(target, { preventScroll: true });
    target.scrollIntoView({ block: "start", behavior: "instant" });
  }

  /** What had the focus is gone or was made anew: its twin takes it, else the results. */
  private refocus(key: string): void {
    const fields = [...this.querySelectorAll<HTMLElement>("input, select, button, textarea")];
    const twin = key ? fields.find((field) => keyOf(field) === key && !field.hidden) : undefined;
    if (twin) twin.focus({ preventScroll: true });
    else if (this.target) focusOn(this.target, { preventScroll: true });
  }

  private fail(url: URL): void {
    this.target?.querySelector(":scope > .notice[data-failed]")?.remove();
    const link = create("a", { href: url.href }, text("filters-open"));
    this.target?.prepend(create("div", { class: "notice warning", role: "alert", "data-failed": "" }, create("p", {}, text("filters-failed"), " ", link)));
  }
}

/** The address that the form leads to, without the fields that are left empty. */
function address(form: HTMLFormElement): URL {
  const url = new URL(form.getAttribute("action") || location.pathname, document.baseURI);
  url.search = "";
  url.hash = "";
  for (const [name, value] of new FormData(form)) {
    if (typeof value === "string" && value.trim() !== "") url.searchParams.append(name, value);
  }
  return url;
}

function place(href: string): string {
  const url = new URL(href);
  return url.pathname + url.search;
}

function fieldForm(field: EventTarget | null): HTMLFormElement | null {
  return field instanceof HTMLInputElement || field instanceof HTMLSelectElement || field instanceof HTMLTextAreaElement ? field.form : null;
}

/** The title, and the links of the head that tell of this search: canonical, other languages, feeds. */
function updateHead(page: Document): void {
  document.title = page.title;
  const links = "link[rel~=canonical], link[rel~=alternate]";
  for (const link of document.head.querySelectorAll(links)) link.remove();
  for (const link of page.head.querySelectorAll(links)) document.head.append(document.importNode(link, true));
}
