import { Enhancement } from "./element.js";

interface Rule {
  pattern: RegExp;
  tab: string;
  argument?: string;
}

// The addresses that earlier portals gave to parts of a page, which the server never sees.
const rules: Rule[] = [
  { pattern: /^#\/?community-resources?[-/](.+)$/, tab: "community-resources", argument: "resource_id" },
  { pattern: /^#community-reuses$/, tab: "reuses_and_dataservices" },
  { pattern: /^#information$/, tab: "informations" },
  { pattern: /^#\/?resources?[-/](.+)$/, tab: "", argument: "resource_id" },
  { pattern: /^#\/?discussions?[-/](.+)$/, tab: "discussions", argument: "discussion_id" },
];

/**
 * Leads old addresses of parts of an object's page (#resource-<id>, #/discussions/<id> …) to the new
 * ones. "base" is the path of the object; "tabs" names the tabs that exist, when not all do. A part that is
 * on the page itself is left to the browser.
 */
export class Hash extends Enhancement {
  protected override connect(): void {
    this.listen(window, "hashchange", () => this.lead());
    this.lead();
  }

  private lead(): void {
    const hash = location.hash;
    if (hash.length < 2 || document.getElementById(decoded(hash.slice(1)))) return;
    const base = (this.getAttribute("base") ?? location.pathname).replace(/\/$/, "");
    const tabs = this.getAttribute("tabs")?.split(/\s+/);
    for (const { pattern, tab, argument } of rules) {
      const found = pattern.exec(hash);
      if (!found) continue;
      if (tab && tabs && !tabs.includes(tab)) return;
      const url = new URL(tab ? `${base}/${tab}` : base, location.origin);
      if (argument) url.searchParams.set(argument, decoded(found[1] ?? ""));
      location.replace(url);
      return;
    }
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
