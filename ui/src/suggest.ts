import { Enhancement, announce, create, freshId, isAbort, liveRegion, webAddress } from "./element.js";
import { text } from "./texts.js";

const pause = 150; // milliseconds of quiet before the server is asked
const shortest = 2; // letters
const most = 12; // suggestions

interface Suggestion {
  title: string;
  url: string;
  kind?: string;
  kind_label?: string;
  detail?: string;
}

/**
 * Suggestions under a search field (input type=search, or name=q): an editable combobox with a list, as
 * the ARIA Authoring Practices describe it. "src" is asked as src?q=…&type=…, the type being "kind" or
 * what the form's field "type" says. Enter goes to the chosen one, or submits the form as before.
 */
export class Suggest extends Enhancement {
  #input: HTMLInputElement | undefined;
  #list = create("ul", { role: "listbox", class: "suggestions", hidden: "" });
  #region = liveRegion();
  #asked: AbortController | undefined;
  #timer = 0;
  #shown: { option: HTMLElement; url: URL }[] = [];
  #active = -1;

  protected override connect(): void {
    const input = this.querySelector<HTMLInputElement>("input[type=search], input[name=q]");
    if (!input) return;
    this.#input = input;
    this.#list.id = freshId("suggestions");
    this.#list.setAttribute("aria-label", text("suggest-list"));
    for (const [name, value] of Object.entries({
      role: "combobox",
      autocomplete: "off",
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      "aria-controls": this.#list.id,
    })) input.setAttribute(name, value);
    this.append(this.#list, this.#region);
    this.listen(input, "input", () => this.ask());
    this.listen<KeyboardEvent>(input, "keydown", (event) => this.key(event));
    this.listen<FocusEvent>(this, "focusout", (event) => {
      if (!this.contains(event.relatedTarget as Node | null)) this.stop();
    });
    if (input.form) this.listen(input.form, "submit", () => this.stop());
    // The list must not take the focus from the field when it is clicked.
    this.listen<MouseEvent>(this.#list, "mousedown", (event) => event.preventDefault());
    this.listen<MouseEvent>(this.#list, "click", (event) => {
      const at = this.#shown.findIndex(({ option }) => option.contains(event.target as Node));
      if (at >= 0) this.go(at, event.ctrlKey || event.metaKey);
    });
    this.listen(window, "pagehide", () => this.stop());
  }

  protected override disconnect(): void {
    this.stop();
    this.#list.remove();
    this.#region.remove();
  }

  private ask(): void {
    this.#asked?.abort();
    clearTimeout(this.#timer);
    const words = this.#input?.value.trim() ?? "";
    if (words.length < shortest) this.close();
    else this.#timer = this.later(pause, () => void this.load(words));
  }

  private async load(words: string): Promise<void> {
    const url = webAddress(this.getAttribute("src") ?? "");
    if (!url) return;
    const asked = new AbortController();
    this.#asked = asked;
    url.searchParams.set("q", words);
    const kind = this.kind();
    if (kind) url.searchParams.set("type", kind);
    try {
      const answer = await fetch(url, { signal: asked.signal, headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(answer.statusText);
      const suggestions = (await answer.json()) as Suggestion[];
      if (!asked.signal.aborted) this.show(suggestions.slice(0, most), words);
    } catch (failure) {
      if (isAbort(failure) || asked.signal.aborted) return;
      this.close();
      announce(this.#region, text("suggest-failed"));
    }
  }

  private kind(): string {
    const field = this.#input?.form?.elements.namedItem("type");
    if (field instanceof HTMLSelectElement || field instanceof HTMLInputElement || field instanceof RadioNodeList) return field.value;
    return this.getAttribute("kind") ?? "";
  }

  private show(suggestions: Suggestion[], words: string): void {
    this.#shown = [];
    for (const suggestion of suggestions) {
      const url = webAddress(suggestion.url);
      if (url) this.#shown.push({ url, option: this.option(suggestion, words) });
    }
    this.#list.replaceChildren(...this.#shown.map(({ option }) => option));
    this.activate(-1);
    const count = this.#shown.length;
    this.expand(count > 0);
    announce(this.#region, count > 0 ? text("suggest-count", { count }) : text("suggest-none"));
  }

  private option({ title, kind, kind_label, detail }: Suggestion, words: string): HTMLElement {
    const option = create("li", { role: "option", id: freshId("suggestion"), "aria-selected": "false", "data-kind": kind ?? null });
    option.append(create("span", {}, ...marked(title, words)));
    const facts = [kind_label, detail].filter(Boolean).join(" · ");
    if (facts) option.append(" ", create("small", {}, facts));
    return option;
  }

  private key(event: KeyboardEvent): void {
    if (event.isComposing || event.ctrlKey || event.metaKey) return;
    const last = this.#shown.length - 1;
    const open = !this.#list.hidden;
    switch (event.key) {
      case "ArrowDown":
      case "ArrowUp": {
        if (event.altKey && event.key === "ArrowUp") return this.close();
        event.preventDefault();
        if (!open) return this.reopen(event.altKey ? -1 : event.key === "ArrowDown" ? 0 : last);
        const next = this.#active + (event.key === "ArrowDown" ? 1 : -1);
        // Above the first and below the last is the field itself.
        return this.activate(next < -1 ? last : next > last ? -1 : next);
      }
      case "Home":
      case "End":
        if (!open || this.#active < 0 || event.shiftKey) return;
        event.preventDefault();
        return this.activate(event.key === "Home" ? 0 : last);
      case "Enter":
        if (!open || this.#active < 0) return;
        event.preventDefault();
        return this.go(this.#active, false);
      case "Escape":
        if (!open) return;
        event.preventDefault(); // a search field would be emptied as well
        return this.stop();
      case "Tab":
        return this.stop();
    }
  }

  private reopen(at: number): void {
    if (this.#shown.length === 0) return this.ask();
    this.expand(true);
    this.activate(at);
  }

  private activate(at: number): void {
    this.#active = at;
    this.#shown.forEach(({ option }, i) => option.setAttribute("aria-selected", String(i === at)));
    const option = this.#shown[at]?.option;
    if (option) this.#input?.setAttribute("aria-activedescendant", option.id);
    else this.#input?.removeAttribute("aria-activedescendant");
    option?.scrollIntoView({ block: "nearest" });
  }

  private go(at: number, elsewhere: boolean): void {
    const url = this.#shown[at]?.url;
    if (!url) return;
    if (elsewhere) {
      window.open(url, "_blank", "noopener");
      return;
    }
    this.stop();
    location.assign(url);
  }

  private expand(open: boolean): void {
    this.#list.hidden = !open;
    this.#input?.setAttribute("aria-expanded", String(open));
  }

  private close(): void {
    this.expand(false);
    this.activate(-1);
    this.#region.textContent = "";
  }

  /** Closes the list and waits for nothing any more. */
  private stop(): void {
    this.#asked?.abort();
    clearTimeout(this.#timer);
    this.close();
  }
}

/** The title with what was written marked in it, whatever the case and the accents. */
function marked(title: string, words: string): (Node | string)[] {
  const letters = [...title];
  const plain = letters.map(bare);
  const parts: (Node | string)[] = [];
  let from = 0;
  for (let at = 0; at < letters.length; ) {
    const length = at === 0 || !/[\p{L}\p{N}]/u.test(letters[at - 1] ?? "") ? longest(plain, at, words) : 0;
    if (length === 0) {
      at++;
      continue;
    }
    parts.push(letters.slice(from, at).join(""), create("mark", {}, letters.slice(at, at + length).join("")));
    from = at += length;
  }
  parts.push(letters.slice(from).join(""));
  return parts;
}

/** How many letters at the place are one of the words; 0 when none is there. */
function longest(plain: string[], at: number, words: string): number {
  let most = 0;
  for (const word of words.split(/\s+/).filter(Boolean)) {
    const wanted = [...word].map(bare);
    if (wanted.length > most && wanted.every((letter, i) => plain[at + i] === letter)) most = wanted.length;
  }
  return most;
}

function bare(letter: string): string {
  return letter.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}
