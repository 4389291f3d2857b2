package portal

import (
	"context"
	"html/template"
	"net/url"
	"strings"
	"unicode/utf8"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/text"
	"grenier/internal/web"
)

// home is the content of the first page.
type home struct {
	// Empty tells that the catalogue holds nothing yet.
	Empty  bool
	Blocks []homeBlock
}

// homeBlock is a part of the first page, as home.yaml orders them.
type homeBlock struct {
	// Kind names the template part that draws it: home-<kind>.
	Kind            string
	Title, Subtitle string
	Content         template.HTML
	Figures         []figure
	Datasets        []datasetCard
	Links           []Item
}

// figure is a number that says something of the whole.
type figure struct {
	Label string // of the messages, count-able: home.figure-<label>
	Count int64
	URL   string
}

// datasetCard shows a dataset in lists.
type datasetCard struct {
	Title, URL, Owner, OwnerURL, Excerpt string
	Certified                            bool
	Resources, Views                     int64
}

// homeKeys are the kinds whose changes the page shows.
var homeKeys = []web.Key{
	web.Epoch(catalog.KindDataset), web.Epoch(catalog.KindOrganization), web.Epoch(catalog.KindReuse), web.Epoch(catalog.KindDataservice),
}

func (p *Portal) homeRoutes(t *table) { page(t, "/", p.showHome) }

func (p *Portal) showHome(v *visit, _ web.None) error {
	metrics, err := p.Catalog.SiteMetrics(v.Context())
	if err != nil {
		return err
	}
	content := home{Empty: metrics.Datasets == 0}
	for _, declared := range v.theme.Home {
		block := homeBlock{Kind: declared.Kind, Title: v.words(declared.Title, ""), Subtitle: v.words(declared.Subtitle, "")}
		switch declared.Kind {
		case "figures":
			block.Figures = v.figures(metrics)
		case "popular":
			if block.Datasets, err = p.sorted(v, "-views", declared.Count); err != nil {
				return err
			}
		case "recent":
			if block.Datasets, err = p.sorted(v, "-created", declared.Count); err != nil {
				return err
			}
		case "links":
			block.Links = v.items(declared.Links, "/")
		}
		content.Blocks = append(content.Blocks, block)
	}
	return v.show(draft{
		name: "home", path: "/", description: v.say.T("home.lead"), data: content, keys: homeKeys,
	})
}

func (v *visit) figures(m catalog.SiteMetrics) []figure {
	return []figure{
		{"datasets", m.Datasets, v.path("/datasets/search")}, {"resources", m.Resources, v.path("/datasets/search")},
		{"organizations", m.Organizations, v.path("/organizations")},
		{"reuses", m.Reuses, v.path("/reuses/search")}, {"dataservices", m.Dataservices, v.path("/dataservices/search")},
	}
}

// sorted are the first datasets in an order.
func (p *Portal) sorted(v *visit, sort string, count int) ([]datasetCard, error) {
	if count == 0 {
		count = 6
	}
	ids, _, err := p.Catalog.DatasetIDs(v.Context(), account.Nobody, catalog.DatasetFilter{Sort: sort}, catalog.Page{Limit: count})
	if err != nil {
		return nil, err
	}
	return p.cards(v.Context(), v, ids)
}

func (p *Portal) cards(ctx context.Context, v *visit, ids []string) ([]datasetCard, error) {
	datasets, err := p.Catalog.DatasetsByIDs(ctx, account.Nobody, ids, catalog.Parts{})
	if err != nil {
		return nil, err
	}
	cards := make([]datasetCard, 0, len(datasets))
	for i := range datasets {
		d := &datasets[i]
		card := datasetCard{
			Title: d.Title, URL: v.path("/datasets/" + url.PathEscape(d.Slug)), Owner: d.OwnerName(),
			Resources: d.ResourceTotal(), Views: d.Views,
		}
		if d.DescriptionShort != nil && *d.DescriptionShort != "" {
			card.Excerpt = excerpt(*d.DescriptionShort, excerptLength)
		} else {
			card.Excerpt = excerpt(d.Description, excerptLength)
		}
		cards = append(cards, card)
	}
	return cards, nil
}

// excerptLength is how much of a description a card shows, in characters.
const excerptLength = 150

// excerpt is the beginning of a description as plain text, cut between words.
func excerpt(description string, length int) string {
	plain := text.Plain(description, 8*length)
	if utf8.RuneCountInString(plain) <= length {
		return plain
	}
	short := string([]rune(plain)[:length])
	if end := strings.LastIndexByte(short, ' '); end > 0 {
		short = short[:end]
	}
	return strings.TrimRight(short, " ,;:.–-") + "…"
}
