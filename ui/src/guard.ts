import { Enhancement } from "./element.js";

/** Around a form: the browser asks before the page is left with answers that were not sent. */
export class Guard extends Enhancement {
  #typed = false;

  protected override connect(): void {
    this.listen(this, "input", () => (this.#typed = true));
    this.listen(this, "submit", () => (this.#typed = false));
    this.listen<BeforeUnloadEvent>(window, "beforeunload", (event) => {
      if (this.#typed) event.preventDefault();
    });
  }
}

/** Around a field and its button: the button works once "text" is typed in the field. */
export class Typed extends Enhancement {
  protected override connect(): void {
    const field = this.querySelector("input");
    const button = this.querySelector("button");
    if (!field || !button) return;
    const look = () => (button.disabled = plain(field.value) !== plain(this.getAttribute("text") ?? ""));
    this.listen(field, "input", look);
    look();
  }
}

function plain(text: string): string {
  return text.trim().replace(/\s+/g, " ").toLowerCase();
}

/** Around a button that prints the page; without scripts there is none. */
export class Print extends Enhancement {
  protected override connect(): void {
    this.listen(this, "click", () => window.print());
  }
}

/** What is wrong with a form that was sent is read first. */
export function focusSummary(): void {
  document.querySelector<HTMLElement>("[data-focus]")?.focus();
}
