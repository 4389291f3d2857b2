package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/fault"
	"grenier/internal/geo"
	"grenier/internal/web"
)

// mostObjects bounds the objects of one request.
const mostObjects = 50

type objectsArgs struct {
	References string `query:"references" required:"true" help:"References <kind>-<identifier or slug> with commas between them, at most 50; the kinds are dataset, organization, reuse, dataservice, topic and territory"`
}

// Territory is a zone as a list of objects shows it.
type Territory struct {
	Class      string   `json:"class"`
	Code       string   `json:"code"`
	ID         string   `json:"id"`
	Level      string   `json:"level"`
	Name       string   `json:"name"`
	Page       string   `json:"page"`
	Parents    []string `json:"parents"`
	Population *int64   `json:"population"`
	URI        *string  `json:"uri"`
}

// MissingObject stands in a list for an object that everybody does not see.
type MissingObject struct {
	Error     MissingReason `json:"error"`
	Reference string        `json:"reference"`
}

// MissingReason says why there is no object, with the status that a route of its own would answer.
type MissingReason struct {
	Message string `json:"message"`
	Status  int    `json:"status"`
}

func (a *API) objectRoutes() {
	web.Get[[]json.RawMessage](a.v2, "/objects/", web.Doc{
		Summary: "Read several public objects at once", ID: "list_objects", Tags: []string{"objects"}, Public: true, Keep: true, NoMask: true,
		Description: "The objects in the order of the references, as version 2 shows each. In the place of one that is unknown, deleted or not " +
			"for everybody stands {reference, error: {status, message}}.",
	}, a.listObjects)
}

// listedObject is one reference and what became of it.
type listedObject struct {
	reference, kind, key string
	body                 []byte
	err                  error
}

func (a *API) listObjects(c *web.Call, q objectsArgs) error {
	references := strings.Split(q.References, ",")
	if len(references) > mostObjects {
		return fault.New(fault.Invalid, "Input payload validation failed").At(fmt.Sprintf("At most %d references are answered at once", mostObjects), "references")
	}
	f, err := a.form(c)
	if err != nil {
		return err
	}
	f.viewer = account.Nobody
	list := make([]*listedObject, len(references))
	for i, reference := range references {
		reference = strings.TrimSpace(reference)
		kind, key, _ := strings.Cut(reference, "-")
		list[i] = &listedObject{reference: reference, kind: kind, key: key}
	}
	if err := a.listedDatasets(c, list, f); err != nil {
		return err
	}
	answer := []byte{'['}
	for i, o := range list {
		if o.kind != catalog.KindDataset {
			o.body, o.err = a.listedObject(c, o, f)
		}
		body, err := o.shown()
		if err != nil {
			return err
		}
		if i > 0 {
			answer = append(answer, ',')
		}
		answer = append(answer, body...)
	}
	c.W.Header()["Cache-Control"] = []string{"public, max-age=60"}
	keepFor(c, catalog.KindDataset, catalog.KindOrganization, catalog.KindReuse, catalog.KindDataservice, catalog.KindTopic, catalog.KindUser, geo.ObjectKind)
	c.Keep(f.at.Add(listHolds))
	return c.Send(http.StatusOK, append(answer, ']'))
}

// shown is the object, or why there is none. Other failures are those of the whole.
func (o *listedObject) shown() ([]byte, error) {
	if o.err == nil {
		return o.body, nil
	}
	var known *fault.Error
	status := http.StatusInternalServerError
	if errors.As(o.err, &known) {
		status = web.StatusOf(known.Code)
	}
	if status >= http.StatusInternalServerError {
		return nil, o.err
	}
	return render(MissingObject{Reference: o.reference, Error: MissingReason{Status: status, Message: known.SafeText()}})
}

// listedDatasets renders the datasets of a list, in a constant number of queries when they are named by identifier.
func (a *API) listedDatasets(c *web.Call, list []*listedObject, f form) error {
	var ids []string
	wanted := map[string][]*listedObject{}
	for _, o := range list {
		if o.kind != catalog.KindDataset {
			continue
		}
		id := o.key
		if !db.IsID(id) {
			found, err := a.Catalog.ResolveDataset(c.Context(), o.key)
			if err != nil {
				o.err = err
				continue
			}
			id = found.ID
		}
		o.err = fault.New(fault.NotFound, "Dataset not found")
		ids = append(ids, id)
		wanted[id] = append(wanted[id], o)
	}
	datasets, err := a.Catalog.DatasetsByIDs(c.Context(), f.viewer, ids, catalog.Parts{})
	if err != nil {
		return err
	}
	for i := range datasets {
		body, err := a.renderDataset(&datasets[i], v2, f)
		if err != nil {
			return err
		}
		_, until := dependencies(&datasets[i], f.at, a.QualityDescriptionLength)
		c.Keep(until)
		for _, o := range wanted[datasets[i].ID] {
			o.body, o.err = body, nil
		}
	}
	return nil
}

// listedObject renders an object that is no dataset.
func (a *API) listedObject(c *web.Call, o *listedObject, f form) ([]byte, error) {
	switch o.kind {
	case catalog.KindOrganization:
		return a.listedOrganization(c, o.key)
	case "territory":
		return a.listedTerritory(o.key)
	}
	var found *account.Resolved
	var err error
	switch o.kind {
	case catalog.KindReuse:
		found, err = a.Catalog.ResolveReuse(c.Context(), o.key)
	case catalog.KindDataservice:
		found, err = a.Catalog.ResolveDataservice(c.Context(), o.key)
	case catalog.KindTopic:
		found, err = a.Catalog.ResolveTopic(c.Context(), o.key)
	default:
		return nil, fault.New(fault.Invalid, "Unknown kind of object")
	}
	if err != nil {
		return nil, err
	}
	switch o.kind {
	case catalog.KindReuse:
		reuse, err := a.Catalog.Reuse(c.Context(), f.viewer, found.ID)
		if err != nil {
			return nil, err
		}
		return render(reuseV2(reuse, f))
	case catalog.KindDataservice:
		service, err := a.Catalog.Dataservice(c.Context(), f.viewer, found.ID)
		if err != nil {
			return nil, err
		}
		return render(dataservice(service, f))
	}
	topic, err := a.Catalog.Topic(c.Context(), f.viewer, found.ID)
	if err != nil {
		return nil, err
	}
	return render(a.topic(topic, f))
}

func (a *API) listedOrganization(c *web.Call, key string) ([]byte, error) {
	resolved, err := a.Organizations.Resolve(c.Context(), key)
	if err != nil {
		return nil, err
	}
	found, err := a.Organizations.Get(c.Context(), account.Nobody, resolved.ID)
	if err != nil {
		return nil, err
	}
	shown, err := organization(account.Nobody, found, c.Lang)
	if err != nil {
		return nil, err
	}
	return render(shown)
}

func (a *API) listedTerritory(key string) ([]byte, error) {
	zone, ok := a.Zones.Resolve(key)
	if !ok {
		return nil, unknownZone()
	}
	shown := Territory{
		Class: "Territory", Code: zone.Code, ID: zone.ID, Level: zone.Level, Name: zone.Name, Parents: list(zone.Parents), URI: zoneURI(zone),
		Page: link("/territories/" + strings.TrimPrefix(zone.Level, "fr:") + "/" + url.PathEscape(zone.Code) + "/" + zone.Slug()),
	}
	if zone.Population > 0 {
		shown.Population = &zone.Population
	}
	return render(shown)
}
