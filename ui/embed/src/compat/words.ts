import { text, type Words } from "../texts.js";

const words: Words = {
  pages: "Pages|Pages|Páginas|Páginas|Seiten|Pagine",
  search: "Chercher|Search|Buscar|Pesquisar|Suchen|Cerca",
  organizations: "Organisations|Organizations|Organizaciones|Organizações|Organisationen|Organizzazioni",
  sort: "Tri|Sort|Orden|Ordem|Sortierung|Ordine",
  direction: "Inverser|Reverse|Invertir|Inverter|Umkehren|Invertire",
  title: "titre|title|título|título|Titel|titolo",
  created: "création|creation|creación|criação|Erstellung|creazione",
  last_modified: "modification|modification|modificación|modificação|Änderung|modifica",
  followers: "abonnés|followers|seguidores|seguidores|Abonnenten|seguaci",
  reuses: "réutilisations|reuses|reutilizaciones|reutilizações|Nutzungen|riutilizzi",
  datasets: "jeux de données|datasets|conjuntos de datos|conjuntos de dados|Datensätze|dataset",
  resources: "Fichiers|Files|Archivos|Ficheiros|Dateien|File",
  unreachable: "Indisponible :|Not available:|No disponible:|Indisponível:|Nicht verfügbar:|Non disponibile:",
  tag: "Mot-clé|Tag|Etiqueta|Etiqueta|Schlagwort|Parola chiave",
  license: "Licence|License|Licencia|Licença|Lizenz|Licenza",
  geozone: "Territoire|Territory|Territorio|Território|Gebiet|Territorio",
  granularity: "Granularité|Granularity|Granularidad|Granularidade|Granularität|Granularità",
};

/** A text in a language; a key that has none is its own text. */
export function said(key: string, language: string): string {
  return Object.hasOwn(words, key) ? text(words, key, language) : key;
}
