package csvlist

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"

	"grenier/internal/harvest"
	"grenier/internal/harvest/harvesttest"
)

func collect(t *testing.T, text, contentType string, config harvest.Config) ([]harvest.Line, error) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		fmt.Fprint(w, text)
	}))
	defer s.Close()
	r := harvesttest.Request(s, "/list.csv")
	r.Source.Config = config
	return harvesttest.Collect(t, New(), r)
}

// told are the records in short.
func told(lines []harvest.Line) []string {
	var all []string
	for _, l := range lines {
		switch l.T {
		case harvest.LineDataset:
			data, _ := json.Marshal(l.Dataset)
			all = append(all, l.RemoteID+" "+l.RemoteURL+" "+string(data))
		case harvest.LineError:
			all = append(all, "error "+l.RemoteID+": "+l.Message)
		case harvest.LineEnd:
			all = append(all, fmt.Sprint("end ", l.Complete))
		}
	}
	return all
}

func extra(key, value string) harvest.Config {
	return harvest.Config{Extras: []harvest.Extra{{Key: key, Value: value}}}
}

func TestLists(t *testing.T) {
	for _, c := range []struct {
		name, text string
		config     harvest.Config
		want       []string
	}{
		{"simple", "title,description,url\nTrees,All trees,https://a.example/trees.csv\n", harvest.Config{},
			[]string{`trees  {"title":"Trees","description":"All trees","resources":[{"url":"https://a.example/trees.csv"}]}`}},
		{"several files, French names", "Identifiant;Titre;Mots-clés;Fréquence;Fiche;Lien;Format;Taille;Producteur;Date de modification\n" +
			"a1;Arbres;arbre, parc;annual;https://a.example/a1;https://a.example/1.csv;csv;1 200;Ville;2024-05-01\n" +
			"a1;;;;;https://a.example/2.json;json;x;;\n\n;;;;;;;;;\n" +
			"a2;Bancs;;;;;;;;\n", harvest.Config{},
			[]string{
				`a1 https://a.example/a1 {"title":"Arbres","tags":["arbre","parc"],"frequency":"annual","contact_points":[{"name":"Ville","role":"publisher"}],"harvest":{"modified_at":"2024-05-01"},"resources":[{"url":"https://a.example/1.csv","format":"csv","filesize":1200},{"url":"https://a.example/2.json","format":"json"}]}`,
				`a2  {"title":"Bancs"}`,
			}},
		{"page beside files, tabs", "title\turl\tdownload_url\tbbox\tcontact\nA\thttps://a.example/a\thttps://a.example/f\t1,2,3,4\tx@a.example\n", harvest.Config{},
			[]string{`https://a.example/a https://a.example/a {"title":"A","spatial":{"geom":{"coordinates":[[[1,2],[3,2],[3,4],[1,4],[1,2]]],"type":"Polygon"}},"contact_points":[{"email":"x@a.example","role":"contact"}],"resources":[{"url":"https://a.example/f"}]}`}},
		{"chosen columns", "Nom du jeu|Adresse|title\nA|https://a.example/f.csv|no\n", extra("columns", "title = Nom du jeu; url=adresse"),
			[]string{`a  {"title":"A","resources":[{"url":"https://a.example/f.csv"}]}`}},
		{"extras, checksum, schema", "id;title;url;extras.Theme;checksum;schema\n1;A;https://a.example/f;Eau;sha1:ab;https://s.example/schema.json\n", harvest.Config{},
			[]string{`1  {"title":"A","extras":{"Theme":"Eau"},"resources":[{"url":"https://a.example/f","checksum":{"type":"sha1","value":"ab"},"schema":{"url":"https://s.example/schema.json"}}]}`}},
		{"hidden, without title, apart", "id;title;private;archived\n1;A;yes;\n2;B;;2024-01-01\n3;;;\n4;C;non;False\n5;D;;\n4;C;;\n", harvest.Config{},
			[]string{`error 3: Line 4: the dataset has no title.`, `4  {"title":"C"}`, `5  {"title":"D"}`,
				`error 4: Line 7: the lines of a dataset must follow each other, and this one was on line 5 already.`}},
		{"filters", "id;title;tags;organization;license\n1;A;x;Ville;l1\n2;B;y;Ville;l2\n3;C;x;Other;l1\n", harvest.Config{Filters: []harvest.Filter{
			{Key: "tag", Value: "X"}, {Key: "tag", Value: "y"}, {Key: "organization", Value: "ville"}, {Key: "license", Value: "l2", Type: "exclude"}}},
			[]string{`1  {"title":"A","tags":["x"],"license":["l1"],"contact_points":[{"name":"Ville","role":"publisher"}]}`}},
		{"quotes", "id;title\n1;\"a \"\"b\"\"; c\nd\"\n2;e \"f\" g\n", harvest.Config{},
			[]string{`1  {"title":"a \"b\"; c\nd"}`, `2  {"title":"e \"f\" g"}`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			lines, err := collect(t, c.text, "text/csv", c.config)
			if err != nil {
				t.Fatal(err)
			}
			want := append(c.want, "end true")
			if got := told(lines); !slices.Equal(got, want) {
				t.Errorf("told\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}

func TestExportOfACatalogue(t *testing.T) {
	text, err := os.ReadFile("testdata/datasets.csv")
	if err != nil {
		t.Fatal(err)
	}
	lines, err := collect(t, string(text), "text/csv; charset=utf-8", harvest.Config{})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, l := range lines {
		if l.T == harvest.LineDataset {
			ids = append(ids, l.RemoteID)
		}
	}
	if want := []string{"672e2f172e634771b7c40a98", "665fe74f46c5d103d49fc911", "53699a6da3a729239d2054b2"}; !slices.Equal(ids, want) {
		t.Errorf("told %q: the archived one is to be left out", ids)
	}
	first := lines[1]
	d := first.Dataset
	if first.RemoteURL != "https://www.data.gouv.fr/datasets/collection-mineralogique-virtuelle" || len(d.Resources) != 0 || d.Name != "collection-mineralogique-virtuelle" {
		t.Errorf("page %q, %d resources", first.RemoteURL, len(d.Resources))
	}
	if d.Frequency != "punctual" || d.Temporal == nil || d.Temporal.End != "2023-12-31" || !slices.Equal(d.License, []string{"Creative Commons Attribution Share-Alike"}) ||
		d.Harvest.IssuedAt != "1887-01-01T00:00:00" || d.Harvest.ModifiedAt != "2023-06-28T00:00:00" || len(d.Tags) != 3 || d.Spatial.Granularity != "other" {
		t.Errorf("got %+v", d)
	}
}

func TestExportOfResources(t *testing.T) {
	header := `"dataset.id";"dataset.title";"dataset.slug";"dataset.url";"dataset.organization";"dataset.license";"dataset.private";"dataset.archived";"id";"url";"title";"description";"type";"format";"checksum.type";"checksum.value";"created_at";"modified";"harvest.modified_at";"schema_name";"extras"`
	row := func(id, title string) string {
		return `"d1";"Data";"data";"https://p.example/datasets/data";"Ville";"lov2";"False";"False";"` + id + `";"https://a.example/` + id + `";"` + title + `";"D";"main";"csv";"md5";"ab";"2024-01-01";"2024-02-02";"2023-01-01";"etalab/schema";"{""a"": 1, ""check:status"": 200}"`
	}
	lines, err := collect(t, strings.Join([]string{header, row("r1", "One"), row("r2", "Two")}, "\n"), "text/csv", harvest.Config{})
	if err != nil {
		t.Fatal(err)
	}
	resource := func(id, title string) string {
		return `{"remote_id":"` + id + `","title":"` + title + `","description":"D","url":"https://a.example/` + id + `","type":"main","format":"csv","checksum":{"type":"md5","value":"ab"},"schema":{"name":"etalab/schema"},"extras":{"a":1},"harvest":{"issued_at":"2024-01-01","modified_at":"2024-02-02"}}`
	}
	want := []string{`d1 https://p.example/datasets/data {"title":"Data","name":"data","license":["lov2"],"contact_points":[{"name":"Ville","role":"publisher"}],"resources":[` +
		resource("r1", "One") + "," + resource("r2", "Two") + `]}`, "end true"}
	if got := told(lines); !slices.Equal(got, want) {
		t.Errorf("told\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestContract(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "id;title\n1;A\n2;B\n3;C\n") }))
	defer s.Close()
	harvesttest.Conform(t, New(), harvesttest.Request(s, "/list.csv"))
}

func TestEncodings(t *testing.T) {
	text := "title\nÉté à Nîmes – œuvre\n"
	windows, err := charmap.Windows1252.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	latin2, err := charmap.ISO8859_2.NewEncoder().String("title\nŁódź\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, text, contentType, encoding, want string
	}{
		{"UTF-8", text, "text/csv", "", "Été à Nîmes – œuvre"},
		{"byte order mark", "\xEF\xBB\xBF" + text, "text/csv; charset=iso-8859-1", "", "Été à Nîmes – œuvre"},
		{"UTF-16", "\xFF\xFEt\x00i\x00t\x00l\x00e\x00\n\x00\xC9\x00\n\x00", "text/csv", "", "É"},
		{"windows-1252", windows, "text/csv", "", "Été à Nîmes – œuvre"},
		{"windows-1252 said to be UTF-8", windows, "text/csv; charset=UTF-8", "", "Été à Nîmes – œuvre"},
		{"said by the answer", latin2, "text/csv; charset=iso-8859-2", "", "Łódź"},
		{"said by the source", latin2, "text/csv", "iso-8859-2", "Łódź"},
	} {
		t.Run(c.name, func(t *testing.T) {
			lines, err := collect(t, c.text, c.contentType, extra("encoding", c.encoding))
			if err != nil {
				t.Fatal(err)
			}
			if got := lines[1].Dataset.Title; got != c.want {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name, text string
		config     harvest.Config
		want       string
	}{
		{"empty", "", harvest.Config{}, "The file is empty."},
		{"page", " <!DOCTYPE html><title>x", harvest.Config{}, "a page of HTML"},
		{"no title", "a;b\n1;2\n", harvest.Config{}, `no column "title". It names: a, b.`},
		{"unknown meaning", "a\n", extra("columns", "nothing=a"), `names "nothing"`},
		{"missing column", "a\n", extra("columns", "title=b"), `a column "b", which the file does not have`},
		{"delimiter", "title\n", extra("delimiter", "x"), "must be ; , | or tab"},
		{"encoding", "title\n", extra("encoding", "klingon"), `no encoding "klingon"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			lines, err := collect(t, c.text, "text/csv", c.config)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if slices.Contains(told(lines), "end true") {
				t.Error("it says that it read everything")
			}
		})
	}
}

func TestEndlessCell(t *testing.T) {
	in := bufio.NewReader(strings.NewReader("title\n\"" + strings.Repeat("a", 100_000)))
	table := &table{longest: 50_000, seen: make(map[string]int), emit: func(harvest.Line) error { return nil }}
	if err := table.read(in); err == nil || !strings.Contains(err.Error(), "is a quotation mark missing?") {
		t.Errorf("got %v", err)
	}
}

func FuzzTable(f *testing.F) {
	f.Add("title;url\nA;https://a.example\n", "")
	f.Add("dataset.id,dataset.title,url,filesize\n1,A,x,9e9\n1,A,y,\n", "title=url")
	f.Add("title\n\"a\n", "=;")
	f.Add("\xff\xfe\n", "")
	f.Fuzz(func(t *testing.T, text, chosen string) {
		in, err := decoded(strings.NewReader(text), "", "text/csv")
		if err != nil {
			return
		}
		table := &table{longest: maxRecord, config: extra("columns", chosen), seen: make(map[string]int), emit: func(l harvest.Line) error {
			if l.T != harvest.LineDataset && l.T != harvest.LineError {
				t.Errorf("told %q", l.T)
			}
			_, err := json.Marshal(l.Dataset)
			return err
		}}
		if err := table.read(in); err != nil && strings.Contains(err.Error(), "json:") {
			t.Error(err)
		}
	})
}
