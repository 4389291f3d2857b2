package portal

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"grenier/internal/i18n"
	"grenier/internal/search"
	"grenier/internal/text"
	"grenier/internal/web"
)

// searchAll is the content of the search among everything.
type searchAll struct {
	Query   string
	Heading string
	// Found says how much was found; Total counts it.
	Found string
	Total int
	// DidYouMean are words that find clearly more, empty for none.
	DidYouMean Link
	// Groups are the best results of each kind that has some.
	Groups []searchGroup
	// Kinds lead to the search of each kind.
	Kinds []searchKindLink
	// Places are territories that the words may mean, Tags keywords.
	Places  []searchPlace
	Tags    []Link
	Support string
}

// searchGroup are the best results of a kind. More leads to all of them.
type searchGroup struct {
	Name, Label, Found, More, MoreLabel, Icon string
	Total                                     int
	Results                                   []result
}

// searchPlace leads to the page of a territory.
type searchPlace struct {
	Name, Level, Label, URL string
	Count                   int64
}

// Of the search among everything: how many of the best results it shows.
const (
	bestDatasets = 5
	bestOthers   = 3
	mostPlaces   = 4
	mostKeywords = 6
)

type allArgs struct {
	Words []string `query:"q"`
	// Type is the kind that the form's choice asks for.
	Type []string `query:"type"`
}

// showAll shows the best results of every kind, or leads to the search of one.
func (p *Portal) showAll(v *visit, args allArgs) error {
	words := wordsOf(firstArg(args.Words))
	if kind := kindNamed(firstArg(args.Type)); kind != nil {
		return v.Redirect(http.StatusFound, v.address(kind.path, wordsArg(words)))
	}
	content := searchAll{Query: words, Heading: v.say.T("search.title-all"), Support: v.path("/support")}
	keys := allSearchKeys()
	for _, kind := range searchKinds {
		made, err := p.group(v, &content, kind, words)
		if err != nil {
			return err
		}
		keys = append(keys, made...)
	}
	title := v.say.T("search.title-all")
	if words != "" {
		title = v.say.T("search.title-words", "words", words, "kind", v.say.T("search.everything"))
		var err error
		if content.Places, err = v.places(words, mostPlaces); err != nil {
			return err
		}
		tags, err := v.tagsNamed(words, mostKeywords)
		if err != nil {
			return err
		}
		content.Tags = v.tagLinks(tags)
	}
	content.Found = v.say.T("search.found-all", "count", content.Total)
	return v.show(draft{
		name: "search-all", title: title, description: v.say.T("search.about-all"), path: "/search", args: wordsArg(words), lasting: true,
		noIndex: words != "", query: words, data: content, keys: keys, until: v.now.Add(countsHold),
		crumbs: []Link{{v.say.T("site.home"), v.path("/")}, {v.say.T("search.crumb"), ""}},
	})
}

// group adds the best results of a kind.
func (p *Portal) group(v *visit, content *searchAll, kind *searchKind, words string) ([]web.Key, error) {
	a := &asking{kind: kind, words: words, page: 1}
	q := a.query(v.now)
	q.Highlight = true
	if words != "" {
		if q.Limit = bestOthers; kind.kind == search.Dataset {
			q.Limit = bestDatasets
		}
	}
	found, err := p.Search.Search(q)
	if err != nil {
		return nil, err
	}
	content.Total += found.Total
	more := v.address(kind.path, a.args())
	content.Kinds = append(content.Kinds, searchKindLink{Name: kind.name, Label: v.say.T("search.kind-" + kind.name), URL: more, Count: found.Total})
	if kind.kind == search.Dataset && found.DidYouMean != "" {
		content.DidYouMean = Link{found.DidYouMean, v.address("/search", wordsArg(found.DidYouMean))}
	}
	if len(found.Hits) == 0 {
		return nil, nil
	}
	names, err := v.names(a)
	if err != nil {
		return nil, err
	}
	rows, keys, err := v.rows(kind.kind, found.Hits, names)
	if err != nil {
		return nil, err
	}
	content.Groups = append(content.Groups, searchGroup{
		Name: kind.name, Label: v.say.T("search.kind-" + kind.name), Found: v.say.T(kind.message("found"), "count", found.Total), More: more,
		MoreLabel: v.say.T(kind.message("all"), "count", found.Total), Icon: kind.icon, Total: found.Total, Results: rows,
	})
	return keys, nil
}

// considered is how many territories and tags are looked at for those to show.
const considered = 40

// places are the territories with datasets that the words most probably mean.
func (v *visit) places(words string, most int) ([]searchPlace, error) {
	counts, err := v.p.Catalog.CountByZone(v.Context())
	if err != nil {
		return nil, err
	}
	var places []searchPlace
	for _, zone := range v.p.Zones.Suggest(words, considered) {
		if len(places) < most && counts[zone.ID] > 0 {
			level := i18n.Label(i18n.Granularity, zone.Level, v.lang)
			places = append(places, searchPlace{
				Name: zone.Name, Level: level, Label: zone.Name + " – " + level, Count: counts[zone.ID],
				URL: v.path(zone.Path()),
			})
		}
	}
	return places, nil
}

// tagsNamed are the most used tags in which a word begins like the words.
func (v *visit) tagsNamed(words string, most int) ([]string, error) {
	tags, err := v.p.Catalog.SuggestTags(v.Context(), words, considered)
	if err != nil {
		return nil, err
	}
	slug := text.Slug(words)
	tags = slices.DeleteFunc(tags, func(tag string) bool {
		return slug == "" || !strings.HasPrefix(tag, slug) && !strings.Contains(tag, "-"+slug)
	})
	return tags[:min(len(tags), most)], nil
}

// tagLinks lead from tags to the datasets that bear them.
func (v *visit) tagLinks(tags []string) []Link {
	links := make([]Link, 0, len(tags))
	for _, tag := range tags {
		links = append(links, Link{tag, v.address("/datasets/search", url.Values{"tag": {tag}})})
	}
	return links
}
