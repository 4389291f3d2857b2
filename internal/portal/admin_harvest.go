package portal

import (
	"net/url"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/harvest"
)

// adminHarvestContents are the types of Page.Data of the pages of harvesting.
var adminHarvestContents = map[string]any{
	"admin/harvesters": adminHarvesters{}, "admin/harvester-new": adminHarvesterNew{}, "admin/harvester-describe": adminHarvesterDescribe{},
	"admin/harvester-preview": adminHarvesterPreview{}, "admin/harvester": adminHarvester{}, "admin/harvester-configuration": adminHarvesterConfiguration{},
	"admin/harvester-schedule": adminHarvesterSchedule{}, "admin/harvester-conflicts": adminHarvesterConflicts{},
	"admin/harvester-job": adminHarvesterJob{}, "admin/harvester-item": adminHarvesterItem{}, "admin/harvester-find": adminHarvesterFind{},
}

// The addresses of lists of sources and of what belongs to no source.
const (
	myHarvestersPath   = "/admin/me/harvesters"
	siteHarvestersPath = "/admin/site/harvesters"
	newHarvesterPath   = "/admin/harvesters/new"
	findHarvestedPath  = "/admin/harvesters/find"
)

// adminHarvestRoutes declare the pages of harvesting: lists of sources, the way
// to a new one, a source with its jobs, and what became of one record.
func (p *Portal) adminHarvestRoutes(t *table) {
	if p.Harvests == nil {
		return
	}
	adminPage(t, myHarvestersPath, p.showMyHarvesters)
	adminPage(t, "/admin/organizations/{id}/harvesters", p.showOrganizationHarvesters)
	adminPage(t, siteHarvestersPath, p.showSiteHarvesters)
	p.newHarvesterRoutes(t)
	adminPage(t, findHarvestedPath, p.showFindHarvested)
	const one = "/admin/harvesters/{id}"
	const api = " /api/1/harvest/source/{source}/"
	adminPage(t, one, p.showHarvester)
	form(t, one+"/validate", "POST"+api+"validate/", p.validateHarvester)
	form(t, one+"/run", "POST"+api+"run/", p.runHarvester)
	form(t, one+"/switch", "PUT"+api, p.switchHarvester)
	form(t, one+"/confirm", "POST /api/1/harvest/source/{source}/confirm/", p.confirmHarvester)
	form(t, one+"/compare", "POST /api/1/harvest/source/{source}/preview/", p.compareHarvester)
	patientForm(t, one+"/look", "GET"+api+"preview/", previewTime, p.lookAtHarvester)
	adminPage(t, one+"/configuration", p.showHarvesterConfiguration)
	form(t, one+"/configuration", "PUT"+api, p.saveHarvester)
	form(t, one+"/delete", "DELETE"+api, p.deleteHarvester)
	adminPage(t, one+"/schedule", p.showHarvesterSchedule)
	form(t, one+"/schedule", "POST"+api+"schedule/", p.scheduleHarvester)
	form(t, one+"/unschedule", "DELETE"+api+"schedule/", p.unscheduleHarvester)
	adminPage(t, one+"/conflicts", p.showHarvesterConflicts)
	const job = one + "/jobs/{job}"
	adminPage(t, job, p.showHarvesterJob)
	fragment(t, job+"/now", p.showHarvesterJobNow)
	form(t, job+"/stop", "POST /api/1/harvest/job/{job}/stop/", p.stopHarvesterJob)
	adminPage(t, job+"/items/{item}", p.showHarvesterItem)
}

// harvesterArgs name a source and a page of its jobs.
type harvesterArgs struct {
	ID string `path:"id"`
	listArgs
}

// harvesterOf reads the source that an address names, and what the person may do
// with it. Everybody who is signed in may read sources, as the API lets all.
func (v *visit) harvesterOf(key string) (*harvest.Source, harvest.Rights, error) {
	found, err := v.p.Harvests.ResolveSource(v.Context(), key)
	if err != nil {
		return nil, harvest.Rights{}, err
	}
	s, err := v.p.Harvests.Source(v.Context(), found.ID)
	if err != nil {
		return nil, harvest.Rights{}, err
	}
	return s, v.p.Harvests.Rights(v.viewer, s), nil
}

// harvesterScope is the part of the menu at the side that a source belongs to
// for who looks at it.
func (v *visit) harvesterScope(s *harvest.Source) scope {
	owner := s.OwnedBy()
	switch {
	case owner.Organization != "" && (v.viewer.Admin() || v.viewer.May(account.SeeInside, owner, "")):
		return scopeOf(owner.Organization)
	case v.viewer.Admin() && owner.User != v.viewer.UserID():
		return scopeSite
	}
	return scopeMe
}

// harvesterList is the list that a source is in for who looks at it.
func (v *visit) harvesterList(s *harvest.Source) string {
	switch of := v.harvesterScope(s); of.kind {
	case "organization":
		return organizationAdmin(of.id, "/harvesters")
	case "site":
		return siteHarvestersPath
	}
	return myHarvestersPath
}

// harvesterDraft begins a page of a source; tail is what follows its path.
func (v *visit) harvesterDraft(s *harvest.Source, name, title, tail string) adminDraft {
	d := adminDraft{
		name: name, title: title, path: sourcePath(s.ID, tail), scope: v.harvesterScope(s), kicker: "admin-harvest.kind", icon: "harvest",
		crumbs: []Link{{v.say.T("admin-harvest.title"), v.path(v.harvesterList(s))}},
	}
	if tail != "" {
		d.crumbs = append(d.crumbs, Link{s.Name, v.path(sourcePath(s.ID, ""))})
	}
	return d
}

// harvesterTabs are the pages of a source.
func (v *visit) harvesterTabs(s *harvest.Source, rights harvest.Rights, current string) []tab {
	all := []tab{{v.say.T("admin-harvest.tab-source"), v.path(sourcePath(s.ID, "")), -1, current == ""}}
	if rights.Edit {
		all = append(all, tab{v.say.T("admin-harvest.tab-configuration"), v.path(sourcePath(s.ID, "/configuration")), -1, current == "/configuration"})
	}
	if rights.Schedule {
		all = append(all, tab{v.say.T("admin-harvest.tab-schedule"), v.path(sourcePath(s.ID, "/schedule")), -1, current == "/schedule"})
	}
	return append(all, tab{v.say.T("admin-harvest.tab-conflicts"), v.path(sourcePath(s.ID, "/conflicts")), -1, current == "/conflicts"})
}

// adminHarvesters is a list of sources.
type adminHarvesters struct {
	// Tiles count those that need somebody, each with a link to them.
	Tiles []figure
	List  listing
	// Find leads to what became of one record.
	Find string
}

// harvestersArgs are the arguments of a list of sources.
type harvestersArgs struct {
	listArgs
	State   string `query:"state"`
	Backend string `query:"backend"`
}

// organizationHarvestersArgs are those of the list of an organisation.
type organizationHarvestersArgs struct {
	harvestersArgs
	ID string `path:"id"`
}

func (p *Portal) showMyHarvesters(v *visit, in harvestersArgs) error {
	return v.showHarvesters(scopeMe, myHarvestersPath, harvest.SourceFilter{Owner: v.viewer.UserID()}, in)
}

func (p *Portal) showOrganizationHarvesters(v *visit, in organizationHarvestersArgs) error {
	o, err := v.inside(in.ID, account.SeeInside)
	if err != nil {
		return err
	}
	return v.showHarvesters(scopeOf(o.ID), organizationAdmin(o.ID, "/harvesters"), harvest.SourceFilter{Organization: o.ID}, in.harvestersArgs)
}

func (p *Portal) showSiteHarvesters(v *visit, in harvestersArgs) error {
	return v.showHarvesters(scopeSite, siteHarvestersPath, harvest.SourceFilter{}, in)
}

// harvesterStates are the states by which lists of sources are narrowed.
var harvesterStates = []struct {
	name, label string
	narrow      func(*harvest.SourceFilter)
}{
	{"pending", "admin-harvest.state-pending", func(f *harvest.SourceFilter) { f.Validation = harvest.Pending }},
	{"failing", "admin-harvest.state-failing", func(f *harvest.SourceFilter) { f.Failing = true }},
	{"shrunk", "admin-harvest.state-shrunk", func(f *harvest.SourceFilter) { f.Shrunk = true }},
	{"scheduled", "admin-harvest.state-scheduled", func(f *harvest.SourceFilter) { f.Scheduled = true }},
	{"refused", "admin-harvest.state-refused", func(f *harvest.SourceFilter) { f.Validation = harvest.Refused }},
}

// showHarvesters lists sources with their health.
func (v *visit) showHarvesters(of scope, path string, f harvest.SourceFilter, in harvestersArgs) error {
	l := v.lister(path, in.listArgs, []string{"-created", "name", "last_run", "next_run", "failures"}, "state", "backend")
	f.Query = l.Query
	states := []option{{Label: v.say.T("admin-harvest.state-all")}}
	for _, one := range harvesterStates {
		if in.State == one.name {
			one.narrow(&f)
		}
		states = append(states, option{Value: one.name, Label: v.say.T(one.label)})
	}
	if _, known := v.p.harvestBackend(in.Backend); known {
		f.Backend = in.Backend
	}
	sources, total, err := v.p.Harvests.Sources(v.Context(), f, l.Sort, catalog.Page{Offset: l.offset(), Limit: l.Size})
	if err != nil {
		return err
	}
	list := listing{
		ID: "harvesters", Caption: v.say.T("admin-harvest.title"), Search: l.search("admin-harvest.search"), Total: total, Pager: l.pager(total), Sizes: l.sizes(total),
		Filters: []listFilter{l.filter("admin-harvest.state", "state", states)}, Columns: v.harvesterColumns(l, of),
	}
	if of.kind == "site" {
		list.CSV = "/harvests.csv"
		kinds := []option{{Label: v.say.T("admin-harvest.state-all")}}
		for _, one := range v.backendChoices() {
			kinds = append(kinds, option{Value: one.Value, Label: one.Label})
		}
		list.Filters = append(list.Filters, l.filter("admin-harvest.backend", "backend", kinds))
	}
	if list.Rows, err = v.harvesterRows(sources, of); err != nil {
		return err
	}
	d := adminDraft{name: "harvesters", title: v.say.T("admin-harvest.title"), path: path, scope: of, icon: "harvest", lead: v.say.T("admin-harvest.lead")}
	d.actions = v.newHarvester(of)
	list.Empty = emptyState{"harvest", v.say.T("admin-harvest.empty"), v.say.T("admin-harvest.empty-text"), d.actions}
	if l.Query != "" || in.State != "" || in.Backend != "" {
		list.Empty = emptyState{"search", v.say.T("admin-harvest.none"), v.say.T("admin-harvest.none-text"), []AdminAction{{Label: v.say.T("admin-kept.reset"), URL: v.path(path)}}}
	}
	content := adminHarvesters{List: list, Find: v.path(findHarvestedPath)}
	if of.kind == "site" {
		if content.Tiles, err = v.harvesterTiles(); err != nil {
			return err
		}
	}
	d.data = content
	return v.showAdmin(d)
}

// newHarvester leads to the pages for a new source where the person may make one.
func (v *visit) newHarvester(of scope) []AdminAction {
	target := newHarvesterPath
	if of.kind == "organization" {
		if !v.viewer.May(account.Harvest, account.Owner{Organization: of.id}, "") {
			return nil
		}
		target += "?organization=" + url.QueryEscape(of.id)
	}
	if v.p.closed(v.viewer) {
		return nil
	}
	return []AdminAction{{Label: v.say.T("admin-harvest.new"), URL: v.path(target), Icon: "plus", Tone: "primary"}}
}

// harvesterTiles count the sources of the site that need somebody.
func (v *visit) harvesterTiles() ([]figure, error) {
	waiting, err := v.p.Harvests.Waiting(v.Context(), v.viewer)
	if err != nil {
		return nil, err
	}
	var tiles []figure
	for _, one := range []struct {
		state, label string
		count        int
	}{
		{"pending", "admin-harvest.tile-pending", waiting.Pending}, {"failing", "admin-harvest.tile-failing", waiting.Failing},
		{"shrunk", "admin-harvest.tile-shrunk", waiting.Shrunk},
	} {
		tiles = append(tiles, figure{Label: v.say.T(one.label), Count: int64(one.count), URL: v.path(siteHarvestersPath + "?state=" + one.state)})
	}
	return tiles, nil
}

func (v *visit) harvesterColumns(l *lister, of scope) []listColumn {
	columns := []listColumn{l.column("admin-harvest.column-source", "name"), l.column("admin-harvest.column-state", "failures")}
	if of.kind == "site" {
		columns = append(columns, l.column("admin-harvest.column-owner", ""))
	}
	return append(columns, l.column("admin-harvest.column-last", "last_run"), l.column("admin-harvest.column-next", "next_run"), l.number("admin-harvest.column-records", ""))
}

// harvesterRows show sources, in a constant number of queries.
func (v *visit) harvesterRows(sources []harvest.Source, of scope) ([]listRow, error) {
	var ids []string
	var owners []account.Owner
	for i := range sources {
		if sources[i].LastJob != nil {
			ids = append(ids, *sources[i].LastJob)
		}
		owners = append(owners, sources[i].OwnedBy())
	}
	jobs, err := v.p.Harvests.JobsByIDs(v.Context(), ids)
	if err != nil {
		return nil, err
	}
	names := map[account.Owner]string{}
	if of.kind == "site" {
		if names, err = v.harvestOwners(owners); err != nil {
			return nil, err
		}
	}
	var rows []listRow
	for i := range sources {
		s := &sources[i]
		last := jobs[deref(s.LastJob)]
		kind, _ := v.harvestKind(s.Backend, "")
		state := badgeCell(v.sourceBadges(s, last)...)
		if s.Failures > 0 && !s.FailingSince.IsZero() {
			state.Detail = v.say.T("admin-harvest.since", "ago", v.say.Ago(s.FailingSince, v.now))
		}
		cells := []listCell{linkCell(s.Name, v.path(sourcePath(s.ID, "")), kind+" · "+s.Domain), state}
		if of.kind == "site" {
			cells = append(cells, textCell(names[s.OwnedBy()]))
		}
		ran := textCell("–")
		if last != nil {
			ran = momentCell(last.CreatedAt.Time)
		}
		rows = append(rows, listRow{Cells: append(cells, ran, v.nextRunCell(s), numberCell(s.LastGoodTotal))})
	}
	return rows, nil
}

// nextRunCell says when a source runs by itself.
func (v *visit) nextRunCell(s *harvest.Source) listCell {
	if s.NextRun.IsZero() || !s.Active || s.Validation != harvest.Accepted {
		return textCell(v.say.T("admin-harvest.never"))
	}
	return textCell(v.say.DateTime(s.NextRun))
}

// harvestOwners name whom sources belong to, in two queries.
func (v *visit) harvestOwners(owners []account.Owner) (map[account.Owner]string, error) {
	var organizations, people []string
	for _, one := range owners {
		if one.Organization != "" {
			organizations = append(organizations, one.Organization)
		} else if one.User != "" {
			people = append(people, one.User)
		}
	}
	names := map[account.Owner]string{}
	found, err := v.p.Organizations.ByIDs(v.Context(), bounded(organizations))
	if err != nil {
		return nil, err
	}
	for i := range found {
		names[account.Owner{Organization: found[i].ID}] = found[i].Name
	}
	refs, err := v.p.People.Refs(v.Context(), bounded(people))
	for id, person := range refs {
		names[account.Owner{User: id}] = person.FullName()
	}
	return names, err
}

// waitingHarvests are sources that fail, that wait for an administrator, or that
// list far less than before.
func (v *visit) waitingHarvests(names map[string]string) ([]waitingCard, error) {
	if v.p.Harvests == nil {
		return nil, nil
	}
	waiting, err := v.p.Harvests.Waiting(v.Context(), v.viewer)
	if err != nil {
		return nil, err
	}
	var cards []waitingCard
	for _, one := range []struct {
		state, tone, icon, title, text string
		count                          int
	}{
		{"failing", "danger", "error", "admin-harvest.wait-failing", "admin-harvest.wait-failing-text", waiting.Failing},
		{"shrunk", "warning", "warning", "admin-harvest.wait-shrunk", "admin-harvest.wait-shrunk-text", waiting.Shrunk},
		{"pending", "info", "harvest", "admin-harvest.wait-pending", "admin-harvest.wait-pending-text", waiting.Pending},
	} {
		if one.count > 0 {
			cards = append(cards, waitingCard{
				ID: "harvests-" + one.state, Icon: one.icon, Tone: one.tone, Title: v.say.T(one.title, "count", one.count), Text: v.say.T(one.text),
				Links: v.harvestLists(one.state, names),
			})
		}
	}
	return cards, nil
}

// harvestLists lead to the sources in a state that somebody looks after: those of
// the site for its administrators, else their own and their organisations'.
func (v *visit) harvestLists(state string, names map[string]string) []AdminAction {
	query := "?state=" + state
	if v.viewer.Admin() {
		return []AdminAction{{Label: v.say.T("admin-harvest.see"), URL: v.path(siteHarvestersPath + query)}}
	}
	links := []AdminAction{{Label: v.say.T("admin.scope-me"), URL: v.path(myHarvestersPath + query)}}
	for _, id := range v.viewer.Organizations() {
		if len(links) < mostOwners && v.viewer.May(account.Harvest, account.Owner{Organization: id}, "") {
			links = append(links, AdminAction{Label: names[id], URL: v.path(organizationAdmin(id, "/harvesters") + query)})
		}
	}
	return links
}
