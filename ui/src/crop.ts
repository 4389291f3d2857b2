import { Enhancement, announce, create, liveRegion } from "./element.js";
import { text } from "./texts.js";

const stage = 320; // pixels of the longer side, on the screen
const least = 24; // pixels of the square, on the screen
const step = 8; // of the arrow keys

/**
 * Around a form with a file field for a portrait: the chosen picture is shown, with a square on it that
 * is moved by dragging or by the arrow keys, and made larger or smaller by its corner or by + and -. The
 * square is sent as "bbox" (left,top,right,bottom in pixels of the picture).
 */
export class Crop extends Enhancement {
  #region = liveRegion();
  #canvas = create("canvas");
  #square = create("button", { type: "button", class: "crop-square" });
  #corner = create("span", { class: "crop-corner", "aria-hidden": "true" });
  #stage = create("div", { class: "crop", hidden: "" });
  #box = create("input", { type: "hidden", name: "bbox" });
  #scale = 1; // pixels of the picture in one of the screen
  #size = 0;
  #left = 0;
  #top = 0;

  protected override connect(): void {
    const form = this.querySelector("form");
    const field = this.querySelector<HTMLInputElement>("input[type=file]");
    if (!form || !field) return;
    this.#square.append(this.#corner);
    this.#stage.append(this.#canvas, this.#square);
    field.closest(".field")?.after(this.#stage);
    form.append(this.#box, this.#region);
    this.listen(field, "change", () => void this.show(field.files?.[0]));
    this.listen<PointerEvent>(this.#square, "pointerdown", (event) => this.drag(event));
    this.listen<KeyboardEvent>(this.#square, "keydown", (event) => this.press(event));
  }

  protected override disconnect(): void {
    this.#stage.remove();
    this.#box.remove();
    this.#region.remove();
  }

  private async show(file: File | undefined): Promise<void> {
    this.#box.value = "";
    this.#stage.hidden = true;
    if (!file) return;
    let picture: ImageBitmap;
    try {
      picture = await createImageBitmap(file);
    } catch {
      return; // the server says what is wrong with it
    }
    this.#scale = Math.max(picture.width, picture.height) / stage;
    this.#canvas.width = Math.max(1, Math.round(picture.width / this.#scale));
    this.#canvas.height = Math.max(1, Math.round(picture.height / this.#scale));
    this.#canvas.getContext("2d")?.drawImage(picture, 0, 0, this.#canvas.width, this.#canvas.height);
    picture.close();
    this.#square.setAttribute("aria-label", text("crop"));
    const side = Math.min(this.#canvas.width, this.#canvas.height);
    this.#stage.hidden = false;
    this.place((this.#canvas.width - side) / 2, (this.#canvas.height - side) / 2, side);
  }

  private place(left: number, top: number, size: number): void {
    const { width, height } = this.#canvas;
    this.#size = Math.max(Math.min(size, width, height), Math.min(least, width, height));
    this.#left = Math.max(0, Math.min(left, width - this.#size));
    this.#top = Math.max(0, Math.min(top, height - this.#size));
    this.#square.style.inlineSize = this.#square.style.blockSize = `${this.#size}px`;
    this.#square.style.translate = `${this.#left}px ${this.#top}px`;
    const sides = [this.#left, this.#top, this.#left + this.#size, this.#top + this.#size];
    this.#box.value = sides.map((side) => Math.round(side * this.#scale)).join(",");
  }

  private drag(event: PointerEvent): void {
    event.preventDefault();
    this.#square.focus();
    this.#square.setPointerCapture(event.pointerId);
    const grows = event.target === this.#corner;
    const [x, y, left, top, size] = [event.clientX, event.clientY, this.#left, this.#top, this.#size];
    const done = new AbortController();
    const move = (now: PointerEvent) => {
      const [dx, dy] = [now.clientX - x, now.clientY - y];
      if (grows) this.place(left, top, Math.min(size + Math.max(dx, dy), this.#canvas.width - left, this.#canvas.height - top));
      else this.place(left + dx, top + dy, size);
    };
    this.#square.addEventListener("pointermove", move, { signal: done.signal });
    for (const end of ["pointerup", "pointercancel"]) this.#square.addEventListener(end, () => done.abort(), { signal: done.signal });
  }

  private press(event: KeyboardEvent): void {
    const moves: Record<string, [number, number, number]> = {
      ArrowLeft: [-step, 0, 0],
      ArrowRight: [step, 0, 0],
      ArrowUp: [0, -step, 0],
      ArrowDown: [0, step, 0],
      "+": [-step / 2, -step / 2, step],
      "-": [step / 2, step / 2, -step],
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    this.place(this.#left + move[0], this.#top + move[1], this.#size + move[2]);
    announce(this.#region, text("crop-at", { part: this.#box.value.split(",").join(", ") }));
  }
}
