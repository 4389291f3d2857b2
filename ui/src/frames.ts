// Frames of this site's own pages.

const highest = 20_000; // pixels

/** Frames take the height that the page in them tells: previews show the whole, with nothing empty below. */
export function frames(): void {
  addEventListener("message", ({ origin, source, data }: MessageEvent<{ type?: string; height?: number } | null>) => {
    const height = data?.type === "udata:height" ? Number(data.height) : 0;
    if (origin !== location.origin || !(height > 0 && height < highest)) return;
    for (const frame of document.querySelectorAll("iframe")) {
      if (frame.contentWindow === source) frame.style.blockSize = `${Math.ceil(height) + frame.offsetHeight - frame.clientHeight}px`;
    }
  });
  // Those that were there before this script have told it to nobody.
  for (const frame of document.querySelectorAll("iframe")) frame.contentWindow?.postMessage({ type: "udata:height?" }, location.origin);
}
