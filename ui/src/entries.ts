import { Enhancement, announce, create, freshId, isAbort, liveRegion, webAddress } from "./element.js";
import { icon } from "./icon.js";
import { text } from "./texts.js";

const pause = 200; // milliseconds of quiet before the server is asked
const most = 8; // suggestions

interface Entry {
  value: string;
  label: string;
  detail: string;
}

/** What the API suggests, whatever the kind. */
type Found = Partial<Record<"id" | "text" | "name" | "title" | "first_name" | "last_name" | "acronym" | "code" | "level", string | null>>;

/**
 * Around a text field that holds values parted by commas: keywords (gr-tags), or identifiers of objects
 * (gr-pick; one alone unless "several"), whose names stand in <data value="…"> beside it. The values
 * become entries that can be taken away, and the field a combobox that asks "src"?q=… for more.
 */
export class Entries extends Enhancement {
  #field: HTMLInputElement | undefined;
  #kept = create("input", { type: "hidden" });
  #box = create("div", { class: "entries" });
  #list = create("ul", { role: "listbox", class: "suggestions", hidden: "" });
  #region = liveRegion();
  #entries: Entry[] = [];
  #shown: { entry: Entry; option: HTMLElement }[] = [];
  #active = -1;
  #timer = 0;
  #asked: AbortController | undefined;

  protected override connect(): void {
    const field = this.querySelector<HTMLInputElement>("input");
    if (!field || this.#field || field.readOnly) return;
    this.#field = field;
    const names = new Map([...this.querySelectorAll("data")].map((data) => [data.value, data.textContent ?? ""]));
    this.#entries = split(field.value).map((value) => ({ value, label: names.get(value) ?? value, detail: "" }));
    this.querySelector("ul")?.remove();
    this.#kept.name = field.name;
    this.#list.id = freshId("choices");
    this.#list.setAttribute("aria-label", text("entries-list"));
    field.removeAttribute("name");
    field.value = "";
    field.classList.remove("input");
    field.required = false;
    for (const [name, value] of Object.entries({ role: "combobox", autocomplete: "off", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": this.#list.id }))
      field.setAttribute(name, value);
    field.before(this.#box);
    this.#box.append(field, this.#kept, this.#list, this.#region);
    this.draw();
    this.listen(field, "input", () => this.ask());
    this.listen<KeyboardEvent>(field, "keydown", (event) => this.key(event));
    this.listen<FocusEvent>(this, "focusout", (event) => {
      if (!this.contains(event.relatedTarget as Node | null)) this.leave();
    });
    this.listen<MouseEvent>(this.#list, "mousedown", (event) => event.preventDefault());
    this.listen<MouseEvent>(this.#list, "click", (event) => {
      const found = this.#shown.find(({ option }) => option.contains(event.target as Node));
      if (found) this.take(found.entry);
    });
    if (field.form) this.listen(field.form, "submit", () => this.leave());
  }

  private get free(): boolean {
    return this.localName === "gr-tags";
  }

  private get several(): boolean {
    return this.free || this.hasAttribute("several");
  }

  /** Draws the entries before the field, and keeps their values for the form. */
  private draw(): void {
    for (const chip of this.#box.querySelectorAll(".chip")) chip.remove();
    for (const entry of this.#entries) {
      const remove = create("button", { type: "button", "aria-label": text("entry-remove", { name: entry.label }) }, icon("close"));
      remove.addEventListener("click", () => this.drop(entry));
      this.#field?.before(create("span", { class: "chip" }, entry.label, remove));
    }
    this.#kept.value = this.#entries.map(({ value }) => value).join(", ");
  }

  private changed(words: string): void {
    this.draw();
    announce(this.#region, words);
    this.#kept.dispatchEvent(new Event("input", { bubbles: true }));
  }

  private take(entry: Entry): void {
    if (this.#field) this.#field.value = "";
    this.close();
    if (this.#entries.some(({ value }) => value === entry.value)) return;
    if (!this.several) this.#entries = [];
    this.#entries.push(entry);
    this.changed(text("entry-added", { name: entry.label }));
  }

  private drop(entry: Entry): void {
    this.#entries = this.#entries.filter((other) => other !== entry);
    this.#field?.focus();
    this.changed(text("entry-removed", { name: entry.label }));
  }

  /** What was typed and not chosen becomes entries too: the server says when it knows none such. */
  private leave(): void {
    for (const value of split(this.#field?.value ?? "")) this.take({ value, label: value, detail: "" });
    this.close();
  }

  private ask(): void {
    const words = this.#field?.value ?? "";
    this.#asked?.abort();
    clearTimeout(this.#timer);
    if (this.several && /[,;]/.test(words)) return this.leave();
    if (words.trim().length < 2) this.close();
    else this.#timer = this.later(pause, () => void this.load(words.trim()));
  }

  private async load(words: string): Promise<void> {
    const url = webAddress(this.getAttribute("src") ?? "");
    if (!url) return;
    this.#asked = new AbortController();
    url.searchParams.set("q", words);
    url.searchParams.set("size", String(most));
    try {
      const answer = await fetch(url, { signal: this.#asked.signal, headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(answer.statusText);
      this.show(((await answer.json()) as Found[]).slice(0, most).map(entryOf));
    } catch (failure) {
      if (!isAbort(failure)) this.close();
    }
  }

  private show(entries: Entry[]): void {
    this.#shown = entries
      .filter(({ value }) => value && !this.#entries.some((taken) => taken.value === value))
      .map((entry) => {
        const option = create("li", { role: "option", id: freshId("choice"), "aria-selected": "false" }, create("span", {}, entry.label));
        if (entry.detail) option.append(" ", create("small", {}, entry.detail));
        return { entry, option };
      });
    this.#list.replaceChildren(...this.#shown.map(({ option }) => option));
    this.#list.hidden = this.#shown.length === 0;
    this.#field?.setAttribute("aria-expanded", String(!this.#list.hidden));
    this.activate(-1);
    announce(this.#region, text("entries-count", { count: this.#shown.length }));
  }

  private activate(at: number): void {
    this.#active = at;
    this.#shown.forEach(({ option }, i) => option.setAttribute("aria-selected", String(i === at)));
    const option = this.#shown[at]?.option;
    if (option) this.#field?.setAttribute("aria-activedescendant", option.id);
    else this.#field?.removeAttribute("aria-activedescendant");
    option?.scrollIntoView({ block: "nearest" });
  }

  private key(event: KeyboardEvent): void {
    if (event.isComposing) return;
    const last = this.#shown.length - 1;
    const found = this.#list.hidden ? undefined : this.#shown[this.#active];
    switch (event.key) {
      case "ArrowDown":
      case "ArrowUp":
        if (this.#list.hidden) return;
        event.preventDefault();
        return this.activate(event.key === "ArrowDown" ? (this.#active >= last ? 0 : this.#active + 1) : this.#active <= 0 ? last : this.#active - 1);
      case "Enter":
        if (found) {
          event.preventDefault();
          return this.take(found.entry);
        }
        if (!this.#field?.value.trim()) return;
        event.preventDefault();
        return this.leave();
      case "Escape":
        if (!this.#list.hidden) event.preventDefault();
        return this.close();
      case "Backspace": {
        const entry = this.#entries.at(-1);
        if (!this.#field?.value && entry) this.drop(entry);
      }
    }
  }

  private close(): void {
    this.#asked?.abort();
    clearTimeout(this.#timer);
    this.#shown = [];
    this.#list.hidden = true;
    this.#field?.setAttribute("aria-expanded", "false");
    this.activate(-1);
  }
}

function split(value: string): string[] {
  return [...new Set(value.split(/[,;\n]/).map((one) => one.trim()).filter(Boolean))];
}

function entryOf(found: Found): Entry {
  const label = found.name || found.title || found.text || [found.first_name, found.last_name].filter(Boolean).join(" ") || found.id || "";
  return { value: found.id ?? found.text ?? "", label, detail: [found.acronym, found.code, found.level].filter(Boolean).join(" · ") };
}
