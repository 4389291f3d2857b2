// The library as a module: the site that it came from is the one that elements ask.
import { originOf } from "../site.js";
import { configure, define } from "./index.js";

export * from "./index.js";

configure({ base: originOf(import.meta.url) });
define();
