package catalog

import (
	"fmt"
	"strings"
	"testing"

	"grenier/internal/account"
	"grenier/internal/fault"
)

// TestEveryKindIsRefusedInWords: no object is missing or gone without a text.
func TestEveryKindIsRefusedInWords(t *testing.T) {
	for _, kind := range []string{
		KindDataset, KindResource, KindCommunity, KindReuse, KindDataservice, KindTopic, KindElement, KindPost, KindChart, KindOrganization,
		KindUser, KindContact,
	} {
		if missing[kind] == "" {
			t.Errorf("a %s that nobody knows is refused without words", kind)
		}
	}
	for kind := range hiding {
		if missing[kind] == "" {
			t.Errorf("a hidden %s is refused without words", kind)
		}
	}
	for _, table := range binTables {
		if deleted[table.kind] == "" {
			t.Errorf("a deleted %s is refused without words", table.kind)
		}
	}
}

// TestOwnersAreKept: only administrators give an object to somebody else by a
// write, whatever words refuse the others.
func TestOwnersAreKept(t *testing.T) {
	person, town := account.Owner{User: "person"}, account.Owner{Organization: "town"}
	null := Opt[string]{Set: true, Null: true}
	for _, c := range []struct {
		name                string
		current             account.Owner
		organization, owner Opt[string]
		// want is whose it is afterwards, by the word of an administrator when
		// refused names the member of everybody else's.
		want    account.Owner
		refused string
	}{
		{"nothing", town, Opt[string]{}, Opt[string]{}, town, ""},
		{"nobody", town, null, null, town, ""},
		{"the present organisation", town, Some("town"), null, town, ""},
		{"the present person", person, null, Some("person"), person, ""},
		{"the organisation and who wrote", town, Some("town"), Some("person"), town, ""},
		{"another organisation", town, Some("other"), Opt[string]{}, account.Owner{Organization: "other"}, "organization"},
		{"an organisation for a person's", person, Some("town"), Some("person"), town, "organization"},
		{"a person", town, null, Some("person"), person, "owner"},
	} {
		for _, words := range []ownerRefusal{datasetOwner, objectOwner} {
			if got, err := words.keptOwner(account.System("test"), c.current, c.organization, c.owner); err != nil || got != c.want {
				t.Errorf("%s: an administrator leaves %+v, %v, want %+v", c.name, got, err, c.want)
			}
			got, err := words.keptOwner(account.Nobody, c.current, c.organization, c.owner)
			text := map[string]string{"organization": words.organization, "owner": words.owner}[c.refused]
			if refused := err != nil; got != c.current || refused != (c.refused != "") || refused && !strings.Contains(fmt.Sprint(fault.Of(err).Fields), text) {
				t.Errorf("%s: others leave %+v, %v, want %q", c.name, got, err, text)
			}
		}
	}
}
