package catalog

// counter says how a stored counter of a table is counted from rows; x is the
// row of the table.
type counter struct{ column, query string }

const current = "f.until IS NULL"

// counters are the relations that every table counts. Views and downloads come
// from elsewhere and are not counted here. IS TRUE keeps SQLite from taking the
// index of all that is visible instead of the one of the relation.
var counters = map[string][]counter{
	"datasets": {
		{"reuses", "SELECT count(*) FROM reuse_datasets l JOIN reuses r ON r.id = l.reuse_id WHERE l.dataset_id = x.id AND r.visible IS TRUE"},
		{"dataservices", "SELECT count(*) FROM dataservice_datasets l JOIN dataservices s ON s.id = l.dataservice_id WHERE l.dataset_id = x.id AND s.visible IS TRUE"},
		{"followers", "SELECT count(*) FROM follows f WHERE f.object_id = x.id AND " + current},
		{"contacts", "SELECT count(*) FROM object_contacts c WHERE c.object_id = x.id"},
	},
	"reuses": {
		{"datasets", "SELECT count(*) FROM reuse_datasets l JOIN datasets d ON d.id = l.dataset_id WHERE l.reuse_id = x.id AND " + publicDataset},
		{"followers", "SELECT count(*) FROM follows f WHERE f.object_id = x.id AND " + current},
	},
	"dataservices": {
		{"datasets", "SELECT count(*) FROM dataservice_datasets l JOIN datasets d ON d.id = l.dataset_id WHERE l.dataservice_id = x.id AND " + publicDataset},
		{"reuses", "SELECT count(*) FROM reuse_dataservices l JOIN reuses r ON r.id = l.reuse_id WHERE l.dataservice_id = x.id AND r.visible IS TRUE"},
		{"followers", "SELECT count(*) FROM follows f WHERE f.object_id = x.id AND " + current},
	},
	"organizations": {
		{"datasets", "SELECT count(*) FROM datasets d WHERE d.organization_id = x.id AND d.visible IS TRUE"},
		{"reuses", "SELECT count(*) FROM reuses r WHERE r.organization_id = x.id AND r.visible IS TRUE"},
		{"dataservices", "SELECT count(*) FROM dataservices s WHERE s.organization_id = x.id AND s.visible IS TRUE"},
		{"members", "SELECT count(*) FROM members m WHERE m.organization_id = x.id"},
		{"followers", "SELECT count(*) FROM follows f WHERE f.object_id = x.id AND " + current},
	},
	"users": {
		{"datasets", "SELECT count(*) FROM datasets d WHERE d.owner_id = x.id AND d.visible IS TRUE"},
		{"reuses", "SELECT count(*) FROM reuses r WHERE r.owner_id = x.id AND r.visible IS TRUE"},
		{"dataservices", "SELECT count(*) FROM dataservices s WHERE s.owner_id = x.id AND s.visible IS TRUE"},
		{"following", "SELECT count(*) FROM follows f WHERE f.follower_id = x.id AND " + current},
		{"followers", "SELECT count(*) FROM follows f WHERE f.object_id = x.id AND " + current},
	},
}

var counterTables = map[string]string{
	KindDataset: "datasets", KindReuse: "reuses", KindDataservice: "dataservices", KindOrganization: "organizations", KindUser: "users",
}
