// The elements that show what is in files. What draws them is loaded when one is on the page.
import { settings, UdataElement } from "./element.js";

/** What the part that is loaded later gives. */
interface Files {
  show(element: UdataElement, what: string): Promise<Node>;
}

// The name of the file stands in no import of the library itself: whoever bundles it does not take the parts along.
const files = (): Promise<Files> => import(/* @vite-ignore */ `${settings.base}/static/udata-files.mjs`) as Promise<Files>;

/** <udata-resource>: a file, as a link to it, a table, a chart of its columns or a map. */
export class ResourceElement extends UdataElement {
  protected override async content(): Promise<Node> {
    return (await files()).show(this, this.getAttribute("view") ?? "");
  }
}

/** <udata-chart>: a chart that somebody drew on the site. */
export class ChartElement extends UdataElement {
  protected override async content(): Promise<Node> {
    return (await files()).show(this, "drawn");
  }
}

/** <udata-map>: files with places, together on a map. */
export class MapElement extends UdataElement {
  protected override async content(): Promise<Node> {
    return (await files()).show(this, "places");
  }
}
