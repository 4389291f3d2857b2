package portal

import (
	"net/url"
	"strconv"
	"strings"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/fault"
)

// adminHistoryContents are the types of Page.Data by the names of the pages here.
var adminHistoryContents = map[string]any{
	"admin/history": adminHistory{}, "admin/history-version": adminVersion{}, "admin/history-activity": adminActivity{}, "admin/bin": adminBin{},
}

// adminHistoryRoutes declare the pages of what happened: the versions of an
// object, the activity of somebody's objects, and what was deleted.
func (p *Portal) adminHistoryRoutes(t *table) {
	adminPage(t, "/admin/history/{kind}/{id}", p.showHistory)
	adminPage(t, "/admin/history/{kind}/{id}/{version}", p.showVersion)
	form(t, "/admin/history/{kind}/{id}/{version}", "POST /api/2/history/{kind}/{id}/{version}/restore/", p.restoreVersion)
	adminPage(t, "/admin/me/activity", p.showMyActivity)
	adminPage(t, "/admin/organizations/{id}/activity", p.showOwnerActivity)
	adminPage(t, "/admin/site/activity", p.showSiteActivity)
	p.adminBinRoutes(t)
}

// adminHistory are the versions of an object, the latest first.
type adminHistory struct {
	Lines []activityLine
	Pager pager
	// Total counts all versions.
	Total int
}

// adminVersion shows what bringing a version back would change.
type adminVersion struct {
	// Line is the version.
	Line activityLine
	// Changes go from the present values to those of the version, More counts
	// those that are not shown.
	Changes []fieldChange
	More    int
	// Restore is the form; it has no address when there is nothing to do.
	Restore formView
	// Back leads to all versions.
	Back string
}

// adminActivity is what happened to somebody's objects.
type adminActivity struct{ Activity activity }

// historyArgs name an object and a page of its versions: by its number, or by a
// version that is on it.
type historyArgs struct {
	Kind string `path:"kind"`
	ID   string `path:"id"`
	Page string `query:"page"`
	At   string `query:"at"`
}

// versionArgs name a version of an object.
type versionArgs struct {
	Kind    string `path:"kind"`
	ID      string `path:"id"`
	Version string `path:"version"`
}

// historyShown is how many versions a page shows.
const historyShown = 50

// historyPath is where the versions of an object are shown.
func historyPath(kind, id string) string {
	return "/admin/history/" + url.PathEscape(kind) + "/" + url.PathEscape(id)
}

// historyDraft begins a page about the versions of an object.
func (v *visit) historyDraft(name, path string, l *catalog.Line, data any) adminDraft {
	d := adminDraft{name: name, path: path, icon: "history", data: data, scope: scopeMe, title: v.say.T("admin-history.title")}
	if l == nil || l.Subject == nil {
		return d
	}
	s := l.Subject
	d.title, d.scope = v.say.T("common.title-part", "part", d.title, "title", s.Title), v.scopeOfOwner(s.Owner)
	d.kicker = "activity.kind-" + kindWord(s.Kind)
	if s.Kind == catalog.KindOrganization {
		d.scope = scopeOf(s.ID)
	}
	if s.DeletedAt.IsZero() && s.Kind != catalog.KindContact && s.Kind != catalog.KindCommunity && s.Kind != catalog.KindChart {
		d.public, d.preview = v.publicPage(s.Kind, s.Slug), s.Private
	}
	if edit := adminPathOf(s.Kind, s.ID); edit != "" && s.DeletedAt.IsZero() && v.p.showsAdmin(edit) {
		d.crumbs = []Link{{shortTitle(s.Title), v.path(edit)}}
		d.tabs = v.tabsOf(s.Kind, s.ID, tailHistory, nil)
	}
	if !s.DeletedAt.IsZero() {
		d.badges = []badge{{v.say.T("common.deleted"), "danger", "trash"}}
	}
	return d
}

// historyFrame begins the list of the versions of an object, below the head of the
// object itself: a dataset keeps its badges and the counts of its tabs.
func (v *visit) historyFrame(path string, l *catalog.Line, data any) (adminDraft, error) {
	d := v.historyDraft("history", path, l, data)
	if l == nil || l.Subject == nil || l.Subject.Kind != catalog.KindDataset || !l.Subject.DeletedAt.IsZero() {
		return d, nil
	}
	dataset, err := v.p.Catalog.Dataset(v.Context(), v.viewer, l.Subject.ID, catalog.Parts{})
	if err != nil {
		return d, err
	}
	planned, err := v.planned(dataset)
	if err != nil {
		return d, err
	}
	frame := v.datasetFrame(dataset, d.name, tailHistory, planned, data)
	frame.path = path
	return frame, nil
}

// adminPathOf is where an object is kept, "" when nowhere of its own.
func adminPathOf(kind, id string) string {
	bases := map[string]string{
		catalog.KindDataset: "/admin/datasets/", catalog.KindReuse: "/admin/reuses/", catalog.KindDataservice: "/admin/dataservices/",
		catalog.KindTopic: "/admin/topics/", catalog.KindPost: "/admin/posts/", catalog.KindChart: "/admin/charts/",
		catalog.KindCommunity: "/admin/community-resources/",
	}
	if kind == catalog.KindOrganization {
		return "/admin/organizations/" + url.PathEscape(id) + "/profile"
	}
	if bases[kind] == "" {
		return ""
	}
	return bases[kind] + url.PathEscape(id)
}

// restorable tells whether versions of a kind can be brought back.
func restorable(kind string) bool { return kind != catalog.KindCommunity }

func (p *Portal) showHistory(v *visit, in historyArgs) error {
	number := pageOf(in.Page)
	path := historyPath(in.Kind, in.ID)
	list := func() ([]catalog.Line, int, error) {
		return p.Catalog.Versions(v.Context(), v.viewer, in.Kind, in.ID, catalog.Page{Offset: (number - 1) * historyShown, Limit: historyShown})
	}
	lines, total, err := list()
	if err != nil {
		return err
	}
	if at, err := strconv.ParseInt(in.At, 10, 64); err == nil && in.Page == "" && len(lines) > 0 && at < lines[len(lines)-1].Version {
		// A link to a version that is further down.
		before, err := p.Catalog.VersionsAfter(v.Context(), v.viewer, in.Kind, in.ID, at)
		if err != nil {
			return err
		}
		if number = before/historyShown + 1; before < total {
			if lines, total, err = list(); err != nil {
				return err
			}
		}
	}
	content := adminHistory{Total: total, Pager: newPager(total, historyShown, number, func(page int) string {
		if page == 1 {
			return v.path(path)
		}
		return v.path(path) + "?page=" + strconv.Itoa(page)
	})}
	if content.Lines, err = v.versionLines(in.Kind, lines, number == 1); err != nil {
		return err
	}
	var first *catalog.Line
	if len(lines) > 0 {
		first = &lines[0]
	}
	if number == 1 && len(content.Lines) > 0 {
		content.Lines[0].Present, content.Lines[0].Restore = true, ""
	}
	d, err := v.historyFrame(path, first, content)
	if err != nil {
		return err
	}
	return v.showAdmin(d)
}

// restorableLines tell which versions bring something back; first tells that the
// first of them is the present one.
func (v *visit) restorableLines(kind string, lines []catalog.Line, all []versionFields, first bool) ([]bool, error) {
	if first || len(lines) == 0 {
		return restorableVersions(all, nil), nil
	}
	since, err := v.p.Catalog.Since(v.Context(), v.viewer, kind, lines[0].Object, lines[0].Version)
	if fault.Is(err, fault.Invalid) { // more changed since than is ever restored
		return make([]bool, len(all)), nil
	}
	return restorableVersions(all, since), err
}

// versionLines show versions of one object with their values; first tells that
// they begin with the present one.
func (v *visit) versionLines(kind string, lines []catalog.Line, first bool) ([]activityLine, error) {
	all := make([]versionFields, len(lines))
	for i := range lines {
		changed, err := lines[i].Fields()
		if err != nil {
			return nil, err
		}
		all[i] = changed
	}
	known, err := v.namesIn(all)
	if err != nil {
		return nil, err
	}
	changes, err := v.restorableLines(kind, lines, all, first)
	if err != nil {
		return nil, err
	}
	var shown []activityLine
	for i := range lines {
		l := &lines[i]
		line, err := v.activityLine(l)
		if err != nil {
			return nil, err
		}
		line.ID, line.Fields = "v"+strconv.FormatInt(l.Version, 10), nil
		line.Changes, line.More = v.fieldChanges(kind, all[i], known)
		if changes[i] && restorable(kind) && l.Subject != nil && l.Subject.DeletedAt.IsZero() {
			line.Restore = v.path(historyPath(kind, l.Object) + "/" + strconv.FormatInt(l.Version, 10))
		}
		shown = append(shown, line)
	}
	return shown, nil
}

// namesIn loads the names of what changes refer to, files included.
func (v *visit) namesIn(all []versionFields) (names, error) {
	known, err := v.namesOf(all...)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, changed := range all {
		for name := range changed {
			if rest, ok := strings.CutPrefix(name, "resource/"); ok {
				id, _, _ := strings.Cut(rest, "/")
				files = append(files, id)
			}
		}
	}
	titles, err := v.p.Catalog.FileTitles(v.Context(), bounded(files))
	for id, title := range titles {
		known["file "+id] = title
	}
	return known, err
}

// versionNumber reads the number of a version in an address.
func versionNumber(text string) (int64, error) {
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil || number < 1 {
		return 0, fault.New(fault.NotFound, "This object has no such version.")
	}
	return number, nil
}

func (p *Portal) showVersion(v *visit, in versionArgs) error {
	number, err := versionNumber(in.Version)
	if err != nil {
		return err
	}
	former, err := p.Catalog.Former(v.Context(), v.viewer, in.Kind, in.ID, number)
	if err != nil {
		return err
	}
	found, err := p.Catalog.Version(v.Context(), v.viewer, in.Kind, in.ID, number)
	if err != nil {
		return err
	}
	all := versionFields(former)
	known, err := v.namesIn([]versionFields{all})
	if err != nil {
		return err
	}
	path := historyPath(in.Kind, in.ID)
	content := adminVersion{Back: v.path(path)}
	if content.Line, err = v.activityLine(found); err != nil {
		return err
	}
	content.Changes, content.More = v.fieldChanges(in.Kind, all, known)
	if in.Kind == catalog.KindDataset {
		order, err := v.orderChange(in.ID, all)
		if err != nil {
			return err
		}
		if order != nil {
			content.Changes = append(content.Changes, *order)
		}
	}
	own := path + "/" + strconv.FormatInt(number, 10)
	if len(all) > 0 && restorable(in.Kind) && found.Subject.DeletedAt.IsZero() {
		content.Restore = v.form("restore", own).light().submit("admin-history.restore-submit", "history").cancel(path).view()
	}
	d := v.historyDraft("history-version", own, found, content)
	if found.Subject != nil {
		d.crumbs = append(d.crumbs, Link{v.say.T("admin-history.title"), v.path(path)})
		d.title = v.say.T("admin-history.version", "number", number, "title", found.Subject.Title)
	}
	return v.showAdmin(d)
}

func (p *Portal) restoreVersion(v *visit, in versionArgs, sent *posted) error {
	number, err := versionNumber(in.Version)
	if err != nil {
		return err
	}
	if _, err := p.restorer().RestoreVersion(sent.Context(), v.viewer, in.Kind, in.ID, number); err != nil {
		return sent.again(err, func() error { return p.showVersion(v, in) })
	}
	return sent.done(historyPath(in.Kind, in.ID), "admin-history.done-restored")
}

func (p *Portal) restorer() catalog.Restorer {
	return catalog.Restorer{Store: p.Catalog, Accounts: p.Accounts}
}

func (p *Portal) showMyActivity(v *visit, in fromArgs) error {
	return v.showAdminActivity(scopeMe, "/admin/me/activity", catalog.ActivityFilter{Person: v.viewer.UserID()}, in)
}

func (p *Portal) showOwnerActivity(v *visit, in activityArgs) error {
	id, err := v.ownOrganization(in.Key)
	if err != nil {
		return err
	}
	return v.showAdminActivity(scopeOf(id), "/admin/organizations/"+id+"/activity", catalog.ActivityFilter{Organization: id}, in.fromArgs)
}

// ownOrganization finds the organisation of a page for its members.
func (v *visit) ownOrganization(key string) (string, error) {
	found, err := v.p.Organizations.Resolve(v.Context(), key)
	if err != nil {
		return "", err
	}
	if !v.viewer.May(account.SeeInside, account.Owner{Organization: found.ID}, "") {
		return "", fault.New(fault.Forbidden, "Only members of the organization may see this page.")
	}
	return found.ID, nil
}

func (p *Portal) showSiteActivity(v *visit, in fromArgs) error {
	return v.showAdminActivity(scopeSite, "/admin/site/activity", catalog.ActivityFilter{}, in)
}

func (v *visit) showAdminActivity(of scope, path string, f catalog.ActivityFilter, in fromArgs) error {
	shown, err := v.activityOf(f, path, in.From, false)
	if err != nil {
		return err
	}
	return v.showAdmin(adminDraft{
		name: "history-activity", title: v.say.T("admin.menu-activity"), path: path, scope: of, icon: "history", data: adminActivity{shown},
		lead: v.say.T("admin-history.lead-" + of.kind),
	})
}
