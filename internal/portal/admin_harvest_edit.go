package portal

import (
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/fault"
	"grenier/internal/harvest"
)

// adminHarvesterConfiguration changes what is told of a source.
type adminHarvesterConfiguration struct {
	// Kind names the backend, About says what portals it reads.
	Kind, About string
	Form        formView
	Danger      dangerZone
}

// mayHarvest refuses who may not do something with a source.
func mayHarvest(may bool) error {
	if !may {
		return fault.New(fault.Forbidden, "You do not have the permission to modify that object.")
	}
	return nil
}

func (p *Portal) showHarvesterConfiguration(v *visit, in harvesterArgs) error {
	s, rights, err := v.harvesterOf(in.ID)
	if err != nil {
		return err
	}
	if err := mayHarvest(rights.Edit); err != nil {
		return err
	}
	kind, known := p.harvestBackend(s.Backend)
	if !known {
		kind = harvest.Description{ID: s.Backend, Label: s.Backend}
	}
	f := v.form("source", sourcePath(s.ID, "/configuration")).version(s.Version).submit("form.save", "check").cancel(sourcePath(s.ID, ""))
	v.sourceFields(f, s, kind)
	remove := v.form("delete", sourcePath(s.ID, "/delete")).version(s.Version).titled("admin-harvest.delete", "admin-harvest.delete-text").submit("admin-harvest.delete", "trash").typed(s.Name)
	content := adminHarvesterConfiguration{Form: f.view()}
	content.Kind, content.About = v.harvestKind(kind.ID, kind.Label)
	if s.DeletedAt.IsZero() {
		content.Danger = dangerZone{Forms: []formView{remove.view()}}
	}
	d := v.harvesterDraft(s, "harvester-configuration", s.Name, "/configuration")
	d.tabs, d.data = v.harvesterTabs(s, rights, "/configuration"), content
	return v.showAdmin(d.failed(v))
}

func (p *Portal) saveHarvester(v *visit, in harvesterArgs, sent *posted) error {
	s, rights, err := v.harvesterOf(in.ID)
	if err != nil {
		return err
	}
	if err := mayHarvest(rights.Edit); err != nil {
		return err
	}
	kind, known := p.harvestBackend(s.Backend)
	if !known {
		kind = harvest.Description{ID: s.Backend, Label: s.Backend}
	}
	again := func(err error) error {
		return sent.again(err, func() error { return p.showHarvesterConfiguration(v, in) })
	}
	given, err := v.sourceInput(sent, s, kind)
	if err != nil {
		return again(err)
	}
	given.Backend.Set = false
	if _, err := p.Harvests.UpdateSource(sent.Context(), v.viewer, s.ID, given); err != nil {
		return again(err)
	}
	return sent.done(sourcePath(s.ID, ""), "admin-harvest.done-saved")
}

func (p *Portal) deleteHarvester(v *visit, in harvesterArgs, sent *posted) error {
	s, _, err := v.harvesterOf(in.ID)
	if err != nil {
		return err
	}
	again := func(err error) error {
		return sent.again(err, func() error { return p.showHarvesterConfiguration(v, in) })
	}
	if !sent.confirmed(s.Name) {
		return again(fault.At("Type the name to confirm.", typedField))
	}
	list := v.harvesterList(s)
	if err := p.Harvests.DeleteSource(sent.Context(), v.viewer, s.ID); err != nil {
		return again(err)
	}
	return sent.done(list, "admin-harvest.done-deleted")
}

// adminHarvesterSchedule changes when a source runs by itself.
type adminHarvesterSchedule struct {
	// Words say the schedule, empty for none; Next are the moments to come.
	Words string
	Cron  string
	Next  []db.Time
	// Why says why it does not run in spite of a schedule; empty when it does.
	Why  string
	Form formView
	// Examples are schedules in words, with how they are written.
	Examples []harvestFact
	// Stop takes the schedule away; without an address when there is none.
	Stop button
}

// nextRuns is how many moments to come a page shows.
const nextRuns = 3

func (p *Portal) showHarvesterSchedule(v *visit, in harvesterArgs) error {
	s, rights, err := v.harvesterOf(in.ID)
	if err != nil {
		return err
	}
	if err := mayHarvest(rights.Schedule); err != nil {
		return err
	}
	path := sourcePath(s.ID, "/schedule")
	content := adminHarvesterSchedule{Next: p.Harvests.Next(s, v.now, nextRuns)}
	if s.Schedule != nil {
		content.Cron, content.Words = *s.Schedule, v.cronWords(*s.Schedule)
		content.Stop = v.button(sourcePath(s.ID, "/unschedule"), "admin-harvest.unschedule", "close")
		switch {
		case s.Validation != harvest.Accepted:
			content.Why = v.say.T("admin-harvest.not-accepted")
		case !s.Active:
			content.Why = v.say.T("admin-harvest.step-paused-text")
		}
	}
	for _, cron := range []string{"0 3 * * *", "30 2 * * 1", "0 4 1 * *"} {
		content.Examples = append(content.Examples, harvestFact{v.cronWords(cron), cron, ""})
	}
	f := v.form("schedule", path).version(s.Version).light().submit("admin-harvest.schedule-submit", "check").cancel(sourcePath(s.ID, ""))
	f.text("schedule", "admin-job.schedule", content.Cron).require().most(200).example("0 3 * * *").help("admin-harvest.schedule-help")
	content.Form = f.view()
	d := v.harvesterDraft(s, "harvester-schedule", s.Name, "/schedule")
	d.tabs, d.data = v.harvesterTabs(s, rights, "/schedule"), content
	return v.showAdmin(d.failed(v))
}

func (p *Portal) scheduleHarvester(v *visit, in harvesterArgs, sent *posted) error {
	if _, err := p.Harvests.Schedule(sent.Context(), v.viewer, in.ID, sent.text("schedule")); err != nil {
		return sent.again(err, func() error { return p.showHarvesterSchedule(v, in) })
	}
	return sent.done(sourcePath(in.ID, "/schedule"), "admin-harvest.done-scheduled")
}

func (p *Portal) unscheduleHarvester(v *visit, in harvesterArgs, sent *posted) error {
	if _, err := p.Harvests.Unschedule(sent.Context(), v.viewer, in.ID); err != nil {
		return sent.again(err, func() error { return p.showHarvesterSchedule(v, in) })
	}
	return sent.done(sourcePath(in.ID, "/schedule"), "admin-harvest.done-unscheduled")
}

// adminHarvesterConflicts are the records that a source and something else here
// both claim.
type adminHarvesterConflicts struct{ List listing }

func (p *Portal) showHarvesterConflicts(v *visit, in harvesterArgs) error {
	s, rights, err := v.harvesterOf(in.ID)
	if err != nil {
		return err
	}
	path := sourcePath(s.ID, "/conflicts")
	l := v.lister(path, in.listArgs, nil)
	conflicts, total, err := p.Harvests.Conflicts(v.Context(), v.viewer, s.ID, catalog.Page{Offset: l.offset(), Limit: l.Size})
	if err != nil {
		return err
	}
	list := listing{
		ID: "conflicts", Caption: v.say.T("admin-harvest.tab-conflicts"), Total: total, Pager: l.pager(total), Sizes: l.sizes(total),
		Columns: []listColumn{
			l.column("admin-harvest.conflict-object", ""), l.column("admin-harvest.conflict-holder", ""), l.column("admin-harvest.conflict-claimant", ""),
			l.column("admin-harvest.conflict-reason", ""), l.column("admin-harvest.conflict-since", ""), l.column("admin-harvest.conflict-last", ""),
		},
		Empty: emptyState{Icon: "success", Title: v.say.T("admin-harvest.conflicts-none"), Text: v.say.T("admin-harvest.conflicts-none-text")},
	}
	for i := range conflicts {
		c := &conflicts[i]
		object := textCell(v.say.T("admin-harvest.conflict-hidden"))
		if c.Object != "" {
			object = linkCell(c.Title, v.publicPage(c.Kind, c.Slug), "")
			object.Lang = v.contentLang()
		}
		object.Detail = c.RemoteID
		holder := textCell(v.say.T("admin-harvest.conflict-hand"))
		if c.Holder != "" {
			holder = linkCell(c.HolderName, v.path(sourcePath(c.Holder, "")), "")
		}
		list.Rows = append(list.Rows, listRow{Cells: []listCell{
			object, holder, linkCell(c.ClaimantName, v.path(sourcePath(c.Claimant, "")), ""), textCell(v.conflictReason(c.Reason)),
			momentOrNot(c.FirstAt), momentOrNot(c.LastAt),
		}})
	}
	d := v.harvesterDraft(s, "harvester-conflicts", s.Name, "/conflicts")
	d.lead, d.tabs, d.data = v.say.T("admin-harvest.conflicts-lead"), v.harvesterTabs(s, rights, "/conflicts"), adminHarvesterConflicts{list}
	return v.showAdmin(d)
}

// conflictReason says why a record is in conflict, by the word that the API has for it.
func (v *visit) conflictReason(reason string) string {
	switch reason {
	case "source":
		return v.say.T("admin-harvest.conflict-by-source")
	case "owner":
		return v.say.T("admin-harvest.conflict-by-owner")
	}
	return cutText(reason, maxRemark)
}
