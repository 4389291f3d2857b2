import { create } from "./element.js";

const space = "http://www.w3.org/2000/svg";

/** A picture of the sprite that the page draws from, for the eye alone. */
export function icon(name: string): Node {
  const drawn = document.querySelector("svg.icon use")?.getAttribute("href")?.replace(/#.*$/, "") ?? "";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `${drawn}#${name}`);
  svg.append(use);
  return svg;
}

/** A small button with a picture; its label is for those who hear the page, and in a tip. */
export function iconButton(name: string, label: string): HTMLButtonElement {
  return create("button", { type: "button", class: "button quiet small icon-only", "aria-label": label, title: label }, icon(name));
}
