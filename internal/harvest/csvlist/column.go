package csvlist

import (
	"slices"
	"strings"

	"grenier/internal/fault"
	"grenier/internal/text"
)

// names are what the columns of a list may be called, by what they hold. Case,
// accents, blanks, hyphens and underscores make no difference.
var names = map[string][]string{
	"id":          {"id", "identifier", "identifiant", "remote_id", "dct_identifier"},
	"title":       {"title", "titre", "intitule", "dataset_title", "name", "nom"},
	"slug":        {"slug"},
	"acronym":     {"acronym", "acronyme", "sigle"},
	"description": {"description", "resume", "abstract"},
	"page":        {"page", "landing_page", "remote_url", "harvest.remote_url", "fiche"},
	"uri":         {"uri", "harvest.uri"},

	"tags":        {"tags", "tag", "keywords", "keyword", "mots_cles", "mot_cle"},
	"license":     {"license", "licence"},
	"frequency":   {"frequency", "frequence"},
	"start":       {"temporal_coverage.start", "temporal_start", "start", "start_date", "date_debut", "date_de_debut"},
	"end":         {"temporal_coverage.end", "temporal_end", "end", "end_date", "date_fin", "date_de_fin"},
	"zones":       {"spatial.zones", "zones", "geozone"},
	"granularity": {"spatial.granularity", "granularity", "granularite"},
	"bbox":        {"bbox", "bounding_box"},
	"created":     {"harvest.created_at"},
	"issued":      {"harvest.issued_at", "issued", "created_at", "created", "date_creation", "date_publication", "date_de_creation", "date_de_publication"},
	"modified":    {"harvest.modified_at", "modified", "last_modified", "updated", "last_update", "date_modification", "date_mise_a_jour", "date_de_modification", "date_de_mise_a_jour"},

	"publisher":       {"publisher", "organization", "organisation", "producer", "producteur", "editeur"},
	"organization_id": {"organization_id"},
	"contact_name":    {"contact_name", "contact", "contact_nom"},
	"contact_email":   {"contact_email", "contact_mail", "email", "mail"},
	"contact_form":    {"contact_form", "contact_url"},
	"access_rights":   {"access_rights"},
	"rights":          {"rights", "droits"},
	"private":         {"private", "prive"},
	"archived":        {"archived", "archive"},

	"resource_id":          {"resource_id", "resource.id"},
	"resource_url":         {"url", "resource_url", "resource.url", "download_url", "file_url", "lien", "telechargement"},
	"resource_title":       {"resource_title", "resource.title", "file_title", "titre_fichier"},
	"resource_description": {"resource_description", "resource.description"},
	"resource_type":        {"resource_type", "type"},
	"format":               {"format"},
	"mime":                 {"mime", "mime_type", "media_type"},
	"filesize":             {"filesize", "size", "taille"},
	"checksum_type":        {"checksum.type", "checksum_type"},
	"checksum":             {"checksum.value", "checksum"},
	"schema_name":          {"schema_name", "schema"},
	"schema_url":           {"schema_url"},
	"schema_version":       {"schema_version"},
	"resource_issued":      {"resource_issued", "resource_created"},
	"resource_modified":    {"resource_modified", "resource_updated"},
	"resource_extras":      {"resource_extras"},
}

// ofCatalogue are the columns that mean something else in the export of the
// datasets of a catalogue, where the address is the page of a dataset.
var ofCatalogue = map[string]string{"url": "page", "harvest.remote_url": ""}

// ofResources are those of the export of the resources of a catalogue.
var ofResources = map[string]string{
	"dataset.id": "id", "dataset.title": "title", "dataset.slug": "slug", "dataset.url": "page", "dataset.organization": "publisher",
	"dataset.organization_id": "organization_id", "dataset.license": "license", "dataset.private": "private", "dataset.archived": "archived",
	"id": "resource_id", "title": "resource_title", "description": "resource_description", "created_at": "resource_issued", "modified": "resource_modified",
	"harvest.issued_at": "", "harvest.modified_at": "", "extras": "resource_extras",
}

// extrasStart begins the names of columns that become extras.
const extrasStart = "extras."

// columns are where a file holds what.
type columns struct {
	at     map[string][]int // by what they hold; the first with a value counts
	extras map[string]int   // by key
}

// columnsOf reads a header; chosen names columns that are not called as usual.
func columnsOf(header []string, chosen string) (columns, error) {
	c := columns{at: make(map[string][]int), extras: make(map[string]int)}
	called := make(map[string]int, len(header))
	var order []string
	for i, name := range header {
		key := plain(name)
		if _, ok := called[key]; !ok && key != "" {
			called[key] = i
			order = append(order, key)
		}
		if rest, ok := strings.CutPrefix(strings.TrimSpace(name), extrasStart); ok && rest != "" {
			c.extras[rest] = i
		}
	}
	if err := c.choose(chosen, called); err != nil {
		return c, err
	}
	meaning := meanings(called)
	for _, key := range order {
		for what, usual := range names {
			special, replaced := meaning[key]
			if replaced && special == what || !replaced && slices.Contains(usual, key) {
				c.add(what, called[key])
			}
		}
	}
	for what := range names {
		c.prefer(what, called)
	}
	if len(c.at["title"]) == 0 {
		return c, fault.Newf(fault.BadGateway, `The first line of the file names no column "title". It names: %s. The setting "columns" of the source can say which it is, as title=Name.`, shown(header))
	}
	return c, nil
}

// meanings are the columns that mean something else in a file with this header.
func meanings(called map[string]int) map[string]string {
	has := func(name string) bool { _, ok := called[name]; return ok }
	switch {
	case has("dataset.id"):
		return ofResources
	case has("slug") && has("organization_id"):
		return ofCatalogue
	case slices.ContainsFunc(names["resource_url"][1:], has):
		return map[string]string{"url": "page"} // files have a column of their own
	}
	return nil
}

func (c *columns) add(what string, column int) {
	if !slices.Contains(c.at[what], column) {
		c.at[what] = append(c.at[what], column)
	}
}

// prefer orders the columns that hold the same by their usual names; those that
// the source chose stay first.
func (c *columns) prefer(what string, called map[string]int) {
	rank := func(column int) int {
		for i, name := range names[what] {
			if at, ok := called[name]; ok && at == column {
				return i
			}
		}
		return -1
	}
	slices.SortStableFunc(c.at[what], func(a, b int) int { return rank(a) - rank(b) })
}

// choose reads "title=Name; url=Link".
func (c *columns) choose(chosen string, called map[string]int) error {
	for pair := range strings.SplitSeq(chosen, ";") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		what, name, _ := strings.Cut(pair, "=")
		what = plain(what)
		if what == "url" {
			what = "resource_url"
		}
		column, ok := called[plain(name)]
		switch {
		case names[what] == nil:
			return fault.Newf(fault.Invalid, `The setting "columns" names %q, which no column can hold. Write it as title=Name; url=Link.`, what)
		case !ok:
			return fault.Newf(fault.BadGateway, `The setting "columns" names a column %q, which the file does not have.`, strings.TrimSpace(name))
		}
		c.at[what] = []int{column}
		delete(called, plain(name))
	}
	return nil
}

// plain is a name without what makes no difference.
func plain(name string) string {
	name = text.Fold(strings.TrimSpace(strings.TrimPrefix(name, "\uFEFF")))
	name = strings.NewReplacer(" ", "_", "-", "_", "\u00A0", "_", "'", "_", "’", "_").Replace(name)
	return strings.Trim(name, "_")
}

// maxShown bounds the names of columns in a message.
const maxShown = 12

func shown(header []string) string {
	parts := slices.Clone(header[:min(len(header), maxShown)])
	for i, part := range parts {
		if len(part) > 60 {
			parts[i] = strings.ToValidUTF8(part[:60], "") + "…"
		}
	}
	if len(header) > maxShown {
		parts = append(parts, "…")
	}
	return strings.Join(parts, ", ")
}
