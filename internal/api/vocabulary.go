package api

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"grenier/internal/catalog"
	"grenier/internal/i18n"
	"grenier/internal/web"
)

// The small lists that clients fill their forms from.

func (a *API) vocabularyRoutes() {
	tags := []string{"datasets"}
	web.Get[map[string]string](a.v1, "/datasets/badges/", web.Doc{Summary: "List the badges of datasets", Tags: tags, NoMask: true, Keep: true}, a.listDatasetBadges)
	web.Get[[]catalog.License](a.v1, "/datasets/licenses/", web.Doc{Summary: "List the licences", Tags: tags, Keep: true}, a.listLicenses)
	web.Get[[]Label](a.v1, "/datasets/frequencies/", web.Doc{Summary: "List the frequencies", Tags: tags, Keep: true}, a.listFrequencies)
	web.Get[[]string](a.v1, "/datasets/extensions/", web.Doc{Summary: "List the allowed extensions of files", Tags: tags, Keep: true}, a.listExtensions)
	web.Get[[]Label](a.v1, "/datasets/resource_types/", web.Doc{Summary: "List the types of resources", Tags: tags, Keep: true}, a.listResourceTypes)
	web.Get[[]CatalogSchema](a.v1, "/datasets/schemas/", web.Doc{Summary: "List the schemas of the catalogue of schemas", Tags: tags, Keep: true}, a.listSchemas)
	web.Get[[]Text](a.v1, "/datasets/suggest/formats/", web.Doc{Summary: "Suggest formats", Tags: tags, NoMask: true}, a.suggestFormats)
	web.Get[[]Text](a.v1, "/datasets/suggest/mime/", web.Doc{Summary: "Suggest media types", Tags: tags, NoMask: true}, a.suggestMime)
}

// sendLabels answers with the values of a kind, in their order.
func sendLabels(c *web.Call, kind i18n.Kind) error {
	options := i18n.List(kind, c.Lang)
	all := make([]Label, len(options))
	for i, option := range options {
		all[i] = Label(option)
	}
	c.Keep(time.Time{})
	return send(c, http.StatusOK, all)
}

// sendBadges answers with the badges of a kind and their labels.
func sendBadges(c *web.Call, kind i18n.Kind) error {
	all := make(map[string]string)
	for _, option := range i18n.List(kind, c.Lang) {
		all[option.ID] = option.Label
	}
	c.Keep(time.Time{})
	return send(c, http.StatusOK, all)
}

// listDatasetBadges lists those that may be given.
func (a *API) listDatasetBadges(c *web.Call, _ web.None) error {
	all := make(map[string]string)
	for _, kind := range a.Catalog.DatasetBadges() {
		all[kind] = i18n.Label(i18n.DatasetBadge, kind, c.Lang)
	}
	c.Keep(time.Time{})
	return send(c, http.StatusOK, all)
}

func (a *API) listLicenses(c *web.Call, _ web.None) error {
	licenses, err := a.Catalog.Licenses(c.Context())
	if err != nil {
		return err
	}
	c.Keep(time.Time{}, web.Epoch("license"))
	return send(c, http.StatusOK, list(licenses))
}

func (a *API) listFrequencies(c *web.Call, _ web.None) error {
	return sendLabels(c, i18n.Frequency)
}

func (a *API) listExtensions(c *web.Call, _ web.None) error {
	c.Keep(time.Time{})
	return send(c, http.StatusOK, a.extensions())
}

func (a *API) listResourceTypes(c *web.Call, _ web.None) error {
	return sendLabels(c, i18n.ResourceType)
}

// Text is a suggested word.
type Text struct {
	Text string `json:"text"`
}

type suggestArgs struct {
	Query string `query:"q" required:"true" help:"The string to autocomplete/suggest"`
	Size  int    `query:"size" default:"10" min:"1" max:"1000" help:"The amount of suggestion to fetch"`
}

func (a *API) suggestFormats(c *web.Call, q suggestArgs) error {
	return send(c, http.StatusOK, containing(catalog.Extensions, q))
}

func (a *API) suggestMime(c *web.Call, q suggestArgs) error {
	return send(c, http.StatusOK, containing(catalog.MediaTypes, q))
}

// containing returns the first words that hold the text, shortest first.
func containing(words []string, q suggestArgs) []Text {
	found := []Text{}
	for _, word := range words {
		if strings.Contains(word, strings.ToLower(q.Query)) && len(found) < q.Size {
			found = append(found, Text{word})
		}
	}
	slices.SortStableFunc(found, func(x, y Text) int { return len(x.Text) - len(y.Text) })
	return found
}
