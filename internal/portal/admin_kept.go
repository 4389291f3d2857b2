package portal

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/fault"
)

// keptObject is what the objects that people keep have in common.
type keptObject struct {
	ID, Slug, Title       string
	Version               int64
	Owner                 account.Owner
	Private, Featured     bool
	ArchivedAt, DeletedAt db.Time
}

// keptChange is a change of the state of an object; what is nil stays.
type keptChange struct {
	private, archived *bool
	revive            bool
}

// archivedOpt is the moment of an archive, or its end.
func (c keptChange) archivedOpt() catalog.Opt[time.Time] {
	if c.archived == nil {
		return catalog.Opt[time.Time]{}
	}
	if *c.archived {
		return catalog.Some(time.Now())
	}
	return catalog.Opt[time.Time]{Set: true, Null: true}
}

func (c keptChange) privateOpt() catalog.Opt[bool] {
	if c.private == nil {
		return catalog.Opt[bool]{}
	}
	return catalog.Some(*c.private)
}

func (c keptChange) deletedOpt() catalog.Opt[time.Time] {
	return catalog.Opt[time.Time]{Set: c.revive, Null: c.revive}
}

// keptSort is a kind of objects with pages to keep them on.
type keptSort struct {
	kind string
	// base is the part of the addresses: reuses. menu is the line of the side menu.
	// name is the message that says what one of them is.
	base, menu, icon, name string
	// update and remove are operations of the API, feature the path of the one that
	// shows an object first, empty when none does.
	update, remove, feature string
	// archives and restores tell that objects can be archived, and brought back
	// after they were deleted.
	archives, restores bool
	// class is what transfers call the kind, empty when they do not know it.
	class string
	// find resolves the key of an address, read loads for who may read.
	find func(context.Context, string) (*account.Resolved, error)
	read func(v *visit, id string) (*keptObject, error)
	// change and drop write; show draws the page of an object.
	change func(ctx context.Context, v *visit, id string, c keptChange) error
	drop   func(ctx context.Context, v *visit, id string, notice bool) error
	show   func(v *visit, id string) error
	// sorts are the orders of the list, the first that of no argument; columns and
	// rows fill it.
	sorts   []string
	columns func(l *lister) []listColumn
	rows    func(v *visit, ids []string) ([]listRow, error)
	// empty is what is said where there is nothing, create the path of a new one.
	empty, emptyText, create, createLabel string
}

// adminObjectArgs name an object of the administration.
type adminObjectArgs struct {
	ID string `path:"id"`
}

// keptLists declare the lists of a kind.
func (p *Portal) keptLists(t *table, k *keptSort) {
	adminPage(t, "/admin/me/"+k.base, func(v *visit, in keptArgs) error {
		return v.showKept(k, scopeMe, account.Owner{User: v.viewer.UserID()}, in)
	})
	adminPage(t, "/admin/organizations/{id}/"+k.base, func(v *visit, in keptArgs) error {
		o, err := v.inside(v.Param("id"), account.SeeInside)
		if err != nil {
			return err
		}
		return v.showKept(k, scopeOf(o.ID), account.Owner{Organization: o.ID}, in)
	})
	adminPage(t, "/admin/site/"+k.base, func(v *visit, in keptArgs) error { return v.showKept(k, scopeSite, account.Owner{}, in) })
}

// keptRoutes declare the lists of a kind and what changes the state of an object.
func (p *Portal) keptRoutes(t *table, k *keptSort) {
	p.keptLists(t, k)
	one := "/admin/" + k.base + "/{id}"
	state := func(tail, operation string, change func(ctx context.Context, v *visit, id string, sent *posted) (done string, err error)) {
		form(t, one+"/"+tail, operation, func(v *visit, in adminObjectArgs, sent *posted) error {
			list, err := v.listOf(k, in.ID, tail == "delete")
			if err != nil {
				return err
			}
			done, err := change(sent.Context(), v, in.ID, sent)
			if err != nil {
				return sent.again(err, func() error { return k.show(v, in.ID) })
			}
			if tail == "delete" {
				return sent.done(list, done)
			}
			return sent.done(k.path(in.ID), done)
		})
	}
	state("visibility", k.update, k.setPrivate)
	if k.archives {
		state("archive", k.update, k.setArchived)
	}
	if k.restores {
		state("restore", k.update, func(ctx context.Context, v *visit, id string, _ *posted) (string, error) {
			return "admin-kept.done-restored", k.change(ctx, v, id, keptChange{revive: true})
		})
	}
	state("delete", k.remove, k.delete)
	if k.feature != "" {
		state("feature", "POST "+k.feature, func(ctx context.Context, v *visit, id string, _ *posted) (string, error) {
			return "admin-kept.done-featured", v.p.Catalog.Feature(ctx, v.viewer, k.kind, id, true)
		})
		state("unfeature", "DELETE "+k.feature, func(ctx context.Context, v *visit, id string, _ *posted) (string, error) {
			return "admin-kept.done-unfeatured", v.p.Catalog.Feature(ctx, v.viewer, k.kind, id, false)
		})
	}
}

// path is that of the page of an object in the site's own language.
func (k *keptSort) path(id string) string { return "/admin/" + k.base + "/" + url.PathEscape(id) }

func (k *keptSort) setPrivate(ctx context.Context, v *visit, id string, sent *posted) (string, error) {
	private := sent.checked("private")
	done := "admin-kept.done-published"
	if private {
		done = "admin-kept.done-private"
	}
	return done, k.change(ctx, v, id, keptChange{private: &private})
}

func (k *keptSort) setArchived(ctx context.Context, v *visit, id string, sent *posted) (string, error) {
	archived := sent.checked("archived")
	done := "admin-kept.done-unarchived"
	if archived {
		done = "admin-kept.done-archived"
	}
	return done, k.change(ctx, v, id, keptChange{archived: &archived})
}

func (k *keptSort) delete(ctx context.Context, v *visit, id string, sent *posted) (string, error) {
	o, err := k.read(v, id)
	if err != nil {
		return "", err
	}
	if !sent.confirmed(o.Title) {
		return "", errTyped
	}
	return "admin-kept.done-deleted", k.drop(ctx, v, id, sent.checked("send_legal_notice"))
}

// errTyped refuses a deletion whose name was not typed.
var errTyped = fault.At("Type the name to confirm.", typedField)

// keptObject finds the object that an address names, for who may change it. done tells
// that the answer was given: the way to the address by its identifier.
func (v *visit) keptObject(k *keptSort, key, tail string) (id string, done bool, err error) {
	found, err := k.find(v.Context(), key)
	if err != nil {
		return "", false, err
	}
	if err := v.p.Catalog.Readable(v.Context(), v.viewer, k.kind, found.ID); err != nil {
		return "", false, v.orHandedOver(err, found.ID)
	}
	if found.ID != key && v.posted == nil {
		return "", true, v.Redirect(302, withQuery(v.path(k.path(found.ID)+tail), v.R.URL.RawQuery))
	}
	return found.ID, false, nil
}

// editable refuses who may not change an object that they may read.
func (v *visit) editable(o *keptObject) error {
	if !v.viewer.MayEdit(o.Owner, o.ID) {
		return v.orHandedOver(fault.New(fault.Forbidden, "You do not have the permission to modify that object."), o.ID)
	}
	return nil
}

// keptDraft begins a page of an object.
func (v *visit) keptDraft(k *keptSort, o *keptObject, name string, data any) adminDraft {
	d := adminDraft{
		name: name, title: o.Title, path: k.path(o.ID), scope: v.scopeOfOwner(o.Owner), kicker: k.name, icon: k.icon, badges: v.keptBadges(o),
		crumbs: []Link{v.keptList(k, o.Owner)}, data: data,
	}
	if !o.DeletedAt.IsZero() {
		b := v.button(k.path(o.ID)+"/restore", "admin-kept.restore", "refresh")
		b.Tone = "primary"
		d.buttons = append(d.buttons, b)
		d.notices = append(d.notices, Notice{"warning", "trash", v.say.T("admin-kept.deleted")})
		return d.failed(v)
	}
	if k.kind != catalog.KindChart {
		d.public, d.preview = v.publicPage(k.kind, o.Slug), o.Private
	}
	d.tabs = v.tabsOf(k.kind, o.ID, "", nil)
	d.actions, d.buttons = v.keptActions(k, o), v.keptButtons(k, o)
	return d.failed(v)
}

// failed tells why a button of the toolbar did nothing: no form shows that.
func (d adminDraft) failed(v *visit) adminDraft {
	if v.posted == nil || v.posted.failure == nil || v.posted.has(formField) {
		return d
	}
	why := v.refusal(v.posted.failure.SafeText())
	d.notices = append(d.notices, Notice{"danger", "error", why})
	return d
}

// keptList leads to the list that an object is in.
func (v *visit) keptList(k *keptSort, o account.Owner) Link {
	return Link{v.say.T(k.menu), v.path(v.keptListPath(k, o))}
}

// keptListPath is the path of that list in the site's own language.
func (v *visit) keptListPath(k *keptSort, o account.Owner) string {
	switch s := v.scopeOfOwner(o); s.kind {
	case "me":
		return "/admin/me/" + k.base
	case "organization":
		return organizationAdmin(s.id, "/"+k.base)
	}
	return "/admin/site/" + k.base
}

// listOf is the path of the list that an object will have been in, when wanted.
func (v *visit) listOf(k *keptSort, id string, wanted bool) (string, error) {
	if !wanted {
		return "", nil
	}
	o, err := k.read(v, id)
	if err != nil {
		return "", err
	}
	return v.keptListPath(k, o.Owner), nil
}

// keptActions lead to the pages about an object that others made.
func (v *visit) keptActions(k *keptSort, o *keptObject) []AdminAction {
	var actions []AdminAction
	const transfers = "/admin/transfers/new"
	if k.class != "" && v.p.showsAdmin(transfers) && v.viewer.May(account.AskTransfer, o.Owner, o.ID) {
		query := url.Values{"class": {k.class}, "id": {o.ID}}
		actions = append(actions, AdminAction{Label: v.say.T("admin-kept.transfer"), URL: v.path(transfers) + queryOf(query), Icon: "share"})
	}
	return actions
}

// keptButtons bring an object to the public, and before others.
func (v *visit) keptButtons(k *keptSort, o *keptObject) []button {
	var buttons []button
	if o.Private {
		b := v.button(k.path(o.ID)+"/visibility", "admin-kept.publish", "eye", "private", "false")
		b.Tone = "primary"
		buttons = append(buttons, b)
	}
	if !o.ArchivedAt.IsZero() {
		buttons = append(buttons, v.button(k.path(o.ID)+"/archive", "admin-kept.unarchive", "archive", "archived", "false"))
	}
	switch {
	case k.feature == "" || !v.viewer.Admin():
	case o.Featured:
		buttons = append(buttons, v.button(k.path(o.ID)+"/unfeature", "admin-kept.unfeature", "star"))
	default:
		buttons = append(buttons, v.button(k.path(o.ID)+"/feature", "admin-kept.feature", "star"))
	}
	return buttons
}

// keptDanger is what cannot be taken back easily.
func (v *visit) keptDanger(k *keptSort, o *keptObject) dangerZone {
	var zone dangerZone
	if !o.DeletedAt.IsZero() {
		return zone
	}
	if !o.Private {
		f := v.form("private", k.path(o.ID)+"/visibility").titled("admin-kept.hide", "admin-kept.hide-text").submit("admin-kept.hide", "lock").danger()
		zone.Forms = append(zone.Forms, f.version(o.Version).withHidden("private", "true").view())
	}
	if k.archives && o.ArchivedAt.IsZero() {
		f := v.form("archive", k.path(o.ID)+"/archive").titled("admin-kept.archive", "admin-kept.archive-text").submit("admin-kept.archive", "archive").danger()
		zone.Forms = append(zone.Forms, f.version(o.Version).withHidden("archived", "true").view())
	}
	f := v.form("delete", k.path(o.ID)+"/delete").titled("admin-kept.delete", "admin-kept.delete-text").submit("admin-kept.delete", "trash").typed(o.Title)
	if k.archives && v.viewer.Admin() && o.Owner.User != v.viewer.UserID() {
		f.check("send_legal_notice", "admin-kept.notice", false)
	}
	zone.Forms = append(zone.Forms, f.version(o.Version).view())
	return zone
}

// withHidden is hidden for a chain of calls.
func (f *formDraft) withHidden(name, value string) *formDraft {
	f.hidden(name, value)
	return f
}

// keptBadges tell the state of an object.
func (v *visit) keptBadges(o *keptObject) []badge {
	var badges []badge
	switch {
	case !o.DeletedAt.IsZero():
		badges = append(badges, badge{v.say.T("admin-kept.state-deleted"), "danger", "trash"})
	case !o.ArchivedAt.IsZero():
		badges = append(badges, badge{v.say.T("admin-kept.state-archived"), "warning", "archive"})
	}
	switch {
	case o.Private:
		badges = append(badges, badge{v.say.T("admin-kept.state-draft"), "warning", "lock"})
	case len(badges) == 0:
		badges = append(badges, badge{v.say.T("admin-kept.state-public"), "success", "eye"})
	}
	if o.Featured {
		badges = append(badges, badge{v.say.T("admin-kept.featured"), "info", "star"})
	}
	return badges
}

// chosenObjects are the objects of a picker by their titles: those that are
// stored, and those that were sent when the form is shown again.
func (v *visit) chosenObjects(kind, name string, ids []string) ([]option, error) {
	named := slices.Clone(ids)
	if v.posted != nil && v.posted.failure != nil {
		named = append(named, v.posted.ids(name)...)
	}
	if len(named) == 0 {
		return nil, nil
	}
	titles, err := v.p.Catalog.Titles(v.Context(), v.viewer, kind, named)
	if err != nil {
		return nil, err
	}
	options := make([]option, 0, len(named))
	for i, id := range named {
		title, known := titles[id]
		if !known || slices.Contains(named[:i], id) {
			continue
		}
		options = append(options, option{Value: id, Label: title})
	}
	return options, nil
}

// maxPasted bounds the pasted addresses of one form whose objects are looked up.
const maxPasted = 50

// identified are the objects that a picker names, by their identifiers: slugs out
// of pasted addresses are looked up.
func (v *visit) identified(sent *posted, kind, name string) ([]string, error) {
	find := map[string]func(context.Context, string) (*account.Resolved, error){
		catalog.KindDataset: v.p.Catalog.ResolveDataset, catalog.KindReuse: v.p.Catalog.ResolveReuse,
		catalog.KindDataservice: v.p.Catalog.ResolveDataservice,
	}[kind]
	ids := sent.ids(name)
	left := maxPasted
	for i, id := range ids {
		if db.IsID(id) || left == 0 {
			continue
		}
		left--
		found, err := find(v.Context(), id)
		if err == nil {
			err = v.p.Catalog.Readable(v.Context(), v.viewer, kind, found.ID)
		}
		switch {
		case err == nil:
			ids[i] = found.ID
		case !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Gone):
			return nil, err
		}
	}
	return ids, nil
}

// publisherField asks whom a new object is published for.
func (v *visit) publisherField(f *formDraft, wanted string) (scope, error) {
	publishers, err := v.publishers()
	if err != nil {
		return scopeMe, err
	}
	if len(publishers) == 0 {
		return scopeMe, fault.New(fault.Forbidden, "You may not publish here.")
	}
	chosen := publishers[0].Value
	for _, one := range publishers {
		if one.Value == wanted && wanted != "" {
			chosen = wanted
		}
	}
	if len(publishers) == 1 {
		f.hidden("organization", chosen)
	} else {
		f.radio("organization", "admin-kept.publisher", chosen, publishers)
	}
	if chosen == "" {
		return scopeMe, nil
	}
	return scopeOf(chosen), nil
}

// publisherOf reads whom a new object is for.
func publisherOf(sent *posted) catalog.Opt[string] {
	if organization := sent.text("organization"); organization != "" {
		return catalog.Some(strings.TrimSpace(organization))
	}
	return catalog.Opt[string]{}
}
