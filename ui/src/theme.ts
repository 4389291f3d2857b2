import { Enhancement } from "./element.js";

const stored = "gr-theme";

/**
 * Buttons that choose between the themes: each has value="auto", "light" or "dark". The choice is
 * kept in this browser; "auto" forgets it. The chosen button has aria-pressed="true".
 */
export class Theme extends Enhancement {
  protected override connect(): void {
    this.hidden = false;
    this.listen<MouseEvent>(this, "click", (event) => {
      const button = (event.target as Element).closest("button");
      if (button && this.contains(button)) this.choose(button.value);
    });
    this.listen<StorageEvent>(window, "storage", (event) => {
      if (event.key === stored || event.key === null) this.apply(event.newValue ?? "auto");
    });
    this.show(document.documentElement.dataset["theme"] ?? "auto");
  }

  private choose(theme: string): void {
    try {
      if (theme === "auto") localStorage.removeItem(stored);
      else localStorage.setItem(stored, theme);
    } catch {
      // storage is refused: the choice holds for this page
    }
    this.apply(theme);
  }

  private apply(theme: string): void {
    if (theme === "light" || theme === "dark") document.documentElement.dataset["theme"] = theme;
    else delete document.documentElement.dataset["theme"];
    for (const each of document.querySelectorAll("gr-theme")) if (each instanceof Theme) each.show(theme);
  }

  private show(theme: string): void {
    for (const button of this.querySelectorAll("button")) button.setAttribute("aria-pressed", String(button.value === theme));
  }
}
