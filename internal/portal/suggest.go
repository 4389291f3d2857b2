package portal

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/search"
)

// suggestion is what a search field offers while somebody types.
type suggestion struct {
	Title string `json:"title"`
	URL   string `json:"url"`
	// Kind is dataset, organization, reuse, dataservice, topic, place or tag.
	Kind      string `json:"kind"`
	KindLabel string `json:"kind_label"`
	Detail    string `json:"detail"`
}

// Of suggestions: how many there are of each sort, when all are asked for and
// when one is.
const (
	suggestDatasets = 5
	suggestOthers   = 2
	suggestOneKind  = 8
	suggestPlaces   = 2
	suggestTags     = 2
)

// suggest answers the search fields. type asks for one kind of object.
func (p *Portal) suggest(v *visit, args allArgs) error {
	words := wordsOf(firstArg(args.Words))
	found := []suggestion{}
	if words != "" {
		var err error
		if kind := kindNamed(firstArg(args.Type)); kind != nil {
			found, err = p.suggestKind(v, found, kind, words, suggestOneKind)
		} else {
			found, err = p.suggestAll(v, found, words)
		}
		if err != nil {
			return err
		}
	}
	body, err := json.Marshal(found)
	if err != nil {
		return err
	}
	v.keepSuggestions()
	return v.Blob(http.StatusOK, "application/json", body)
}

func (p *Portal) suggestAll(v *visit, found []suggestion, words string) ([]suggestion, error) {
	var err error
	for _, kind := range searchKinds {
		most := suggestOthers
		if kind.kind == search.Dataset {
			most = suggestDatasets
		}
		if found, err = p.suggestKind(v, found, kind, words, most); err != nil {
			return nil, err
		}
	}
	places, err := v.places(words, suggestPlaces)
	if err != nil {
		return nil, err
	}
	for _, place := range places {
		found = append(found, suggestion{
			Title: place.Name, URL: place.URL, Kind: "place", KindLabel: place.Level, Detail: v.say.T("common.datasets", "count", place.Count),
		})
	}
	tags, err := v.tagsNamed(words, suggestTags)
	if err != nil {
		return nil, err
	}
	for _, tag := range tags {
		found = append(found, suggestion{
			Title: tag, URL: v.address("/datasets/search", url.Values{"tag": {tag}}), Kind: "tag", KindLabel: v.say.T("search.one-tag"),
		})
	}
	return found, nil
}

// suggestKind adds the objects of a kind that the words most probably mean.
func (p *Portal) suggestKind(v *visit, found []suggestion, kind *searchKind, words string, most int) ([]suggestion, error) {
	hits, err := p.Search.Suggest(search.SuggestQuery{Kinds: []search.Kind{kind.kind}, Text: words, Limit: most})
	if err != nil || len(hits) == 0 {
		return found, err
	}
	ids := make([]string, len(hits))
	for i, hit := range hits {
		ids[i] = hit.ID
	}
	objects, err := p.suggested(v.Context(), v, kind.kind, ids)
	if err != nil {
		return nil, err
	}
	label := v.say.T("search.one-" + kind.name)
	for _, object := range objects {
		object.Kind, object.KindLabel = kind.kind.String(), label
		object.URL = v.path("/" + kind.name + "/" + url.PathEscape(object.URL))
		found = append(found, object)
	}
	return found, nil
}

// suggested reads titles, slugs and a detail of objects; URL holds the slug.
func (p *Portal) suggested(ctx context.Context, v *visit, kind search.Kind, ids []string) ([]suggestion, error) {
	var all []suggestion
	switch kind {
	case search.Dataset:
		datasets, err := p.Catalog.DatasetsByIDs(ctx, account.Nobody, ids, catalog.Parts{})
		for i := range datasets {
			v.madeFrom(catalog.KindDataset, datasets[i].ID, datasets[i].OwnedBy())
			all = append(all, suggestion{Title: datasets[i].Title, URL: datasets[i].Slug, Detail: datasets[i].OwnerName()})
		}
		return all, err
	case search.Organization:
		organizations, err := p.Organizations.ByIDs(ctx, ids)
		for i := range organizations {
			v.madeFrom(catalog.KindOrganization, organizations[i].ID, account.Owner{})
			if o := &organizations[i]; o.DeletedAt.IsZero() {
				all = append(all, suggestion{Title: o.Name, URL: o.Slug, Detail: v.say.T("common.datasets", "count", o.Datasets)})
			}
		}
		return all, err
	case search.Reuse:
		reuses, err := p.Catalog.ReusesByIDs(ctx, account.Nobody, ids)
		for i := range reuses {
			v.madeFrom(catalog.KindReuse, reuses[i].ID, reuses[i].OwnedBy())
			all = append(all, suggestion{Title: reuses[i].Title, URL: reuses[i].Slug, Detail: reuses[i].OwnerName()})
		}
		return all, err
	case search.Dataservice:
		services, err := p.Catalog.DataservicesByIDs(ctx, account.Nobody, ids)
		for i := range services {
			v.madeFrom(catalog.KindDataservice, services[i].ID, services[i].OwnedBy())
			all = append(all, suggestion{Title: services[i].Title, URL: services[i].Slug, Detail: services[i].OwnerName()})
		}
		return all, err
	}
	topics, err := p.Catalog.TopicsByIDs(ctx, account.Nobody, ids)
	for i := range topics {
		v.madeFrom(catalog.KindTopic, topics[i].ID, account.Owner{})
		all = append(all, suggestion{Title: topics[i].Name, URL: topics[i].Slug, Detail: v.say.T("common.elements", "count", topics[i].ElementCount)})
	}
	return all, err
}
