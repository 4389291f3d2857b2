// Popovers that are details (class menu-pop): what people expect of a menu beyond opening and closing.

/** Escape closes an open popover and gives the focus back; so does a click, or the focus, elsewhere. */
export function pops(): void {
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    for (const pop of opened()) {
      const within = pop.contains(document.activeElement);
      pop.open = false;
      if (within) pop.querySelector("summary")?.focus();
    }
  });
  const leave = (event: Event) => {
    for (const pop of opened()) if (!pop.contains(event.target as Node)) pop.open = false;
  };
  document.addEventListener("click", leave);
  document.addEventListener("focusin", leave);
}

function opened(): NodeListOf<HTMLDetailsElement> {
  return document.querySelectorAll("details.menu-pop[open]");
}
