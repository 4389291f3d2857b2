package portal

import (
	"html/template"
	"slices"
	"strconv"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/text"
)

// bloc is a part of a composed page: the template part "bloc" draws it.
type bloc struct {
	// Kind is hero, markdown, links, accordion or cards.
	Kind string
	// ID is unique in the page.
	ID string
	// Title and Subtitle may be empty.
	Title, Subtitle string
	// Text is plain text under the title.
	Text string
	// Tone is the colour that the author chose for a hero: 1 to 5, 0 for none.
	Tone    int
	Content template.HTML
	// Main is the first link of a hero or of a list of links.
	Main  Item
	Links []Item
	Folds []blocFold
	Cards []card
}

// blocFold is one fold of an accordion.
type blocFold struct {
	Title string
	Blocs []bloc
}

// Bounds of a composed page.
const (
	mostBlocs     = 60 // blocs, those in folds included
	mostBlocCards = 60 // objects of each kind
	blocDepth     = 3  // folds in folds
)

// blocCards are the cards of the objects that blocs list, by identifier.
type blocCards struct{ datasets, reuses, dataservices map[string]card }

// blocs reads a composed page, with cards of the objects that everybody may see.
// A page that cannot be read is empty.
func (v *visit) blocs(stored db.JSON) ([]bloc, error) {
	given, err := catalog.Blocs(stored)
	if err != nil || len(given) == 0 {
		return nil, nil //nolint:nilerr // what cannot be read shows nothing
	}
	cards, err := v.blocCards(given)
	if err != nil {
		return nil, err
	}
	left := mostBlocs
	return v.drawBlocs(given, cards, "bloc", 0, &left), nil
}

func (v *visit) blocCards(given []catalog.Bloc) (blocCards, error) {
	var datasets, reuses, dataservices []string
	catalog.EachBloc(given, func(b *catalog.Bloc) {
		datasets, reuses, dataservices = append(datasets, b.Datasets...), append(reuses, b.Reuses...), append(dataservices, b.Dataservices...)
	})
	ctx, loaded := v.Context(), blocCards{map[string]card{}, map[string]card{}, map[string]card{}}
	datasetRows, err := v.p.Catalog.DatasetsByIDs(ctx, account.Nobody, distinctFew(datasets), catalog.Parts{})
	if err != nil {
		return loaded, err
	}
	for i, one := range v.datasetCards(datasetRows) {
		loaded.datasets[datasetRows[i].ID] = one
	}
	reuseRows, err := v.p.Catalog.ReusesByIDs(ctx, account.Nobody, distinctFew(reuses))
	if err != nil {
		return loaded, err
	}
	for i, one := range v.reuseCards(reuseRows) {
		loaded.reuses[reuseRows[i].ID] = one
	}
	dataserviceRows, err := v.p.Catalog.DataservicesByIDs(ctx, account.Nobody, distinctFew(dataservices))
	if err != nil {
		return loaded, err
	}
	for i, one := range v.dataserviceCards(dataserviceRows) {
		loaded.dataservices[dataserviceRows[i].ID] = one
	}
	return loaded, nil
}

// distinctFew are the first identifiers, each once.
func distinctFew(ids []string) []string {
	var few []string
	for _, id := range ids {
		if len(few) == mostBlocCards {
			break
		}
		if !slices.Contains(few, id) {
			few = append(few, id)
		}
	}
	return few
}

func (v *visit) drawBlocs(given []catalog.Bloc, cards blocCards, prefix string, depth int, left *int) []bloc {
	var drawn []bloc
	for i := range given {
		if *left == 0 {
			break
		}
		*left--
		if b, ok := v.drawBloc(&given[i], cards, prefix+"-"+strconv.Itoa(i+1), depth, left); ok {
			drawn = append(drawn, b)
		}
	}
	return drawn
}

// drawBloc gives one bloc; false when it has nothing to show or is of a class
// that is not known here.
func (v *visit) drawBloc(g *catalog.Bloc, cards blocCards, id string, depth int, left *int) (bloc, bool) {
	b := bloc{ID: id, Title: deref(g.Title), Subtitle: deref(g.Subtitle), Main: blocLink(deref(g.MainLinkTitle), deref(g.MainLinkURL))}
	switch g.Class {
	case catalog.BlocHero:
		b.Kind, b.Text, b.Tone = "hero", deref(g.Description), toneOf(deref(g.Color))
		return b, b.Title != "" || b.Text != ""
	case catalog.BlocMarkdown:
		rendered, _ := text.HTML(deref(g.Content), text.Rendering{Heading: 3, TableLabel: v.say.T("common.table")})
		b.Kind, b.Content = "markdown", template.HTML(rendered)
		return b, rendered != "" || b.Title != ""
	case catalog.BlocLinks:
		b.Kind, b.Text = "links", deref(g.Paragraph)
		for _, l := range g.Links {
			if link := blocLink(l.Title, deref(l.URL)); link.URL != "" {
				b.Links = append(b.Links, link)
			}
		}
		return b, len(b.Links) > 0 || b.Text != ""
	case catalog.BlocAccordion:
		b.Kind, b.Text = "accordion", deref(g.Description)
		if depth < blocDepth {
			for i, item := range g.Items {
				b.Folds = append(b.Folds, blocFold{item.Title, v.drawBlocs(item.Content, cards, id+"-"+strconv.Itoa(i+1), depth+1, left)})
			}
		}
		return b, len(b.Folds) > 0
	case catalog.BlocDatasets:
		b.Kind, b.Cards = "cards", among(cards.datasets, g.Datasets)
	case catalog.BlocReuses:
		b.Kind, b.Cards = "cards", among(cards.reuses, g.Reuses)
	case catalog.BlocDataservices:
		b.Kind, b.Cards = "cards", among(cards.dataservices, g.Dataservices)
	}
	return b, len(b.Cards) > 0
}

// among are the cards of a list, in its order.
func among(cards map[string]card, ids []string) []card {
	var listed []card
	for _, id := range ids {
		if one, ok := cards[id]; ok {
			listed = append(listed, one)
		}
	}
	return listed
}

// blocLink is a link that an author wrote: to a page of the web, or within the
// site. Its address is empty for any other.
func blocLink(title, address string) Item {
	if title == "" {
		title = host(address)
	}
	if len(address) > 1 && address[0] == '/' && address[1] != '/' && address[1] != '\\' {
		return Item{Label: title, URL: address}
	}
	return Item{Label: title, URL: linkable(address), External: true}
}

// toneOf is the tone of a colour that authors choose by its name.
func toneOf(color string) int {
	return map[string]int{"primary": 1, "green": 2, "purple": 3}[color]
}
