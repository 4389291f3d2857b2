package api

import (
	"encoding/json"
	"net/http"

	"grenier/internal/harvest"
	"grenier/internal/i18n"
	"grenier/internal/web"
)

// HarvestSource is a portal that is harvested.
type HarvestSource struct {
	Active       bool                   `json:"active"`
	Advice       *string                `json:"advice"`
	Autoarchive  bool                   `json:"autoarchive"`
	Backend      string                 `json:"backend"`
	Config       json.RawMessage        `json:"config"`
	CreatedAt    Moment                 `json:"created_at"`
	Deleted      Moment                 `json:"deleted"`
	Description  *string                `json:"description"`
	Failures     int64                  `json:"failures"`
	FailingSince Moment                 `json:"failing_since"`
	ID           string                 `json:"id"`
	LastJob      *HarvestJob            `json:"last_job"`
	LastModified Moment                 `json:"last_modified"`
	Name         string                 `json:"name"`
	NextRun      Moment                 `json:"next_run"`
	Options      json.RawMessage        `json:"options"`
	Organization *OrganizationReference `json:"organization"`
	Owner        *UserReference         `json:"owner"`
	Permissions  HarvestPermissions     `json:"permissions"`
	Schedule     *string                `json:"schedule"`
	// SecretsSet are the names of the secrets, for those who may change the source.
	SecretsSet *[]string         `json:"secrets_set"`
	ShrunkJob  *string           `json:"shrunk_job"`
	Slug       string            `json:"slug"`
	URL        string            `json:"url"`
	Validation HarvestValidation `json:"validation"`
}

// HarvestPermissions are what the caller may do with a source.
type HarvestPermissions struct {
	Delete   bool `json:"delete"`
	Edit     bool `json:"edit"`
	Preview  bool `json:"preview"`
	Run      bool `json:"run"`
	Schedule bool `json:"schedule"`
	Validate bool `json:"validate"`
}

// HarvestValidation says whether an administrator lets a source be harvested.
type HarvestValidation struct {
	By      *UserReference `json:"by"`
	Comment *string        `json:"comment"`
	// Contact is a form where validation may be asked for.
	Contact *string `json:"contact"`
	On      Moment  `json:"on"`
	State   string  `json:"state"`
}

// HarvestBackend is a kind of portal, with what its sources may be told.
type HarvestBackend struct {
	ExtraConfigs []HarvestExtraKind   `json:"extra_configs"`
	Features     []HarvestFeatureKind `json:"features"`
	Filters      []HarvestFilterKind  `json:"filters"`
	ID           string               `json:"id"`
	Label        string               `json:"label"`
}

// HarvestFilterKind is a filter that sources of a backend may have.
type HarvestFilterKind struct {
	Description string `json:"description"`
	Key         string `json:"key"`
	Label       string `json:"label"`
	Type        string `json:"type"`
}

// HarvestFeatureKind is a switch that sources of a backend may set.
type HarvestFeatureKind struct {
	Default     bool   `json:"default"`
	Description string `json:"description"`
	Key         string `json:"key"`
	Label       string `json:"label"`
}

// HarvestExtraKind is a further setting that sources of a backend may have.
type HarvestExtraKind struct {
	Default     json.RawMessage `json:"default"`
	Description string          `json:"description"`
	Key         string          `json:"key"`
	Label       string          `json:"label"`
}

func (a *API) harvestRoutes() {
	tags := []string{"harvest"}
	read := func(summary string) web.Doc { return web.Doc{Summary: summary, Tags: tags} }
	sources := read("List harvest sources")
	sources.Description = "The newest first, unless sorted by created, last_modified, name, next_run, last_run or failures."
	web.Get[web.Page[HarvestSource]](a.v1, "/harvest/sources/", sources, a.listHarvestSources)
	web.Get[HarvestSource](a.v1, "/harvest/source/{source}/", read("Read a harvest source"), a.getHarvestSource)
	web.Get[web.Page[HarvestJob]](a.v1, "/harvest/source/{source}/jobs/", read("List the jobs of a harvest source"), a.listHarvestJobs)
	web.Get[HarvestJob](a.v1, "/harvest/job/{job}/", read("Read a harvest job"), a.getHarvestJob)
	web.Get[web.Page[HarvestItem]](a.v1, "/harvest/job/{job}/items/", read("List what the records of a harvest job came to"), a.listHarvestItems)
	web.Get[web.Page[HarvestLog]](a.v1, "/harvest/job/{job}/logs/", read("List the remarks on a harvest job"), a.listHarvestLogs)
	raw := read("Read what a portal answered to a harvest job")
	raw.Auth, raw.Slow, raw.NoMask, raw.Produces = web.Admin, true, true, []string{auditMedia}
	raw.Description = "For administrators of the platform: a tar archive compressed by zstd (RFC 8878), made while it is sent. For each answer it has a file about it " +
		"(.about.json: when, which address, status, headers, not_modified, broke_off) and its body. Headers of requests are never kept, and secrets of the source are replaced by asterisks. " +
		"404 when nothing is kept: for too long ago, or where --harvest-audit-max is 0."
	web.Get[web.Raw](a.v1, "/harvest/job/{job}/pages/", raw, a.readHarvestAudit)
	web.Get[[]HarvestBackend](a.v1, "/harvest/backends/", read("List the kinds of portals that can be harvested"), a.listHarvestBackends)
	conflicts := read("List the records of a harvest source that belong to something else here")
	conflicts.Description = "Also those that other sources list of what came from this one."
	web.Get[web.Page[HarvestConflict]](a.v1, "/harvest/source/{source}/conflicts/", conflicts, a.listHarvestConflicts)
	lookup := read("Find what became of a record of a remote portal")
	lookup.Description = "By its address there, its IRI or its identifier: the objects that came from it, and the newest report of each source about it."
	web.Get[[]HarvestTrace](a.v1, "/harvest/lookup/", lookup, a.lookUpHarvested)
}

type harvestSourceArgs struct {
	web.Paging
	Query        string `query:"q" help:"Words of the name or the address"`
	Sort         string `query:"sort" sort:"created,last_modified,name,next_run,last_run,failures" help:"The field (and direction) on which sorting apply"`
	Owner        string `query:"owner" oid:"Owner arg must be an identifier" help:"The identifier of a person"`
	Organization string `query:"organization" oid:"Organization arg must be an identifier" help:"The identifier of an organization"`
	Backend      string `query:"backend" help:"The identifier of a backend"`
	Validation   string `query:"validation" enum:"pending,accepted,refused" help:"Whether sources were accepted"`
	Deleted      string `query:"deleted" help:"Deleted sources too, whatever the value"`
}

func (a *API) listHarvestSources(c *web.Call, q harvestSourceArgs) error {
	f := harvest.SourceFilter{
		Query: q.Query, Owner: q.Owner, Organization: q.Organization, Backend: q.Backend, Validation: harvest.Validation(q.Validation), Deleted: q.Deleted != "",
	}
	sources, total, err := a.Harvests.Sources(c.Context(), f, q.Sort, window(q.Paging))
	if err != nil {
		return err
	}
	if err := web.PastEnd(q.Paging, len(sources)); err != nil {
		return err
	}
	items, err := a.harvestSources(c, sources)
	if err != nil {
		return err
	}
	return sendPage(c, q.Paging, items, total, "")
}

// harvestSources shows sources with their owners and their last jobs, in a
// constant number of queries.
func (a *API) harvestSources(c *web.Call, sources []harvest.Source) ([]HarvestSource, error) {
	owners, err := a.Harvests.Owners(c.Context(), sources)
	if err != nil {
		return nil, err
	}
	var last []string
	for i := range sources {
		if id := sources[i].LastJob; id != nil {
			last = append(last, *id)
		}
	}
	jobs, err := a.Harvests.JobsByIDs(c.Context(), last)
	if err != nil {
		return nil, err
	}
	items := make([]HarvestSource, len(sources))
	for i := range sources {
		if items[i], err = a.harvestSource(c, &sources[i], owners); err != nil {
			return nil, err
		}
		if id := sources[i].LastJob; id != nil && jobs[*id] != nil {
			job := harvestJob(jobs[*id], false)
			job.Source, job.Errors = HarvestSourceReference{Class: "NoneType"}, []HarvestError{}
			items[i].LastJob = &job
		}
	}
	return items, nil
}

func (a *API) harvestSource(c *web.Call, s *harvest.Source, from harvest.Owners) (HarvestSource, error) {
	v := viewer(c)
	rights := a.Harvests.Rights(v, s)
	shown := HarvestSource{
		Active: s.Active, Advice: s.Advice, Autoarchive: s.Autoarchive, Backend: s.Backend, Config: object(s.Config), CreatedAt: moment(s.CreatedAt),
		Deleted: moment(s.DeletedAt), Failures: s.Failures, FailingSince: moment(s.FailingSince), ID: s.ID, LastModified: moment(s.ModifiedAt), Name: s.Name,
		NextRun: moment(s.NextRun), Options: object(s.OptionsJSON), Permissions: harvestPermissions(rights), Schedule: s.Schedule,
		ShrunkJob: s.ShrunkJob, Slug: s.Slug, URL: s.URL,
		Validation: HarvestValidation{Comment: s.ValidationComment, Contact: filled(a.Harvests.ValidationContact()), On: moment(s.ValidatedAt), State: string(s.Validation)},
	}
	if s.Description != "" {
		shown.Description = &s.Description
	}
	if s.OrganizationID != nil {
		shown.Organization = organizationReference(v, from.Organizations[*s.OrganizationID])
	}
	if s.OwnerID != nil {
		shown.Owner = userReference(from.People[*s.OwnerID])
	}
	if s.ValidatedBy != nil {
		shown.Validation.By = userReference(from.People[*s.ValidatedBy])
	}
	if !rights.Edit {
		return shown, nil
	}
	names, err := a.Harvests.SecretNames(s)
	names = list(names)
	shown.SecretsSet = &names
	return shown, err
}

func harvestPermissions(r harvest.Rights) HarvestPermissions {
	return HarvestPermissions{Delete: r.Delete, Edit: r.Edit, Preview: r.Preview, Run: r.Run, Schedule: r.Schedule, Validate: r.Validate}
}

// resolvedSource finds the source that the path names; done tells that a
// redirection to its present slug was answered.
func (a *API) resolvedSource(c *web.Call) (id string, done bool, err error) {
	found, err := a.Harvests.ResolveSource(c.Context(), c.Param("source"))
	if err != nil || found.Moved == "" {
		if err == nil {
			id = found.ID
		}
		return id, false, err
	}
	return found.ID, true, c.ToSlug("source", found.Slug)
}

// sendHarvestSource answers with one source.
func (a *API) sendHarvestSource(c *web.Call, status int, s *harvest.Source) error {
	items, err := a.harvestSources(c, []harvest.Source{*s})
	if err != nil {
		return err
	}
	c.Versioned(s.Version)
	return send(c, status, items[0])
}

func (a *API) getHarvestSource(c *web.Call, _ web.None) error {
	id, done, err := a.resolvedSource(c)
	if done || err != nil {
		return err
	}
	source, err := a.Harvests.Source(c.Context(), id)
	if err != nil {
		return err
	}
	return a.sendHarvestSource(c, http.StatusOK, source)
}

func (a *API) listHarvestBackends(c *web.Call, _ web.None) error {
	kinds := a.Harvests.Backends()
	items := make([]HarvestBackend, len(kinds))
	for i, d := range kinds {
		items[i] = HarvestBackend{
			ExtraConfigs: make([]HarvestExtraKind, len(d.ExtraConfigs)), Features: make([]HarvestFeatureKind, len(d.Features)),
			Filters: make([]HarvestFilterKind, len(d.Filters)), ID: d.ID, Label: d.Label,
		}
		for j, k := range d.Filters {
			label, help := harvestWords(k.Key, k.Label, k.Description, c.Lang)
			items[i].Filters[j] = HarvestFilterKind{Description: help, Key: k.Key, Label: label, Type: k.Type}
		}
		for j, k := range d.Features {
			label, help := harvestWords(k.Key, k.Label, k.Description, c.Lang)
			items[i].Features[j] = HarvestFeatureKind{Default: k.Default, Description: help, Key: k.Key, Label: label}
		}
		for j, k := range d.ExtraConfigs {
			label, help := harvestWords(k.Key, k.Label, k.Description, c.Lang)
			otherwise, err := json.Marshal(k.Default)
			if err != nil {
				return err
			}
			items[i].ExtraConfigs[j] = HarvestExtraKind{Default: otherwise, Description: help, Key: k.Key, Label: label}
		}
	}
	return send(c, http.StatusOK, items)
}

// harvestWords name and explain, in a language, what sources of a backend may be
// told. Backends outside this program bring their own words.
func harvestWords(key, label, description, lang string) (name, help string) {
	if !i18n.Has(i18n.HarvestSetting, key) {
		return label, description
	}
	return i18n.Label(i18n.HarvestSetting, key, lang), i18n.Label(i18n.HarvestSettingHelp, key, lang)
}

type harvestLookupArgs struct {
	URL string `query:"url" required:"true" help:"The address of the record on its portal, its IRI or its identifier"`
}

// HarvestTrace is what is known of a record of a remote portal.
type HarvestTrace struct {
	Archived     bool             `json:"archived"`
	Class        string           `json:"class"`
	ID           *string          `json:"id"`
	Item         *HarvestItem     `json:"item"`
	Job          *string          `json:"job"`
	LastSeen     Moment           `json:"last_seen"`
	MissingSince Moment           `json:"missing_since"`
	RemoteID     *string          `json:"remote_id"`
	RemoteURL    *string          `json:"remote_url"`
	Source       *HarvestNameable `json:"source"`
	Title        *string          `json:"title"`
	URI          *string          `json:"uri"`
}

// HarvestNameable names a source.
type HarvestNameable struct {
	Class string `json:"class"`
	ID    string `json:"id"`
	Name  string `json:"name"`
}

func harvestNameable(id, name string) *HarvestNameable {
	if id == "" {
		return nil
	}
	return &HarvestNameable{Class: "HarvestSource", ID: id, Name: name}
}

func (a *API) lookUpHarvested(c *web.Call, q harvestLookupArgs) error {
	traces, err := a.Harvests.LookUp(c.Context(), viewer(c), q.URL)
	if err != nil {
		return err
	}
	var told []harvest.Item
	for i := range traces {
		if traces[i].Item != nil {
			told = append(told, *traces[i].Item)
		}
	}
	objects, err := a.Harvests.Objects(c.Context(), viewer(c), harvestedIDs(told))
	if err != nil {
		return err
	}
	items := make([]HarvestTrace, len(traces))
	for i := range traces {
		t := &traces[i]
		items[i] = HarvestTrace{
			Archived: t.Archived, Class: harvestClass(t.Kind), ID: filled(t.Object), LastSeen: moment(t.LastSeen), MissingSince: moment(t.MissingSince),
			RemoteID: filled(t.RemoteID), RemoteURL: filled(t.RemoteURL), Source: harvestNameable(t.Source, t.SourceName), Title: filled(t.Title),
		}
		if t.Object != "" {
			items[i].URI = linkTo(harvestedPath(t.Kind, t.Slug))
		}
		if t.Item == nil {
			continue
		}
		item := harvestItem(t.Item, objects, viewer(c).Admin())
		items[i].Item, items[i].Job = &item, &t.Item.JobID
	}
	return send(c, http.StatusOK, items)
}

// filled is a text, null for none.
func filled(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
