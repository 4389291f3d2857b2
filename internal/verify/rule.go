package verify

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// rule is a check in SQL: a condition that no row of a table may meet.
type rule struct {
	name     string
	severity Severity
	// table is examined as x; id is the column that names a case.
	table, id string
	// wrong is the condition of a wrong row.
	wrong string
	// text says what a wrong row is, mend what to do.
	text, mend string
	// set mends by changing the row, update by a statement for the cases,
	// remove by deleting the row; none of them when somebody must decide.
	set, update string
	remove      bool
	// changed is the kind of the objects, named by id, whose public face
	// changes by a fix, for the log; empty when nothing shows.
	changed string
}

// tables are the tables of the kinds that other rows name.
var tables = []struct{ kind, table string }{
	{"dataset", "datasets"}, {"resource", "resources"}, {"community_resource", "resources"}, {"reuse", "reuses"},
	{"dataservice", "dataservices"}, {"topic", "topics"}, {"post", "posts"}, {"organization", "organizations"}, {"user", "users"},
	{"contact_point", "contact_points"}, {"chart", "charts"}, {"topic_element", "topic_elements"}, {"license", "licenses"}, {"site", "sites"},
}

// binned are the kinds whose deleted objects the bin holds whole.
var binned = map[string]bool{"topic": true, "post": true, "community_resource": true}

// dangling is the condition of a row that names, by kind and identifier, an
// object that is neither there nor in the bin.
func dangling(kind, id string) string {
	conditions := make([]string, 0, len(tables)+1)
	known := make([]string, len(tables))
	for i, t := range tables {
		known[i] = "'" + t.kind + "'"
		condition := fmt.Sprintf("x.%s = '%s' AND NOT EXISTS (SELECT 1 FROM %s o WHERE o.id = x.%s)", kind, t.kind, t.table, id)
		if binned[t.kind] {
			condition += fmt.Sprintf(" AND NOT EXISTS (SELECT 1 FROM bin o WHERE o.id = x.%s)", id)
		}
		conditions = append(conditions, condition)
	}
	conditions = append(conditions, fmt.Sprintf("x.%s NOT IN (%s)", kind, strings.Join(known, ", ")))
	return strings.Join(conditions, " OR ")
}

// absent is the condition of a row that names no row of a table.
func absent(column, table string) string {
	return fmt.Sprintf("x.%s IS NOT NULL AND NOT EXISTS (SELECT 1 FROM %s o WHERE o.id = x.%s)", column, table, column)
}

// rules are the conditions that the schema does not hold.
func rules() []rule {
	return slices.Concat(references(), links(), derived(), order(), logged())
}

// references are rows that hang on an object by kind and identifier.
func references() []rule {
	var list []rule
	for _, of := range []struct{ table, text string }{
		{"tags", "tags of objects that are gone"}, {"badges", "badges of objects that are gone"},
		{"object_zones", "zones of objects that are gone"}, {"extras", "extras of objects that are gone"},
		{"harvests", "origins of objects that are gone"}, {"coverages", "shapes of objects that are gone"},
		{"given", "imported values of objects that are gone"}, {"slugs", "former addresses of objects that are gone"},
	} {
		list = append(list, rule{
			name: of.table, severity: Fault, table: of.table, id: "object_id", wrong: dangling("kind", "object_id"),
			text: of.text, mend: "removes them", remove: true,
		})
	}
	for _, of := range []struct{ table, text string }{
		{"follows", "follows of objects that are gone"}, {"assignments", "assignments of objects that are gone"},
	} {
		list = append(list, rule{
			name: of.table, severity: Fault, table: of.table, id: "object_id", wrong: dangling("object_kind", "object_id"),
			text: of.text, mend: "removes them", remove: true,
		})
	}
	return append(list,
		rule{
			name: "former names", severity: Fault, table: "former_names", id: "object_id", wrong: absent("object_id", "organizations"),
			text: "former names of organizations that are gone", mend: "removes them", remove: true,
		},
		rule{
			name: "contacts", severity: Fault, table: "object_contacts", id: "object_id",
			wrong: "NOT EXISTS (SELECT 1 FROM datasets o WHERE o.id = x.object_id) AND NOT EXISTS (SELECT 1 FROM dataservices o WHERE o.id = x.object_id)",
			text:  "contact points of objects that are gone", mend: "removes them", remove: true,
		},
		rule{
			name: "resources", severity: Fault, table: "resources", id: "id", wrong: "x.community = FALSE AND x.dataset_id IS NULL",
			text: "resources without a dataset", mend: "removes them", remove: true,
		},
	)
}

// links may name objects that come later, with another input.
func links() []rule {
	link := func(table, id, column, target string) rule {
		return rule{
			name: strings.ReplaceAll(table, "_", " "), severity: Note, table: table, id: id, wrong: absent(column, target),
			text: "links from " + table + " to " + target + " that are not here", mend: "import what they name, or leave them until it comes",
		}
	}
	elements := link("topic_elements", "topic_id", "element_id", "objects")
	elements.wrong = "x.element_id IS NOT NULL AND x.element_kind IS NOT NULL AND (" + dangling("element_kind", "element_id") + ")"
	return []rule{
		link("reuse_datasets", "reuse_id", "dataset_id", "datasets"), link("reuse_dataservices", "reuse_id", "dataservice_id", "dataservices"),
		link("dataservice_datasets", "dataservice_id", "dataset_id", "datasets"), link("post_datasets", "post_id", "dataset_id", "datasets"),
		link("post_reuses", "post_id", "reuse_id", "reuses"), elements,
	}
}

const (
	rowsOf = "(SELECT count(*) FROM resources r WHERE r.dataset_id = x.id AND r.community = FALSE)"
	mainOf = "(SELECT count(*) FROM resources r WHERE r.dataset_id = x.id AND r.community = FALSE AND r.type = 'main')"
)

// derived are columns that follow from others.
func derived() []rule {
	visible := func(table, kind, condition string) rule {
		return rule{
			name: "visibility of " + table, severity: Fault, table: table, id: "id", wrong: "x.visible <> (" + condition + ")",
			text: table + " whose visibility is not what their state says", mend: "sets it", set: "visible = (" + condition + ")",
			changed: kind,
		}
	}
	counted := func(name, column, count string) rule {
		return rule{
			name: "number of " + name, severity: Fault, table: "datasets", id: "id", wrong: "x." + column + " <> " + count,
			text: "datasets whose number of " + name + " is not that of their rows", mend: "counts them", set: column + " = " + count,
			changed: "dataset",
		}
	}
	contacts := "(SELECT count(*) FROM object_contacts c WHERE c.object_id = x.id)"
	return []rule{
		visible("datasets", "dataset", "x.private = FALSE AND x.deleted_at IS NULL AND x.archived_at IS NULL"),
		visible("reuses", "reuse", "x.private = FALSE AND x.deleted_at IS NULL AND x.datasets > 0"),
		visible("dataservices", "dataservice", "x.private = FALSE AND x.deleted_at IS NULL AND x.archived_at IS NULL"),
		counted("resources", "resources", rowsOf), counted("main resources", "main_resources", mainOf), counted("contact points", "contacts", contacts),
	}
}

// order are positions that must not be shared, and addresses that must lead to
// one object.
func order() []rule {
	list := []rule{{
		name: "ranks", severity: Fault, table: "resources", id: "dataset_id",
		wrong: "x.community = FALSE AND EXISTS (SELECT 1 FROM resources o WHERE o.dataset_id = x.dataset_id AND o.community = FALSE AND o.rank = x.rank AND o.id < x.id)",
		text:  "resources that share their place in a dataset", mend: "orders them anew",
		update: `UPDATE resources AS x SET rank = o.place * 1048576 FROM (
			SELECT id, row_number() OVER (PARTITION BY dataset_id ORDER BY rank, id) - 1 AS place
			FROM resources WHERE dataset_id IN (?) AND community = FALSE) AS o WHERE x.id = o.id`,
		changed: "dataset",
	}}
	for _, t := range tables {
		switch t.kind {
		case "dataset", "reuse", "dataservice", "topic", "post", "organization", "user":
			list = append(list, rule{
				name: "former addresses of " + t.table, severity: Fault, table: "slugs", id: "slug",
				wrong: fmt.Sprintf("x.kind = '%s' AND EXISTS (SELECT 1 FROM %s o WHERE o.slug = x.slug)", t.kind, t.table),
				text:  "former addresses of " + t.table + " that another one has now", mend: "removes them", remove: true,
			})
		}
	}
	return list
}

// logged are objects whose present version the log never told.
func logged() []rule {
	var list []rule
	for _, t := range tables {
		switch t.kind {
		case "dataset", "reuse", "dataservice", "topic", "post", "organization":
			list = append(list, rule{
				name: "log of " + t.table, severity: Fault, table: t.table, id: "id",
				wrong: "NOT EXISTS (SELECT 1 FROM events e WHERE e.object = x.id AND e.version >= x.version)",
				text:  t.table + " whose last change the log does not know", mend: "tells the log", set: "version = x.version",
				changed: t.kind,
			})
		}
	}
	return list
}

func (r rule) check() check {
	c := check{name: r.name, run: r.run}
	if r.remove || r.set != "" || r.update != "" {
		c.fix = r.fix
	}
	return c
}

func (r rule) run(ctx context.Context, deps Deps) (*Finding, error) {
	var count int
	var cases []string
	from := " FROM " + r.table + " AS x WHERE (" + r.wrong + ")"
	if err := deps.DB.Read().NewRaw("SELECT count(*)"+from).Scan(ctx, &count); err != nil || count == 0 {
		return nil, err
	}
	err := deps.DB.Read().NewRaw("SELECT DISTINCT x."+r.id+from+" AND x."+r.id+" IS NOT NULL ORDER BY 1 LIMIT ?", examples).Scan(ctx, &cases)
	if err != nil {
		return nil, err
	}
	return found(r.severity, r.text, r.mend, cases, count), nil
}
