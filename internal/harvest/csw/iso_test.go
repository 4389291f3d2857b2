package csw

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	words "grenier/internal/dcat"
	"grenier/internal/harvest"
	"grenier/internal/harvest/dcat"
	"grenier/internal/harvest/harvesttest"
	"grenier/internal/rdf"
)

// recordsOf are the records of ISO in a file of testdata.
func recordsOf(t *testing.T, name string) []*rdf.Element {
	t.Helper()
	file, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	var found []*rdf.Element
	isRecord := func(e *rdf.Element) bool { return e.Local == "MD_Metadata" }
	err = rdf.ReadElements(file, func(*rdf.Error) {}, isRecord, func(e *rdf.Element) error {
		if isRecord(e) {
			found = append(found, e)
		}
		return nil
	})
	if err != nil || len(found) == 0 {
		t.Fatalf("%s: %d records, %v", name, len(found), err)
	}
	return found
}

var converter = dcat.Converter{Language: "fr", Now: harvesttest.Now}

// lineOf is the line of a record of ISO.
func lineOf(e *rdf.Element, language string) harvest.Line {
	c := converter
	c.Language = language
	r := reply{walk: &walk{Converter: c, iso: true}}
	return r.isoLine(e)
}

// expectedLine is the line of what a stylesheet made of a record.
func expectedLine(t *testing.T, name string, format rdf.Format, language string) harvest.Line {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	g := rdf.NewGraph()
	if err := rdf.Read(rdf.Source{Reader: file, Format: format, Base: "http://catalogue.example.org/"}, g.Add); err != nil {
		t.Fatal(err)
	}
	c := converter
	c.Language = language
	told := words.Read(g, words.Reading{Language: language, Now: c.Now})
	if len(told.Records) > 0 {
		return c.Dataset(told.Records[0])
	}
	for _, s := range told.Services {
		if s.Title != "" {
			return c.Dataservice(s)
		}
	}
	t.Fatalf("%s describes nothing", name)
	return harvest.Line{}
}

// members are the members of a line's data, as JSON; resources are by address.
func members(t *testing.T, l harvest.Line) map[string]string {
	t.Helper()
	var data any = l.Dataset
	if l.Dataservice != nil {
		data = l.Dataservice
	}
	if l.Dataset != nil {
		slices.SortFunc(l.Dataset.Resources, func(a, b harvest.Resource) int { return strings.Compare(a.URL+a.Title, b.URL+b.Title) })
	}
	text, err := json.Marshal(data)
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	said := map[string]string{"remote_id": l.RemoteID, "remote_url": l.RemoteURL}
	flatten("", all, said)
	return said
}

func flatten(path string, value any, into map[string]string) {
	switch v := value.(type) {
	case map[string]any:
		for name, member := range v {
			flatten(path+"/"+name, member, into)
		}
	case []any:
		if len(v) > 0 && reflect.TypeOf(v[0]).Kind() == reflect.String {
			list := []string{}
			for _, each := range v {
				list = append(list, strings.Join(strings.Fields(each.(string)), " "))
			}
			slices.Sort(list)
			into[path] = strings.Join(list, " | ")
			return
		}
		for i, each := range v {
			flatten(fmt.Sprintf("%s/%d", path, i), each, into)
		}
	default:
		into[path] = strings.Join(strings.Fields(fmt.Sprint(v)), " ")
	}
}

// What the mapping gives for a record is what reading the RDF gives that the
// stylesheet makes of it, but for the members named here.
func TestStylesheet(t *testing.T) {
	for _, c := range []struct{ file, folder string }{
		{"geonetwork-iso19139-page-1.xml", "geonetwork-page-1"}, {"geonetwork-iso19139-page-3.xml", "geonetwork-page-3"},
		{"geonetwork-iso19139-page-5.xml", "geonetwork-page-5"}, {"geoide-iso19139-single-dataset.xml", "geoide"}, {"geoide-csw-ddt24.xml", "geoide-ddt24"},
	} {
		for i, e := range recordsOf(t, c.file) {
			name := fmt.Sprintf("testdata/expected-dcat/%s/record-%d.rdf", c.folder, i+1)
			compare(t, name, members(t, lineOf(e, "fr")), members(t, expectedLine(t, name, rdf.RDFXML, "fr")))
		}
	}
	folders, _ := filepath.Glob("testdata/semic-cases/*")
	for _, folder := range folders {
		e := recordsOf(t, strings.TrimPrefix(folder, "testdata/")+"/input.xml")[0]
		compare(t, folder, members(t, lineOf(e, "en")), members(t, expectedLine(t, folder+"/expected_output.ttl", rdf.Turtle, "en")))
	}
}

func compare(t *testing.T, name string, got, want map[string]string) {
	t.Helper()
	for member := range want {
		if _, ok := got[member]; !ok {
			got[member] = ""
		}
	}
	for member := range got {
		if got[member] != want[member] && !deviates(name, member, got[member], want[member]) {
			t.Errorf("%s: %s is\n  %q\nwant\n  %q", name, member, got[member], want[member])
		}
	}
}

// deviations are where the mapping says more than the stylesheets do.
var deviations = []struct {
	why, name, member string
	holds             func(got, want string) bool
}{
	{"a record without distributions keeps what it says of rights", "expected-dcat", "rights", func(got, want string) bool { return want == "" }},
	{"and of licences", "expected-dcat", "/license", func(got, want string) bool { return want == "" }},
	{"what anchors say is a tag", "semic-cases", "/tags", includes},
	{"a limitation of use that is a text is a right whatever its language", "multilingual-resource-description", "rights", func(got, want string) bool { return want == "" }},
	{"and it may name a licence", "multilingual-resource-description", "/license", includes},
	{"of two identifiers the first is taken, which the order of a graph does not tell", "identifiers-anchor", "identifier", identifiers},
	{"of two identifiers the first is taken, which the order of a graph does not tell", "identifiers-anchor", "remote_id", identifiers},
	{"of two formats the first is taken, which the order of a graph does not tell", "distributorinfo-multiple", "/resources/1/format", formats},
	{"and the title says it", "distributorinfo-multiple", "/resources/1/title", formats},
	{"a specification without an address is no schema", "multilingual-resource-description", "/schema/name", func(got, _ string) bool { return got == "" }},
}

// formats tells whether the one and the other format of a distributor were taken.
func formats(got, want string) bool {
	return strings.HasPrefix(got, "darwin core archive (dwc-a)") && strings.HasPrefix(want, "comma-separated values (csv) file")
}

// includes tells whether all that was wanted was got, and more.
func includes(got, want string) bool {
	have := strings.Split(got, " | ")
	return !slices.ContainsFunc(strings.Split(want, " | "), func(s string) bool { return !slices.Contains(have, s) })
}

func identifiers(got, want string) bool {
	return got == "http://www.my-organisation.eu/so/lu/land-use-map" && want == "org-id/123456"
}

func deviates(name, member, got, want string) bool {
	for _, d := range deviations {
		if strings.Contains(name, d.name) && strings.HasSuffix(member, d.member) && d.holds(got, want) {
			return true
		}
	}
	return false
}
