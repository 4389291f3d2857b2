package portal

import (
	"slices"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/db"
)

// keptArgs are the arguments of a list of objects that people keep.
type keptArgs struct {
	listArgs
	State string `query:"state"`
}

// adminKept is a list of objects that people keep.
type adminKept struct{ List listing }

// stateMessages are the states by which lists are narrowed.
var stateMessages = map[string]string{
	catalog.KeptPublic: "admin-kept.state-public", catalog.KeptDraft: "admin-kept.state-draft", catalog.KeptArchived: "admin-kept.state-archived",
	catalog.KeptDeleted: "admin-kept.state-deleted", catalog.KeptUnavailable: "admin-kept.state-unavailable",
}

// showKept lists the objects of an owner, or of the whole site.
func (v *visit) showKept(k *keptSort, s scope, owner account.Owner, in keptArgs) error {
	path := "/admin/" + s.kind + "/" + k.base
	if s.kind == "organization" {
		path = organizationAdmin(s.id, "/"+k.base)
	}
	l := v.lister(path, in.listArgs, k.sorts, "state")
	states := catalog.KeptStatesOf(k.kind)
	state := ""
	if slices.Contains(states, in.State) {
		state = in.State
	}
	filter := catalog.KeptFilter{Owner: owner, Title: l.Query, State: state, Sort: l.Sort}
	ids, total, err := v.p.Catalog.Kept(v.Context(), v.viewer, k.kind, filter, catalog.Page{Offset: l.offset(), Limit: l.Size})
	if err != nil {
		return err
	}
	list := listing{ID: k.base, Caption: v.say.T(k.menu), Columns: k.columns(l), Total: total, Pager: l.pager(total), Sizes: l.sizes(total)}
	if list.Rows, err = k.rows(v, ids); err != nil {
		return err
	}
	list.Search = l.search("admin-kept.search")
	options := []option{{Label: v.say.T("admin-kept.state-all")}}
	for _, one := range states {
		options = append(options, option{Value: one, Label: v.say.T(stateMessages[one])})
	}
	if len(options) > 1 {
		list.Filters = []listFilter{l.filter("admin-kept.state", "state", options)}
	}
	draft := adminDraft{name: "kept", title: v.say.T(k.menu), path: path, scope: s, icon: k.icon}
	if !v.p.closed(v.viewer) {
		create := k.create
		if s.kind == "organization" {
			create += "?organization=" + s.id
		}
		draft.actions = []AdminAction{{Label: v.say.T(k.createLabel), URL: v.path(create), Icon: "plus", Tone: "primary"}}
	}
	list.Empty = emptyState{k.icon, v.say.T(k.empty), v.say.T(k.emptyText), draft.actions}
	if l.Query != "" || state != "" {
		list.Empty = emptyState{"search", v.say.T("admin-kept.none"), v.say.T("admin-kept.none-text"), []AdminAction{{Label: v.say.T("admin-kept.reset"), URL: v.path(path)}}}
	}
	draft.data = adminKept{list}
	return v.showAdmin(draft)
}

// momentOrNot is a cell with a moment, or an empty one.
func momentOrNot(at db.Time) listCell {
	if at.IsZero() {
		return textCell("–")
	}
	return momentCell(at.Time)
}
