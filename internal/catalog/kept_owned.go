package catalog

import (
	"context"
	"slices"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/fault"
)

// keptKind is how those who keep objects of a kind list them: under which name,
// in which states and orders.
type keptKind struct {
	table, alias string
	// title is the column that is searched in, public the condition of what
	// everybody finds in lists.
	title, public string
	states        map[string]string
	sorts         map[string]string
}

// keptKinds are the kinds besides datasets, whose list knows more states.
var keptKinds = map[string]keptKind{
	KindReuse: {
		table: "reuses", alias: "ru", title: "ru.title_fold", public: publicReuse, sorts: reuseSorts,
		states: map[string]string{
			KeptPublic: publicReuse + " AND ru.archived_at IS NULL", KeptDraft: "ru.private = TRUE AND ru.deleted_at IS NULL",
			KeptArchived: "ru.archived_at IS NOT NULL AND ru.deleted_at IS NULL", KeptDeleted: "ru.deleted_at IS NOT NULL", "": "ru.deleted_at IS NULL",
		},
	},
	KindDataservice: {
		table: "dataservices", alias: "ds", title: "ds.title_fold", public: "ds.visible = TRUE", sorts: dataserviceSorts,
		states: map[string]string{
			KeptPublic: "ds.visible = TRUE", KeptDraft: "ds.private = TRUE AND ds.deleted_at IS NULL",
			KeptArchived: "ds.archived_at IS NOT NULL AND ds.deleted_at IS NULL", KeptDeleted: "ds.deleted_at IS NOT NULL", "": "ds.deleted_at IS NULL",
		},
	},
	KindTopic: {
		table: "topics", alias: "t", title: "t.name_fold", public: publicTopic, sorts: topicSorts,
		states: map[string]string{KeptPublic: publicTopic, KeptDraft: "t.private = TRUE", "": "TRUE"},
	},
	KindChart: {
		table: "charts", alias: "ch", title: "ch.title_fold", public: "ch.visible = TRUE", sorts: chartSorts,
		states: map[string]string{
			KeptPublic: "ch.visible = TRUE", KeptDraft: "ch.private = TRUE AND ch.deleted_at IS NULL", KeptDeleted: "ch.deleted_at IS NOT NULL",
			"": "ch.deleted_at IS NULL",
		},
	},
	KindCommunity: {
		table: "resources", alias: "r", title: "r.title_fold", public: "FALSE", sorts: communitySorts,
		states: map[string]string{"": "r.community = TRUE", KeptUnavailable: "r.community = TRUE AND r.available = FALSE"},
	},
	KindPost: {
		table: "posts", alias: "p", title: "p.name_fold", public: "p.published_at IS NOT NULL", sorts: postSorts,
		states: map[string]string{KeptPublic: "p.published_at IS NOT NULL", KeptDraft: "p.published_at IS NULL", "": "TRUE"},
	},
}

// KeptStatesOf are the states by which the objects of a kind are looked for, in
// the order in which people meet them.
func KeptStatesOf(kind string) []string {
	return slices.DeleteFunc(slices.Clone(KeptStates), func(state string) bool { return keptKinds[kind].states[state] == "" })
}

// Kept returns the identifiers of a page of the reuses, dataservices, topics,
// charts, community resources or posts of an owner, and their number: in any
// state to who may read what is hidden, else public ones alone. Posts have no
// owner to ask for. Sorts are those of the public list of the kind.
func (s *Store) Kept(ctx context.Context, v account.Viewer, kind string, f KeptFilter, p Page) ([]string, int, error) {
	k, known := keptKinds[kind]
	if !known {
		return nil, 0, fault.Newf(fault.Internal, "nobody lists %s by its owner", kind)
	}
	l := listing{table: k.table, alias: k.alias, order: db.OrderBy(f.Sort, "-created", k.sorts)}
	if kind != KindPost {
		l.equal("organization_id", f.Owner.Organization)
		l.equal("owner_id", f.Owner.User)
	}
	if !v.May(account.ReadHidden, f.Owner, "") {
		l.and(k.public)
	}
	state := k.states[f.State]
	if state == "" {
		state = k.states[""]
	}
	l.and(state)
	if f.Title != "" {
		l.and(k.title+" LIKE ? ESCAPE '!'", contains(f.Title))
	}
	return l.page(ctx, s.db, p)
}

// CommunityByIDs returns community resources in the order of their identifiers,
// with their owners and datasets. The identifiers are of a list that the viewer
// was shown.
func (s *Store) CommunityByIDs(ctx context.Context, v account.Viewer, ids []string) ([]Resource, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var rows []Resource
	if err := s.db.Read().NewSelect().Model(&rows).Where("id IN (?) AND community = TRUE", bun.List(ids)).Scan(ctx); err != nil {
		return nil, err
	}
	rows = inOrder(rows, ids, func(r *Resource) string { return r.ID })
	return rows, completeCommunity(ctx, s.db.Read(), v, rows)
}

// Titles returns the titles of those of the datasets, reuses or dataservices
// that the viewer may read, by identifier.
func (s *Store) Titles(ctx context.Context, v account.Viewer, kind string, ids []string) (map[string]string, error) {
	titles := make(map[string]string, len(ids))
	for _, class := range elementClasses {
		if class.kind != kind {
			continue
		}
		for batch := range slices.Chunk(ids, 500) {
			listed, args := v.Listed("x", class.public)
			var rows []struct{ ID, Title string }
			query := "SELECT x.id, x.title FROM " + class.far + " x WHERE x.id IN (?) AND " + listed
			if err := s.db.Read().NewRaw(query, append([]any{bun.List(batch)}, args...)...).Scan(ctx, &rows); err != nil {
				return nil, err
			}
			for _, row := range rows {
				titles[row.ID] = row.Title
			}
		}
	}
	return titles, nil
}
