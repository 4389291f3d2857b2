// The box of a card with the code that embeds it.

type Say = (name: string) => string;

/** Opens or closes the box when the click was on the link for it. */
export function openBox(event: Event, place: HTMLElement, script: string, say: Say): void {
  const link = event.target instanceof Element && event.target.closest<HTMLElement>(".integrate");
  const card = link && link.closest<HTMLElement>(".dataset-card");
  if (!link || !card) return;
  event.preventDefault();
  const label = link.getAttribute("data-label") || "";
  link.setAttribute("data-label", link.textContent || "");
  link.textContent = label;
  link.setAttribute("role", "button");
  const line = link.parentElement!;
  const content = card.querySelector<HTMLElement>(".udata-content");
  const open = card.querySelector(".embed");
  line.classList.toggle("udata-code", !!open);
  line.classList.toggle("udata-close", !open);
  if (content) content.classList.toggle("js-hide", !open);
  link.setAttribute("aria-expanded", String(!open));
  if (open) open.remove();
  else write(card, content, snippet(place, script), say("help"));
}

function write(card: HTMLElement, content: HTMLElement | null, code: string, words: string): void {
  const box = document.createElement("div");
  box.className = "embed";
  const help = document.createElement("p");
  help.className = "udata-help";
  help.textContent = words;
  const field = document.createElement("textarea");
  field.readOnly = true;
  field.rows = 4;
  field.value = code;
  field.setAttribute("aria-label", words);
  field.addEventListener("click", () => copy(field));
  box.append(help, field);
  if (content) content.after(box);
  else card.append(box);
  field.focus();
  field.select();
}

// Without a clipboard that the page may write to, the text is selected to be copied by hand.
function copy(field: HTMLTextAreaElement): void {
  field.select();
  if (navigator.clipboard) navigator.clipboard.writeText(field.value).catch(() => undefined);
}

function snippet(place: HTMLElement, script: string): string {
  const kind = place.hasAttribute("data-udata-dataset-id") ? "dataset" : "territory";
  const id = place.getAttribute(`data-udata-${kind}-id`) || "";
  const quoted = (value: string) => value.replace(/&/g, "&amp;").replace(/"/g, "&quot;");
  return `<div data-udata-${kind}-id="${quoted(id)}"></div><script src="${quoted(script)}" id="udata" async defer onload="udataScript.loadDatasets()"></script>`;
}
