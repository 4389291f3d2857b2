import { Enhancement, announce, create, liveRegion, webAddress } from "./element.js";
import { icon } from "./icon.js";
import { answers } from "./live.js";
import { text } from "./texts.js";

const chunk = 20_000_000; // bytes of a part
const parallel = 3; // requests at once
const tries = 4; // of a part: the first and three more
const sign = "gr-upload "; // of what is remembered

/** A file on its way. */
interface Sending {
  file: File;
  uuid: string;
  sent: Map<number, number>; // bytes by part
  row: HTMLElement;
  bar: HTMLProgressElement;
  note: HTMLElement;
  stop: AbortController;
  state: "waiting" | "done" | "failed" | "stopped";
}

/** A refusal that no second try mends, with what the server says. */
class Refused extends Error {}

/** A file beyond the bound of the page. */
class TooBig extends Refused {}

/**
 * Around a form with a file field (input type=file, in an element of class drop): files that are dropped
 * on it or chosen go to "src" as the API takes them, larger ones in parts, some at once, again when the
 * network fails. An upload that was cut off goes on when the same file is chosen again. Each file that
 * arrived is told by an event gr-uploaded with the server's answer; when all have, the page goes on to
 * "done". With "create" the object that the files belong to is made first: the form is posted with the
 * name of the first file as "filename", and the answer says where files go ("upload") and what follows
 * ("next"). What the server refuses is said in the words that "words" answers for it; where some files
 * were refused and others kept, a link leads to "done". Where "most" bounds a file, in bytes, files are
 * sent whole, and larger ones are refused in the words of "too-big" before they are.
 */
export class Upload extends Enhancement {
  #region = liveRegion();
  #list = create("ul", { class: "uploads" });
  #whole = create("progress", { max: "1", value: "0" });
  #all = create("p", { class: "upload-all", hidden: "" });
  #onward = create("p", { class: "actions" });
  #sendings: Sending[] = [];
  #free = parallel;
  #queue: (() => void)[] = [];
  #created: Promise<void> | undefined;

  protected override connect(): void {
    const field = this.querySelector<HTMLInputElement>("input[type=file]");
    if (!field) return;
    this.#list.setAttribute("aria-label", text("upload-list"));
    this.#whole.setAttribute("aria-label", text("upload-all"));
    this.#all.append(this.#whole);
    this.append(this.#all, this.#list, this.#region);
    this.listen(field, "change", () => {
      this.take(field.files);
      field.value = "";
    });
    const zone = this.closest<HTMLElement>("[data-drop]") ?? this;
    this.listen<DragEvent>(zone, "dragover", (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      this.classList.add("dropping");
    });
    this.listen<DragEvent>(zone, "dragleave", (event) => {
      if (!zone.contains(event.relatedTarget as Node | null)) this.classList.remove("dropping");
    });
    this.listen<DragEvent>(zone, "drop", (event) => {
      event.preventDefault();
      this.classList.remove("dropping");
      this.take(event.dataTransfer?.files ?? null);
    });
    this.listen<BeforeUnloadEvent>(window, "beforeunload", (event) => {
      if (this.#sendings.some(({ state }) => state === "waiting")) event.preventDefault();
    });
    this.remind();
  }

  protected override disconnect(): void {
    for (const sending of this.#sendings) sending.stop.abort();
    this.#region.remove();
  }

  private get src(): string {
    return webAddress(this.getAttribute("src") ?? "")?.href ?? "";
  }

  private take(files: FileList | null): void {
    const chosen = [...(files ?? [])];
    const [first] = chosen;
    if (!first) return;
    void this.created(first).then(
      () => {
        for (const file of chosen) void this.send(this.begin(file));
      },
      async (failure: unknown) => this.refuse(await this.words(failure)),
    );
  }

  /** The most bytes of a file that is sent whole; where nothing says so, none is too large for parts. */
  private get most(): number {
    return Number(this.getAttribute("most")) || Infinity;
  }

  /** Makes what the files belong to, once. */
  private created(first: File): Promise<void> {
    if (!this.hasAttribute("create")) return Promise.resolve();
    this.#created ??= this.create(first).catch((failure: unknown) => {
      this.#created = undefined; // another file may be taken
      throw failure;
    });
    return this.#created;
  }

  private async create(first: File): Promise<void> {
    const form = this.querySelector("form");
    const body = form ? answers(form) : new URLSearchParams();
    body.set("filename", first.name);
    const made = (await post(form?.action ?? "", body, new AbortController().signal, () => undefined)) as { upload?: string; next?: string } | null;
    if (!made?.upload) throw new Error("no address to send files to");
    this.setAttribute("src", made.upload);
    this.setAttribute("done", made.next ?? "");
    this.removeAttribute("create");
  }

  /** Says why nothing was taken, in place of what was said before. */
  private refuse(words: string): void {
    this.querySelector(":scope > .refused")?.remove();
    this.#list.before(create("p", { class: "notice danger refused" }, icon("error"), create("span", {}, words)));
    announce(this.#region, words);
  }

  private begin(file: File): Sending {
    const bar = create("progress", { max: "1", value: "0", "aria-label": file.name });
    const note = create("span", { class: "small muted" }, text("upload-waiting"));
    const cancel = create("button", { type: "button", class: "button quiet small" }, icon("close"), text("upload-cancel"));
    const row = create("li", {}, create("span", {}, create("strong", {}, file.name), " ", note), cancel, bar);
    const sending: Sending = { file, uuid: this.most < Infinity ? freshName() : remembered(this.src, file), sent: new Map(), row, bar, note, stop: new AbortController(), state: "waiting" };
    cancel.addEventListener("click", () => this.cancel(sending));
    this.#sendings.push(sending);
    this.#list.append(row);
    return sending;
  }

  private cancel(sending: Sending): void {
    sending.stop.abort();
    if (sending.state !== "done") forget(this.src, sending.file);
    sending.state = "stopped";
    sending.row.remove();
    this.draw();
    announce(this.#region, text("upload-cancelled", { name: sending.file.name }));
    this.finish();
  }

  private async send(sending: Sending): Promise<void> {
    const { file } = sending;
    try {
      if (file.size > this.most) throw new TooBig();
      const whole = file.size <= chunk || this.most < Infinity;
      const answer = whole ? await this.request(sending, 0, () => form({ filename: file.name, file })) : await this.sendParts(sending);
      sending.state = "done";
      forget(this.src, file);
      this.say(sending, text("upload-done"));
      sending.row.querySelector("button")?.remove();
      this.dispatchEvent(new CustomEvent("gr-uploaded", { bubbles: true, detail: answer }));
    } catch (failure) {
      if (sending.stop.signal.aborted) return;
      sending.state = "failed";
      sending.row.classList.add("danger");
      this.say(sending, await this.words(failure));
      if (failure instanceof Refused) {
        forget(this.src, file); // it would be refused again
        this.refused(sending);
      } else this.retry(sending);
    }
    this.finish();
  }

  /** Marks a file that no second try brings in. */
  private refused(sending: Sending): void {
    sending.bar.remove();
    sending.note.className = "error";
    sending.note.prepend(icon("error"));
  }

  private retry(sending: Sending): void {
    const again = create("button", { type: "button", class: "button small" }, icon("refresh"), text("upload-again"));
    again.addEventListener("click", () => {
      again.remove();
      sending.row.classList.remove("danger");
      sending.state = "waiting";
      void this.send(sending);
    });
    sending.row.querySelector("button")?.before(again);
  }

  private say(sending: Sending, words: string): void {
    sending.note.textContent = words;
    this.draw();
    announce(this.#region, `${sending.file.name}: ${words}`);
  }

  /** Sends the parts that the server does not have, then says that they are all. */
  private async sendParts(sending: Sending): Promise<unknown> {
    const { file, uuid } = sending;
    const total = Math.ceil(file.size / chunk);
    const known = await partsOf(uuid, sending.stop.signal);
    await Promise.all(
      Array.from({ length: total }, (_, i) => {
        const from = i * chunk;
        const piece = file.slice(from, from + chunk);
        if (known.has(i)) {
          sending.sent.set(i, piece.size);
          return undefined;
        }
        const fields = { uuid, filename: file.name, file: piece, partindex: i, partbyteoffset: from, totalparts: total, totalfilesize: file.size, chunksize: piece.size };
        return this.request(sending, i, () => form(fields));
      }),
    );
    return this.request(sending, -1, () => form({ uuid, filename: file.name, totalparts: total, totalfilesize: file.size }));
  }

  /** Sends one request when there is room for it, and again when it fails. */
  private async request(sending: Sending, index: number, body: () => FormData): Promise<unknown> {
    await this.room();
    try {
      for (let tried = 1; ; tried++) {
        try {
          return await post(this.src, body(), sending.stop.signal, (bytes) => {
            if (index >= 0) sending.sent.set(index, bytes);
            this.draw();
          });
        } catch (failure) {
          if (failure instanceof Refused || sending.stop.signal.aborted || tried === tries) throw failure;
          await new Promise((go) => setTimeout(go, 500 * 2 ** tried));
        }
      }
    } finally {
      const next = this.#queue.shift();
      if (next) next();
      else this.#free++;
    }
  }

  private async room(): Promise<void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((go) => this.#queue.push(go)); // whoever leaves hands their room on
  }

  private draw(): void {
    let sent = 0;
    let size = 0;
    for (const { file, sent: parts, bar, state, note } of this.#sendings) {
      if (state === "stopped") continue;
      const bytes = state === "done" ? file.size : Math.min(file.size, [...parts.values()].reduce((sum, one) => sum + one, 0));
      bar.value = file.size ? bytes / file.size : state === "done" ? 1 : 0;
      if (state === "waiting") note.textContent = text("upload-percent", { percent: Math.floor(bar.value * 100) });
      sent += bytes;
      size += file.size;
    }
    this.#all.hidden = this.#list.childElementCount < 2;
    this.#whole.value = size ? sent / size : 0;
  }

  /** What went wrong, in the language of the page. */
  private async words(failure: unknown): Promise<string> {
    if (failure instanceof TooBig) return this.getAttribute("too-big") ?? text("upload-failed");
    if (!(failure instanceof Refused) || !failure.message) return text("upload-failed");
    const address = webAddress(this.getAttribute("words") ?? "");
    if (!address) return failure.message;
    try {
      const body = new URLSearchParams({ text: failure.message });
      const answer = await fetch(address, { method: "POST", body, headers: { Accept: "application/json" } });
      return answer.ok ? ((await answer.json()) as { message: string }).message : failure.message;
    } catch {
      return failure.message;
    }
  }

  /** Goes on when all files have arrived, or offers to when some were refused. */
  private finish(): void {
    const open = this.#sendings.filter(({ state }) => state !== "stopped");
    const done = this.getAttribute("done");
    if (!done || !open.some(({ state }) => state === "done")) return;
    if (open.every(({ state }) => state === "done")) location.assign(done);
    else if (!open.some(({ state }) => state === "waiting")) {
      this.#onward.replaceChildren(create("a", { class: "button primary", href: done }, text("upload-go-on"), icon("arrow-right")));
      this.append(this.#onward);
    }
  }

  /** Names the files whose upload was cut off by leaving the page. */
  private remind(): void {
    const keys = Object.keys(stored()).filter((key) => key.startsWith(sign + this.src + " "));
    if (this.most < Infinity) return keys.forEach(drop); // nothing goes on here
    const names = keys.map((key) => key.slice(sign.length + this.src.length + 1).replace(/ \d+ \d+$/, ""));
    if (names.length === 0) return;
    this.#list.before(create("p", { class: "notice info" }, icon("info"), create("span", {}, text("upload-resume", { names: names.join(", ") }))));
  }
}

function form(fields: Record<string, string | number | Blob>): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (value instanceof Blob) data.append(name, value, String(fields["filename"] ?? "file"));
    else data.append(name, String(value));
  }
  return data;
}

/** Posts a form, telling how much of it has gone. */
function post(address: string, body: FormData | URLSearchParams, signal: AbortSignal, progress: (bytes: number) => void): Promise<unknown> {
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest();
    request.open("POST", address);
    request.responseType = "json";
    request.setRequestHeader("Accept", "application/json");
    request.upload.onprogress = (event) => progress(event.loaded);
    request.onload = () => {
      const answer = request.response as { message?: string; success?: boolean; error?: string } | null;
      if (request.status < 300 && answer?.success !== false) done(answer);
      else if (request.status < 500 && request.status !== 429 && request.status !== 408) fail(new Refused(answer?.message ?? answer?.error ?? ""));
      else fail(new Error(request.statusText));
    };
    request.onerror = request.ontimeout = () => fail(new Error("network"));
    request.onabort = () => fail(new DOMException("", "AbortError"));
    signal.addEventListener("abort", () => request.abort());
    request.send(body);
  });
}

/** The parts of an upload that the server has. */
async function partsOf(uuid: string, signal: AbortSignal): Promise<Set<number>> {
  try {
    const answer = await fetch(`/api/2/uploads/${uuid}/`, { signal, headers: { Accept: "application/json" } });
    if (!answer.ok) return new Set();
    const { received } = (await answer.json()) as { received?: number[] };
    return new Set(received ?? []);
  } catch {
    return new Set();
  }
}

function key(src: string, file: File): string {
  return `${sign}${src} ${file.name} ${file.size} ${file.lastModified}`;
}

function stored(): Record<string, string> {
  try {
    return { ...localStorage };
  } catch {
    return {}; // a browser that remembers nothing
  }
}

/** The name of an upload: that of one that was cut off, or a new one. */
function remembered(src: string, file: File): string {
  const uuid = stored()[key(src, file)] ?? freshName();
  if (file.size > chunk) {
    try {
      localStorage.setItem(key(src, file), uuid);
    } catch {
      // it cannot go on later then
    }
  }
  return uuid;
}

function forget(src: string, file: File): void {
  drop(key(src, file));
}

function drop(name: string): void {
  try {
    localStorage.removeItem(name);
  } catch {
    // nothing was remembered
  }
}

/** A UUID (RFC 9562), also on pages without TLS, where crypto.randomUUID is missing. */
function freshName(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const digits = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
