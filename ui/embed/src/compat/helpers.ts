// The helpers that templates for udata-js call.
import { markdown, safe } from "../library/markup.js";
import { escaped, Markup, type Helper } from "./handlebars.js";
import { said } from "./words.js";

function compare(a: unknown, sign: unknown, b: unknown): boolean {
  const [x, y] = [a as number, b as number];
  switch (sign) {
    case "==":
      return String(a) === String(b);
    case "!=":
      return String(a) !== String(b);
    case "===":
      return a === b;
    case "!==":
      return a !== b;
    case "<":
      return x < y;
    case "<=":
      return x <= y;
    case ">":
      return x > y;
    case ">=":
      return x >= y;
    case "&&":
      return !!a && !!b;
    case "||":
      return !!a || !!b;
  }
  return false;
}

function html(source: string): Markup {
  const box = document.createElement("div");
  box.append(safe(markdown(source)));
  return new Markup(box.innerHTML);
}

const text = (value: unknown) => String(value ?? "");
const cut = (value: string, most: number) => (value.length > most ? `${value.slice(0, most).trimEnd()}…` : value);

/** Helpers in a language; pictures that are missing are those of the site. */
export function helpersFor(language: string, base: string): Record<string, Helper> {
  const say = (key: unknown) => said(text(key), language);
  const block = (test: boolean, around: Parameters<Helper>[2], data: unknown) => new Markup(around ? (test ? around.inside(data) : around.otherwise(data)) : String(test));
  return {
    ifCond: ([a, sign, b], _, around, scope) => block(compare(a, sign, b), around, scope.data),
    ifCount: ([list, sign, n], _, around, scope) => block(compare(Array.isArray(list) ? list.length : 0, sign, n), around, scope.data),
    paginate: ([page, total, size]) => pages(Number(page), Number(total), Number(size), say),
    taglist: ([tags]) => new Markup((Array.isArray(tags) ? tags : []).map((tag) => `<a href="#" class="tag" data-addTag="${escaped(text(tag))}">${escaped(text(tag))}</a>`).join(" ")),
    trimString: ([value]) => cut(text(value), 150),
    truncate: ([value, most]) => cut(text(value), Number(most) || 150),
    uppercase: ([value]) => text(value).toUpperCase(),
    default: ([value, other]) => (text(value) ? value : other),
    dt: ([value, format], named) => date(value, text(named["format"] ?? format), language),
    placeholder: ([url, kind]) => text(url) || `${base}/favicon.svg#${encodeURIComponent(text(kind))}`,
    _: ([key]) => say(key),
    md: ([value]) => html(text(value)),
    mdshort: ([value, most]) => html(cut(text(value).split("<!--- --- -->")[0]!, Number(most) || 128)),
    theme: ([path]) => `${base}/${text(path)}`,
    fulllogo: ([url]) => text(url).replace(/-\d+\.(\w+)$/, ".$1"),
    jsonencode: ([value]) => JSON.stringify(value),
  };
}

// Formats of dates are those of moment.js; the few that were used, others are a day.
function date(value: unknown, format: string, language: string): string {
  const at = new Date(text(value));
  if (!value || isNaN(at.getTime())) return "";
  if (/^[YMDHms\s/:.\-]+$/.test(format)) {
    const [YYYY, MM, DD, HH, mm, ss] = new Date(+at - at.getTimezoneOffset() * 60_000).toISOString().split(/\D/);
    const parts: Record<string, string | undefined> = { YYYY, MM, DD, HH, mm, ss };
    return format.replace(/YYYY|MM|DD|HH|mm|ss/g, (part) => parts[part]!);
  }
  return new Intl.DateTimeFormat(language, { dateStyle: "long" }).format(at);
}

function pages(page: number, total: number, size: number, say: (key: string) => string): Markup {
  const last = Math.ceil(total / (size || 1));
  if (!(last > 1)) return new Markup("");
  const near = [...new Set([1, page - 2, page - 1, page, page + 1, page + 2, last])].filter((n) => n >= 1 && n <= last);
  const link = (n: number) => `<li class="${n === page ? "active" : ""}"><a href="#" data-page="${n}"${n === page ? ' aria-current="page"' : ""}>${n}</a></li>`;
  return new Markup(`<nav class="udata-pagination" aria-label="${escaped(say("pages"))}"><ul class="pagination">${near.map(link).join("")}</ul></nav>`);
}
