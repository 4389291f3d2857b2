// The one script of the pages. Every element enhances HTML that works without it; what is heavy is
// loaded by the element that needs it, when it is seen.
import { Copy } from "./copy.js";
import { Filters } from "./filters.js";
import { frames } from "./frames.js";
import { Hash } from "./hash.js";
import { Language } from "./language.js";
import { MapBox } from "./map-box.js";
import { pops } from "./pops.js";
import { Preview } from "./preview.js";
import { Suggest } from "./suggest.js";
import { Theme } from "./theme.js";

pops();
frames();
customElements.define("gr-hash", Hash);
customElements.define("gr-theme", Theme);
customElements.define("gr-suggest", Suggest);
customElements.define("gr-filters", Filters);
customElements.define("gr-copy", Copy);
customElements.define("gr-preview", Preview);
customElements.define("gr-language", Language);
customElements.define("gr-map", MapBox);
