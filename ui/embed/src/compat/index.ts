// udata-compat.js: pages that were written for udata-js, as they are, without jQuery.
import { running, whenRead } from "../site.js";
import { Catalog, siteOf } from "./catalog.js";
import { show } from "./map.js";

const base = siteOf(running());

whenRead(() => {
  for (const box of Array.from(document.querySelectorAll<HTMLElement>(".uData-data"))) {
    if (!box.dataset["organizations"] || "udataReady" in box.dataset) continue; // as udata-js did
    box.dataset["udataReady"] = "";
    void new Catalog(box, base).show();
  }
  for (const box of Array.from(document.querySelectorAll<HTMLElement>(".uData-map"))) {
    if ("udataReady" in box.dataset) continue;
    box.dataset["udataReady"] = "";
    void show(box, base);
  }
});
