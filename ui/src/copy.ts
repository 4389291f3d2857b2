import { Enhancement, announce, liveRegion } from "./element.js";
import { text } from "./texts.js";

const shownFor = 2500; // milliseconds

/**
 * A button that copies: the attribute "text", or what the element with the id in "from" shows, or the
 * block with class code around it. It says "done" (attribute, or the page's text) in place of its label for a moment,
 * and in a live region. The label is the part of the button with data-label, or its last text; a copy icon becomes a check mark.
 */
export class Copy extends Enhancement {
  #region = liveRegion();
  #restore: (() => void) | undefined;

  protected override connect(): void {
    this.hidden = false;
    this.append(this.#region);
    this.listen<MouseEvent>(this, "click", (event) => {
      const button = (event.target as Element).closest("button");
      if (button && this.contains(button)) void this.copy(button);
    });
  }

  protected override disconnect(): void {
    this.#restore?.();
    this.#region.remove();
  }

  private async copy(button: HTMLButtonElement): Promise<void> {
    const from = this.getAttribute("from");
    const source = from ? document.getElementById(from) : this.closest(".code")?.querySelector("pre");
    const words = this.getAttribute("text") ?? source?.textContent ?? "";
    const copied = (await byClipboard(words)) || bySelection(words, button);
    if (!copied && source) getSelection()?.selectAllChildren(source);
    this.say(button, copied ? this.getAttribute("done") || text("copy-done") : text("copy-failed"), copied);
  }

  private say(button: HTMLButtonElement, words: string, copied: boolean): void {
    this.#restore?.();
    announce(this.#region, words);
    const label = labelOf(button);
    const before = label?.textContent ?? "";
    const icon = button.querySelector("use");
    const drawn = icon?.getAttribute("href") ?? "";
    if (label) label.textContent = words;
    if (copied) icon?.setAttribute("href", drawn.replace(/#.*$/, "#check"));
    button.classList.toggle("done", copied);
    const restore = () => {
      if (label) label.textContent = before;
      icon?.setAttribute("href", drawn);
      button.classList.remove("done");
      this.#restore = undefined;
    };
    this.#restore = restore;
    this.later(shownFor, () => {
      if (this.#restore === restore) restore();
    });
  }
}

async function byClipboard(words: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(words);
    return true;
  } catch {
    return false; // refused, or a page without TLS, which has no clipboard
  }
}

/** The way of pages without TLS: a field is selected and copied. */
function bySelection(words: string, back: HTMLElement): boolean {
  const field = document.createElement("textarea");
  field.value = words;
  field.readOnly = true;
  field.className = "visually-hidden";
  back.after(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  back.focus({ preventScroll: true });
  return copied;
}

function labelOf(button: HTMLButtonElement): Node | undefined {
  const marked = button.querySelector("[data-label]");
  if (marked) return marked;
  const walker = document.createTreeWalker(button, NodeFilter.SHOW_TEXT);
  let last: Node | undefined;
  while (walker.nextNode()) if (walker.currentNode.textContent?.trim()) last = walker.currentNode;
  return last;
}
