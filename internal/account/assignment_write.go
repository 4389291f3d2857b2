package account

import (
	"context"
	"slices"

	"github.com/uptrace/bun"

	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/history"
)

// assignable are the tables of the objects that partial editors may be given.
var assignable = map[string]string{"dataset": "datasets", "reuse": "reuses", "dataservice": "dataservices"}

// mostAssignments bounds what one person is given in an organisation.
const mostAssignments = 1_000

// checkSubjects refuses what is not an object of the organisation.
func checkSubjects(ctx context.Context, read bun.IDB, organization string, subjects []Subject, path ...any) error {
	if len(subjects) > mostAssignments {
		return fault.At("At most 1,000 objects can be assigned to one person.", orWhole(path)...)
	}
	owned, err := ownedSubjects(ctx, read, organization, subjects)
	if err != nil {
		return err
	}
	var wrong fieldErrors
	for i, subject := range subjects {
		at := append(slices.Clone(path), i)
		switch {
		case assignable[subject.Kind] == "":
			wrong.add("Unknown class: expected Dataset, Dataservice or Reuse.", append(at, "class")...)
		case !owned[subject]:
			wrong.add("No such object in this organization.", append(at, "id")...)
		}
	}
	return wrong.collect()
}

// orWhole blames the body where no member is named.
func orWhole(path []any) []any {
	if len(path) == 0 {
		return []any{"assignments"}
	}
	return path
}

// ownedSubjects tells which objects belong to an organisation, in a query for
// each kind.
func ownedSubjects(ctx context.Context, read bun.IDB, organization string, subjects []Subject) (map[Subject]bool, error) {
	byKind := map[string][]string{}
	for _, subject := range subjects {
		byKind[subject.Kind] = append(byKind[subject.Kind], subject.ID)
	}
	owned := make(map[Subject]bool, len(subjects))
	for kind, table := range assignable {
		if len(byKind[kind]) == 0 {
			continue
		}
		var ids []string
		err := read.NewRaw("SELECT id FROM ? WHERE organization_id = ? AND id IN (?)", bun.Ident(table), organization, bun.List(byKind[kind])).Scan(ctx, &ids)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			owned[Subject{Kind: kind, ID: id}] = true
		}
	}
	return owned, nil
}

// SetAssignments says what a partial editor of an organisation may edit, in the
// place of what was said before. Its administrators may.
func (w *Writer) SetAssignments(ctx context.Context, v Viewer, organization, user string, subjects []Subject) error {
	return w.manage(ctx, v, organization, func(ctx context.Context, tx *event.Tx, o *Organization) error {
		member, err := memberOf(ctx, tx, organization, user)
		if err != nil {
			return err
		}
		if member.Role != RolePartialEditor {
			return fault.New(fault.Invalid, "Only partial editors have assignments: the other roles may edit everything.")
		}
		if err := checkSubjects(ctx, tx, organization, subjects); err != nil {
			return err
		}
		before, err := assignedTo(ctx, tx, organization, user)
		if err != nil {
			return err
		}
		gone := slices.DeleteFunc(slices.Clone(before), func(s Subject) bool { return slices.Contains(subjects, s) })
		if err := unassign(ctx, tx.Tx, organization, user, gone); err != nil {
			return err
		}
		if err := assign(ctx, tx.Tx, organization, user, subjects); err != nil {
			return err
		}
		after, err := assignedTo(ctx, tx, organization, user)
		if err != nil || slices.Equal(before, after) {
			return err
		}
		return saveOrganization(ctx, tx, v, o, o, history.Difference{"assignments": {
			map[string]any{"user": user, "objects": subjectIDs(before)}, map[string]any{"user": user, "objects": subjectIDs(after)},
		}})
	})
}

func subjectIDs(subjects []Subject) []string {
	ids := make([]string, len(subjects))
	for i, subject := range subjects {
		ids[i] = subject.ID
	}
	return ids
}

// assignedTo returns what a person may edit in an organisation.
func assignedTo(ctx context.Context, read bun.IDB, organization, user string) ([]Subject, error) {
	var subjects []Subject
	err := read.NewRaw("SELECT object_kind, object_id FROM assignments WHERE organization_id = ? AND user_id = ? ORDER BY object_id",
		organization, user).Scan(ctx, &subjects)
	return subjects, err
}

// assign gives a person objects of an organisation; those they have stay.
func assign(ctx context.Context, tx *db.Tx, organization, user string, subjects []Subject) error {
	now := db.Now()
	for _, subject := range subjects {
		_, err := tx.NewRaw(`INSERT INTO assignments (id, user_id, organization_id, object_kind, object_id, created_at)
			VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (user_id, object_id) DO NOTHING`,
			db.NewID(), user, organization, subject.Kind, subject.ID, now).Exec(ctx)
		if err != nil {
			return err
		}
	}
	return nil
}

func unassign(ctx context.Context, tx *db.Tx, organization, user string, subjects []Subject) error {
	if len(subjects) == 0 {
		return nil
	}
	_, err := tx.NewRaw("DELETE FROM assignments WHERE organization_id = ? AND user_id = ? AND object_id IN (?)",
		organization, user, bun.List(subjectIDs(subjects))).Exec(ctx)
	return err
}

// unassignAll takes all objects of an organisation from a person.
func unassignAll(ctx context.Context, tx *db.Tx, organization, user string) error {
	_, err := tx.NewRaw("DELETE FROM assignments WHERE organization_id = ? AND user_id = ?", organization, user).Exec(ctx)
	return err
}
