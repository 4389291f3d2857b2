import { Enhancement, announce, create, isAbort, liveRegion } from "./element.js";
import { icon, iconButton } from "./icon.js";
import { rendered } from "./live.js";
import { text, type ToolName } from "./texts.js";

/** What a button puts before and after the choice, or before each of its lines. */
const marks: [ToolName, string, string, string][] = [
  ["mark-heading", "text", "## ", ""],
  ["mark-bold", "B", "**", "**"],
  ["mark-italic", "I", "*", "*"],
  ["mark-link", "link", "[", "](https://)"],
  ["mark-list", "list", "- ", ""],
  ["mark-quote", "quote", "> ", ""],
  ["mark-code", "code", "`", "`"],
];

/** Around a text field: buttons for the marks of Markdown, and the text as the server shows it ("src"). */
export class Markdown extends Enhancement {
  #bar = create("div", { class: "marks", role: "toolbar" });
  #shown = create("div", { class: "prose", hidden: "", tabindex: "0", role: "region" });
  #region = liveRegion();

  protected override connect(): void {
    const field = this.querySelector("textarea");
    if (!field || this.#bar.isConnected) return;
    this.#bar.setAttribute("aria-label", text("marks"));
    this.#shown.setAttribute("aria-label", text("mark-preview"));
    for (const [name, drawn, before, after] of marks) this.#bar.append(this.button(field, name, drawn, before, after));
    const look = create("button", { type: "button", class: "button quiet small end", "aria-pressed": "false" }, icon("eye"), text("mark-preview"));
    this.listen(look, "click", () => void this.toggle(field, look));
    this.#bar.append(look);
    this.prepend(this.#bar);
    this.append(this.#shown, this.#region);
  }

  private button(field: HTMLTextAreaElement, name: ToolName, drawn: string, before: string, after: string): HTMLElement {
    const label = text(name);
    const button =
      drawn.length > 1
        ? iconButton(drawn, label)
        : create("button", { type: "button", class: "button quiet small icon-only", "aria-label": label, title: label }, create(drawn === "B" ? "b" : "i", {}, drawn));
    this.listen(button, "click", () => mark(field, before, after));
    return button;
  }

  private async toggle(field: HTMLTextAreaElement, look: HTMLElement): Promise<void> {
    const show = this.#shown.hidden;
    look.setAttribute("aria-pressed", String(show));
    for (const other of this.#bar.querySelectorAll("button")) other.disabled = show && other !== look;
    this.#shown.hidden = !show;
    field.hidden = show;
    if (!show) return field.focus();
    try {
      this.#shown.replaceChildren(...(await rendered(this.getAttribute("src") ?? "", new URLSearchParams({ text: field.value }), this.life)));
      announce(this.#region, text("mark-preview"));
    } catch (failure) {
      if (!isAbort(failure)) this.#shown.textContent = text("failed");
    }
  }
}

/** Puts marks around what is chosen, or before its lines, so that it can be undone. */
function mark(field: HTMLTextAreaElement, before: string, after: string): void {
  let { selectionStart: from, selectionEnd: to } = field;
  if (!after) from = field.value.lastIndexOf("\n", from - 1) + 1;
  const chosen = field.value.slice(from, to);
  const words = after ? before + chosen + after : chosen.split("\n").map((line) => before + line).join("\n");
  field.focus();
  field.setSelectionRange(from, to);
  if (!document.execCommand("insertText", false, words)) {
    field.setRangeText(words, from, to, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  if (after && !chosen) field.setSelectionRange(from + before.length, from + before.length);
}
