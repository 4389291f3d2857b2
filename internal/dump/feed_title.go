package dump

// news names a feed in a language.
type news struct {
	latest   map[Kind]string
	filtered map[Kind]string
	search   map[Kind]string // what was searched follows
}

// Posts are the articles of the site; they have a feed and a sitemap, no dump.
const Posts Kind = "posts"

// titles are the names of feeds by language; English stands in for others.
var titles = map[string]news{
	"en": {
		latest: map[Kind]string{
			Datasets: "Latest datasets", Reuses: "Latest reuses", Dataservices: "Latest APIs", Posts: "Latest posts",
		},
		filtered: map[Kind]string{Datasets: "Filtered datasets", Reuses: "Filtered reuses", Dataservices: "Filtered APIs"},
		search:   map[Kind]string{Datasets: "Datasets search: ", Reuses: "Reuses search: ", Dataservices: "APIs search: "},
	},
	"fr": {
		latest: map[Kind]string{
			Datasets: "Derniers jeux de données", Reuses: "Dernières réutilisations", Dataservices: "Dernières API", Posts: "Dernières actualités",
		},
		filtered: map[Kind]string{Datasets: "Jeux de données filtrés", Reuses: "Réutilisations filtrées", Dataservices: "API filtrées"},
		search: map[Kind]string{
			Datasets: "Recherche de jeux de données : ", Reuses: "Recherche de réutilisations : ", Dataservices: "Recherche d’API : ",
		},
	},
	"es": {
		latest: map[Kind]string{
			Datasets: "Últimos conjuntos de datos", Reuses: "Últimas reutilizaciones", Dataservices: "Últimas API", Posts: "Últimas noticias",
		},
		filtered: map[Kind]string{
			Datasets: "Conjuntos de datos filtrados", Reuses: "Reutilizaciones filtradas", Dataservices: "API filtradas",
		},
		search: map[Kind]string{
			Datasets: "Búsqueda de conjuntos de datos: ", Reuses: "Búsqueda de reutilizaciones: ", Dataservices: "Búsqueda de API: ",
		},
	},
	"pt": {
		latest: map[Kind]string{
			Datasets: "Últimos conjuntos de dados", Reuses: "Últimas reutilizações", Dataservices: "Últimas API", Posts: "Últimas notícias",
		},
		filtered: map[Kind]string{
			Datasets: "Conjuntos de dados filtrados", Reuses: "Reutilizações filtradas", Dataservices: "API filtradas",
		},
		search: map[Kind]string{
			Datasets: "Pesquisa de conjuntos de dados: ", Reuses: "Pesquisa de reutilizações: ", Dataservices: "Pesquisa de API: ",
		},
	},
	"de": {
		latest: map[Kind]string{
			Datasets: "Neueste Datensätze", Reuses: "Neueste Anwendungen", Dataservices: "Neueste APIs", Posts: "Neueste Beiträge",
		},
		filtered: map[Kind]string{Datasets: "Gefilterte Datensätze", Reuses: "Gefilterte Anwendungen", Dataservices: "Gefilterte APIs"},
		search:   map[Kind]string{Datasets: "Suche nach Datensätzen: ", Reuses: "Suche nach Anwendungen: ", Dataservices: "Suche nach APIs: "},
	},
	"it": {
		latest: map[Kind]string{
			Datasets: "Ultimi set di dati", Reuses: "Ultimi riutilizzi", Dataservices: "Ultime API", Posts: "Ultime notizie",
		},
		filtered: map[Kind]string{Datasets: "Set di dati filtrati", Reuses: "Riutilizzi filtrati", Dataservices: "API filtrate"},
		search:   map[Kind]string{Datasets: "Ricerca di set di dati: ", Reuses: "Ricerca di riutilizzi: ", Dataservices: "Ricerca di API: "},
	},
}

// titleOf names a feed: by what was searched, else by whether anything narrows
// it.
func titleOf(kind Kind, lang, query string, narrowed bool) string {
	names, ok := titles[lang]
	if !ok {
		names = titles["en"]
	}
	switch {
	case query != "":
		return names.search[kind] + query
	case narrowed:
		return names.filtered[kind]
	}
	return names.latest[kind]
}
