// The script of pages that one writes on: the administration, the pages of sessions. Every element
// enhances a form that works without it.
import { Crop } from "./crop.js";
import { Entries } from "./entries.js";
import { Guard, Print, Typed, focusSummary } from "./guard.js";
import { Live } from "./live.js";
import { Markdown } from "./markdown.js";
import { Refresh } from "./refresh.js";
import { Sort } from "./sort.js";
import { Upload } from "./upload.js";

focusSummary();
customElements.define("gr-guard", Guard);
customElements.define("gr-typed", Typed);
customElements.define("gr-print", Print);
customElements.define("gr-tags", class extends Entries {});
customElements.define("gr-pick", class extends Entries {});
customElements.define("gr-markdown", Markdown);
customElements.define("gr-live", Live);
customElements.define("gr-refresh", Refresh);
customElements.define("gr-sort", Sort);
customElements.define("gr-upload", Upload);
customElements.define("gr-crop", Crop);
