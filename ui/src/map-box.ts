import { Enhancement, create } from "./element.js";
import { text } from "./texts.js";

declare const MAP_CSS: string;

const ahead = "200px"; // how far below the screen a map begins to load

/**
 * A map, loaded when it comes near the screen; its content is what is there until then, and when it
 * cannot be drawn. Attributes: "bbox" (west,south,east,north in degrees), "contour" (address of
 * GeoJSON, the area itself), "geojson" (address of features to look at), "background" (addresses of
 * outlines, GeoJSON or TopoJSON, drawn after those of the world), "tiles" and "attribution" (of a server of tiles), "label".
 */
export class MapBox extends Enhancement {
  #undraw: (() => void) | undefined;
  #notice: HTMLElement | undefined;

  protected override connect(): void {
    const seen = new IntersectionObserver(
      (entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        seen.disconnect();
        void this.load();
      },
      { rootMargin: ahead },
    );
    seen.observe(this);
    this.listen(this.life, "abort", () => seen.disconnect());
  }

  protected override disconnect(): void {
    this.#undraw?.();
    this.#undraw = undefined;
    this.#notice?.remove();
  }

  private async load(): Promise<void> {
    const life = this.life;
    this.#notice?.remove();
    this.setAttribute("aria-busy", "true");
    try {
      const [{ draw }] = await Promise.all([import("./map/map.js"), styled(new URL(MAP_CSS, import.meta.url).href)]);
      if (life.aborted) return;
      const undraw = await draw(this, life);
      if (life.aborted) undraw();
      else this.#undraw = undraw;
    } catch (failure) {
      if (!life.aborted) this.fail(failure);
    } finally {
      this.removeAttribute("aria-busy");
    }
  }

  private fail(failure: unknown): void {
    const words = failure instanceof RangeError ? text("map-too-large") : text("map-failed");
    const again = create("button", { type: "button", class: "button small" }, text("retry"));
    again.addEventListener("click", () => void this.load());
    this.#notice = create("div", { class: "notice warning", role: "alert" }, create("p", {}, words), again);
    this.after(this.#notice); // below: the box of the map may show nothing more
  }
}

/** Adds the style of maps to the page once, and waits for it. */
function styled(href: string): Promise<void> {
  const present = [...document.querySelectorAll<HTMLLinkElement>("link[rel=stylesheet]")].find((link) => link.href === href);
  if (present?.sheet) return Promise.resolve();
  const link = present ?? create("link", { rel: "stylesheet", href });
  return new Promise((resolve, reject) => {
    link.addEventListener("load", () => resolve(), { once: true });
    link.addEventListener(
      "error",
      () => {
        link.remove();
        reject(new Error("style of maps"));
      },
      { once: true },
    );
    if (!present) document.head.append(link);
  });
}
