package portal

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/history"
	"grenier/internal/text"
	"grenier/internal/web"
)

// activityContents are the types of Page.Data by the names of the pages here.
var activityContents = map[string]any{
	"dataset-activity": datasetActivity{}, "organization-activity": organizationActivity{}, "user-activity": userActivity{},
}

// tabActivity is the last part of the addresses of the activity of an object.
const tabActivity = "activity"

// activityRoutes declare the pages that tell what happened to an object, or what
// somebody did.
func (p *Portal) activityRoutes(t *table) {
	page(t, "/datasets/{dataset}/"+tabActivity, p.showDatasetActivity)
	page(t, "/organizations/{id}/"+tabActivity, p.showOrganizationActivity)
	page(t, "/users/{id}/"+tabActivity, p.showUserActivity)
}

// datasetActivity tells what happened to a dataset.
type datasetActivity struct {
	Dataset  datasetHead
	Activity activity
}

// organizationActivity tells what happened to what an organisation publishes.
type organizationActivity struct {
	Head     organizationHead
	Activity activity
}

// userActivity tells what somebody published and changed.
type userActivity struct {
	// Name and Picture are the person's, URL leads to their page.
	Name, Picture, URL string
	Activity           activity
}

// activity are lines of what happened, the latest first: the part "activity"
// draws them.
type activity struct {
	Lines []activityLine
	// First leads back to the latest lines, More to earlier ones; both may be
	// empty.
	First, More string
}

// activityLine is one change in words.
type activityLine struct {
	// ID is unique in the page.
	ID string
	// Words say who did what.
	Words []activityWord
	At    time.Time
	// Picture is that of the person, Icon what stands for the program's own work.
	Picture, Icon string
	// Kind, Title and URL name what was changed; empty on its own page. Lang is
	// the language of the title when it may differ from the page's.
	Kind, Title, URL, Lang string
	// Fields name what changed.
	Fields []string
	// Details leads to what was there before; empty for those who may not know.
	Details string
	// Changes are the values before and after, where they are shown.
	Changes []fieldChange
	// More counts further changes that are not shown.
	More int
	// Restore leads to the page that brings this version back; empty for none.
	Restore string
	// Present tells that this is how the object is now.
	Present bool
}

// activityWord is a piece of a sentence; URL leads to whom it names.
type activityWord struct{ Text, URL string }

// fromArgs say from where on the activity is read.
type fromArgs struct {
	From string `query:"from"`
}

// datasetActivityArgs are the arguments of the activity of a dataset.
type datasetActivityArgs struct {
	fromArgs
	Dataset string `path:"dataset"`
}

// activityArgs are the arguments of the activity of others.
type activityArgs struct {
	fromArgs
	Key string `path:"id"`
}

// activityShown is how many lines a page of activity has.
const activityShown = 50

// activityKinds are the kinds whose changes these pages tell.
var activityKinds = []string{catalog.KindDataset, catalog.KindReuse, catalog.KindDataservice, catalog.KindOrganization, catalog.KindTopic}

// placeOf reads where a page of activity begins; nil is the latest.
func placeOf(from string) *history.Position {
	parts := strings.Split(from, "_")
	if len(parts) != 3 || len(from) > 100 {
		return nil
	}
	at, err := strconv.ParseInt(parts[0], 10, 64)
	version, wrong := strconv.ParseInt(parts[2], 10, 64)
	if err != nil || wrong != nil || at <= 0 {
		return nil
	}
	return &history.Position{At: db.TimeOf(time.UnixMicro(at)), Object: parts[1], Version: version}
}

// placeText is a place as addresses name it.
func placeText(p *history.Position) string {
	return fmt.Sprintf("%d_%s_%d", p.At.UnixMicro(), p.Object, p.Version)
}

// activityOf reads a page of activity. own tells that all lines are of one
// object, which the page is about.
func (v *visit) activityOf(f catalog.ActivityFilter, path, from string, own bool) (activity, error) {
	place := placeOf(from)
	lines, next, err := v.p.Catalog.Recent(v.Context(), v.viewer, f, place, activityShown)
	if err != nil {
		return activity{}, err
	}
	var shown activity
	for i := range lines {
		l := &lines[i]
		v.madeFrom(l.ObjectKind, l.Object, account.Owner{User: l.Person})
		line, err := v.activityLine(l)
		if err != nil {
			return activity{}, err
		}
		if !own {
			v.nameSubject(&line, l)
		}
		if l.Subject.Editable(v.viewer) {
			line.Details = v.path(historyPath(l.ObjectKind, l.Object)) + "?at=" + strconv.FormatInt(l.Version, 10) + "#v" + strconv.FormatInt(l.Version, 10)
		}
		shown.Lines = append(shown.Lines, line)
	}
	if place != nil {
		shown.First = v.path(path)
	}
	if next != nil {
		shown.More = v.path(path) + "?from=" + url.QueryEscape(placeText(next))
	}
	return shown, nil
}

// nameSubject says what a line is about.
func (v *visit) nameSubject(line *activityLine, l *catalog.Line) {
	line.Title, line.Lang, line.Kind = l.Subject.Title, v.contentLang(), v.say.T("activity.kind-"+kindWord(l.ObjectKind))
	if slices.Contains(activityKinds, l.ObjectKind) {
		line.URL = v.publicPage(l.ObjectKind, l.Subject.Slug)
	}
}

// activityKeys are what a page of the activity of many objects is made of.
func activityKeys(keys ...web.Key) []web.Key { return append(cardKinds(activityKinds...), keys...) }

// activityDraft completes the draft of a page of activity. Older pages are for
// those who go through them.
func activityDraft(d draft, from string) draft {
	if placeOf(from) != nil {
		d.noIndex, d.args = true, url.Values{"from": {from}}
	}
	return d
}

func (p *Portal) showDatasetActivity(v *visit, in datasetActivityArgs) error {
	d, done, err := v.dataset(in.Dataset, "/"+tabActivity)
	if done || err != nil {
		return err
	}
	head, err := v.head(d, tabActivity)
	if err != nil {
		return err
	}
	shown, err := v.activityOf(catalog.ActivityFilter{Object: d.ID}, datasetPath(d, tabActivity), in.From, true)
	if err != nil {
		return err
	}
	label := v.say.T("activity.title")
	return v.show(activityDraft(draft{
		name: "dataset-activity", title: v.say.T("common.title-part", "part", label, "title", d.Title), path: datasetPath(d, tabActivity),
		description: v.say.T("activity.lead-dataset", "title", d.Title), noIndex: d.Private || !d.DeletedAt.IsZero(), image: v.sharePicture("datasets", d.ID),
		crumbs: v.trail("nav.datasets", "/datasets", Link{shortTitle(d.Title), v.path(datasetPath(d, tabFiles))}, Link{Label: label}),
		data:   datasetActivity{head, shown}, keys: append(ownerKeys(d.OwnedBy()), web.Object(catalog.KindDataset, d.ID)),
		siblings: []Sibling{v.activityDocument("related_to", d.ID)},
	}, in.From))
}

// activityDocument is the activity for programs.
func (v *visit) activityDocument(argument, id string) Sibling {
	return Sibling{"application/json", v.say.T("common.as-json"), "/api/1/activity/?" + argument + "=" + url.QueryEscape(id)}
}

func (p *Portal) showOrganizationActivity(v *visit, in activityArgs) error {
	o, done, err := v.organization(in.Key, "/"+tabActivity)
	if done || err != nil {
		return err
	}
	path := organizationPath(o, tabActivity)
	shown, err := v.activityOf(catalog.ActivityFilter{Organization: o.ID}, path, in.From, false)
	if err != nil {
		return err
	}
	d := v.organizationDraft(o, "organization-activity", "")
	label := v.say.T("activity.title")
	d.title, d.path = v.say.T("common.title-part", "part", label, "title", o.Name), path
	d.crumbs = v.trail("nav.organizations", "/organizations", Link{shortTitle(o.Name), v.path(organizationPath(o, ""))}, Link{Label: label})
	d.siblings = []Sibling{v.activityDocument("organization", o.ID)}
	d.data = organizationActivity{v.organizationHead(o, tabActivity), shown}
	d.keys = activityKeys(d.keys...)
	return v.show(activityDraft(d, in.From))
}

func (p *Portal) showUserActivity(v *visit, in activityArgs) error {
	u, err := p.People.Get(v.Context(), v.viewer, in.Key)
	if err != nil {
		return err
	}
	home := "/users/" + url.PathEscape(u.Slug)
	if in.Key != u.ID && in.Key != u.Slug {
		return v.to(308, home+"/"+tabActivity)
	}
	shown, err := v.activityOf(catalog.ActivityFilter{Person: u.ID}, home+"/"+tabActivity, in.From, false)
	if err != nil {
		return err
	}
	label := v.say.T("activity.title")
	return v.show(activityDraft(draft{
		name: "user-activity", title: v.say.T("common.title-part", "part", label, "title", u.FullName()), path: home + "/" + tabActivity, noIndex: true,
		description: text.Excerpt(deref(u.About), summaryLength),
		crumbs:      []Link{{v.say.T("site.home"), v.path("/")}, {shortTitle(u.FullName()), v.path(home)}, {Label: label}},
		data:        userActivity{u.FullName(), picturePath("users", u.ID, "200"), v.path(home), shown},
		keys:        activityKeys(web.Object(catalog.KindUser, u.ID)), siblings: []Sibling{v.activityDocument("user", u.ID)},
	}, in.From))
}
