package api

import (
	"net/http"
	"time"

	"grenier/internal/i18n"
	"grenier/internal/web"
)

// ReasonCategory is a ground for limiting the access to data.
type ReasonCategory struct {
	Definition string `json:"definition"`
	Label      string `json:"label"`
	Value      string `json:"value"`
}

func (a *API) accessTypeRoutes() {
	web.Get[[]ReasonCategory](a.v1, "/access_type/reason_categories/", web.Doc{
		Summary: "List the grounds for limiting the access to data", Tags: []string{"access_type"}, Keep: true,
	}, a.listReasonCategories)
}

func (a *API) listReasonCategories(c *web.Call, _ web.None) error {
	ids := i18n.IDs(i18n.ReasonCategory)
	all := make([]ReasonCategory, len(ids))
	for i, id := range ids {
		all[i] = ReasonCategory{
			Definition: i18n.Label(i18n.ReasonDefinition, id, c.Lang), Label: i18n.Label(i18n.ReasonCategory, id, c.Lang), Value: id,
		}
	}
	c.Keep(time.Time{})
	return send(c, http.StatusOK, all)
}
