// Foreign texts in pages: Markdown as HTML, and HTML without what could run or leave the page.

const kept = new Set(
  "A ABBR B BLOCKQUOTE BR CODE DD DEL DL DT EM H2 H3 H4 H5 H6 HR I LI OL P PRE S SMALL STRONG SUB SUP TABLE TBODY TD TH THEAD TR U UL".split(" "),
);
const dropped = /^(SCRIPT|STYLE|TEMPLATE|IFRAME|OBJECT|EMBED|NOSCRIPT|SVG|MATH|FORM|TITLE|TEXTAREA)$/i;
const deepest = 40;

/** HTML as elements that neither run anything nor load anything; links open the pages they name. */
export function safe(html: string): DocumentFragment {
  const fragment = document.createDocumentFragment();
  copy(new DOMParser().parseFromString(bare(html), "text/html").body, fragment, 0);
  return fragment;
}

// Patterns look at each character a few times at most, whatever the text: none may reach over the beginning of another match.

// Policies look at handlers even in documents that nobody shows: attributes but the address of links go before.
function bare(html: string): string {
  return html.replace(/<([a-z][^\s/<>]*)(?![^\s/<>])([^<>]*)>/gi, (_, name: string, rest: string) => {
    const href = /^a$/i.test(name) && /\shref\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+)/i.exec(rest);
    return `<${name}${href ? ` href=${href[1]!}` : ""}>`;
  });
}

function copy(from: Node, into: Node, depth: number): void {
  for (const node of Array.from(from.childNodes)) {
    if (node.nodeType === Node.TEXT_NODE) into.appendChild(document.createTextNode(node.nodeValue ?? ""));
    if (!(node instanceof Element) || dropped.test(node.tagName) || depth > deepest) continue;
    const name = node.tagName === "H1" ? "H2" : node.tagName;
    const made = kept.has(name) ? document.createElement(name) : undefined;
    if (made instanceof HTMLAnchorElement) link(made, node.getAttribute("href"));
    copy(node, made ?? into, depth + 1);
    if (made) into.appendChild(made);
  }
}

function link(made: HTMLAnchorElement, href: string | null): void {
  if (!href || !/^(https?:|mailto:)/i.test(href)) return;
  made.href = href;
  made.rel = "noopener nofollow ugc";
}

/** The parts of Markdown that descriptions are written in, as HTML that is yet to be made safe. */
export function markdown(source: string): string {
  return source
    .replace(/\r\n?/g, "\n")
    .replace(/^([-=*_] *){3,}$/gm, "") // rules, and lines below headings
    .replace(/^#{1,6} .+$/gm, "\n$&\n") // headings may touch what is around them
    .split(/\n{2,}/)
    .map(block)
    .join("\n");
}

function block(lines: string): string {
  const heading = /^\n?(#{1,6})\s+(.+)$/s.exec(lines);
  if (heading) return `<h${heading[1]!.length}>${inline(heading[2]!)}</h${heading[1]!.length}>`;
  const list = lines.split("\n");
  const items = (mark: RegExp, tag: string) =>
    list.every((line) => mark.test(line)) ? `<${tag}>${list.map((line) => `<li>${inline(line.replace(mark, ""))}</li>`).join("\n")}</${tag}>` : "";
  return items(/^\s*[-*+]\s+/, "ul") || items(/^\s*\d+[.)]\s+/, "ol") || `<p>${inline(lines).replace(/\n/g, "<br>\n")}</p>`;
}

function inline(line: string): string {
  return line
    .replace(/`([^`]+)`/g, (_, code: string) => `<code>${code.replace(/</g, "&lt;")}</code>`)
    .replace(/!\[([^[\]]*)\]\([^()]*\)/g, "$1")
    .replace(/\[([^[\]]+)\]\(\s*(https?:[^()\s"]+)(?:[\s"][^()]*)?\)/g, '<a href="$2">$1</a>')
    .replace(/(\*\*|__)(?=\S)(.+?)\1/g, "<strong>$2</strong>")
    .replace(/(^|[^\w*])[*_](?=\S)([^*_]+?)[*_](?!\w)/g, "$1<em>$2</em>")
    .replace(/(^|[\s(])(https?:\/\/[^\s<)"]+)/g, '$1<a href="$2">$2</a>');
}

/** The words of a description, cut at so many characters. */
export function excerpt(source: string, most: number): string {
  const words = (safe(markdown(source)).textContent ?? "").replace(/\s+/g, " ").trim();
  if (words.length <= most) return words;
  const cut = words.slice(0, most);
  return `${cut.slice(0, Math.max(cut.lastIndexOf(" "), most - 30)).trimEnd()}…`;
}
