package api

import (
	"net/http"

	"grenier/internal/web"
)

func (a *API) tagRoutes() {
	web.Get[[]Text](a.v1, "/tags/suggest/", web.Doc{Summary: "Suggest tags", Tags: []string{"tags"}, NoMask: true}, a.suggestTags)
}

type tagSuggestArgs struct {
	Query string `query:"q" required:"true" help:"The string to autocomplete/suggest"`
	Size  int    `query:"size" default:"8" min:"1" max:"1000" help:"The amount of suggestion to fetch"`
}

func (a *API) suggestTags(c *web.Call, q tagSuggestArgs) error {
	tags, err := a.Catalog.SuggestTags(c.Context(), q.Query, q.Size)
	if err != nil {
		return err
	}
	all := make([]Text, len(tags))
	for i, tag := range tags {
		all[i] = Text{tag}
	}
	return send(c, http.StatusOK, all)
}
