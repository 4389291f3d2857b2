// How much a title is like what somebody typed.

const marks = /[\])}'’,.\-–—[{(]/g;

/** A text without case, accents and marks. */
export function plain(text: string): string {
  return text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/œ/gi, "oe").replace(/æ/gi, "ae").replace(marks, " ").replace(/\s+/g, " ").trim().toLowerCase();
}

/** From 0, nothing in common, to 1, the same; both texts are plain. A title that holds the words scores above all that are only alike. */
export function likeness(wish: string, title: string): number {
  if (!title) return 0;
  if (title === wish) return 1;
  const at = title.indexOf(wish);
  if (at >= 0) return 0.9 + (at === 0 ? 0.05 : 0) + 0.04 * (wish.length / title.length);
  const words = title.split(" ");
  const scores = wish.split(" ").map((word) => Math.max(...words.map((other) => (other.startsWith(word) ? 0.95 : common(word, other)))));
  // A word that nothing is like weighs: it was typed to tell titles apart.
  return 0.85 * (scores.reduce((sum, score) => sum + (score > 0.5 ? score : 0), 0) / scores.length);
}

/** The share of pairs of letters that two words have in common (Dice's coefficient). */
function common(one: string, other: string): number {
  const [pairs, others] = [one, other].map((word) => word.split("").map((_, i) => word.slice(i, i + 2)).slice(0, -1));
  const same = pairs!.filter((pair) => others!.includes(pair)).length;
  return (2 * same) / (pairs!.length + others!.length || 1);
}
