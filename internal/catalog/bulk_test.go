package catalog

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"grenier/internal/db"
)

// thing stands for any object: what each field was taken from is its value.
type thing struct{ values [12]int }

// TestProvenanceDoesNotDependOnOrder takes random inputs in random orders, each
// some times, and compares what comes of them.
func TestProvenanceDoesNotDependOnOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		inputs := make([]Source, 2+random.IntN(5))
		for i := range inputs {
			inputs[i] = Source{
				At: int64(random.IntN(3)), Form: Form(random.IntN(3)), Weight: int64(random.IntN(2)), Hash: uint64(i),
				Fields: FieldSet(random.IntN(1 << 12)),
			}
		}
		var want thing
		var wantSources []Source
		for round := range 4 {
			order := random.Perm(len(inputs))
			if round > 1 {
				order = append(order, random.Perm(len(inputs))...)
			}
			got, from := applyInOrder(inputs, order)
			if round == 0 {
				want, wantSources = got, from
			} else if got != want || !reflect.DeepEqual(from, wantSources) {
				t.Fatalf("inputs %+v in the order %v give %v from %+v, want %v from %+v", inputs, order, got, from, want, wantSources)
			}
		}
	}
}

func applyInOrder(inputs []Source, order []int) (thing, []Source) {
	var got thing
	var p provenance
	for _, i := range order {
		take := p.take(inputs[i])
		for bit := range got.values {
			if take&(1<<bit) != 0 {
				got.values[bit] = i + 1
			}
		}
		if take != 0 {
			p.give(inputs[i], take)
		}
	}
	slices.SortFunc(p.sources, Source.compare)
	return got, p.sources
}

func TestProvenanceIsReadAsWritten(t *testing.T) {
	written := provenance{written: -62_000_000_000_000_000, sources: []Source{
		{At: UnknownAt, Form: FormMention, Hash: 1, Fields: 3},
		{At: -5, Form: FormDump, Weight: 77, Hash: 1<<64 - 1, Fields: 1 << 63},
	}}
	read, err := parseProvenance(written.text())
	if err != nil || !reflect.DeepEqual(read, written) {
		t.Errorf("%q is read as %+v (%v)", written.text(), read, err)
	}
	for _, text := range []string{"x y", "1 1.2.3", "1 !.1.1.1.1", "1 1.1.1.x.1", "1 1.1.1.1.zz", "!"} {
		if read, err := parseProvenance(text); err == nil {
			t.Errorf("%q is read as %+v", text, read)
		}
	}
}

func TestChangesMadeHereCountAsNewest(t *testing.T) {
	at := func(day int) db.Time { return db.TimeOf(time.Date(2024, 1, day, 0, 0, 0, 0, time.UTC)) }
	p := provenance{written: microOf(at(1)), sources: []Source{{At: microOf(at(1)), Form: FormDump, Fields: 0b0111}, {At: microOf(at(9)), Form: FormDump, Fields: 0b1000}}}
	p.changedHere(at(1), 0b1111)
	if len(p.sources) != 2 {
		t.Fatalf("an object that nobody changed has sources %+v", p.sources)
	}
	p.changedHere(at(5), 0b1111)
	if take := p.take(Source{At: microOf(at(3)), Form: FormAPI, Fields: 0b1111}); take != 0 {
		t.Errorf("an input from before the change gives %b", take)
	}
	if take := p.take(Source{At: microOf(at(6)), Form: FormDump, Fields: 0b1111}); take != 0b0111 {
		t.Errorf("an input from after the change gives %b, want 0111", take)
	}
}

func TestFieldsFitTheirSet(t *testing.T) {
	for name, fields := range map[string]int{
		"dataset": len(datasetFields), "organization": len(organizationFields), "user": len(userFields), "reuse": len(reuseFields),
		"dataservice": len(dataserviceFields), "topic": len(topicFields), "post": len(postFields),
	} {
		if fields >= 64 {
			t.Errorf("%s has %d fields, a set holds 63", name, fields)
		}
	}
	seen := map[string]bool{}
	for _, field := range datasetFields {
		if seen[field.name] {
			t.Errorf("the field %s is there twice", field.name)
		}
		seen[field.name] = true
	}
}

func TestUnseenResourcesAreJudgedByTheScore(t *testing.T) {
	resources, license, day := int64(2), "lov2", "2024-01-01"
	dataset := func(score string, formats ...string) *Dataset {
		return &Dataset{
			License: &license, TemporalStart: &day, DescriptionLength: 500,
			Given: &GivenDataset{Resources: &resources, Formats: formats, QualityScore: score},
		}
	}
	for _, test := range []struct {
		d                           *Dataset
		open, available, documented bool
	}{
		{dataset("0.33", "pdf"), false, false, false},
		{dataset("0.44", "pdf"), false, true, false},
		{dataset("0.56", "csv"), true, true, false},
		{dataset("0.67", "csv"), true, true, true},
		{dataset("", "csv", "pdf"), true, true, false},
	} {
		test.d.judgeUnseenResources(100)
		if test.d.OpenFormat != test.open || test.d.AllAvailable != test.available || test.d.Documented != test.documented {
			t.Errorf("score %s of %v: open %t, available %t, documented %t", test.d.Given.QualityScore, test.d.Given.Formats,
				test.d.OpenFormat, test.d.AllAvailable, test.d.Documented)
		}
	}
}
