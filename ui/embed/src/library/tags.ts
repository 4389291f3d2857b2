// What TypeScript knows of the elements and events in a page.
import type { CatalogObject } from "./api.js";
import type { UdataElement } from "./element.js";
import type { Results } from "./object.js";

declare global {
  interface HTMLElementTagNameMap {
    "udata-dataset": UdataElement;
    "udata-organization": UdataElement;
    "udata-reuse": UdataElement;
    "udata-dataservice": UdataElement;
    "udata-topic": UdataElement;
    "udata-territory": UdataElement;
    "udata-search": UdataElement;
    "udata-resource": UdataElement;
    "udata-chart": UdataElement;
    "udata-map": UdataElement;
  }

  interface GlobalEventHandlersEventMap {
    /** An element shows what it was asked for: an object, the files of a map, or what a search found. */
    "udata:ready": CustomEvent<CatalogObject | CatalogObject[] | Results>;
    "udata:error": CustomEvent<{ cause: unknown }>;
    /** A link to an object was followed; preventDefault() keeps the reader on the page. */
    "udata:select": CustomEvent<CatalogObject>;
    /** The reader changed a search. */
    "udata:change": CustomEvent<Results>;
  }

  interface WindowEventMap {
    /** The datasets that became ready together, as widgets.js tells it. */
    "udataset:loaded": CustomEvent<{ datasets: HTMLElement[] }>;
  }
}
