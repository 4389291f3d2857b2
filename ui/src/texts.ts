// The texts of scripts, in the language of the page: the layout writes them as JSON.

/** What elements say. Each is a message of the interface, "script." before its name. */
export type TextName =
  | "copy-done"
  | "copy-failed"
  | "filters-failed"
  | "filters-open"
  | "loading"
  | "map-attribution"
  | "map-close"
  | "map-down"
  | "map-failed"
  | "map-feature"
  | "map-heading"
  | "map-label"
  | "map-left"
  | "map-more"
  | "map-right"
  | "map-show"
  | "map-table"
  | "map-too-large"
  | "map-up"
  | "map-zoom-in"
  | "map-zoom-out"
  | "preview-failed"
  | "retry"
  | "suggest-count"
  | "suggest-failed"
  | "suggest-list"
  | "suggest-none";

/** What the elements of pages that one writes on say: messages with "tool." before the name. */
export type ToolName =
  | "crop"
  | "crop-at"
  | "entries-count"
  | "entries-list"
  | "entry-added"
  | "entry-remove"
  | "entry-removed"
  | "failed"
  | "mark-bold"
  | "mark-code"
  | "mark-heading"
  | "mark-italic"
  | "mark-link"
  | "mark-list"
  | "mark-preview"
  | "mark-quote"
  | "marks"
  | "move-down"
  | "move-failed"
  | "move-up"
  | "moved"
  | "upload-again"
  | "upload-all"
  | "upload-cancel"
  | "upload-cancelled"
  | "upload-done"
  | "upload-failed"
  | "upload-go-on"
  | "upload-list"
  | "upload-percent"
  | "upload-resume"
  | "upload-waiting";

type Plural = Partial<Record<Intl.LDMLPluralRule, string>>;

let texts: Record<string, string | Plural> | undefined;

function read(): Record<string, string | Plural> {
  try {
    return JSON.parse(document.getElementById("gr-texts")?.textContent ?? "{}") as Record<string, string | Plural>;
  } catch {
    return {};
  }
}

/** The text with its {arguments} filled in; count chooses the plural. It is empty when the page gives none. */
export function text(name: TextName | ToolName, values: Record<string, string | number> = {}): string {
  texts ??= read();
  const message = texts[`script.${name}`] ?? texts[`tool.${name}`] ?? "";
  const pattern = typeof message === "string" ? message : (message[category(values["count"])] ?? message.other ?? "");
  return pattern.replace(/\{(\w+)\}/g, (whole, key: string) => {
    const value = values[key];
    return value === undefined ? whole : typeof value === "number" ? value.toLocaleString(language()) : value;
  });
}

function category(count: string | number | undefined): Intl.LDMLPluralRule {
  return new Intl.PluralRules(language()).select(Number(count ?? 0));
}

function language(): string {
  return document.documentElement.lang || "en";
}
