package api

import (
	"encoding/json"
	"net/http"
	"time"

	"grenier/internal/harvest"
	"grenier/internal/web"
)

// HarvestJobPreview is a run of which nothing was kept, with its items at once.
type HarvestJobPreview struct {
	Created Moment                 `json:"created"`
	Ended   Moment                 `json:"ended"`
	Errors  []HarvestError         `json:"errors"`
	ID      string                 `json:"id"`
	Items   []HarvestItemPreview   `json:"items"`
	Report  HarvestReport          `json:"report"`
	Source  HarvestSourceReference `json:"source"`
	Started Moment                 `json:"started"`
	Status  string                 `json:"status"`
}

// HarvestItemPreview is what a record would come to, with the whole object as it
// would be; its links are null.
type HarvestItemPreview struct {
	Args        []string         `json:"args"`
	Created     Moment           `json:"created"`
	Dataservice json.RawMessage  `json:"dataservice"`
	Dataset     json.RawMessage  `json:"dataset"`
	Ended       Moment           `json:"ended"`
	Errors      []HarvestError   `json:"errors"`
	Kwargs      map[string]int64 `json:"kwargs"`
	Logs        []HarvestLogLine `json:"logs"`
	Outcome     string           `json:"outcome"`
	RemoteID    *string          `json:"remote_id"`
	RemoteURL   *string          `json:"remote_url"`
	Started     Moment           `json:"started"`
	Status      string           `json:"status"`
}

// previewTime is how long a preview by the API may take in all: that of the
// portal, and that of telling what came.
const previewTime = time.Minute

func (a *API) harvestPreviewRoutes() {
	doc := web.Doc{
		Tags: []string{"harvest"}, Auth: web.User, Timeout: previewTime, NoStore: true,
		Description: "At most the first records, and those that came within half a minute. Nothing is stored.",
	}
	draft := doc
	draft.Summary, draft.Creates = "Preview a harvest source that is not made yet", true
	web.Post[HarvestJobPreview](a.v1, "/harvest/source/preview/", draft, a.previewHarvestInput)
	doc.Summary = "Preview a harvest source"
	web.Get[HarvestJobPreview](a.v1, "/harvest/source/{source}/preview/", doc, a.previewHarvestSource)
}

func (a *API) previewHarvestInput(c *web.Call, _ web.None, body HarvestSourceWrite) error {
	source, err := a.Harvests.Draft(c.Context(), viewer(c), body.input())
	if err != nil {
		return err
	}
	return a.sendHarvestPreview(c, source)
}

func (a *API) previewHarvestSource(c *web.Call, _ web.None) error {
	id, done, err := a.resolvedSource(c)
	if done || err != nil {
		return err
	}
	source, err := a.Harvests.Source(c.Context(), id)
	if err != nil {
		return err
	}
	return a.sendHarvestPreview(c, source)
}

func (a *API) sendHarvestPreview(c *web.Call, source *harvest.Source) error {
	f, err := a.form(c)
	if err != nil {
		return err
	}
	preview, err := a.Harvests.PreviewNow(c.Context(), f.viewer, source)
	if err != nil {
		return err
	}
	job := harvestJob(preview.Job, f.viewer.Admin())
	shown := HarvestJobPreview{
		Created: job.Created, Ended: job.Ended, Errors: job.Errors, ID: job.ID, Items: make([]HarvestItemPreview, len(preview.Items)),
		Report: job.Report, Source: job.Source, Started: job.Started, Status: job.Status,
	}
	for i := range preview.Items {
		if shown.Items[i], err = a.harvestPreviewItem(&preview.Items[i], f); err != nil {
			return err
		}
	}
	return send(c, http.StatusOK, shown)
}

func (a *API) harvestPreviewItem(i *harvest.PreviewItem, f form) (HarvestItemPreview, error) {
	item := harvestItem(&i.Item, nil, f.viewer.Admin())
	shown := HarvestItemPreview{
		Args: item.Args, Created: item.Created, Dataservice: json.RawMessage("null"), Dataset: json.RawMessage("null"), Ended: item.Ended, Errors: item.Errors,
		Kwargs: item.Kwargs, Logs: item.Logs, Outcome: item.Outcome, RemoteID: item.RemoteID, RemoteURL: item.RemoteURL, Started: item.Started, Status: item.Status,
	}
	var err error
	if i.Dataset != nil {
		if shown.Dataset, err = withoutLinks(a.dataset(i.Dataset, f), "uri", "page"); err != nil {
			return shown, err
		}
	}
	if i.Dataservice != nil {
		shown.Dataservice, err = withoutLinks(dataservice(i.Dataservice, f), "self_api_url", "self_web_url")
	}
	return shown, err
}

// withoutLinks renders an object with null for its links, which lead nowhere
// before it is there.
func withoutLinks(object any, links ...string) (json.RawMessage, error) {
	text, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return nil, err
	}
	for _, name := range links {
		members[name] = json.RawMessage("null")
	}
	return json.Marshal(members)
}
