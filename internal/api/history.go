package api

import (
	"encoding/json"
	"net/http"
	"strconv"

	"grenier/internal/catalog"
	"grenier/internal/fault"
	"grenier/internal/web"
)

// Actor is who made a change: a person, also by a token, a harvest source, or
// the program itself.
type Actor struct {
	Kind string         `json:"kind"`
	ID   string         `json:"id"`
	User *UserReference `json:"user"`
}

// FieldChange is the value of a field before and after a change.
type FieldChange struct {
	Before json.RawMessage `json:"before"`
	After  json.RawMessage `json:"after"`
}

// Version is one version of an object: who made it, when, and what it changed.
// A creation changes nothing: its values are the object itself.
type Version struct {
	Actor      Actor                  `json:"actor"`
	Changes    []string               `json:"changes"`
	CreatedAt  Moment                 `json:"created_at"`
	Difference map[string]FieldChange `json:"difference"`
	Key        string                 `json:"key"`
	Version    int64                  `json:"version"`
}

// Restored names what was brought back.
type Restored struct {
	Class string  `json:"class"`
	ID    string  `json:"id"`
	Title string  `json:"title"`
	URI   string  `json:"uri"`
	Page  *string `json:"page"`
}

// Binned is a deleted object that can be brought back.
type Binned struct {
	Class        string                 `json:"class"`
	DeletedAt    Moment                 `json:"deleted_at"`
	DeletedBy    *UserReference         `json:"deleted_by"`
	ID           string                 `json:"id"`
	Kind         string                 `json:"kind"`
	Organization *OrganizationReference `json:"organization"`
	PurgedAt     Moment                 `json:"purged_at"`
	Title        string                 `json:"title"`
}

type binArgs struct {
	web.Paging
	Organization string `query:"organization" oid:"Organization arg must be an identifier" help:"The identifier of an organization"`
	Kind         string `query:"kind" enum:"dataset,reuse,dataservice,topic,post,community_resource,chart,organization" help:"The kind of object"`
}

// historyRoutes read versions, restore them, and list what was deleted.
func (a *API) historyRoutes() {
	tags := []string{"history"}
	web.Get[web.Page[Version]](a.v2, "/history/{kind}/{id}/", web.Doc{
		Summary: "List the versions of an object, for who may change it", Tags: tags, Auth: web.User,
		Description: "kind is dataset, reuse, dataservice, topic, organization, post, chart, contact_point or community_resource; id an identifier.",
	}, a.listVersions)
	web.Get[Version](a.v2, "/history/{kind}/{id}/{version}/", web.Doc{Summary: "Read a version of an object", Tags: tags, Auth: web.User}, a.getVersion)
	web.Post[Restored](a.v2, "/history/{kind}/{id}/{version}/restore/", web.Doc{
		Summary: "Give an object the values that it had in a former version", Tags: tags, Auth: web.User,
		Description: "What decides who sees the object and whom it belongs to stays as it is.",
	}, a.restoreVersion)
	web.Get[web.Page[Binned]](a.v2, "/bin/", web.Doc{
		Summary: "List what I and my organizations deleted and can bring back", Tags: tags, Auth: web.User,
	}, a.listBin)
	web.Post[Restored](a.v2, "/bin/{kind}/{id}/restore/", web.Doc{
		Summary: "Bring a deleted object back", Tags: tags, Auth: web.User,
		Description: "kind is dataset, reuse, dataservice, topic, post, community_resource, chart or organization; id an identifier.",
	}, a.restoreBinned)
}

func version(l *catalog.Line) (Version, error) {
	fields, err := l.Fields()
	if err != nil {
		return Version{}, err
	}
	changes, err := changedFields(l)
	if err != nil {
		return Version{}, err
	}
	shown := Version{
		Actor: Actor{Kind: l.ActorKind, ID: l.Actor, User: userReference(l.Who)}, Changes: changes, CreatedAt: moment(l.At),
		Difference: make(map[string]FieldChange, len(fields)), Key: l.Key(), Version: l.Version,
	}
	for name, values := range fields {
		shown.Difference[name] = FieldChange{Before: jsonOrNull(values[0]), After: jsonOrNull(values[1])}
	}
	return shown, nil
}

func jsonOrNull(value json.RawMessage) json.RawMessage {
	if len(value) == 0 {
		return json.RawMessage("null")
	}
	return value
}

func (a *API) listVersions(c *web.Call, q web.Paging) error {
	lines, total, err := a.Catalog.Versions(c.Context(), viewer(c), c.Param("kind"), c.Param("id"), window(q))
	if err != nil {
		return err
	}
	all := make([]Version, len(lines))
	for i := range lines {
		if all[i], err = version(&lines[i]); err != nil {
			return err
		}
	}
	return sendPage(c, q, all, total, "")
}

// versionOf reads the number of a version in the path.
func versionOf(c *web.Call) (int64, error) {
	number, err := strconv.ParseInt(c.Param("version"), 10, 64)
	if err != nil || number < 1 {
		return 0, fault.New(fault.NotFound, "This object has no such version.")
	}
	return number, nil
}

func (a *API) getVersion(c *web.Call, _ web.None) error {
	number, err := versionOf(c)
	if err != nil {
		return err
	}
	line, err := a.Catalog.Version(c.Context(), viewer(c), c.Param("kind"), c.Param("id"), number)
	if err != nil {
		return err
	}
	shown, err := version(line)
	if err != nil {
		return err
	}
	return send(c, http.StatusOK, shown)
}

func (a *API) restoreVersion(c *web.Call, _ web.None, _ web.None) error {
	number, err := versionOf(c)
	if err != nil {
		return err
	}
	kind, id := c.Param("kind"), c.Param("id")
	subject, err := a.restorer().RestoreVersion(c.Context(), viewer(c), kind, id, number)
	if err != nil {
		return err
	}
	return send(c, http.StatusOK, restored(subject))
}

func restored(s *catalog.Subject) Restored {
	return Restored{Class: className[s.Kind], ID: s.ID, Title: s.Title, URI: link(apiPath(s.Kind, s.ID)), Page: pageOf(s.Kind, s.Slug)}
}

func (a *API) listBin(c *web.Call, q binArgs) error {
	v := viewer(c)
	rows, total, err := a.Catalog.Bin(c.Context(), v, catalog.BinFilter{Organization: q.Organization, Kind: q.Kind}, window(q.Paging))
	if err != nil {
		return err
	}
	all := make([]Binned, len(rows))
	for i, row := range rows {
		all[i] = Binned{
			Class: className[row.Kind], DeletedAt: moment(row.DeletedAt), DeletedBy: userReference(row.By), ID: row.ID, Kind: row.Kind,
			Organization: organizationReference(v, row.Organization), PurgedAt: moment(row.PurgedAt), Title: row.Title,
		}
	}
	return sendPage(c, q.Paging, all, total, "")
}

func (a *API) restoreBinned(c *web.Call, _ web.None, _ web.None) error {
	subject, err := a.restorer().BringBack(c.Context(), viewer(c), c.Param("kind"), c.Param("id"))
	if err != nil {
		return err
	}
	return send(c, http.StatusOK, restored(subject))
}

func (a *API) restorer() catalog.Restorer {
	return catalog.Restorer{Store: a.Catalog, Accounts: a.Accounts}
}
