// Turns a part of the page into a newer version of itself, keeping the elements that stay: the focus,
// what is opened and where lists are scrolled stay with them.

type Field = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

/**
 * Makes from like to. Children meet by their key, else in order. A text field in which the person is
 * writing keeps its text, unless all is set.
 */
export function morph(from: Element, to: Element, all = false): void {
  patchAttributes(from, to);
  if (!(from instanceof HTMLTextAreaElement)) morphChildren(from, to, all);
  if (isField(from) && isField(to)) patchField(from, to, all);
}

function morphChildren(from: Element, to: Element, all: boolean): void {
  const present = new Map<string, Element>();
  for (const child of from.children) if (keyOf(child)) present.set(keyOf(child), child);
  let at = from.firstChild;
  for (const next of [...to.childNodes]) {
    const same = next instanceof Element && keyOf(next) ? present.get(keyOf(next)) : alike(at, next);
    if (!same || !follows(at, same) || isOther(same, next)) {
      from.insertBefore(document.importNode(next, true), at);
      continue;
    }
    // What stays is not moved, as that would take its focus: what stands before it leaves.
    while (at && at !== same) at = dropped(at);
    at = same.nextSibling;
    if (same instanceof Element && next instanceof Element) {
      if (!isEnhanced(same)) morph(same, next, all);
      else if (all) patchFields(same, next);
    } else if (same.nodeValue !== next.nodeValue) {
      same.nodeValue = next.nodeValue;
    }
  }
  while (at) at = dropped(at);
}

function dropped(node: ChildNode): ChildNode | null {
  const next = node.nextSibling;
  node.remove();
  return next;
}

function alike(at: ChildNode | null, next: Node): ChildNode | undefined {
  if (!at || at.nodeName !== next.nodeName || (at instanceof Element && keyOf(at))) return undefined;
  return at;
}

/** Whether the node is still to come among its siblings, neither passed nor dropped. */
function follows(at: ChildNode | null, node: Node): boolean {
  if (!at || node.parentNode !== at.parentNode) return false;
  return at === node || Boolean(at.compareDocumentPosition(node) & Node.DOCUMENT_POSITION_FOLLOWING);
}

/** Elements that made their own children keep them, as long as they are told the same. */
function isEnhanced(element: Element): boolean {
  return element.nodeName.startsWith("GR-") && element.nodeName !== "GR-FILTERS";
}

function isOther(from: Node, to: Node): boolean {
  if (!(from instanceof Element) || !(to instanceof Element) || !isEnhanced(from)) return false;
  return to.getAttributeNames().some((name) => from.getAttribute(name) !== to.getAttribute(name));
}

/** What makes an element itself among its siblings: its id, its name and value, those of the choice in it. */
export function keyOf(element: Element): string {
  if (element.id) return `${element.nodeName}#${element.id}`;
  const name = element.getAttribute("name");
  if (name) return `${element.nodeName}[${name}=${isChoice(element) ? (element.getAttribute("value") ?? "") : ""}]`;
  const choice = element.matches("li, label") ? element.querySelector("input") : null;
  return choice ? `${element.nodeName}>${keyOf(choice)}` : "";
}

function isChoice(element: Element): boolean {
  return element instanceof HTMLInputElement && ["checkbox", "radio", "hidden"].includes(element.type);
}

// What the person or a script changed on purpose: opened details, the stop of a focus.
const kept = new Set(["open", "tabindex"]);

function patchAttributes(from: Element, to: Element): void {
  for (const name of from.getAttributeNames()) if (!to.hasAttribute(name) && !kept.has(name)) from.removeAttribute(name);
  for (const name of to.getAttributeNames()) {
    const value = to.getAttribute(name) ?? "";
    if (name !== "open" && from.getAttribute(name) !== value) from.setAttribute(name, value);
  }
}

function isField(element: Element): element is Field {
  return element instanceof HTMLInputElement || element instanceof HTMLSelectElement || element instanceof HTMLTextAreaElement;
}

function patchField(from: Field, to: Field, all: boolean): void {
  if (from instanceof HTMLInputElement && to instanceof HTMLInputElement && (to.type === "checkbox" || to.type === "radio")) {
    from.checked = to.checked;
  } else if (from instanceof HTMLSelectElement || all || from !== document.activeElement) {
    if (from.value !== to.value) from.value = to.value;
  }
}

function patchFields(from: Element, to: Element): void {
  for (const field of from.querySelectorAll("input, select, textarea")) {
    const same = to.querySelector(`[name="${CSS.escape(field.getAttribute("name") ?? "")}"]`);
    if (same && isField(field) && isField(same)) patchField(field, same, true);
  }
}
