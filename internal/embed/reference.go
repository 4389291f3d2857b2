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
	Form       string `query:"form" enum:"legacy,card" help:"card gives the cards of today, of all kinds of objects, by slug also, without their styles"`
	Lang       string `query:"lang" help:"The language of the cards"`
}

func (e *Embed) referenceRoutes(first *web.Table) {
	doc := web.Doc{Public: true, Keep: true, NoMask: true, Tags: []string{"oembed"}}
	web.Get[[]OEmbed](first, "/oembeds", doc, e.oembeds)
	doc.Summary, doc.ID = "Embed several datasets", "oembeds"
	doc.Description = "The cards of dataset-<id> and territory-<zone>:<data>, in the order in which they are asked for; with form=card also of " +
		"reuse-<id>, organization-<id>, dataservice-<id>, topic-<id>, territory-<zone>, resource-<id> and chart-<id>."
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
		list[i] = readReference(strings.TrimSpace(reference), q.Form)
	}
	m := e.maker(c, q.Lang)
	if err := m.fill(list, q.Form); err != nil {
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
		for _, kind := range []string{catalog.KindDataset, catalog.KindReuse, catalog.KindOrganization, catalog.KindDataservice, catalog.KindTopic, catalog.KindChart} {
			keys = append(keys, web.Epoch(kind))
		}
	}
	c.Keep(time.Now().Add(keptFor), keys...)
	return c.JSON(http.StatusOK, answers)
}

// referenceKinds are the kinds of objects by how references name them.
var referenceKinds = map[string]string{
	"dataset": "datasets", "reuse": "reuses", "organization": "organizations", "dataservice": "dataservices", "topic": "topics", "territory": "territories", "resource": "resources", "chart": "charts",
}

// readReference reads one reference: its kind before the first dash.
func readReference(reference, form string) *wanted {
	kind, key, ok := strings.Cut(reference, "-")
	w := &wanted{kind: kind, key: key}
	switch {
	case !ok:
		w.err = errReferenceID
	case kind != "dataset" && kind != "territory" && (form != cardForm || referenceKinds[kind] == ""):
		w.err = errReferenceKind
	case kind == "dataset" && key == "":
		w.err = errDatasetID
	}
	return w
}

// fill finds and draws the cards of references, the datasets in a constant
// number of queries when they are named by identifier.
func (m *maker) fill(list []*wanted, form string) error {
	if err := m.fillDatasets(list); err != nil {
		return err
	}
	for _, w := range list {
		if w.err == nil && w.card == nil {
			if err := m.fillOther(w, form); err != nil {
				return err
			}
		}
		if w.err != nil {
			continue
		}
		var err error
		if form == cardForm {
			w.html, err = m.e.drawBare(m.say, w.card)
		} else {
			w.html, err = m.e.draw(legacyForm, m.say, w.card)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// fillOther finds what is no dataset. Unknown objects are told in the place of
// their card.
func (m *maker) fillOther(w *wanted, form string) (err error) {
	if w.kind == "territory" && (form != cardForm || !m.isZone(w.key)) {
		return m.territoryData(w)
	}
	w.card, err = m.card(target{kind: referenceKinds[w.kind], key: w.key})
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Gone) {
		w.err = fault.Newf(fault.Invalid, "Unknown %s ID.", w.kind)
		return nil
	}
	return err
}

func (m *maker) isZone(id string) bool {
	_, ok := m.e.Zones.Resolve(id)
	return ok
}

// fillDatasets finds the datasets.
func (m *maker) fillDatasets(list []*wanted) error {
	var ids []string
	for _, w := range list {
		if w.err != nil || w.kind != "dataset" {
			continue
		}
		var err error
		if w.id, err = m.datasetID(w.key); err != nil {
			return err
		}
		ids = append(ids, w.id)
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
	}
	return nil
}

// datasetID is the identifier that a reference names, by a slug also; empty
// when there is none.
func (m *maker) datasetID(key string) (string, error) {
	if db.IsID(key) {
		return key, nil
	}
	found, err := m.e.Catalog.ResolveDataset(m.ctx, key)
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
