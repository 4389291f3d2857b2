package search

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// newEngine gives an engine with documents, in a directory of its own.
func newEngine(t testing.TB, documents ...Document) *Engine {
	t.Helper()
	e := New(filepath.Join(t.TempDir(), "search.idx"))
	if err := e.Apply(documents, nil); err != nil {
		t.Fatal(err)
	}
	return e
}

// ids asks an engine for datasets and gives the ids of the hits in order.
func ids(e *Engine, q Query) []string {
	if q.Kind == 0 {
		q.Kind = Dataset
	}
	if q.Limit == 0 {
		q.Limit = 100
	}
	var list []string
	for _, hit := range e.Search(q).Hits {
		list = append(list, hit.ID)
	}
	return list
}

// library is a small catalogue: one document for each thing that searching must do.
func library() []Document {
	popular := Popularity{Views: 50_000, Reuses: 40, Followers: 60}
	documents := []Document{
		{ID: "sirene", Title: "Base Sirene des entreprises et de leurs établissements (SIREN, SIRET)", Owner: "Insee", Organization: "insee", Tags: []string{"entreprises", "registre"}, Popularity: popular, Featured: true},
		{ID: "rna", Title: "Répertoire National des Associations", Acronyms: []string{"RNA"}, Tags: []string{"association", "loi-1901"}, Owner: "Ministère de l'Intérieur", Organization: "interieur", Popularity: popular,
			Description: "Le fichier des associations déclarées."},
		{ID: "dvf", Title: "Demandes de valeurs foncières", Tags: []string{"immobilier", "prix"}, Owner: "Ministère de l'Économie", Organization: "economie", Popularity: popular,
			Description: "Les transactions des cinq dernières années, dites demandes de valeurs foncières (DVF)."},
		{ID: "ecoles", Title: "Annuaire de l'éducation", Tags: []string{"école", "lycée"}, Owner: "Ministère de l'Éducation nationale", Organization: "education", Popularity: Popularity{Views: 900}},
		{ID: "noel", Title: "Marchés de Noël à Orléans", Description: "Emplacements des chalets et du blé d'hiver."},
		{ID: "idf", Title: "Gares d'Île-de-France", Tags: []string{"transport"}},
		{ID: "osm", Title: "Extraits d'OpenStreetMap", Tags: []string{"openstreetmap"}, Popularity: Popularity{Views: 3000}},
		{ID: "codes", Title: "Base officielle des codes postaux", Formats: []string{"csv"}, Owner: "La Poste", Popularity: popular},
		{ID: "ovq", Title: "Baromètre des résultats de l'action publique", Popularity: Popularity{Views: 500}},
		{ID: "minor", Title: "Sirènes d'alerte de la commune", Popularity: Popularity{Views: 3}},
	}
	for i := range 40 {
		documents = append(documents, Document{
			ID: fmt.Sprintf("budget-%02d", i), Title: fmt.Sprintf("Budget primitif de la commune numéro %d", i),
			Tags: []string{"budget", "finances"}, Description: "Dépenses et recettes de la commune, par chapitre.",
		})
	}
	for i := range documents {
		documents[i].Kind = Dataset
	}
	return documents
}

func TestSearchFindsFirst(t *testing.T) {
	e := newEngine(t, library()...)
	for question, want := range map[string]string{
		"sirene":                                "sirene", // popular before exact
		"SIRET":                                 "sirene", // acronym in brackets
		"base sirène entreprise":                "sirene", // accents, singular
		"rna":                                   "rna",    // declared acronym
		"repertoire national des associations":  "rna",    // whole title, without accents
		"répertoire association":                "rna",    // singular
		"loi 1901":                              "rna",    // words of a tag
		"dvf":                                   "dvf",    // acronym explained in the description
		"valeur foncière":                       "dvf",
		"prix immobilier":                       "dvf",
		"l'éducation":                           "ecoles", // elision
		"ecoles":                                "ecoles",
		"noel":                                  "noel",
		"NOËL":                                  "noel",
		"ble":                                   "noel", // short word with an accent, in the description
		"ile de france":                         "idf",  // hyphens
		"île-de-france":                         "idf",
		"open street map":                       "osm", // words joined
		"csv":                                   "codes",
		"la poste":                              "codes", // owner
		"ovq":                                   "ovq",   // synonym
		"recherche de valeurs foncieres":        "dvf",   // one word too many
		"sirenne":                               "sirene",
		"assocation":                            "rna",
		"foncieers":                             "dvf",
		"valeurs fonci":                         "dvf", // unfinished
		"opens":                                 "osm",
		"waldec":                                "rna",
		"base officielle des codes postaux":     "codes",
		"Sirènes d'alerte de la commune":        "minor", // a title typed in full
		"  \x00 dvf \xff":                       "dvf",
		"dvf " + strings.Repeat("la de ", 3000): "dvf",
	} {
		got := ids(e, Query{Text: question})
		if len(got) == 0 || got[0] != want {
			t.Errorf("%.60q finds %q first, want %q", question, got[:min(3, len(got))], want)
		}
	}
	if got := ids(e, Query{Text: "zzzzzzzz"}); len(got) != 0 {
		t.Errorf("an unknown word finds %q", got)
	}
}

func TestSearchCountsMatches(t *testing.T) {
	e := newEngine(t, library()...)
	result := e.Search(Query{Kind: Dataset, Text: "budget commune", Offset: 35, Limit: 10})
	if result.Total != 40 || len(result.Hits) != 5 {
		t.Errorf("budget commune: total %d with %d hits from 35 on, want 40 and 5", result.Total, len(result.Hits))
	}
	if result := e.Search(Query{Kind: Dataset, Limit: 3}); result.Total != len(library()) || len(result.Hits) != 3 {
		t.Errorf("no text: total %d, %d hits", result.Total, len(result.Hits))
	}
	for _, q := range []Query{{Kind: Dataset, Offset: 1000, Limit: 5}, {Kind: Dataset, Offset: -5, Limit: -3}, {Kind: 99, Limit: 5}, {Kind: Reuse, Limit: 5}} {
		if result := e.Search(q); len(result.Hits) != 0 {
			t.Errorf("%+v gives %d hits", q, len(result.Hits))
		}
	}
	first := ids(e, Query{Limit: 1})
	if first[0] != "sirene" {
		t.Errorf("without a question the first is %q, want the most popular", first)
	}
}

func TestPagesFollowOneAnother(t *testing.T) {
	e := newEngine(t, library()...)
	whole := ids(e, Query{Text: "commune budget"})
	var paged []string
	for offset := 0; offset < len(whole); offset += 7 {
		paged = append(paged, ids(e, Query{Text: "commune budget", Offset: offset, Limit: 7})...)
	}
	if !slices.Equal(whole, paged) {
		t.Errorf("pages give %q, the whole is %q", paged, whole)
	}
}

func TestDidYouMean(t *testing.T) {
	e := newEngine(t, library()...)
	for question, want := range map[string]string{
		"assocition":        "association",
		"Base  siréme !":    "Base  sirene !",
		"associations":      "",
		"sirene":            "",
		"budget":            "",
		"zzzzzzzz":          "",
		"valeurs foncieres": "",
	} {
		if got := e.Search(Query{Kind: Dataset, Text: question, Limit: 5}).DidYouMean; got != want {
			t.Errorf("did you mean for %q: %q, want %q", question, got, want)
		}
	}
}

func TestHighlight(t *testing.T) {
	long := strings.Repeat("Une phrase qui ne dit rien de ce qu'on cherche. ", 30)
	e := newEngine(t,
		Document{Kind: Dataset, ID: "a", Title: "Les <b>écoles</b> & l'école", Description: long + "Ici les Écoles publiques <i>, enfin. " + long},
		Document{Kind: Dataset, ID: "b", Title: "Sans rapport", Description: "école"},
	)
	hit := e.Search(Query{Kind: Dataset, Text: "ecole publique", Limit: 1, Highlight: true}).Hits[0]
	if got, want := hit.Title.HTML(), "Les &lt;b&gt;<mark>écoles</mark>&lt;/b&gt; &amp; l&#39;<mark>école</mark>"; got != want {
		t.Errorf("title = %q, want %q", got, want)
	}
	snippet := hit.Snippet.HTML()
	if !strings.Contains(snippet, "les <mark>Écoles</mark> <mark>publiques</mark> &lt;i&gt;, enfin") {
		t.Errorf("snippet = %q", snippet)
	}
	if !strings.HasPrefix(snippet, "… ") || !strings.HasSuffix(snippet, " …") || len(hit.Snippet.Text) > snippetBytes+20 {
		t.Errorf("snippet of %d bytes = %q", len(hit.Snippet.Text), snippet)
	}
	plain := e.Search(Query{Kind: Dataset, Limit: 2, Highlight: true}).Hits
	for _, hit := range plain {
		if len(hit.Title.Marks) > 0 || len(hit.Snippet.Marks) > 0 || hit.Snippet.Text == "" {
			t.Errorf("without a question: %+v", hit)
		}
	}
}

func TestSuggest(t *testing.T) {
	e := newEngine(t, append(library(),
		Document{Kind: Organization, ID: "insee", Title: "Institut national de la statistique et des études économiques (Insee)"},
		Document{Kind: Reuse, ID: "carte", Title: "Carte des associations"},
	)...)
	suggest := func(text string, kinds ...Kind) []string {
		var list []string
		for _, hit := range e.Suggest(SuggestQuery{Kinds: kinds, Text: text, Limit: 3}) {
			list = append(list, hit.Kind.String()+" "+hit.ID)
		}
		return list
	}
	for text, want := range map[string]string{
		"s": "dataset sirene", "sir": "dataset sirene", "sire": "dataset sirene", "base of": "dataset codes",
		"rn": "dataset rna", "ins": "dataset sirene", "répertoire nat": "dataset rna",
	} {
		if got := suggest(text, Dataset); len(got) == 0 || got[0] != want {
			t.Errorf("suggestions for %q = %q, want %q first", text, got, want)
		}
	}
	if got := suggest("insti", Organization); !slices.Equal(got, []string{"organization insee"}) {
		t.Errorf("suggested organisations = %q", got)
	}
	if got := suggest("assoc", Dataset, Reuse); !slices.Contains(got, "dataset rna") || !slices.Contains(got, "reuse carte") {
		t.Errorf("suggestions of two kinds = %q", got)
	}
	if got := suggest("", Dataset); len(got) != 3 || got[0] != "dataset sirene" {
		t.Errorf("suggestions before typing = %q", got)
	}
	if got := suggest("sirene"); got != nil {
		t.Errorf("suggestions of no kind = %q", got)
	}
}

func TestOrganizations(t *testing.T) {
	dataset := func(id, owner, title string) Document {
		return Document{Kind: Dataset, ID: id, Title: title, Organization: owner, Popularity: Popularity{Views: 100, Followers: 3}}
	}
	e := newEngine(t,
		Document{Kind: Organization, ID: "ft", Title: "France Travail", FormerNames: []string{"Pôle emploi"}},
		Document{Kind: Organization, ID: "arcep", Title: "Autorité de régulation des télécoms"},
		Document{Kind: Organization, ID: "cc", Title: "Cour des comptes"},
		Document{Kind: Organization, ID: "mairie", Title: "Mairie de Fréquence"},
		dataset("1", "ft", "Demandeurs d'emploi"), dataset("2", "ft", "Offres par métier"),
		dataset("3", "arcep", "Couverture des fréquences mobiles"), dataset("4", "arcep", "Fréquences attribuées"),
		dataset("5", "mairie", "Budget"),
	)
	for question, want := range map[string]string{
		"pole emploi":     "ft",
		"france travail":  "ft",
		"demandeurs":      "ft", // what it publishes
		"couverture":      "arcep",
		"cdc":             "cc", // initials with the small words
		"cour des compte": "cc",
	} {
		got := ids(e, Query{Kind: Organization, Text: question})
		if len(got) == 0 || got[0] != want {
			t.Errorf("%q finds the organisations %q, want %q first", question, got, want)
		}
	}
	if err := e.Apply(nil, []Ref{{Dataset, "1"}}); err != nil {
		t.Fatal(err)
	}
	if got := ids(e, Query{Kind: Organization, Text: "demandeurs"}); len(got) != 0 {
		t.Errorf("a removed dataset still speaks for %q", got)
	}
}

// Whatever is asked is answered in little time, in a catalogue where every word is everywhere.
func TestSearchIsBounded(t *testing.T) {
	var documents []Document
	for i := range 3000 {
		documents = append(documents, Document{
			Kind: Dataset, ID: fmt.Sprint(i), Title: "un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize vingt",
			Description: strings.Repeat("alpha beta gamma delta ", 20), Tags: []string{"tag"},
		})
	}
	e := newEngine(t, documents...)
	for _, question := range []string{
		strings.Repeat("un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize vingt ", 100),
		strings.Repeat("a", 10_000), strings.Repeat("é", 10_000), strings.Repeat("a ", 5000),
		strings.Repeat("(", 10_000), `.*+?^${}()|[\]\\`, `"; DROP TABLE datasets; --`, "%", "_", "\x00\x00\x00",
		strings.Repeat("\xff", 10_000), strings.Repeat("douz trei quat ", 600), "'", "…", "🎉🎉🎉", strings.Repeat("\u0301", 5000),
	} {
		started := time.Now()
		e.Search(Query{Kind: Dataset, Text: question, Limit: 20, Highlight: true, Facets: []Facet{{Field: "tag"}}})
		e.Suggest(SuggestQuery{Kinds: []Kind{Dataset, Organization}, Text: question, Limit: 10})
		if took := time.Since(started); took > time.Second {
			t.Errorf("%.30q… took %v", question, took)
		}
	}
}
