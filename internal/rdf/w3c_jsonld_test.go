package rdf_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"grenier/internal/rdf"
	"grenier/internal/rdf/rdftest"
)

// Tests of the W3C that have another end here, by why they have.
var jsonldApart = map[string][]string{
	"no context is fetched": {"tc031", "tc034", "te126", "te127", "te128", "tso05", "tso06", "tso08", "tso09", "tso11"},
	"options of other programs: the direction of texts, a context beside the document": {"tdi09", "tdi10", "tdi11", "tdi12", "te077"},
	"addresses that are none are kept, to be percent-encoded when written":             {"te111", "te112", "tli12", "twf01", "twf02", "twf03", "twf04", "twf07"},
	"json-gold resolves against bases with dots, or without a path, in its own way":    {"t0122", "t0123", "t0124", "t0125", "t0128", "t0130", "t0131", "t0132", "tli11"},
	"corners that json-gold reads more freely or not at all": {"tc033", "tc037", "tc038", "te123", "tec02", "ter52", "ter54", "ter56",
		"tpr28", "tpr38", "tpr39", "tpr43"},
}

// jsonldTest is an entry of the manifest.
type jsonldTest struct {
	ID     string         `json:"@id"`
	Type   []string       `json:"@type"`
	Input  string         `json:"input"`
	Expect string         `json:"expect"`
	Option map[string]any `json:"option"`
}

func (test jsonldTest) option(name string) string {
	value, _ := test.Option[name].(string)
	return value
}

func TestW3CSuiteOfJSONLD(t *testing.T) {
	s := suite{name: "json-ld-to-rdf", format: rdf.JSONLD, tests: 448}
	files := s.open(t)
	var manifest struct {
		BaseIRI  string       `json:"baseIri"`
		Sequence []jsonldTest `json:"sequence"`
	}
	if err := json.Unmarshal(contents(t, files, "toRdf-manifest.jsonld"), &manifest); err != nil {
		t.Fatal(err)
	}
	apart := slices.Concat(slices.Collect(maps.Values(jsonldApart))...)
	tests := 0
	for _, test := range manifest.Sequence {
		if test.option("specVersion") == jsonld10 || test.option("processingMode") == jsonld10 {
			continue
		}
		tests++
		id := strings.TrimPrefix(test.ID, "#")
		base := test.option("base")
		if base == "" {
			base = manifest.BaseIRI + test.Input
		}
		var want []byte
		if test.Expect != "" {
			want = contents(t, files, test.Expect)
		}
		fault := jsonldFault(t, test, contents(t, files, test.Input), want, base)
		if known := slices.Contains(apart, id); (fault != "") != known {
			t.Errorf("%s: %q, known to end otherwise: %t", id, fault, known)
		}
	}
	if tests != s.tests {
		t.Errorf("%d tests were run, want %d", tests, s.tests)
	}
}

// jsonld10 marks tests of JSON-LD 1.0.
const jsonld10 = "json-ld-1.0"

// jsonldFault runs a test and tells how it fails.
func jsonldFault(t *testing.T, test jsonldTest, document, expected []byte, base string) string {
	g := rdf.NewGraph()
	err := rdf.Read(rdf.Source{Reader: bytes.NewReader(document), Format: rdf.JSONLD, Base: base}, g.Add)
	switch {
	case slices.Contains(test.Type, "jld:NegativeEvaluationTest"):
		if err == nil {
			return "what is wrong was read"
		}
		return ""
	case err != nil:
		return err.Error()
	case expected == nil:
		return ""
	}
	want := rdf.NewGraph()
	if err := rdf.Read(rdf.Source{Reader: bytes.NewReader(expected), Format: rdf.NQuads}, want.Add); err != nil {
		t.Fatalf("%s: %v", test.ID, err)
	}
	if !rdftest.Isomorphic(g, want) {
		return "another graph was read"
	}
	return ""
}
