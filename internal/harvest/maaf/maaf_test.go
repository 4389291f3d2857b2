package maaf

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"grenier/internal/harvest"
	"grenier/internal/harvest/harvesttest"
)

// folders serves the recorded folders; descriptors name files of the server itself.
func folders(t *testing.T) (*httptest.Server, *[]string) {
	asked := new([]string)
	var s *httptest.Server
	s = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*asked = append(*asked, r.URL.Path)
		name := filepath.Join("testdata", filepath.FromSlash(r.URL.Path))
		if strings.HasSuffix(r.URL.Path, "/") {
			name = filepath.Join(name, "index.html")
		}
		raw, err := os.ReadFile(name)
		if err != nil {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(bytes.ReplaceAll(raw, []byte("https://fichiers-publics.agriculture.test"), []byte(s.URL)))
	}))
	t.Cleanup(s.Close)
	return s, asked
}

func ofType(lines []harvest.Line, kind harvest.LineType) (found []harvest.Line) {
	for _, l := range lines {
		if l.T == kind {
			found = append(found, l)
		}
	}
	return found
}

func TestRecordedFolders(t *testing.T) {
	for _, path := range []string{"/etalab", "/etalab/"} {
		s, asked := folders(t)
		lines, err := harvesttest.Collect(t, New(), harvesttest.Request(s, path))
		all := ofType(lines, harvest.LineDataset)
		if err != nil || len(all) != 2 || len(ofType(lines, harvest.LineError)) != 0 || !lines[len(lines)-1].Complete {
			t.Fatalf("%+v, %v", lines, err)
		}
		one := all[0]
		d := one.Dataset
		if one.RemoteID != "MINAGRI-ALIM-EPHY-Exemple" || one.RemoteURL != s.URL+"/etalab/ALIM/EPHY/MINAGRI-ALIM-EPHY-Exemple.XML" || d.Frequency != "monthly" || !d.ResourcesWhole || *d.Private {
			t.Errorf("%+v", one)
		}
		if len(d.Resources) != 1 || d.Resources[0].Format != "csv" || d.Resources[0].Harvest.ModifiedAt != "2026-01-15T00:00:00" ||
			!reflect.DeepEqual(d.Resources[0].Checksum, &harvest.Checksum{Type: "sha256", Value: "c4373e1d81eb44882bf9ff539d0e5ffaf03a114abf9306591117d781966268f9"}) {
			t.Errorf("%+v", d.Resources)
		}
		var keys []string
		for key := range d.Extras {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		if !slices.Equal(keys, []string{"ETL", "Quartier", "Source", "author", "author_email", "maintainer", "maintainer_email"}) {
			t.Errorf("%v", keys)
		}
		if !reflect.DeepEqual(d.Spatial, &harvest.Spatial{Zones: []string{"country:fr"}, Granularity: "country"}) || d.Temporal != nil || !slices.Equal(d.License, []string{"fr-lo"}) {
			t.Errorf("%+v", d)
		}
		// A frequency that the reference refuses, although its schema allows it.
		if all[1].RemoteID != "MINAGRI-ALIM-EPHY-Casse" || all[1].Dataset.Frequency != "irregular" {
			t.Errorf("%+v", all[1])
		}
		// The file of its checksum is missing: that is all that it costs.
		if len(all[1].Logs) != 1 || all[1].Dataset.Resources[0].Checksum != nil {
			t.Errorf("%+v", all[1].Logs)
		}
		if slices.Contains(*asked, "/") || (*asked)[0] != "/etalab/" {
			t.Errorf("%q", *asked)
		}
	}
}

func TestFoldersGoOn(t *testing.T) {
	s, _ := folders(t)
	lines, err := harvesttest.Collect(t, New(), harvesttest.Request(s, "/etalab/"))
	if err != nil {
		t.Fatal(err)
	}
	for i, point := range ofType(lines, harvest.LineCheckpoint) {
		r := harvesttest.Request(s, "/etalab/")
		r.Cursor = point.Cursor
		again, err := harvesttest.Collect(t, New(), r)
		want := 2
		if i == 2 {
			want = 0 // all were told before
		}
		if err != nil || len(ofType(again, harvest.LineDataset)) != want || !again[len(again)-1].Complete {
			t.Errorf("after %s: %+v, %v", point.Cursor, again, err)
		}
	}
	r := harvesttest.Request(s, "/etalab/")
	r.Cursor = "https://elsewhere.example/"
	if again, err := harvesttest.Collect(t, New(), r); err != nil || again[len(again)-1].Complete {
		t.Errorf("a folder that is gone: %+v, %v", again, err)
	}
}

func TestCrawlStaysWithin(t *testing.T) {
	var asked []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path)
		switch r.URL.Path {
		case "/a/":
			fmt.Fprint(w, `<ul><li><a href="/">up</a></li><li><a href="/b/">aside</a></li><li><a href="//other.example/a/x/">out</a></li>
				<li><a href="/a/">self</a></li><li><a href="loop/">in</a></li><li><a href="gone/">gone</a></li><li><a href="x.txt">x</a></li></ul><a href="no/">no list</a>`)
		case "/a/loop/":
			fmt.Fprint(w, `<ul><li><a href="/a/">up</a></li><li><a href="/a/">again</a></li><li><a href="?C=N;O=D">sorted</a></li></ul>`)
		default:
			http.NotFound(w, r)
		}
	}))
	defer s.Close()
	lines, err := harvesttest.Collect(t, New(), harvesttest.Request(s, "/a/"))
	if err != nil || len(ofType(lines, harvest.LineError)) != 1 || lines[len(lines)-1].Complete || !slices.Equal(asked, []string{"/a/", "/a/loop/", "/a/gone/"}) {
		t.Errorf("%+v, %v, %q", lines, err, asked)
	}
	if _, err := harvesttest.Collect(t, New(), harvesttest.Request(s, "/missing/")); err == nil {
		t.Error("a first folder that is missing is no error")
	}
}

// descriptor is a valid one in which some elements are others.
func descriptor(t *testing.T, change ...string) harvest.Line {
	t.Helper()
	raw, err := os.ReadFile("testdata/etalab/ALIM/EPHY/MINAGRI-ALIM-EPHY-Exemple.XML")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer(change...).Replace(string(raw))
	if len(change) > 0 && text == string(raw) {
		t.Fatalf("%q changes nothing", change)
	}
	m, err := parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return m.line("https://a.example/x.xml", func(string) (string, error) { return "", io.EOF })
}

func TestFrequencies(t *testing.T) {
	for given, want := range map[string]string{
		"ponctuelle": "punctual", "temps réel": "continuous", "quotidienne": "daily", "hebdomadaire": "weekly", "bimensuelle": "semimonthly",
		"Mensuelle": "monthly", "bimestrielle": "bimonthly", "trimestrielle": "quarterly", "semestrielle": "semiannual", "annuelle": "annual",
		"triennale": "triennial", "quinquennale": "quinquennial", "aucune": "unknown", "au fil de l'eau": "irregular",
	} {
		if l := descriptor(t, "<frequency>mensuelle", "<frequency>"+given); l.Dataset == nil || l.Dataset.Frequency != want {
			t.Errorf("%s: %+v", given, l)
		}
	}
}

func TestDescriptors(t *testing.T) {
	for _, c := range []struct {
		change  []string
		message string
	}{
		{[]string{"<frequency>mensuelle", "<frequency>jamais"}, "Validation error:\n- [frequency] unknown frequency: jamais"},
		{[]string{"<private>0", "<private>peut-être"}, "Validation error:\n- [private] unable to parse boolean: peut-être"},
		{[]string{"<license_id>fr-lo", "<license_id>cc-by"}, "Validation error:\n- [license_id] not a valid value: cc-by"},
		{[]string{"<groups>Agriculture", "<groups>Sylviculture"}, "Validation error:\n- [groups] not a valid value: Sylviculture et Alimentation"},
		{[]string{"<groups>Agriculture et Alimentation", "<groups>"}, ""},
		{[]string{"<format>CSV", "<format>EXE"}, "Validation error:\n- [resources.0.format] not a valid value: EXE"},
		{[]string{"<format>CSV", "<format>ODS"}, ""},
		{[]string{"Country/FR", "Country/XX"}, "Validation error:\n- [territorial_coverage_code] not a valid value: country/xx"},
		{[]string{"Country/FR", "Country/Monde"}, ""},
		{[]string{"<id>MINAGRI-ALIM-EPHY-Exemple", "<id>"}, "Validation error:\n- [id] required: None"},
		{[]string{"<frequency>mensuelle", "<frequency>", "<license_id>fr-lo", "<license_id>"}, "Validation error:\n- [frequency] unknown frequency: \n- [license_id] not a valid value: "},
	} {
		l := descriptor(t, c.change...)
		if l.Message != c.message || (l.Dataset == nil) != (c.message != "") || l.RemoteID == "" {
			t.Errorf("%q: %+v", c.change, l)
		}
	}
	l := descriptor(t, "<temporal_coverage_from/>", "<temporal_coverage_from>2020-01-01</temporal_coverage_from>", "<temporal_coverage_to/>", "<temporal_coverage_to>2020-12-31</temporal_coverage_to>",
		"france</terr", "commune</terr", "<private>0", "<private>yes")
	d := l.Dataset
	if !reflect.DeepEqual(d.Temporal, &harvest.Period{Start: "2020-01-01", End: "2020-12-31"}) || d.Spatial.Granularity != "fr:commune" || !*d.Private {
		t.Errorf("%+v", d)
	}
	if !slices.Equal(d.Tags, []string{"Phytosanitaire", "Substances actives", "ab"}) || strings.Contains(d.Resources[0].Description, "IGC") {
		t.Errorf("%+v", d)
	}
}

func TestNotADescriptor(t *testing.T) {
	for _, text := range []string{"", "<html/>", "<ETALAB/>", "<ETALAB><metadata>", `<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><ETALAB><metadata><id>&a;</id></metadata></ETALAB>`} {
		if m, err := parse(strings.NewReader(text)); err == nil {
			t.Errorf("%s: %+v", text, m)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range []string{"Exemple.XML", "Casse.xml"} {
		raw, err := os.ReadFile("testdata/etalab/ALIM/EPHY/MINAGRI-ALIM-EPHY-" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := parse(bytes.NewReader(raw))
		if err != nil {
			return
		}
		l := m.line("https://a.example/x.xml", func(string) (string, error) { return "", io.EOF })
		if (l.T == harvest.LineDataset) != (l.Dataset != nil) || l.RemoteID == "" {
			t.Errorf("%+v", l)
		}
	})
}
