import { Enhancement, announce, create, focusOn, isAbort, liveRegion, webAddress } from "./element.js";
import { text } from "./texts.js";

/**
 * Shows a piece of HTML of this site ("src") in its place: when the details around it opens, or when
 * its link is followed. Without scripts the link leads there.
 */
export class Preview extends Enhancement {
  #region = liveRegion();
  #state: "waiting" | "loading" | "shown" = "waiting";

  protected override connect(): void {
    if (this.#state === "shown") return;
    this.#state = "waiting";
    this.append(this.#region);
    this.listen<MouseEvent>(this, "click", (event) => {
      const control = (event.target as Element).closest("a, button");
      if (this.#state === "shown" || !control || event.defaultPrevented) return;
      if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      void this.load(true);
    });
    const details = this.closest("details");
    if (!details) return;
    this.listen(details, "toggle", () => {
      if (details.open) void this.load(false);
    });
    if (details.open) void this.load(false);
  }

  private async load(takesFocus: boolean): Promise<void> {
    if (this.#state !== "waiting") return;
    const url = webAddress(this.getAttribute("src") ?? "");
    if (!url) return;
    this.#state = "loading";
    this.setAttribute("aria-busy", "true");
    announce(this.#region, text("loading"));
    try {
      const answer = await fetch(url, { signal: this.life, headers: { Accept: "text/html" } });
      const body = new DOMParser().parseFromString(await answer.text(), "text/html").body;
      // A refusal that is a piece too says why; a whole page does not belong in here.
      if (!answer.ok && (body.childElementCount === 0 || body.querySelector("main"))) throw new Error(answer.statusText);
      this.show(body, takesFocus);
    } catch (failure) {
      if (!isAbort(failure)) this.fail();
      else this.#state = "waiting";
    } finally {
      this.removeAttribute("aria-busy");
    }
  }

  private show(body: HTMLElement, takesFocus: boolean): void {
    this.#state = "shown";
    const within = takesFocus || this.contains(document.activeElement);
    this.replaceChildren(...[...body.childNodes].map((node) => document.importNode(node, true)));
    if (within) focusOn(this);
  }

  private fail(): void {
    this.#state = "waiting";
    this.#region.textContent = "";
    this.querySelector(":scope > .notice")?.remove();
    const again = create("button", { type: "button", class: "button small" }, text("retry"));
    this.append(create("div", { class: "notice warning", role: "alert" }, create("p", {}, text("preview-failed")), again));
  }
}
