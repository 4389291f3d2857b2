import { Enhancement, announce, isAbort, liveRegion, webAddress } from "./element.js";

const pause = 500; // milliseconds of quiet before the server is asked

/**
 * Shows what the server says of a form while it is filled in, as the quality of a dataset: the answers
 * of the form with the id in "form" go to "src", and the piece of HTML that comes back takes the place
 * of the content. The text of its [data-announce] is read out.
 */
export class Live extends Enhancement {
  #region = liveRegion();
  #asked: AbortController | undefined;
  #timer = 0;

  protected override connect(): void {
    const form = document.getElementById(this.getAttribute("form") ?? "");
    if (!(form instanceof HTMLFormElement)) return;
    this.after(this.#region);
    this.listen(form, "input", () => {
      clearTimeout(this.#timer);
      this.#timer = this.later(pause, () => void this.ask(form));
    });
  }

  protected override disconnect(): void {
    this.#asked?.abort();
    this.#region.remove();
  }

  private async ask(form: HTMLFormElement): Promise<void> {
    const said = this.querySelector("[data-announce]")?.textContent;
    this.#asked?.abort();
    this.#asked = new AbortController();
    try {
      const found = await rendered(this.getAttribute("src") ?? "", answers(form), this.#asked.signal);
      this.replaceChildren(...found);
      const now = this.querySelector("[data-announce]")?.textContent;
      if (now && now !== said) announce(this.#region, now);
    } catch (failure) {
      if (!isAbort(failure)) this.setAttribute("data-failed", "");
    }
  }
}

/** The answers of a form, without its files. */
export function answers(form: HTMLFormElement): URLSearchParams {
  const given = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (typeof value === "string") given.append(name, value);
  return given;
}

/** Sends answers and takes the piece of HTML that comes back. */
export async function rendered(address: string, given: URLSearchParams, signal: AbortSignal): Promise<Node[]> {
  const url = webAddress(address);
  if (!url) return [];
  const answer = await fetch(url, { method: "POST", body: given, signal, headers: { Accept: "text/html" } });
  if (!answer.ok) throw new Error(answer.statusText);
  const { body } = new DOMParser().parseFromString(await answer.text(), "text/html");
  return [...body.childNodes].map((node) => document.importNode(node, true));
}
