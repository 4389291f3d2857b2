import { text, type Words } from "../texts.js";

const words: Words = {
  files: "Fichiers : {}|Files: {}|Archivos: {}|Ficheiros: {}|Dateien: {}|File: {}",
  reuses: "Réutilisations : {}|Reuses: {}|Reutilizaciones: {}|Reutilizações: {}|Nutzungen: {}|Riutilizzi: {}",
  datasets: "Jeux de données : {}|Datasets: {}|Conjuntos de datos: {}|Conjuntos de dados: {}|Datensätze: {}|Dataset: {}",
  elements: "Éléments : {}|Elements: {}|Elementos: {}|Elementos: {}|Elemente: {}|Elementi: {}",
  population: "Population : {}|Population: {}|Población: {}|População: {}|Einwohner: {}|Abitanti: {}",
  updated: "Mis à jour le {}|Updated {}|Actualizado el {}|Atualizado em {}|Aktualisiert am {}|Aggiornato il {}",
  unknown: "Introuvable :|Not found:|No encontrado:|Não encontrado:|Nicht gefunden:|Non trovato:",
  unreachable: "Indisponible :|Not available:|No disponible:|Indisponível:|Nicht verfügbar:|Non disponibile:",
  search: "Rechercher|Search|Buscar|Pesquisar|Suchen|Cerca",
  sort: "Tri|Sort|Orden|Ordem|Sortierung|Ordine",
  relevance: "pertinence|relevance|relevancia|relevância|Relevanz|pertinenza",
  "-created": "récents|newest|recientes|recentes|neueste|recenti",
  "-last_update": "mis à jour|updated|actualizados|atualizados|aktualisiert|aggiornati",
  "-reuses": "réutilisés|reused|reutilizados|reutilizados|genutzt|riutilizzati",
  "-followers": "suivis|followed|seguidos|seguidos|verfolgt|seguiti",
  all: "tous|all|todos|todos|alle|tutti",
  tag: "Mot-clé|Tag|Etiqueta|Etiqueta|Schlagwort|Parola chiave",
  license: "Licence|License|Licencia|Licença|Lizenz|Licenza",
  geozone: "Territoire|Territory|Territorio|Território|Gebiet|Territorio",
  granularity: "Granularité|Granularity|Granularidad|Granularidade|Granularität|Granularità",
  format: "Format|Format|Formato|Formato|Format|Formato",
  organization: "Organisation|Organization|Organización|Organização|Organisation|Organizzazione",
  results: "Résultats : {}|Results: {}|Resultados: {}|Resultados: {}|Ergebnisse: {}|Risultati: {}",
  none: "Aucun résultat|No result|Sin resultados|Sem resultados|Kein Ergebnis|Nessun risultato",
  previous: "Précédent|Previous|Anterior|Anterior|Zurück|Precedente",
  next: "Suivant|Next|Siguiente|Seguinte|Weiter|Successiva",
  page: "Page {}|Page {}|Página {}|Página {}|Seite {}|Pagina {}",
};

/** A text of the library in a language; names without a text are said as they are. */
export function say(language: string, name: string, given?: string): string {
  return Object.hasOwn(words, name) ? text(words, name, language, given) : name;
}

/** A day in words; empty when there is none. */
export function day(value: unknown, language: string, style: "full" | "long" | "medium" | "short" = "long"): string {
  const date = new Date(String(value));
  return value && !isNaN(date.getTime()) ? new Intl.DateTimeFormat(language, { dateStyle: style }).format(date) : "";
}

/** A number with its thousands told apart. */
export function number(value: unknown, language: string): string {
  return typeof value === "number" ? new Intl.NumberFormat(language).format(value) : String(value ?? "");
}
