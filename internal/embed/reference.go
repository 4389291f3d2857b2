package embed

import (
	"bytes"
	"net/http"
	"strings"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/fault"
	"grenier/internal/web"
)

// mostReferences bounds the references of one request.
const mostReferences = 100

type referenceArgs struct {
	References string `query:"references" required:"true" help:"References of datasets and of data of territories, with commas between them"`
	Partial    string `query:"partial" help:"1 puts an error in the place of what is unknown, and gives the rest"`
	Lang       string `query:"lang" help:"The language of the cards"`
}

func (e *Embed) referenceRoutes(first *web.Table) {
	doc := web.Doc{Public: true, Keep: true, NoMask: true, Tags: []string{"oembed"}}
	web.Get[[]OEmbed](first, "/oembeds", doc, e.oembeds)
	doc.Summary, doc.ID = "Embed several datasets", "oembeds"
	doc.Description = "The cards of dataset-<id> and territory-<zone>:<data>, in the order in which they are asked for."
	web.Get[[]OEmbed](first, "/oembeds/", doc, e.oembeds)
}

// The refusals of references, as clients of the reference know them.
var (
	errReferenceID   = fault.New(fault.Invalid, "Invalid ID.")
	errReferenceKind = fault.New(fault.Invalid, "Invalid object type.")
	errDatasetID     = fault.New(fault.Invalid, "Unknown dataset ID.")
)

// wanted is one reference and what became of it.
type wanted struct {
	kind, key string
	// id is that of the dataset, empty when there is none.
	id   string
	card *card
	html string
	err  error
}

func (e *Embed) oembeds(c *web.Call, q referenceArgs) error {
	given := strings.Split(q.References, ",")
	if len(given) > mostReferences {
		return fault.Newf(fault.Invalid, "At most %d references are answered at once.", mostReferences).At("Too many references", "references")
	}
	list := make([]*wanted, len(given))
	for i, reference := range given {
		list[i] = readReference(strings.TrimSpace(reference))
	}
	m := e.maker(c, q.Lang)
	if err := m.fill(list); err != nil {
		return err
	}
	answers := make([]OEmbed, len(list))
	keys := []web.Key{siteKey}
	whole := true
	for i, w := range list {
		switch {
		case w.err == nil:
			answers[i] = e.rich(c.Site, w.card, w.html, 0, 0)
			keys = append(keys, w.card.keys...)
		case q.Partial != "1" && q.Partial != "true":
			return w.err
		default:
			whole = false
			answer, err := m.failed(w.err)
			if err != nil {
				return err
			}
			answers[i] = answer
		}
	}
	c.W.Header()["Cache-Control"] = shared
	if !whole { // what is unknown now may come
		keys = append(keys, web.Epoch(catalog.KindDataset))
	}
	c.Keep(time.Now().Add(keptFor), keys...)
	return c.JSON(http.StatusOK, answers)
}

// readReference reads one reference: its kind before the first dash.
func readReference(reference string) *wanted {
	kind, key, ok := strings.Cut(reference, "-")
	w := &wanted{kind: kind, key: key}
	switch {
	case !ok:
		w.err = errReferenceID
	case kind != "dataset" && kind != "territory":
		w.err = errReferenceKind
	case kind == "dataset" && key == "":
		w.err = errDatasetID
	}
	return w
}

// fill finds the cards of references, the datasets in a constant number of
// queries when they are named by identifier.
func (m *maker) fill(list []*wanted) error {
	var ids []string
	for _, w := range list {
		if w.err != nil {
			continue
		}
		if w.kind == "territory" {
			if err := m.territoryData(w); err != nil {
				return err
			}
			continue
		}
		found, err := m.e.datasetID(m, w.key)
		if err != nil {
			return err
		}
		if w.id = found; found == "" {
			w.err = errDatasetID
			continue
		}
		ids = append(ids, found)
	}
	rows, err := m.e.Catalog.DatasetsByIDs(m.ctx, account.Nobody, ids, catalog.Parts{})
	if err != nil {
		return err
	}
	byID := make(map[string]*catalog.Dataset, len(rows))
	for i := range rows {
		byID[rows[i].ID] = &rows[i]
	}
	for _, w := range list {
		if w.err != nil || w.kind != "dataset" {
			continue
		}
		d := byID[w.id]
		if d == nil {
			w.err = errDatasetID
			continue
		}
		if w.card, err = m.dataset(d); err != nil {
			return err
		}
		if w.html, err = m.e.draw("legacy", m.say, w.card); err != nil {
			return err
		}
	}
	return nil
}

// datasetID is the identifier that a reference names, by a slug also; empty
// when there is none.
func (e *Embed) datasetID(m *maker, key string) (string, error) {
	if db.IsID(key) {
		return key, nil
	}
	found, err := e.Catalog.ResolveDataset(m.ctx, key)
	switch {
	case fault.Is(err, fault.NotFound), fault.Is(err, fault.Gone):
		return "", nil
	case err != nil:
		return "", err
	}
	return found.ID, nil
}

// failed is what stands in the place of a card that cannot be shown.
func (m *maker) failed(why error) (OEmbed, error) {
	var b bytes.Buffer
	problem := fault.Of(why).SafeText()
	err := m.e.templates.ExecuteTemplate(&b, "error", struct{ Text, URL, Site string }{m.say.T("embed.not-shown"), m.page("/"), m.site.Title})
	return OEmbed{Type: "error", Version: "1.0", HTML: b.String(), Error: problem, Width: cardWidth, Height: cardHeight, MaxWidth: cardWidth, MaxHeight: cardHeight}, err
}
