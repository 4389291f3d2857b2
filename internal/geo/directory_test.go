package geo

import (
	"strings"
	"sync"
	"testing"
)

func ids(zones []Zone) string {
	var list []string
	for _, zone := range zones {
		list = append(list, zone.ID)
	}
	return strings.Join(list, " ")
}

func TestResolve(t *testing.T) {
	d := NewDirectory()
	for given, want := range map[string]string{
		"fr:commune:41018@1943-01-01":          "fr:commune:41018",
		"FR/DEPARTEMENT/2a":                    "fr:departement:2A",
		"fr:commune:2a004":                     "fr:commune:2A004",
		"country:re":                           "fr:region:04",
		"fr:departement:987":                   "fr:collectivite:987",
		"fr:commune:38014":                     "fr:commune:38297",
		"country-subset:fr:dromcom":            "country-subset:fr:dromcom",
		"fr:epci:200046977@2015-01-01":         "fr:epci:200046977",
		"country-group:EU":                     "country-group:ue",
		"fr:commune:99999":                     "",
		"fr:commune":                           "",
		"nowhere":                              "",
		"fr:commune:35238:35238":               "",
		strings.Repeat("a:", 10_000) + "35238": "",
	} {
		zone, ok := d.Resolve(given)
		if zone.ID != want || ok != (want != "") {
			t.Errorf("%.40q leads to %q, want %q", given, zone.ID, want)
		}
	}
	if _, ok := d.Get("fr:departement:2a"); ok {
		t.Error("Get forgives capitals")
	}
}

func TestWalks(t *testing.T) {
	d := NewDirectory()
	if got := ids(d.Parents("fr:commune:35238")); got != "fr:epci:243500139 fr:arrondissement:353 fr:departement:35" {
		t.Errorf("Rennes lies in %s", got)
	}
	got := ids(d.Ancestors("fr:commune:93066"))
	for _, want := range []string{
		"fr:epci:200057867", "fr:epci:200054781", "fr:departement:93", "fr:region:11", "country-subset:fr:metro",
		"country:fr", "country-group:ue", "country-group:world",
	} {
		if strings.Count(" "+got+" ", " "+want+" ") != 1 {
			t.Errorf("the ancestors of Saint-Denis do not hold %s once: %s", want, got)
		}
	}
	if got := len(d.Children("fr:departement:35", "fr:commune")); got < 300 || got > 350 {
		t.Errorf("Ille-et-Vilaine has %d communes", got)
	}
	if got := len(d.Children("fr:commune:75056", "")); got != 20 {
		t.Errorf("Paris has %d arrondissements", got)
	}
	if got := len(d.Children("country-group:ue", "country")); got != 27 {
		t.Errorf("the Union has %d members", got)
	}
	if got := ids(d.Children("country-subset:fr:drom", "")); got != "fr:region:01 fr:region:02 fr:region:03 fr:region:04 fr:region:06" {
		t.Errorf("the overseas regions are %s", got)
	}
	if d.Parents("fr:commune:99999") != nil || d.Children("fr:commune:99999", "") != nil || d.Ancestors("country-group:world") != nil {
		t.Error("nothing has relations")
	}
}

// Every parent that a zone names exists, and nothing is inside itself.
func TestParentsExist(t *testing.T) {
	d := NewDirectory()
	for zone := range NewDirectory().All() {
		for _, parent := range zone.Parents {
			if _, ok := d.Get(parent); !ok || parent == zone.ID {
				t.Errorf("%s names the parent %s", zone.ID, parent)
			}
		}
		if len(zone.Parents) == 0 && zone.ID != "country-group:world" {
			t.Errorf("%s hangs in the air", zone.ID)
		}
	}
}

func TestAddedZonesShowAboveTheBuiltIn(t *testing.T) {
	d := NewDirectory()
	before := d.Len()
	forest, _ := Named("Forêt de Brocéliande")
	forest.Parents = []string{"fr:departement:35"}
	rennes, _ := d.Get("fr:commune:35238")
	rennes.Name, rennes.Aliases = "Roazhon", []string{"Rennes"}
	d.Add(forest, rennes)

	if got, ok := d.Get("fr:commune:35238"); !ok || got.Name != "Roazhon" || got.Population != rennes.Population || *got.Extent != *rennes.Extent {
		t.Errorf("the changed zone is %+v", got)
	}
	if got := d.Len(); got != before+1 {
		t.Errorf("%d zones, want %d", got, before+1)
	}
	if got := ids(d.Suggest("foret de brocel", 5)); got != forest.ID {
		t.Errorf("forêt de brocel suggests %s", got)
	}
	if got := ids(d.Suggest("roazhon", 5)); got != "fr:commune:35238" {
		t.Errorf("roazhon suggests %s", got)
	}
	children := ids(d.Children("fr:departement:35", "fr:commune"))
	if strings.Count(children, "fr:commune:35238") != 1 {
		t.Error("the changed zone is there twice, or not at all")
	}
	if got := ids(d.Children("fr:departement:35", Other)); got != forest.ID {
		t.Errorf("the added child is %s", got)
	}
	found := 0
	for zone := range d.InLevel("fr:commune") {
		if zone.ID == "fr:commune:35238" {
			found++
		}
	}
	if found != 1 {
		t.Errorf("the changed zone is %d times in its level", found)
	}
	if zone, _, ok := d.ByName("Rennes"); !ok || zone.ID != "fr:commune:35238" {
		t.Errorf("Rennes is now %s", zone.ID)
	}
	if _, ok := NewDirectory().Get(forest.ID); ok {
		t.Error("another directory sees what was added to this one")
	}
}

func TestDirectoryIsSafeForConcurrentUse(t *testing.T) {
	d := NewDirectory()
	var group sync.WaitGroup
	for worker := range 4 {
		group.Go(func() {
			for turn := range 20 {
				if worker == 0 {
					zone, _ := Named("Zone " + strings.Repeat("x", turn+1))
					d.Add(zone)
					continue
				}
				if _, ok := d.Resolve("fr:commune:35238"); !ok {
					t.Error("Rennes is gone")
				}
				d.Suggest("zone", 5)
				d.ByName("Zone x")
			}
		})
	}
	group.Wait()
	if _, ok := d.Resolve("other:zone-" + strings.Repeat("x", 20)); !ok {
		t.Error("an added zone is missing")
	}
}

func TestSuggest(t *testing.T) {
	d := NewDirectory()
	for _, test := range []struct {
		q    string
		n    int
		want string
	}{
		// The best are kept, wider levels are given first.
		{"rennes", 3, "fr:epci:243500139 fr:arrondissement:353 fr:commune:35238"},
		{"FRANCE", 3, "country:fr country-subset:fr:dromcom country-subset:fr:metro"},
		{"bretagne", 3, "fr:region:53 fr:commune:90019 fr:commune:36024"},
		{"lyon", 2, "fr:arrondissement:691 fr:commune:69123"},
		{"35", 1, "fr:departement:35"},
		{"ile-de-france", 1, "fr:region:11"},
		{"Île de France", 1, "fr:region:11"},
		{"allemagne", 1, "country:de"},
		{"germany", 1, "country:de"},
		{"fr:departement:2a", 1, "fr:departement:2A"},
		{"35238", 5, "fr:commune:35238"},
		{"35700", 2, "fr:commune:35238"},
		{"zzzzz", 5, ""},
		{"", 5, ""},
		{"\n", 5, ""},
		{"paris", 0, ""},
		{strings.Repeat("a", 10_000), 5, ""},
	} {
		if got := ids(d.Suggest(test.q, test.n)); got != test.want {
			t.Errorf("%.20q suggests %s, want %s", test.q, got, test.want)
		}
	}
	if got := len(d.Suggest("a", 1_000_000)); got != maxSuggestions {
		t.Errorf("%d suggestions", got)
	}
}

// Whatever the query, suggestions go from wide to narrow and all match.
func TestSuggestionsAreOrdered(t *testing.T) {
	d := NewDirectory()
	for _, q := range []string{"saint", "fr", "a", "mont", "75", "de la"} {
		zones := d.Suggest(q, 100)
		for i := 1; i < len(zones); i++ {
			if AdminLevel(zones[i-1].Level) > AdminLevel(zones[i].Level) {
				t.Errorf("%s: %s before %s", q, zones[i-1].ID, zones[i].ID)
			}
		}
	}
}

func BenchmarkSuggest(b *testing.B) {
	d := NewDirectory()
	d.Suggest("warm", 1)
	for b.Loop() {
		d.Suggest("saint-d", 10)
	}
}
