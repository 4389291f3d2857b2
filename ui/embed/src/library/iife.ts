// The library as a script, with the global name "udata". Pages that were written for udata-js get what they need.
import { originOf, running, whenRead } from "../site.js";
import * as library from "./index.js";

const page = window as { udata?: typeof library };
const script = running();
const base = originOf(script?.src);

// The script of widgets.js has the id "udata": browsers give it by that name where there is nothing else.
if (!page.udata?.define) {
  page.udata = library;
  library.configure({ base });
  library.define();
}

whenRead(() => {
  const older = ".uData-data, .uData-map";
  if (!document.querySelector(older) || document.querySelector('script[src*="/udata-compat.js"]')) return;
  const compat = document.createElement("script");
  compat.src = `${base}/static/udata-compat.js`;
  document.head.append(compat);
});
