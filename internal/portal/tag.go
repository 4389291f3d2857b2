package portal

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/dump"
	"grenier/internal/fault"
	"grenier/internal/search"
	"grenier/internal/text"
	"grenier/internal/web"
)

// tagContents are the types of Page.Data by the names of the pages here.
var tagContents = map[string]any{"tags": tagsPage{}, "tag": tagPage{}, "licenses": licensesPage{}, "license": licensePage{}}

// tagRoutes declare the pages of tags and licences.
func (p *Portal) tagRoutes(t *table) {
	page(t, "/tags", p.showTags)
	page(t, "/tags/{id}", p.showTag)
	p.licenseRoutes(t)
}

// tagsPage are the keywords most used, by their first letter.
type tagsPage struct {
	// Query is the beginning that was asked for.
	Query string
	// Count is how many keywords begin so, Shown how many the page shows.
	Count, Shown int64
	Letters      []tagLetter
}

// tagLetter are the keywords with one first letter; digits and other signs come
// together.
type tagLetter struct {
	// ID is unique in the page; Letter is the letter in capital, or #.
	ID, Letter string
	Tags       []tagLink
}

// tagLink is a keyword with the number of what bears it.
type tagLink struct {
	Name, URL string
	Count     int64
}

// countsHold bounds how long a page is shown again that tells numbers of the
// whole catalogue: they may have been counted some seconds before.
const countsHold = 10 * time.Second

// mostTagsShown bounds the keywords on a page.
const mostTagsShown = 300

type tagsArgs struct {
	Query string `query:"q"`
}

func (p *Portal) showTags(v *visit, in tagsArgs) error {
	counts, err := p.Catalog.KnownTags(v.Context())
	if err != nil {
		return err
	}
	query := wordsOf(in.Query)
	content := tagsPage{Query: query}
	prefix := text.Slug(query)
	var found []catalog.TagCount
	for _, count := range counts { // the most used first
		if !strings.HasPrefix(count.Tag, prefix) || query != "" && prefix == "" {
			continue
		}
		content.Count++
		if len(found) < mostTagsShown {
			found = append(found, count)
		}
	}
	content.Shown = int64(len(found))
	content.Letters = v.byLetter(found)
	d := draft{
		name: "tags", title: v.say.T("nav.tags"), description: v.say.T("tag.lead"), path: "/tags", data: content,
		crumbs: []Link{{v.say.T("site.home"), v.path("/")}, {Label: v.say.T("nav.tags")}},
		keys:   cardKinds(catalog.KindDataset, catalog.KindReuse), until: v.now.Add(countsHold),
	}
	if query != "" {
		d.args, d.noIndex = url.Values{"q": {query}}, true
	}
	return v.show(d)
}

// byLetter sorts keywords into letters.
func (v *visit) byLetter(tags []catalog.TagCount) []tagLetter {
	slices.SortFunc(tags, func(a, b catalog.TagCount) int { return strings.Compare(a.Tag, b.Tag) })
	var letters []tagLetter
	for _, tag := range tags {
		letter, id := "#", "other"
		if first, _ := utf8.DecodeRuneInString(tag.Tag); unicode.IsLetter(first) {
			letter = string(unicode.ToUpper(first))
			id = "letter-" + string(first)
		}
		if len(letters) == 0 || letters[len(letters)-1].ID != id {
			letters = append(letters, tagLetter{ID: id, Letter: letter})
		}
		last := &letters[len(letters)-1]
		last.Tags = append(last.Tags, tagLink{tag.Tag, v.path("/tags/" + url.PathEscape(tag.Tag)), tag.Total()})
	}
	return letters
}

// tagPage is what bears a keyword.
type tagPage struct {
	Name             string
	Datasets, Reuses int64
	// Shelves are the first datasets and reuses, with links to all of them.
	Shelves []cardShelf
	// Feed is the Atom feed of the datasets.
	Feed string
}

// tagShown is how many objects of each kind the page of a keyword shows.
const tagShown = 6

func (p *Portal) showTag(v *visit, in objectArgs) error {
	slug := text.Slug(in.Key)
	count, known, err := p.tagCount(v, in.Key)
	switch {
	case err != nil:
		return err
	case !known && slug != "" && slug != in.Key:
		return v.to(http.StatusPermanentRedirect, "/tags/"+url.PathEscape(slug))
	case !known:
		return fault.New(fault.NotFound, "Nothing bears this keyword.")
	}
	of := url.Values{"tag": {count.Tag}}
	args := queryOf(of)
	content := tagPage{Name: count.Tag, Datasets: count.Datasets, Reuses: count.Reuses, Feed: v.feedPath("datasets", dump.Atom, of)}
	for _, one := range []struct {
		name  string
		kind  search.Kind
		total int64
	}{{"datasets", search.Dataset, count.Datasets}, {"reuses", search.Reuse, count.Reuses}} {
		if one.total == 0 {
			continue
		}
		cards, err := v.taggedCards(one.kind, count.Tag)
		if err != nil {
			return err
		}
		content.Shelves = append(content.Shelves, cardShelf{
			ID: one.name, Title: v.say.T("tag."+one.name, "count", one.total), Cards: cards,
			More: Link{v.say.T("common.see-all"), v.path("/" + one.name + "/search" + args)},
		})
	}
	return v.show(draft{
		name: "tag", title: v.say.T("tag.title", "tag", count.Tag), description: v.say.T("tag.summary", "tag", count.Tag),
		path: "/tags/" + url.PathEscape(count.Tag), crumbs: v.trail("nav.tags", "/tags", Link{Label: shortTitle(count.Tag)}),
		feeds: append(v.feedLinks(v.say.T("tag.feed", "tag", count.Tag), "datasets", of), v.feedLinks(v.say.T("common.title-part", "part", v.say.T("nav.reuses"), "title", count.Tag), "reuses", of)...), data: content,
		keys: []web.Key{
			web.Epoch("search/dataset"), web.Epoch("search/reuse"), web.Epoch(catalog.KindDataset), web.Epoch(catalog.KindReuse),
		},
		until: v.now.Add(countsHold),
	})
}

// tagCount finds a keyword by its name.
func (p *Portal) tagCount(v *visit, name string) (catalog.TagCount, bool, error) {
	counts, err := p.Catalog.KnownTags(v.Context())
	for i := range counts {
		if counts[i].Tag == name {
			return counts[i], true, err
		}
	}
	return catalog.TagCount{}, false, err
}

// taggedCards shows the most seen objects with a keyword, as the index knows
// them.
func (v *visit) taggedCards(kind search.Kind, tag string) ([]card, error) {
	found, err := v.p.Search.Search(search.Query{
		Kind: kind, Filters: []search.Filter{{Field: "tag", Values: []string{tag}}}, Sort: search.Sort{Field: "views", Descending: true}, Limit: tagShown,
	})
	if err != nil {
		return nil, err
	}
	public := *v
	public.viewer = account.Nobody
	cards, _, err := public.cardsByIDs(kind.String(), hitIDs(found))
	return cards, err
}
