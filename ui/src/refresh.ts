import { Enhancement, announce, isAbort, liveRegion } from "./element.js";
import { rendered } from "./live.js";

/**
 * Shows again and again what the server says at "src", every so many seconds, in its [data-content]. Its
 * button ends that and begins it again. It waits while nobody looks at the page, and while somebody is
 * at something inside it, and ends with a [data-ended]. The text of [data-announce] is read out when it
 * changes.
 */
export class Refresh extends Enhancement {
  #region = liveRegion();
  #asked: AbortController | undefined;

  protected override connect(): void {
    const content = this.querySelector<HTMLElement>("[data-content]");
    const button = this.querySelector<HTMLButtonElement>("button[aria-pressed]");
    if (!content || !button) return;
    this.after(this.#region);
    const control = button.closest<HTMLElement>("[hidden]");
    if (control) control.hidden = false;
    this.listen(button, "click", () => button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true")));
    const seconds = Math.max(2, Number(this.getAttribute("every")) || 5);
    const turn = (): void => {
      const idle = document.hidden || button.getAttribute("aria-pressed") !== "true" || content.contains(document.activeElement);
      const asked = idle || content.querySelector("details[open]") ? Promise.resolve() : this.ask(content);
      void asked.finally(() => {
        if (content.querySelector("[data-ended]")) control?.remove();
        else this.later(1000 * seconds, turn);
      });
    };
    this.later(1000 * seconds, turn);
  }

  protected override disconnect(): void {
    this.#asked?.abort();
    this.#region.remove();
  }

  private async ask(content: HTMLElement): Promise<void> {
    const said = content.querySelector("[data-announce]")?.textContent;
    this.#asked = new AbortController();
    try {
      const found = await rendered(this.getAttribute("src") ?? "", new URLSearchParams(), this.#asked.signal);
      if (found.length === 0 || content.contains(document.activeElement)) return;
      content.replaceChildren(...found);
      const now = content.querySelector("[data-announce]")?.textContent;
      if (now && now !== said) announce(this.#region, now);
    } catch (failure) {
      if (!isAbort(failure)) this.setAttribute("data-failed", "");
    }
  }
}
