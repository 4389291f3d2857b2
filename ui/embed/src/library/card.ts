// How objects look without a template of the page.
import type { CatalogObject, Kind } from "./api.js";
import { make } from "./element.js";
import { excerpt } from "./markup.js";
import { day, number, say } from "./words.js";

interface Person {
  id?: string;
  name?: string;
  first_name?: string;
  last_name?: string;
  logo_thumbnail?: string | null;
  avatar_thumbnail?: string | null;
}

/** The members of objects that cards know, whatever the kind. */
interface Known extends CatalogObject {
  title?: string;
  name?: string;
  slug?: string;
  page?: string | null;
  url?: string;
  description?: string | null;
  description_short?: string | null;
  organization?: Person | null;
  owner?: Person | null;
  logo_thumbnail?: string | null;
  image_thumbnail?: string | null;
  resources?: { total?: number } | unknown[];
  elements?: { total?: number };
  metrics?: Record<string, unknown>;
  last_update?: string;
  last_modified?: string;
  population?: number | null;
}

export interface Look {
  kind: Kind;
  /** card, row or full. */
  layout: string;
  /** The parts to show, all when empty: logo, publisher, description, files, datasets, reuses, updated … */
  fields: string[];
  language: string;
  base: string;
  /** The level of the heading. */
  level: number;
}

/** The card of an object. */
export function card(object: CatalogObject, look: Look): HTMLElement {
  const o = object as Known;
  const { language, layout } = look;
  const shows = (field: string) => !look.fields.length || look.fields.includes(field);
  const publisher = o.organization ?? o.owner;
  const by = publisher && (publisher.name ?? `${publisher.first_name} ${publisher.last_name}`);
  const picture = pictureOf(o, look);
  const title = o.title ?? o.name ?? o.id;
  const words = layout === "row" ? "" : excerpt(o.description_short || o.description || "", layout === "full" ? 1000 : 180);
  return make(
    "article",
    { class: `udata-card udata-${layout} udata-kind-${look.kind}`, part: "card" },
    !!picture && shows("logo") && make("img", { part: "logo", src: picture, alt: "", loading: "lazy", width: "48", height: "48" }),
    make(
      "div",
      { class: "udata-body" },
      make(
        `h${look.level}`,
        { class: "udata-title", part: "title" },
        make("a", { part: "link", href: o.page ?? `${look.base}/${look.kind === "territory" ? "territories" : `${look.kind}s`}/${o.slug ?? o.id}` }, title),
      ),
      !!by && shows("publisher") && make("p", { class: "udata-by", part: "meta" }, by),
      !!words && shows("description") && make("p", { class: "udata-description", part: "description" }, words),
      facts(o, language, shows),
    ),
  );
}

// Pictures come from the site alone, which has its own copies of those of others.
function pictureOf(o: Known, { kind, base }: Look): string | undefined {
  const at = (folder: string, id: string | undefined, there: unknown) => (there && id ? `${base}/pictures/${folder}/${id}/100` : undefined);
  if (kind === "organization" || kind === "reuse") return at(`${kind}s`, o.id, o.logo_thumbnail ?? o.image_thumbnail);
  return at("organizations", o.organization?.id, o.organization?.logo_thumbnail) ?? at("users", o.owner?.id, o.owner?.avatar_thumbnail);
}

function facts(o: Known, language: string, shows: (field: string) => boolean): HTMLElement | false {
  const files = Array.isArray(o.resources) ? o.resources.length : o.resources?.total;
  const counts: [string, unknown][] = [
    ["files", files],
    ["elements", o.elements?.total],
    ["datasets", o.metrics?.["datasets"]],
    ["reuses", o.metrics?.["reuses"]],
    ["population", o.population],
  ];
  const said = counts.filter(([name, count]) => !!count && shows(name)).map(([name, count]) => say(language, name, number(count, language)));
  const updated = day(o.last_update ?? o.last_modified, language);
  if (updated && shows("updated")) said.push(say(language, "updated", updated));
  return said.length > 0 && make("ul", { class: "udata-facts", part: "meta" }, ...said.map((words) => make("li", {}, words)));
}
