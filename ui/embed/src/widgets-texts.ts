import type { Words } from "./texts.js";

export const words: Words = {
  filter: "Filtrer les jeux de données|Filter datasets|Filtrar los conjuntos de datos|Filtrar os conjuntos de dados|Datensätze filtern|Filtra i dataset",
  nothing: "Aucun résultat|No result|Sin resultados|Sem resultados|Kein Ergebnis|Nessun risultato",
  more: "Voir plus|Show more|Ver más|Ver mais|Mehr anzeigen|Mostra altro",
  unknown: "Données introuvables :|Data not found:|Datos no encontrados:|Dados não encontrados:|Daten nicht gefunden:|Dati non trovati:",
  unreachable: "Données indisponibles :|Data not available:|Datos no disponibles:|Dados indisponíveis:|Daten nicht verfügbar:|Dati non disponibili:",
  help: "Code :|Code:|Código:|Código:|Code:|Codice:",
};
