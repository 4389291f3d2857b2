package portal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"grenier/internal/catalog"
	"grenier/internal/i18n"
)

// fieldChange is the value of a field before and after.
type fieldChange struct {
	Label string
	// Of names the file that the field belongs to.
	Of string
	// Kind is words for a text, list for several values, value for one, silent
	// when only the change is told.
	Kind string
	// Pieces are the words of a text, with those that came and went.
	Pieces []textPiece
	// Added and Removed are the values that came and went, More counts those that
	// are not shown.
	Added, Removed []string
	More           int
	// Before and After are single values; empty for none.
	Before, After string
	// Lang is the language of the texts when it may differ from the page's.
	Lang string
}

const (
	// maxChanges bounds the fields of one version that are shown with their values.
	maxChanges = 40
	// maxValues bounds the values of a list that are shown as gone or come.
	maxValues = 30
	// maxValue bounds a value that is shown, in characters.
	maxValue = 300
)

// names are the names of what values refer to, by identifier.
type names map[string]string

// namesOf loads the names of what the values of changes refer to, in a constant
// number of queries.
func (v *visit) namesOf(all ...versionFields) (names, error) {
	ids := map[string][]string{}
	for _, changed := range all {
		for name, values := range changed {
			for _, value := range values {
				gatherTexts(name, value, ids)
			}
		}
	}
	found := names{}
	if len(ids["license"]) > 0 {
		licenses, err := v.p.Catalog.Licenses(v.Context())
		if err != nil {
			return nil, err
		}
		for i := range licenses {
			found[licenses[i].ID] = v.licenseTitle(&licenses[i])
		}
	}
	contacts, err := v.p.Catalog.ContactNames(v.Context(), bounded(ids["contact_points"]))
	if err != nil {
		return nil, err
	}
	maps.Copy(found, contacts)
	organizations, err := v.p.Organizations.ByIDs(v.Context(), bounded(ids["organization"]))
	if err != nil {
		return nil, err
	}
	for i := range organizations {
		found[organizations[i].ID] = organizations[i].Name
	}
	for name, kind := range map[string]string{"datasets": catalog.KindDataset, "reuses": catalog.KindReuse, "dataservices": catalog.KindDataservice} {
		titles, err := v.p.Catalog.Titles(v.Context(), v.viewer, kind, bounded(ids[name]))
		if err != nil {
			return nil, err
		}
		maps.Copy(found, titles)
	}
	people, err := v.p.People.Refs(v.Context(), bounded(append(ids["owner"], ids["user"]...)))
	if err != nil {
		return nil, err
	}
	for id, person := range people {
		found[id] = person.FullName()
	}
	for _, id := range bounded(append(ids["zones"], ids["zone"]...)) {
		if link := v.zoneLink(id); link.Label != "" {
			found[id] = link.Label
		}
	}
	return found, nil
}

// bounded are the first of some identifiers, each once.
func bounded(ids []string) []string {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	return ids[:min(len(ids), 500)]
}

// gatherTexts adds the texts of a value by the name of the member that holds
// each: those of lists by that of the list.
func gatherTexts(name string, value json.RawMessage, into map[string][]string) {
	var decoded any
	if len(value) == 0 || json.Unmarshal(value, &decoded) != nil {
		return
	}
	var walk func(name string, value any)
	walk = func(name string, value any) {
		switch inner := value.(type) {
		case string:
			if inner != "" && len(inner) <= maxValue {
				into[name] = append(into[name], inner)
			}
		case []any:
			for _, one := range inner {
				walk(name, one)
			}
		case map[string]any:
			for member, one := range inner {
				walk(member, one)
			}
		}
	}
	walk(name, decoded)
}

// fieldChanges show the values of a version; more counts those left out.
func (v *visit) fieldChanges(kind string, changed versionFields, known names) (shown []fieldChange, more int) {
	changed = withReplacedFiles(changed)
	var labels []string
	for name := range changed {
		if name == "slug" && len(changed) > 1 || strings.HasSuffix(name, "/rank") {
			continue
		}
		labels = append(labels, name)
	}
	slices.SortFunc(labels, func(a, b string) int {
		if first := strings.Compare(fieldOrder(a), fieldOrder(b)); first != 0 {
			return first
		}
		return strings.Compare(a, b)
	})
	for _, name := range labels[:min(len(labels), maxChanges)] {
		shown = append(shown, v.fieldChange(kind, name, changed, known))
	}
	return shown, max(0, len(labels)-maxChanges)
}

// fieldOrder puts names and descriptions first, files last.
func fieldOrder(name string) string {
	switch {
	case name == "title" || name == "name":
		return "0"
	case strings.HasPrefix(name, "description"):
		return "1"
	case strings.HasPrefix(name, "resource/"):
		return "3" + name
	}
	return "2"
}

// fieldChange shows the values of one field.
func (v *visit) fieldChange(kind, name string, changed versionFields, known names) fieldChange {
	values := changed[name]
	if rest, ok := strings.CutPrefix(name, "resource/"); ok {
		return v.fileChange(rest, values, changed, known)
	}
	base, _, _ := strings.Cut(name, "/")
	shown := v.valueChange(kind, base, values, known)
	shown.Label = v.fieldName(base)
	return shown
}

// fileChange shows a file that came or went, or a field of one.
func (v *visit) fileChange(rest string, values [2]json.RawMessage, changed versionFields, known names) fieldChange {
	id, field, nested := strings.Cut(rest, "/")
	if !nested {
		shown := fieldChange{Label: v.say.T("activity.field-files"), Kind: "list", Lang: v.contentLang()}
		if !isNull(values[1]) {
			shown.Added = []string{fileTitle(values[1], id)}
		}
		if !isNull(values[0]) {
			shown.Removed = []string{fileTitle(values[0], id)}
		}
		return shown
	}
	shown := v.valueChange("resource", field, values, known)
	if field == fileReplaced {
		shown = v.replacedChange(values)
	}
	shown.Label = v.fieldName(field)
	if shown.Of = known["file "+id]; shown.Of == "" {
		if title, ok := changed["resource/"+id+"/title"]; ok {
			shown.Of = fileTitle(title[1], "")
		}
	}
	if shown.Of == "" {
		shown.Of = id
	}
	return shown
}

// fileTitle is the title of a file in a difference: a text, or in its row.
func fileTitle(value json.RawMessage, otherwise string) string {
	var title string
	if json.Unmarshal(value, &title) == nil && title != "" {
		return title
	}
	var row struct {
		Title string `json:"title"`
	}
	if json.Unmarshal(value, &row) == nil && row.Title != "" {
		return row.Title
	}
	return otherwise
}

// proseFields are the fields whose values are texts of people.
var proseFields = []string{"title", "name", "description", "description_short", "headline", "content", "access_type_reason", "acronym", "credit_to"}

// valueChange shows two values of a field in the shape that suits them.
func (v *visit) valueChange(kind, name string, values [2]json.RawMessage, known names) fieldChange {
	before, after := values[0], values[1]
	var old, new string
	texts := isNull(before) || json.Unmarshal(before, &old) == nil
	texts = (isNull(after) || json.Unmarshal(after, &new) == nil) && texts
	switch {
	case isNull(before) && isNull(after), name == "geom", name == "body_type", texts && (catalog.Hosted(old) || catalog.Hosted(new)):
		return fieldChange{Kind: "silent"}
	case texts && slices.Contains(proseFields, name):
		return fieldChange{Kind: "words", Pieces: textDifference(old, new), Lang: v.contentLang()}
	case composite(before) || composite(after):
		return v.listChange(name, before, after, known)
	}
	return fieldChange{Kind: "value", Before: v.valueText(kind, name, before, known), After: v.valueText(kind, name, after, known)}
}

// composite tells whether a value is a list or an object.
func composite(value json.RawMessage) bool {
	return len(value) > 0 && (value[0] == '[' || value[0] == '{')
}

// listChange shows what came to a list or an object and what went.
func (v *visit) listChange(name string, before, after json.RawMessage, known names) fieldChange {
	lines := func(value json.RawMessage) []string {
		var words []string
		if json.Unmarshal(value, &words) == nil {
			for i, word := range words {
				words[i] = v.listed(name, word, known)
			}
			return words
		}
		var any any
		if json.Unmarshal(value, &any) != nil {
			return nil
		}
		return flattened("", any, known, nil)
	}
	old, new := lines(before), lines(after)
	shown := fieldChange{Kind: "list"}
	shown.Added, shown.More = missing(new, old)
	removed, more := missing(old, new)
	shown.Removed, shown.More = removed, shown.More+more
	if len(shown.Added)+len(shown.Removed) == 0 {
		shown.Kind = "silent" // another order
	}
	return shown
}

// listed is one value of a list in words.
func (v *visit) listed(name, value string, known names) string {
	if known[value] != "" {
		return known[value]
	}
	if name == "badges" {
		for _, kind := range []i18n.Kind{i18n.DatasetBadge, i18n.OrganizationBadge, i18n.DataserviceBadge} {
			if i18n.Has(kind, value) {
				return i18n.Label(kind, value, v.lang)
			}
		}
	}
	return value
}

// missing are the values of a list that another does not hold, and how many more
// there are.
func missing(values, from []string) (some []string, more int) {
	there := make(map[string]bool, len(from))
	for _, value := range from {
		there[value] = true
	}
	for _, value := range values {
		switch {
		case there[value]:
		case len(some) == maxValues:
			more++
		default:
			some = append(some, cutText(value, maxValue))
		}
	}
	return some, more
}

// flattened are the values inside a value, each behind its names; those that
// refer to something known are its name.
func flattened(path string, value any, known names, lines []string) []string {
	const most = 2000
	if len(lines) >= most {
		return lines
	}
	below := func(name string) string {
		if path == "" {
			return name
		}
		return path + "." + name
	}
	switch inner := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(inner)) {
			lines = flattened(below(name), inner[name], known, lines)
		}
		return lines
	case []any:
		for i, one := range inner {
			lines = flattened(below(fmt.Sprint(i+1)), one, known, lines)
		}
		return lines
	case nil:
		return lines
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		return lines
	}
	word := string(encoded)
	if text, ok := value.(string); ok {
		if word = text; known[text] != "" {
			word = known[text]
		}
	}
	if path == "" {
		return append(lines, word)
	}
	return append(lines, path+" = "+word)
}

// valueLabels are the vocabularies of values, by the kind of object and field;
// without a kind they are those of all.
var valueLabels = map[string]i18n.Kind{
	"frequency": i18n.Frequency, "access_type": i18n.AccessType, "access_type_reason_category": i18n.ReasonCategory, "granularity": i18n.Granularity,
	"role": i18n.ContactRole, "reuse type": i18n.ReuseType, "resource type": i18n.ResourceType, "topic": i18n.ReuseTopic,
}

// visibilityWords are the messages of the fields that say who sees an object: for
// no and for yes.
var visibilityWords = map[string][2]string{"private": {"activity.is-public", "activity.is-private"}}

// valueText says a single value in words; empty for none.
func (v *visit) valueText(kind, name string, value json.RawMessage, known names) string {
	if isNull(value) {
		return ""
	}
	var decoded any
	decoder := json.NewDecoder(bytes.NewReader(value))
	decoder.UseNumber()
	if decoder.Decode(&decoded) != nil {
		return ""
	}
	switch given := decoded.(type) {
	case bool:
		if word := visibilityWords[name]; word != [2]string{} {
			if given {
				return v.say.T(word[1])
			}
			return v.say.T(word[0])
		}
		if given {
			return v.say.T("activity.yes")
		}
		return v.say.T("activity.no")
	case json.Number:
		n, err := given.Int64()
		switch {
		case err != nil:
			return given.String()
		case name == "filesize":
			return v.say.Size(n)
		}
		return v.say.Number(n)
	case string:
		return v.wordOf(kind, name, given, known)
	}
	return ""
}

// wordOf says a text of a vocabulary, a moment or an identifier in words.
func (v *visit) wordOf(kind, name, value string, known names) string {
	for _, field := range []string{name, kind + " " + name} {
		if vocabulary, ok := valueLabels[field]; ok && i18n.Has(vocabulary, value) {
			return i18n.Label(vocabulary, value, v.lang)
		}
	}
	if known[value] != "" {
		return known[value]
	}
	if strings.HasPrefix(name, "temporal_") {
		return v.say.Date(value)
	}
	if at, err := time.Parse(time.RFC3339Nano, value); err == nil {
		if name == "frequency_date" || at.Equal(at.UTC().Truncate(24*time.Hour)) {
			return v.say.Date(at)
		}
		return v.say.DateTime(at)
	}
	return cutText(value, maxValue)
}
