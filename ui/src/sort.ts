import { Enhancement, announce, create, isAbort, liveRegion, webAddress } from "./element.js";
import { icon, iconButton } from "./icon.js";
import { text } from "./texts.js";

/**
 * Around a list (ol or ul with class sortable) whose items have data-id and data-name: they are put in
 * another order by dragging, by the buttons beside them, or with Alt and the arrows. Each change is
 * sent to "src" as the list of all identifiers (PUT [{"id": …}]), or to "action" as a form of fields
 * "id" where the page shows some of the items alone, and taken back when it is refused.
 * The buttons of a form within an item ([data-move=up], [data-move=down]) do the same without scripts;
 * [data-move=first] and [data-move=last] stay theirs. An element of class place holds the number of an
 * item, counted from the list's start; "of" is how many items there are when the list shows some alone.
 */
export class Sort extends Enhancement {
  #region = liveRegion();
  #asked: AbortController | undefined;
  #before: HTMLElement[] = [];

  protected override connect(): void {
    const list = this.list;
    if (!list) return;
    this.append(this.#region);
    for (const item of this.items) this.equip(item);
    this.#before = this.items;
    this.bound();
  }

  protected override disconnect(): void {
    this.#region.remove();
  }

  private get list(): HTMLElement | null {
    return this.querySelector<HTMLElement>(".sortable");
  }

  private get items(): HTMLElement[] {
    return [...(this.list?.children ?? [])].filter((item): item is HTMLElement => item instanceof HTMLElement && item.dataset["id"] !== undefined);
  }

  private equip(item: HTMLElement): void {
    if (item.querySelector(".grip")) return;
    const name = item.dataset["name"] ?? "";
    const grip = create("span", { class: "grip", "aria-hidden": "true" }, icon("grip"));
    const up = item.querySelector<HTMLButtonElement>("[data-move=up]") ?? iconButton("arrow-up", text("move-up", { name }));
    const down = item.querySelector<HTMLButtonElement>("[data-move=down]") ?? iconButton("arrow-down", text("move-down", { name }));
    item.prepend(grip);
    if (!up.isConnected) item.append(create("span", { class: "moves" }, up, down));
    up.dataset["move"] = "up";
    down.dataset["move"] = "down";
    const go = (by: number) => (event: Event) => {
      event.preventDefault();
      this.move(item, this.items.indexOf(item) + by);
      const used = by < 0 ? up : down;
      (used.disabled ? (by < 0 ? down : up) : used).focus();
    };
    this.listen(up, "click", go(-1));
    this.listen(down, "click", go(1));
    this.listen<KeyboardEvent>(item, "keydown", (event) => {
      if (event.altKey && event.key === "ArrowUp") go(-1)(event);
      else if (event.altKey && event.key === "ArrowDown") go(1)(event);
    });
    this.listen<PointerEvent>(grip, "pointerdown", (event) => this.drag(item, event));
  }

  private move(item: HTMLElement, to: number): void {
    const items = this.items;
    if (to < 0 || to >= items.length) return;
    const other = items[to];
    if (items.indexOf(item) < to) other?.after(item);
    else other?.before(item);
    void this.save(item);
  }

  private drag(item: HTMLElement, start: PointerEvent): void {
    if (start.button !== 0) return;
    start.preventDefault();
    item.classList.add("dragged");
    const ended = new AbortController();
    const at = this.items.indexOf(item);
    const over = (event: PointerEvent) => {
      for (const other of this.items) {
        if (other === item) continue;
        const { top, bottom } = other.getBoundingClientRect();
        if (event.clientY < top || event.clientY > bottom) continue;
        if (event.clientY < (top + bottom) / 2) other.before(item);
        else other.after(item);
      }
    };
    const end = () => {
      ended.abort();
      item.classList.remove("dragged");
      if (this.items.indexOf(item) !== at) void this.save(item);
    };
    // On the document: an element that changes its place loses the pointer it has captured.
    document.addEventListener("pointermove", over, { signal: ended.signal });
    document.addEventListener("pointerup", end, { signal: ended.signal });
    document.addEventListener("pointercancel", end, { signal: ended.signal });
  }

  /** Numbers the items. The first cannot go up, nor the last down; those of the whole list go nowhere further. */
  private bound(): void {
    const items = this.items;
    const first = Number(this.list?.getAttribute("start") ?? 1);
    const of = Number(this.getAttribute("of") ?? items.length);
    items.forEach((item, i) => {
      const place = item.querySelector(".place");
      if (place) place.textContent = String(first + i);
      const stuck = { up: i === 0, down: i === items.length - 1, first: first + i === 1, last: first + i === of };
      for (const [to, ends] of Object.entries(stuck)) {
        const button = item.querySelector<HTMLButtonElement>(`[data-move=${to}]`);
        if (button) button.disabled = ends;
      }
    });
  }

  private async save(item: HTMLElement): Promise<void> {
    const items = this.items;
    this.bound();
    announce(this.#region, text("moved", { name: item.dataset["name"] ?? "", at: items.indexOf(item) + 1, of: items.length }));
    const action = webAddress(this.getAttribute("action") ?? "");
    const url = action ?? webAddress(this.getAttribute("src") ?? "");
    if (!url) return;
    this.#asked?.abort();
    this.#asked = new AbortController();
    const ids = items.map(({ dataset }) => dataset["id"] ?? "");
    const { signal } = this.#asked;
    const sent: RequestInit = action
      ? { method: "POST", body: new URLSearchParams(ids.map((id) => ["id", id])), signal, headers: { Accept: "application/json" } }
      : { method: "PUT", body: JSON.stringify(ids.map((id) => ({ id }))), signal, headers: { "Content-Type": "application/json" } };
    try {
      const answer = await fetch(url, sent);
      if (!answer.ok) throw new Error(answer.statusText);
      this.#before = items;
    } catch (failure) {
      if (isAbort(failure)) return;
      this.list?.append(...this.#before);
      this.bound();
      announce(this.#region, text("move-failed"));
      this.dispatchEvent(new CustomEvent("gr-failed", { bubbles: true }));
    }
  }
}
