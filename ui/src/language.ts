import { Enhancement } from "./element.js";

const stored = "gr-language-refused";

/**
 * Proposals to read the page in another language: its children, hidden, each written in the language
 * of its lang attribute with a link and a button to refuse. The first one that the person's browser prefers to
 * the language of the page, and in which the page exists (link rel=alternate), is shown. Refusing is
 * remembered in this browser.
 */
export class Language extends Enhancement {
  protected override connect(): void {
    if (refused()) return;
    const proposal = this.proposal();
    if (!proposal) return;
    this.hidden = false;
    proposal.hidden = false;
    this.listen<MouseEvent>(proposal, "click", (event) => {
      if ((event.target as Element).closest("button")) this.refuse();
    });
    this.listen<KeyboardEvent>(proposal, "keydown", (event) => {
      if (event.key === "Escape") this.refuse();
    });
  }

  private proposal(): HTMLElement | undefined {
    const current = primary(document.documentElement.lang);
    for (const wish of navigator.languages) {
      const language = primary(wish);
      if (language === current) return undefined;
      const proposal = this.querySelector<HTMLElement>(`:scope > [lang="${CSS.escape(language)}"]`);
      const other = document.querySelector<HTMLLinkElement>(`link[rel~="alternate"][hreflang="${CSS.escape(language)}"]`);
      if (!proposal || !other) continue;
      proposal.querySelector<HTMLAnchorElement>("a:not([href])")?.setAttribute("href", other.href);
      return proposal;
    }
    return undefined;
  }

  private refuse(): void {
    try {
      localStorage.setItem(stored, "1");
    } catch {
      // storage is refused: the next page proposes again
    }
    const within = this.contains(document.activeElement);
    this.hidden = true;
    if (within) document.querySelector<HTMLElement>("main, h1")?.focus();
  }
}

function refused(): boolean {
  try {
    return localStorage.getItem(stored) !== null;
  } catch {
    return false;
  }
}

function primary(tag: string): string {
  return (tag.split("-")[0] ?? "").toLowerCase();
}
