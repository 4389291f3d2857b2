// The words of the scripts. Each line holds the same text in the languages of `languages`, in that order.
const languages = ["fr", "en", "es", "pt", "de", "it"];

// What the site that serves the scripts puts in their place; the package keeps them as they are.
const siteLanguage = "__GRENIER_LANGUAGE__";

export type Words = Record<string, string>;

/** The language of an element: its own or an ancestor's, then the page's, then the site's. */
export function languageOf(element?: Element): string {
  const marked = element && element.closest("[lang]");
  const wish = (marked && marked.getAttribute("lang")) || document.documentElement.lang || siteLanguage;
  const short = wish.slice(0, 2).toLowerCase();
  return languages.includes(short) ? short : languages.includes(siteLanguage) ? siteLanguage : "en";
}

/** A text in a language; "{}" stands for what is given. */
export function text(words: Words, name: string, language: string, given = ""): string {
  return (words[name] || "").split("|")[languages.indexOf(language)]!.replace("{}", given);
}
