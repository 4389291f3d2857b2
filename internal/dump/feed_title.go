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
			Organizations: "Latest organizations", Topics: "Latest topics",
		},
		filtered: map[Kind]string{
			Datasets: "Filtered datasets", Reuses: "Filtered reuses", Dataservices: "Filtered APIs",
			Organizations: "Filtered organizations", Topics: "Filtered topics",
		},
		search: map[Kind]string{
			Datasets: "Datasets search: ", Reuses: "Reuses search: ", Dataservices: "APIs search: ",
			Organizations: "Organizations search: ", Topics: "Topics search: ",
		},
	},
	"fr": {
		latest: map[Kind]string{
			Datasets: "Derniers jeux de données", Reuses: "Dernières réutilisations", Dataservices: "Dernières API", Posts: "Dernières actualités",
			Organizations: "Dernières organisations", Topics: "Dernières thématiques",
		},
		filtered: map[Kind]string{
			Datasets: "Jeux de données filtrés", Reuses: "Réutilisations filtrées", Dataservices: "API filtrées",
			Organizations: "Organisations filtrées", Topics: "Thématiques filtrées",
		},
		search: map[Kind]string{
			Datasets: "Recherche de jeux de données : ", Reuses: "Recherche de réutilisations : ", Dataservices: "Recherche d’API : ",
			Organizations: "Recherche d’organisations : ", Topics: "Recherche de thématiques : ",
		},
	},
	"es": {
		latest: map[Kind]string{
			Datasets: "Últimos conjuntos de datos", Reuses: "Últimas reutilizaciones", Dataservices: "Últimas API", Posts: "Últimas noticias",
			Organizations: "Últimas organizaciones", Topics: "Últimas temáticas",
		},
		filtered: map[Kind]string{
			Datasets: "Conjuntos de datos filtrados", Reuses: "Reutilizaciones filtradas", Dataservices: "API filtradas",
			Organizations: "Organizaciones filtradas", Topics: "Temáticas filtradas",
		},
		search: map[Kind]string{
			Datasets: "Búsqueda de conjuntos de datos: ", Reuses: "Búsqueda de reutilizaciones: ", Dataservices: "Búsqueda de API: ",
			Organizations: "Búsqueda de organizaciones: ", Topics: "Búsqueda de temáticas: ",
		},
	},
	"pt": {
		latest: map[Kind]string{
			Datasets: "Últimos conjuntos de dados", Reuses: "Últimas reutilizações", Dataservices: "Últimas API", Posts: "Últimas notícias",
			Organizations: "Últimas organizações", Topics: "Últimas temáticas",
		},
		filtered: map[Kind]string{
			Datasets: "Conjuntos de dados filtrados", Reuses: "Reutilizações filtradas", Dataservices: "API filtradas",
			Organizations: "Organizações filtradas", Topics: "Temáticas filtradas",
		},
		search: map[Kind]string{
			Datasets: "Pesquisa de conjuntos de dados: ", Reuses: "Pesquisa de reutilizações: ", Dataservices: "Pesquisa de API: ",
			Organizations: "Pesquisa de organizações: ", Topics: "Pesquisa de temáticas: ",
		},
	},
	"de": {
		latest: map[Kind]string{
			Datasets: "Neueste Datensätze", Reuses: "Neueste Nachnutzungen", Dataservices: "Neueste APIs", Posts: "Neueste Beiträge",
			Organizations: "Neueste Organisationen", Topics: "Neueste Themen",
		},
		filtered: map[Kind]string{
			Datasets: "Gefilterte Datensätze", Reuses: "Gefilterte Nachnutzungen", Dataservices: "Gefilterte APIs",
			Organizations: "Gefilterte Organisationen", Topics: "Gefilterte Themen",
		},
		search: map[Kind]string{
			Datasets: "Suche nach Datensätzen: ", Reuses: "Suche nach Nachnutzungen: ", Dataservices: "Suche nach APIs: ",
			Organizations: "Suche nach Organisationen: ", Topics: "Suche nach Themen: ",
		},
	},
	"it": {
		latest: map[Kind]string{
			Datasets: "Ultimi set di dati", Reuses: "Ultimi riusi", Dataservices: "Ultime API", Posts: "Ultime notizie",
			Organizations: "Ultime organizzazioni", Topics: "Ultimi temi",
		},
		filtered: map[Kind]string{
			Datasets: "Set di dati filtrati", Reuses: "Riusi filtrati", Dataservices: "API filtrate",
			Organizations: "Organizzazioni filtrate", Topics: "Temi filtrati",
		},
		search: map[Kind]string{
			Datasets: "Ricerca di set di dati: ", Reuses: "Ricerca di riusi: ", Dataservices: "Ricerca di API: ",
			Organizations: "Ricerca di organizzazioni: ", Topics: "Ricerca di temi: ",
		},
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
