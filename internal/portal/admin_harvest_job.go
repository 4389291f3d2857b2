package portal

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"time"

	"grenier/internal/catalog"
	"grenier/internal/fault"
	"grenier/internal/harvest"
)

// adminHarvesterJob is a job of a source, or a preview of the whole of one.
type adminHarvesterJob struct {
	// Now is how far it is; Refresh gives it anew while it is not over.
	Now     harvestNow
	Refresh string
	// Preview tells that nothing was written but the report.
	Preview bool
	// Troubles are the errors of the job, Facts what it asked of the portal.
	Troubles []harvestTroubleShown
	Facts    []harvestFact
	Items    harvestItems
	// Logs are remarks on the job; MoreLogs counts those that are not shown.
	Logs     []harvestLog
	MoreLogs int
}

// harvestNow is how far a job is.
type harvestNow struct {
	Badge badge
	// Over tells that it came to its end.
	Over bool
	// Said sums it up, for those who hear the page.
	Said string
	// Percent is how far it is, when Told; About tells that the total is that of
	// the run before.
	Percent     int64
	Told, About bool
	// Line says what it is at, at what rate, and how long it still takes.
	Line  string
	Tiles []figure
	// Stop ends it; without an address when it cannot be ended.
	Stop button
	// Results leads to its items, where it ended while somebody looked on.
	Results string
}

// harvestTroubleShown is an error with what administrators see of it. A mild one
// says why a record was left alone, which is no failure.
type harvestTroubleShown struct {
	Message, Details string
	Mild             bool
}

// harvestLog is a remark.
type harvestLog struct {
	Badge   badge
	Message string
	At      time.Time
}

// harvestItems are items of a job, with the choices among them.
type harvestItems struct {
	Search  *listSearch
	Filters []listFilter
	Rows    []harvestItem
	Total   int
	Pager   pager
	Sizes   listFilter
	Empty   emptyState
}

// harvestItem is what became of a record.
type harvestItem struct {
	Number          int64
	Title, RemoteID string
	// Lang is the language of the title when it may differ from the page's.
	Lang string
	// Page leads to the item alone, Remote to the record on its portal, Object to
	// what it is here.
	Page, Remote, Object string
	Badges               []badge
	Troubles             []harvestTroubleShown
	Logs                 []harvestLog
	// Changes are the fields that changed, More counts those left out.
	Changes []fieldChange
	More    int
}

// Bounds of what pages of jobs show.
const (
	shownLogs    = 200
	shownRemarks = 20
	// maxRemark bounds a remark or an error, in characters.
	maxRemark = 2000
)

// harvesterJobArgs name a job and choose among its items.
type harvesterJobArgs struct {
	ID  string `path:"id"`
	Job string `path:"job"`
	listArgs
	Status  string `query:"status"`
	Outcome string `query:"outcome"`
	Kind    string `query:"kind"`
}

// harvestJobAt reads the job that an address names, with its source.
func (v *visit) harvestJobAt(source, id string) (*harvest.Source, harvest.Rights, *harvest.Job, error) {
	s, rights, err := v.harvesterOf(source)
	if err != nil {
		return nil, rights, nil, err
	}
	job, err := v.p.Harvests.Job(v.Context(), v.viewer, id)
	if err == nil && job.SourceID != s.ID {
		err = fault.New(fault.NotFound, "Harvest job not found")
	}
	return s, rights, job, err
}

func (p *Portal) showHarvesterJob(v *visit, in harvesterJobArgs) error {
	s, rights, job, err := v.harvestJobAt(in.ID, in.Job)
	if err != nil {
		return err
	}
	path := harvestJobPath(s.ID, job.ID)
	content := adminHarvesterJob{Now: v.harvestNow(s, rights, job), Preview: job.Preview, Troubles: v.harvestTroubles(job.Troubles()), Facts: v.jobFacts(job)}
	if !job.Status.Over() {
		content.Refresh = v.path(path + "/now")
	}
	if content.Items, err = v.harvestItemsOf(job, path, in); err != nil {
		return err
	}
	raw, err := v.auditFacts(job)
	if err != nil {
		return err
	}
	content.Facts = append(content.Facts, raw...)
	logs, total, err := p.Harvests.JobLogs(v.Context(), job.ID, "", catalog.Page{Limit: shownLogs})
	if err != nil {
		return err
	}
	for i := range logs {
		content.Logs = append(content.Logs, harvestLog{v.logBadge(logs[i].Level), cutText(logs[i].Message, maxRemark), logs[i].At.Time})
	}
	content.MoreLogs = total - len(logs)
	title := v.say.T("admin-harvest.job-title", "date", v.say.DateTime(job.CreatedAt))
	if job.Preview {
		title = v.say.T("admin-harvest.report-title", "date", v.say.DateTime(job.CreatedAt))
	}
	d := v.harvesterDraft(s, "harvester-job", title, "/jobs/"+job.ID)
	d.kicker, d.badges, d.data = "admin-harvest.job", []badge{v.jobBadge(job.Status)}, content
	if job.Preview {
		d.kicker, d.lead = "admin-harvest.report", v.say.T("admin-harvest.report-lead")
	}
	if !job.Status.Over() {
		d.actions = []AdminAction{{v.say.T("admin-job.refresh"), v.path(path), "refresh", ""}}
	}
	return v.showAdmin(d.failed(v))
}

func (p *Portal) showHarvesterJobNow(v *visit, in harvesterJobArgs, _ *posted) error {
	s, rights, job, err := v.harvestJobAt(in.ID, in.Job)
	if err != nil {
		return err
	}
	now := v.harvestNow(s, rights, job)
	if now.Over {
		now.Results = v.path(harvestJobPath(s.ID, job.ID))
	}
	return v.fragment("admin/harvester-job", "harvest-now", now)
}

// harvestNow shows how far a job is.
func (v *visit) harvestNow(s *harvest.Source, rights harvest.Rights, j *harvest.Job) harvestNow {
	now := harvestNow{Badge: v.jobBadge(j.Status), Over: j.Status.Over(), Tiles: v.jobTiles(s, j)}
	now.Said = now.Badge.Label
	if now.Over {
		now.Line = v.say.T("admin-harvest.took", "time", v.jobTook(j))
		return now
	}
	may := rights.Edit
	if j.Preview {
		may = rights.Preview
	}
	if may && !j.StopAsked {
		now.Stop = v.button(harvestJobPath(s.ID, j.ID)+"/stop", "admin-harvest.stop", "close")
	}
	if j.StopAsked {
		now.Line = v.say.T("admin-harvest.stopping")
		return now
	}
	switch j.Status {
	case harvest.Initialized:
		now.Line = v.say.T("admin-harvest.waits")
	case harvest.Suspended:
		now.Line = v.say.T("admin-harvest.suspended-until", "time", v.say.DateTime(j.ResumeAt))
	default:
		v.jobProgress(&now, s, j)
		now.Said += " – " + v.harvestWord(jobPhases, j.Phase)
		if quarter := now.Percent / 25 * 25; now.Told && quarter > 0 {
			now.Said += " – " + v.say.T("admin-harvest.percent", "number", quarter)
		}
	}
	return now
}

// jobProgress says how far a job at work is: of what the portal announced, else
// of what it listed the last time.
func (v *visit) jobProgress(now *harvestNow, s *harvest.Source, j *harvest.Job) {
	total := int64(0)
	if j.Total != nil {
		total = *j.Total
	} else if s.LastGoodTotal > 0 && s.LastGoodTotal >= j.Items {
		total, now.About = s.LastGoodTotal, true
	}
	now.Line = v.harvestWord(jobPhases, j.Phase)
	if total > 0 {
		now.Percent, now.Told = min(100, j.Items*100/total), true
	}
	passed := v.now.Sub(j.StartedAt.Time)
	if j.StartedAt.IsZero() || passed < time.Second || j.Items == 0 {
		return
	}
	rate := float64(j.Items) / passed.Seconds()
	now.Line += " · " + v.say.T("admin-harvest.rate", "number", v.say.Decimal(rate, ratePlaces(rate)))
	if left := total - j.Items; left > 0 {
		now.Line += " · " + v.say.T("admin-harvest.left", "time", v.took(time.Duration(float64(left)/rate*float64(time.Second))))
	}
}

// ratePlaces are the places of a rate: one below ten.
func ratePlaces(rate float64) int {
	if rate >= 10 {
		return 0
	}
	return 1
}

// jobTiles count what records came to, each with a link to them.
func (v *visit) jobTiles(s *harvest.Source, j *harvest.Job) []figure {
	path := v.path(harvestJobPath(s.ID, j.ID))
	tile := func(message string, count int64, query string) figure {
		one := figure{Label: v.say.T(message), Count: count}
		if count > 0 && query != "" {
			one.URL = path + query + "#items"
		}
		return one
	}
	tiles := []figure{
		tile("admin-harvest.column-read", j.Items, ""), tile("admin-harvest.outcome-new", j.Created, "?outcome=new"),
		tile("admin-harvest.outcome-changed", j.Changed, "?outcome=changed"), tile("admin-harvest.outcome-unchanged", j.Unchanged, "?outcome=unchanged"),
		tile("admin-harvest.outcome-vanished", j.ItemsArchived, "?outcome=vanished"), tile("admin-harvest.outcome-refused", j.ItemsFailed, "?status=failed"),
		tile("admin-harvest.outcome-skipped", j.ItemsSkipped, "?status=skipped"), tile("admin-harvest.outcome-conflict", j.Conflicts, "?outcome=conflict"),
	}
	return slices.DeleteFunc(tiles, func(f figure) bool {
		return f.Count == 0 && (f.Label == v.say.T("admin-harvest.outcome-skipped") || f.Label == v.say.T("admin-harvest.outcome-conflict"))
	})
}

// jobFacts are what a job asked of its portal, and why it ran.
func (v *visit) jobFacts(j *harvest.Job) []harvestFact {
	var facts []harvestFact
	add := func(message, value string) {
		if value != "" {
			facts = append(facts, harvestFact{v.say.T(message), value, ""})
		}
	}
	add("admin-harvest.why", v.harvestWord(jobReasons, j.Reason))
	if !j.StartedAt.IsZero() {
		add("admin-harvest.column-started", v.say.DateTime(j.StartedAt))
	}
	if !j.EndedAt.IsZero() {
		add("admin-harvest.ended", v.say.DateTime(j.EndedAt))
	}
	if j.Datasets+j.Dataservices > 0 {
		add("admin-harvest.kinds", v.say.T("admin-harvest.kinds-of", "datasets", v.say.Number(j.Datasets), "services", v.say.Number(j.Dataservices)))
	}
	if j.Requests > 0 {
		add("admin-harvest.requests", v.say.T("admin-harvest.requests-of", "count", j.Requests, "retries", v.say.Number(j.Retries), "size", v.say.Size(j.Bytes)))
	}
	if j.Resumed > 0 {
		add("admin-harvest.resumed", v.say.T("admin-harvest.times", "count", j.Resumed))
	}
	if j.Status.Over() && j.Status != harvest.Failed && !j.Complete {
		add("admin-harvest.complete", v.say.T("admin-harvest.incomplete"))
	}
	return facts
}

// harvestTroubles are errors as a page shows them: details are for administrators
// of the platform.
func (v *visit) harvestTroubles(troubles []harvest.Trouble) []harvestTroubleShown {
	var shown []harvestTroubleShown
	for _, one := range troubles[:min(len(troubles), shownRemarks)] {
		t := harvestTroubleShown{Message: cutText(one.Message, maxRemark)}
		if v.viewer.Admin() {
			t.Details = cutText(one.Details, 10*maxRemark)
		}
		shown = append(shown, t)
	}
	return shown
}

// logLevels are the levels of remarks; the words are messages.
var logLevels = map[string]badge{
	"debug": {"admin-harvest.level-debug", "", "code"}, "info": {"admin-harvest.level-info", "info", "info"},
	"warning": {"admin-harvest.level-warning", "warning", "warning"}, "error": {"admin-harvest.level-error", "danger", "error"},
}

// logBadge says how grave a remark is.
func (v *visit) logBadge(level string) badge {
	b, known := logLevels[level]
	if !known {
		return badge{Label: level}
	}
	b.Label = v.say.T(b.Label)
	return b
}

// harvestItemsOf lists items of a job, in a constant number of queries.
func (v *visit) harvestItemsOf(job *harvest.Job, path string, in harvesterJobArgs) (harvestItems, error) {
	l := v.lister(path, in.listArgs, nil, "status", "outcome", "kind")
	f := harvest.ItemFilter{Query: l.Query}
	if statuses := []harvest.ItemStatus{harvest.ItemDone, harvest.ItemFailed, harvest.ItemSkipped, harvest.ItemArchived}; slices.Contains(statuses, harvest.ItemStatus(in.Status)) {
		f.Status = harvest.ItemStatus(in.Status)
	}
	if slices.Contains(harvest.Outcomes, harvest.Outcome(in.Outcome)) {
		f.Outcome = harvest.Outcome(in.Outcome)
	}
	if in.Kind == catalog.KindDataset || in.Kind == catalog.KindDataservice {
		f.Kind = in.Kind
	}
	items, total, err := v.p.Harvests.Items(v.Context(), job.ID, f, catalog.Page{Offset: l.offset(), Limit: l.Size})
	if err != nil {
		return harvestItems{}, err
	}
	counts, err := v.p.Harvests.OutcomeCounts(v.Context(), job.ID)
	if err != nil {
		return harvestItems{}, err
	}
	list := harvestItems{Search: l.search("admin-harvest.items-search"), Total: total, Pager: l.pager(total), Sizes: l.sizes(total)}
	list.Filters = []listFilter{l.filter("admin-harvest.outcome", "outcome", v.outcomeChoices(counts)), l.filter("admin-harvest.column-state", "status", []option{
		{Label: v.say.T("admin-harvest.state-all")}, {Value: string(harvest.ItemDone), Label: v.say.T("admin-harvest.item-done")},
		{Value: string(harvest.ItemFailed), Label: v.say.T("admin-harvest.item-failed")}, {Value: string(harvest.ItemSkipped), Label: v.say.T("admin-harvest.item-skipped")},
		{Value: string(harvest.ItemArchived), Label: v.say.T("admin-harvest.item-archived")},
	})}
	if job.Datasets > 0 && job.Dataservices > 0 {
		list.Filters = append(list.Filters, l.filter("admin-harvest.kinds", "kind", []option{
			{Label: v.say.T("admin-harvest.state-all")}, {Value: catalog.KindDataset, Label: v.say.T("admin.menu-datasets")},
			{Value: catalog.KindDataservice, Label: v.say.T("admin.menu-dataservices")},
		}))
	}
	list.Empty = emptyState{Icon: "harvest", Title: v.say.T("admin-harvest.items-none"), Text: v.say.T("admin-harvest.items-none-text")}
	if l.Query != "" || f != (harvest.ItemFilter{}) {
		list.Empty = emptyState{"search", v.say.T("admin-harvest.items-narrow"), v.say.T("admin-harvest.items-narrow-text"), []AdminAction{{Label: v.say.T("admin-kept.reset"), URL: v.path(path)}}}
	}
	list.Rows, err = v.harvestItemRows(items, path)
	return list, err
}

// outcomeChoices are the outcomes that a job has, with their numbers.
func (v *visit) outcomeChoices(counts map[harvest.Outcome]int) []option {
	choices := []option{{Label: v.say.T("admin-harvest.state-all")}}
	for _, outcome := range harvest.Outcomes {
		if n := counts[outcome]; n > 0 {
			choices = append(choices, option{Value: string(outcome), Label: v.outcomeBadge(outcome).Label + " (" + v.say.Number(n) + ")"})
		}
	}
	return choices
}

// harvestItemRows show items, with what the person may not read taken out.
func (v *visit) harvestItemRows(items []harvest.Item, path string) ([]harvestItem, error) {
	if err := v.p.Harvests.HideUnreadable(v.Context(), v.viewer, items); err != nil {
		return nil, err
	}
	changed := make([]versionFields, len(items))
	for i := range items {
		changed[i] = itemFields(&items[i])
	}
	known, err := v.namesIn(changed)
	if err != nil {
		return nil, err
	}
	var rows []harvestItem
	for i := range items {
		rows = append(rows, v.harvestItem(&items[i], path, changed[i], known))
	}
	return rows, nil
}

// itemFields are what changed by a record, by field.
func itemFields(i *harvest.Item) versionFields {
	fields := versionFields{}
	if len(i.Difference) > 0 {
		_ = json.Unmarshal(i.Difference, &fields) // written by the engine
	}
	return fields
}

// harvestItem shows an item; path is that of its job.
func (v *visit) harvestItem(i *harvest.Item, path string, changed versionFields, known names) harvestItem {
	row := harvestItem{
		Number: i.Seq, Title: deref(i.Title), RemoteID: deref(i.RemoteID), Lang: v.contentLang(), Page: v.path(path + itemTail(i)),
		Remote: linkable(deref(i.RemoteURL)), Badges: []badge{v.outcomeBadge(i.Outcome)}, Troubles: v.harvestTroubles(i.Troubles()),
	}
	for n := range row.Troubles {
		row.Troubles[n].Mild = i.Status == harvest.ItemSkipped
	}
	if row.Title == "" {
		row.Title, row.Lang = row.RemoteID, ""
	}
	if row.Title == "" {
		row.Title = v.say.T("admin-harvest.unnamed")
	}
	if i.Kind == catalog.KindDataservice {
		row.Badges = append(row.Badges, badge{v.say.T("admin-harvest.kind-service"), "", "service"})
	}
	if i.ObjectID != nil {
		row.Object = v.publicPage(i.Kind, *i.ObjectID)
	}
	lines := i.LogLines()
	for _, one := range lines[:min(len(lines), shownRemarks)] {
		row.Logs = append(row.Logs, harvestLog{Badge: v.logBadge(one.Level), Message: cutText(one.Message, maxRemark)})
	}
	row.Changes, row.More = v.fieldChanges(i.Kind, changed, known)
	return row
}

func (p *Portal) stopHarvesterJob(v *visit, in harvesterJobArgs, sent *posted) error {
	s, _, job, err := v.harvestJobAt(in.ID, in.Job)
	if err != nil {
		return err
	}
	if _, err := p.Harvests.StopJob(sent.Context(), v.viewer, job.ID); err != nil {
		return sent.again(err, func() error { return p.showHarvesterJob(v, in) })
	}
	return sent.done(harvestJobPath(s.ID, job.ID), "admin-harvest.done-stopped")
}

// adminHarvesterItem is what became of one record, whole.
type adminHarvesterItem struct {
	Item harvestItem
	// Find leads to what became of the same record in other runs.
	Find string
}

// harvesterItemArgs name an item of a job.
type harvesterItemArgs struct {
	ID   string `path:"id"`
	Job  string `path:"job"`
	Item string `path:"item"`
}

func (p *Portal) showHarvesterItem(v *visit, in harvesterItemArgs) error {
	s, _, job, err := v.harvestJobAt(in.ID, in.Job)
	if err != nil {
		return err
	}
	number, err := strconv.ParseInt(in.Item, 10, 64)
	if err != nil {
		return fault.New(fault.NotFound, "Harvest item not found")
	}
	item, err := p.Harvests.Item(v.Context(), job.ID, number)
	if err != nil {
		return err
	}
	path := harvestJobPath(s.ID, job.ID)
	rows, err := v.harvestItemRows([]harvest.Item{*item}, path)
	if err != nil {
		return err
	}
	content := adminHarvesterItem{Item: rows[0]}
	if remote := deref(item.RemoteURL); remote != "" {
		content.Find = v.path(findHarvestedPath) + "?url=" + url.QueryEscape(remote)
	} else if id := deref(item.RemoteID); id != "" {
		content.Find = v.path(findHarvestedPath) + "?url=" + url.QueryEscape(id)
	}
	d := v.harvesterDraft(s, "harvester-item", rows[0].Title, "/jobs/"+job.ID+"/items/"+strconv.FormatInt(number, 10))
	d.crumbs = append(d.crumbs, Link{v.say.T("admin-harvest.job-title", "date", v.say.DateTime(job.CreatedAt)), v.path(path)})
	d.kicker, d.data = "admin-harvest.item", content
	return v.showAdmin(d)
}

// itemTail is what follows the path of a job in that of an item.
func itemTail(i *harvest.Item) string { return "/items/" + strconv.FormatInt(i.Seq, 10) }

// harvestItemPath is the page of an item in the site's own language.
func harvestItemPath(source string, i *harvest.Item) string {
	return harvestJobPath(source, i.JobID) + itemTail(i)
}
