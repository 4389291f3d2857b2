package portal

import (
	"html/template"
	"strings"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/fault"
	"grenier/internal/text"
)

// mostEmbeds bounds the cards within one text.
const mostEmbeds = 48

// embedHTML puts cards in the places that a text asks for them by the snippets
// of pages elsewhere. What is not for everybody leaves nothing.
func (v *visit) embedHTML(rendered string) (template.HTML, error) {
	parts, embeds := text.CutEmbeds(rendered)
	if len(embeds) == 0 {
		return template.HTML(rendered), nil
	}
	cards, err := v.embeddedCards(embeds[:min(len(embeds), mostEmbeds)])
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(parts[0])
	for i, named := range embeds {
		if card, ok := cards[named]; ok {
			drawn, err := v.part("post", "card", card)
			if err != nil {
				return "", err
			}
			b.WriteString(`<div class="embedded">`)
			b.Write(drawn)
			b.WriteString(`</div>`)
		}
		b.WriteString(parts[i+1])
	}
	return template.HTML(b.String()), nil
}

// embeddedCards are the cards of what snippets name; those of one kind are read
// together.
func (v *visit) embeddedCards(embeds []text.Embed) (map[text.Embed]card, error) {
	public := *v
	public.viewer = account.Nobody
	finders := map[string]objectKind{
		catalog.KindDataset: v.p.datasetKind(), catalog.KindReuse: v.p.reuseKind(), catalog.KindDataservice: v.p.dataserviceKind(),
		catalog.KindOrganization: v.p.organizationKind(), catalog.KindTopic: v.p.topicKind(),
	}
	named, ids := map[string][]text.Embed{}, map[string][]string{}
	for _, one := range embeds {
		found, err := finders[one.Kind].find(v.Context(), one.Key)
		if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Gone) {
			continue
		}
		if err != nil {
			return nil, err
		}
		key := one.Kind + " " + found.ID
		if named[key] == nil {
			ids[one.Kind] = append(ids[one.Kind], found.ID)
		}
		named[key] = append(named[key], one)
	}
	cards := map[text.Embed]card{}
	for kind, wanted := range ids {
		made, shown, err := public.cardsOf(kind, wanted)
		if err != nil {
			return nil, err
		}
		for i, id := range shown {
			for _, one := range named[kind+" "+id] {
				cards[one] = made[i]
			}
		}
	}
	return cards, nil
}

// cardsOf is cardsByIDs for organizations and topics too.
func (v *visit) cardsOf(kind string, ids []string) (cards []card, shown []string, err error) {
	switch kind {
	case catalog.KindOrganization:
		rows, err := v.p.Organizations.ByIDs(v.Context(), ids)
		for i := range rows {
			shown = append(shown, rows[i].ID)
		}
		return v.organizationCards(rows), shown, err
	case catalog.KindTopic:
		rows, err := v.p.Catalog.TopicsByIDs(v.Context(), v.viewer, ids)
		for i := range rows {
			shown = append(shown, rows[i].ID)
		}
		return v.topicCards(rows), shown, err
	}
	return v.cardsByIDs(kind, ids)
}
