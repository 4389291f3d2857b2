package search

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

func ptr[T any](value T) *T { return &value }

func TestFiltersAndFacets(t *testing.T) {
	e := newEngine(t,
		Document{Kind: Dataset, ID: "a", Title: "eau", Facets: map[string][]string{"tag": {"x", "y"}, "license": {"lov2"}}, Numbers: map[string]int64{"last_update": 30}, Featured: true},
		Document{Kind: Dataset, ID: "b", Title: "eau", Facets: map[string][]string{"tag": {"x"}, "license": {"odbl"}}, Numbers: map[string]int64{"last_update": 20}, CoverageStart: 20100101, CoverageEnd: 20201231},
		Document{Kind: Dataset, ID: "c", Title: "eau", Facets: map[string][]string{"tag": {"y", "z"}, "license": {"lov2"}}, Numbers: map[string]int64{"last_update": 10}, Archived: true, CoverageStart: 20100101},
		Document{Kind: Dataset, ID: "d", Title: "air", Facets: map[string][]string{"tag": {"x", "x"}}},
	)
	filter := func(field string, all bool, values ...string) []Filter {
		return []Filter{{Field: field, Values: values, All: all}}
	}
	for name, c := range map[string]struct {
		q    Query
		want []string
	}{
		"one value":               {Query{Filters: filter("tag", false, "x")}, []string{"a", "b", "d"}},
		"any of two":              {Query{Filters: filter("tag", false, "y", "z")}, []string{"a", "c"}},
		"all of two":              {Query{Filters: filter("tag", true, "x", "y")}, []string{"a"}},
		"all with an unknown":     {Query{Filters: filter("tag", true, "x", "nowhere")}, nil},
		"any with an unknown":     {Query{Filters: filter("tag", false, "z", "nowhere")}, []string{"c"}},
		"no values":               {Query{Filters: filter("tag", true)}, []string{"a", "b", "c", "d"}},
		"unknown column":          {Query{Filters: filter("nothing", false, "x")}, nil},
		"two filters":             {Query{Filters: append(filter("tag", false, "x"), Filter{Field: "license", Values: []string{"lov2"}})}, []string{"a"}},
		"with text":               {Query{Text: "eau", Filters: filter("tag", false, "x")}, []string{"a", "b"}},
		"range":                   {Query{Ranges: []Range{{"last_update", ptr[int64](20), nil}}}, []string{"a", "b"}},
		"closed range":            {Query{Ranges: []Range{{"last_update", ptr[int64](10), ptr[int64](20)}}}, []string{"b", "c"}},
		"range of unknown column": {Query{Ranges: []Range{{"nothing", nil, nil}}}, nil},
		"open range":              {Query{Ranges: []Range{{"last_update", nil, nil}}}, []string{"a", "b", "c"}},
		"featured":                {Query{Featured: ptr(true)}, []string{"a"}},
		"not archived":            {Query{Archived: ptr(false)}, []string{"a", "b", "d"}},
		"archived":                {Query{Archived: ptr(true)}, []string{"c"}},
		"coverage":                {Query{Coverage: &Coverage{20150101, 20160101}}, []string{"b"}},
		"wider coverage":          {Query{Coverage: &Coverage{20090101, 20160101}}, nil},
	} {
		got := ids(e, c.q)
		slices.Sort(got)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}

	result := e.Search(Query{
		Kind: Dataset, Filters: append(filter("tag", true, "x"), Filter{Field: "license", Values: []string{"lov2"}}),
		Ranges: []Range{{"last_update", ptr[int64](15), nil}},
		Facets: []Facet{
			{Field: "tag"}, {Field: "license"}, {Field: "nothing"},
			{Field: "last_update", Ranges: []NamedRange{{"old", nil, ptr[int64](15)}, {"new", ptr[int64](15), nil}, {"all", nil, nil}}},
			{Field: "tag", Own: "license", Limit: 1},
		},
	})
	want := []FacetCounts{
		{"tag", 1, []Bucket{{"x", 1}, {"y", 1}}},
		{"license", 2, []Bucket{{"lov2", 1}, {"odbl", 1}}},
		{"nothing", 1, nil},
		{"last_update", 1, []Bucket{{"old", 0}, {"new", 1}, {"all", 1}}},
		{"tag", 2, []Bucket{{"x", 2}}},
	}
	if result.Total != 1 || fmt.Sprint(result.Facets) != fmt.Sprint(want) {
		t.Errorf("total %d, facets\n%v, want\n%v", result.Total, result.Facets, want)
	}
}

func TestSorts(t *testing.T) {
	e := newEngine(t,
		Document{Kind: Topic, ID: "1", Title: "Écologie", Numbers: map[string]int64{"created": 5}},
		Document{Kind: Topic, ID: "2", Title: "eau", Numbers: map[string]int64{"created": -7}},
		Document{Kind: Topic, ID: "3", Title: "Zoo"},
	)
	if err := e.Apply([]Document{
		{Kind: Topic, ID: "4", Title: "x", SortName: "Agriculture", Numbers: map[string]int64{"created": 6}},
		{Kind: Topic, ID: "0", Title: "Zoo"},
	}, nil); err != nil {
		t.Fatal(err)
	}
	for by, want := range map[Sort]string{
		{"created", false}: "[2 1 4 0 3]",
		{"created", true}:  "[4 1 2 0 3]",
		{"name", false}:    "[4 2 1 0 3]",
		{"name", true}:     "[0 3 1 2 4]",
		{"nothing", false}: "[0 1 2 3 4]",
		{"", false}:        "[0 1 2 3 4]",
	} {
		if got := fmt.Sprint(ids(e, Query{Kind: Topic, Sort: by})); got != want {
			t.Errorf("sort by %v: %s, want %s", by, got, want)
		}
	}
}

// The facets of random catalogues spread over several parts are those of a count by hand, and filtering by a bucket
// finds as many as the bucket says.
func TestFacetsAgreeWithCounting(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	e := newEngine(t)
	documents := map[string]Document{}
	for range 60 {
		var batch []Document
		for range 1 + random.IntN(8) {
			d := Document{Kind: Dataset, ID: fmt.Sprint(random.IntN(200)), Title: "eau douce", Facets: map[string][]string{}}
			for range random.IntN(4) {
				d.Facets["tag"] = append(d.Facets["tag"], fmt.Sprint("t", random.IntN(90)))
			}
			if random.IntN(3) > 0 {
				d.Facets["license"] = []string{fmt.Sprint("l", random.IntN(3))}
			}
			slices.Sort(d.Facets["tag"])
			d.Facets["tag"] = slices.Compact(d.Facets["tag"])
			batch = append(batch, d)
		}
		if err := e.Apply(batch, nil); err != nil {
			t.Fatal(err)
		}
		for _, d := range batch {
			documents[d.ID] = d
		}
	}
	filters := []Filter{{Field: "license", Values: []string{"l1", "l2"}}}
	result := e.Search(Query{Kind: Dataset, Text: "eau", Filters: filters, Facets: []Facet{{Field: "tag"}, {Field: "license"}}})
	tags, licenses, total, all := map[string]int{}, map[string]int{}, 0, 0
	for _, d := range documents {
		license := d.Facets["license"]
		all++
		for _, l := range license {
			licenses[l]++
		}
		if len(license) > 0 && license[0] != "l0" {
			total++
			for _, tag := range d.Facets["tag"] {
				tags[tag]++
			}
		}
	}
	if result.Total != total || result.Facets[0].All != total || result.Facets[1].All != all {
		t.Errorf("totals %d, %d, %d, want %d, %d, %d", result.Total, result.Facets[0].All, result.Facets[1].All, total, total, all)
	}
	for i, counts := range []map[string]int{tags, licenses} {
		var want []Bucket
		for value, count := range maps.All(counts) {
			want = append(want, Bucket{value, count})
		}
		slices.SortFunc(want, func(a, b Bucket) int { return cmp.Or(b.Count-a.Count, cmp.Compare(a.Value, b.Value)) })
		want = want[:min(len(want), MaxBuckets)]
		if !slices.Equal(result.Facets[i].Buckets, want) {
			t.Errorf("facet %d:\n%v, want\n%v", i, result.Facets[i].Buckets, want)
		}
	}
	for _, bucket := range result.Facets[0].Buckets {
		filtered := append(slices.Clone(filters), Filter{Field: "tag", Values: []string{bucket.Value}, All: true})
		if got := e.Search(Query{Kind: Dataset, Text: "eau", Filters: filtered}).Total; got != bucket.Count {
			t.Errorf("the bucket %v promises %d, filtering finds %d", bucket.Value, bucket.Count, got)
		}
	}
}

func TestTopK(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		list := make([]int, random.IntN(50))
		for i := range list {
			list[i] = random.IntN(20)
		}
		k := random.IntN(60)
		want := slices.Sorted(slices.Values(list))
		want = want[:min(k, len(want))]
		if got := topK(slices.Clone(list), k, cmp.Compare[int]); !slices.Equal(got, want) {
			t.Fatalf("topK(%v, %d) = %v, want %v", list, k, got, want)
		}
	}
}
