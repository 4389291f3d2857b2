// The field above a list that finds datasets by words of their titles.
import { likeness, plain } from "./likeness.js";

type Say = (name: string) => string;

const shortest = 3; // letters from which something is looked for
const pause = 350; // milliseconds
const alike = 0.3;
const searched = new WeakSet<Element>();

/** Adds the field before a container, once. */
export function addSearch(container: HTMLElement, say: Say): void {
  if (searched.has(container)) return;
  searched.add(container);
  const field = document.createElement("input");
  field.type = "search";
  field.placeholder = say("filter");
  field.setAttribute("aria-label", say("filter"));
  Object.assign(field.style, { display: "block", boxSizing: "border-box", width: "90%", maxWidth: "1000px", margin: "1em", padding: ".1em" });
  const said = document.createElement("p");
  said.className = "udata-found";
  said.setAttribute("role", "status");
  container.before(field, said);
  let timer = 0;
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => (said.textContent = filter(container, field.value, say)), pause);
  });
}

/** Shows the datasets whose titles are like the words, best first; says how many. */
function filter(container: HTMLElement, typed: string, say: Say): string {
  const places = Array.from(container.children) as HTMLElement[];
  places.forEach((place, i) => (place.dataset.udataRank = place.dataset.udataRank || String(i)));
  const rank = (place: HTMLElement) => Number(place.dataset.udataRank);
  const wish = plain(typed);
  const scores = new Map(places.map((place) => [place, wish.length < shortest ? 1 : likeness(wish, titleOf(place))]));
  const order = places.slice().sort((a, b) => scores.get(b)! - scores.get(a)! || rank(a) - rank(b));
  if (order.some((place, i) => place !== places[i])) container.append(...order);
  const found = places.filter((place) => !(place.hidden = scores.get(place)! <= alike)).length;
  return wish.length < shortest ? "" : found ? `${found} / ${places.length}` : say("nothing");
}

function titleOf(place: Element): string {
  const link = place.querySelector(".udata-title a");
  return plain((link && (link.getAttribute("title") || link.textContent)) || "");
}
