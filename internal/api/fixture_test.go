package api_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"grenier/internal/account"
	"grenier/internal/api/apitest"
	"grenier/internal/catalog"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/text"
)

// portal is a small catalogue with an object of every kind in every state,
// served over HTTP.
type portal struct {
	*apitest.Server
	t *testing.T

	adminToken, adaToken, eveToken string
	admin, ada, eve                string
	town                           string
	ids                            map[string]string
}

// made is when the n-th object of the portal was made.
func made(n int) db.Time {
	return db.TimeOf(time.Date(2024, 1, 1, 8, 0, 0, 0, time.UTC).AddDate(0, 0, n))
}

func pointer[T any](value T) *T { return &value }

func newPortal(t *testing.T, d *db.DB) *portal {
	t.Helper()
	return newPortalOn(t, apitest.New(t, d))
}

// newPortalOn fills the catalogue of a server.
func newPortalOn(t *testing.T, s *apitest.Server) *portal {
	t.Helper()
	p := &portal{Server: s, t: t, ids: map[string]string{}}
	p.admin, p.adminToken = p.User("root@example.org", true)
	p.ada, p.adaToken = p.User("ada@example.org", false)
	p.eve, p.eveToken = p.User("eve@example.org", false)
	p.town = p.Organization("Ville de Valmont",
		account.NewMember{UserID: p.ada, Role: account.RoleAdmin}, account.NewMember{UserID: p.admin, Role: account.RolePartialEditor})
	p.ids["town"], p.ids["ada"], p.ids["eve"], p.ids["admin"] = p.town, p.ada, p.eve, p.admin
	p.fillOrganization()
	p.fillDatasets()
	p.fillReuses()
	p.fillDataservices()
	p.fillTopics()
	p.fillPosts()
	p.fillCharts()
	p.fillRequests()
	p.Index()
	return p
}

// put inserts a row and tells the log of it.
func (p *portal) put(kind, name, id string, visible bool, models ...any) {
	p.t.Helper()
	p.ids[name] = id
	err := p.Log.Write(context.Background(), db.People, func(ctx context.Context, tx *event.Tx) error {
		for _, model := range models {
			if _, err := tx.NewInsert().Model(model).Exec(ctx); err != nil {
				return fmt.Errorf("%T: %w", model, err)
			}
		}
		tx.Emit(event.Event{
			At: db.Now(), Kind: kind + ".created", ObjectKind: kind, Object: id, ActorKind: "system", Actor: "test", Version: 1, SeenAfter: visible,
		})
		return nil
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *portal) exec(query string, args ...any) {
	p.t.Helper()
	err := p.DB.Write(context.Background(), db.People, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewRaw(query, args...).Exec(ctx)
		return err
	})
	if err != nil {
		p.t.Fatalf("%s: %v", query, err)
	}
}

func (p *portal) fillOrganization() {
	p.exec(`UPDATE organizations SET acronym = 'VDV', followers = 3, datasets = 2, business_number_id = '21990010100018',
		created_at = ?, modified_at = ?, extras = '{"k":1}', by_months = '{"datasets_by_months":{"2024-01":1}}',
		presentation_blocs = '[{"id":"b1","class":"MarkdownBloc","title":"About","content":"Hello"}]' WHERE id = ?`, made(1), made(2), p.town)
	p.exec("INSERT INTO badges (object_id, badge, kind, created_at, created_by, position) VALUES (?, 'public-service', 'organization', NULL, NULL, 0)", p.town)
	p.exec("INSERT INTO slugs (kind, slug, object_id, at) VALUES ('organization', 'former-town', ?, 0)", p.town)
	gone := p.Organization("Gone Office")
	p.ids["gone"] = gone
	p.exec("UPDATE organizations SET deleted_at = 1 WHERE id = ?", gone)
	point := &catalog.ContactPoint{
		ID: db.NewID(), Version: 1, Name: "Service mobilités", Email: pointer("mobility@example.org"), Role: "contact", CreatedAt: made(3),
	}
	point.OrganizationID = &p.town
	mine := &catalog.ContactPoint{ID: db.NewID(), Version: 1, Name: "Eve", Role: "creator", CreatedAt: made(4)}
	mine.OwnerID = &p.eve
	p.put(catalog.KindContact, "contact", point.ID, true, point)
	p.put(catalog.KindContact, "contact of eve", mine.ID, true, mine)
	for i, f := range []struct{ kind, object string }{{"organization", p.town}, {"user", p.ada}} {
		p.put("follow", f.kind+" follow", db.NewID(), false, &catalog.Follow{
			ID: db.NewID(), ObjectKind: f.kind, ObjectID: f.object, FollowerID: p.eve, Since: made(i),
		})
	}
}

// fillRequests lets the town invite eve, offer her a dataset, and be asked by
// the administrator of the platform.
func (p *portal) fillRequests() {
	for at, who := range []struct{ kind, user string }{{account.InvitationKind, p.eve}, {account.RequestKind, p.admin}} {
		p.exec(`INSERT INTO membership_requests (id, organization_id, user_id, kind, status, role, comment, created_at)
			VALUES (?, ?, ?, ?, 'pending', 'admin', 'Hello', ?)`, db.NewUUID(), p.town, who.user, who.kind, at)
	}
	p.ids["transfer"] = db.NewID()
	p.exec(`INSERT INTO transfers (id, object_kind, object_id, owner_kind, owner_id, recipient_kind, recipient_id, user_id, comment, status, created_at)
		VALUES (?, 'dataset', ?, 'organization', ?, 'user', ?, ?, 'Take it', 'pending', 1)`, p.ids["transfer"], p.ids["open"], p.town, p.eve, p.ada)
}

func (p *portal) dataset(n int, slug string, change func(*catalog.Dataset)) string {
	d := &catalog.Dataset{
		ID: db.NewID(), Version: 1, Slug: slug, Title: "Jeu " + slug, CreatedInternal: made(n), ModifiedInternal: made(n), CreatedAt: made(n),
		ModifiedAt: made(n), LastUpdate: made(n), AccessType: "open", Description: "Passages horaires.",
	}
	if change != nil {
		change(d)
	}
	d.TitleFold = text.Fold(d.Title)
	d.Visible = !d.Private && d.DeletedAt.IsZero() && d.ArchivedAt.IsZero()
	p.put(catalog.KindDataset, slug, d.ID, d.Visible, d)
	return d.ID
}

func (p *portal) fillDatasets() {
	open := p.dataset(10, "open", func(d *catalog.Dataset) {
		d.OrganizationID, d.ResourceCount, d.MainResources, d.Featured, d.HasSpatial = &p.town, 1, 1, true, true
	})
	p.dataset(11, "mine", func(d *catalog.Dataset) { d.OwnerID = &p.eve })
	p.dataset(12, "secret", func(d *catalog.Dataset) { d.OrganizationID, d.Private = &p.town, true })
	p.dataset(13, "archived", func(d *catalog.Dataset) { d.OrganizationID, d.ArchivedAt = &p.town, made(14) })
	p.dataset(14, "deleted", func(d *catalog.Dataset) { d.OrganizationID, d.DeletedAt = &p.town, made(15) })
	resource := &catalog.Resource{
		ID: db.NewUUID(), Version: 1, DatasetID: &open, Title: "2024.csv", TitleFold: "2024.csv", Filetype: "remote", Type: "main",
		URL: "https://example.org/2024.csv", CreatedInternal: made(10), ModifiedInternal: made(10),
	}
	added := &catalog.Resource{
		ID: db.NewUUID(), Version: 1, DatasetID: &open, Community: true, Title: "Graph", TitleFold: "graph", Filetype: "remote", Type: "main",
		URL: "https://example.org/graph", CreatedInternal: made(10), ModifiedInternal: made(10),
	}
	added.OwnerID = &p.eve
	p.put(catalog.KindResource, "resource", resource.ID, true, resource, added)
	p.exec("INSERT INTO object_zones (object_id, zone, kind, position) VALUES (?, 'country:fr', 'dataset', 0)", open)
	for i, tag := range []string{"mobilite", "mobilite-douce"} {
		p.exec("INSERT INTO tags (object_id, tag, kind, position) VALUES (?, ?, 'dataset', ?)", open, tag, i)
	}
	p.exec(`INSERT INTO uploads (id, user_id, client_id, target, filename, parts, state, created_at, touched_at)
		VALUES ('u1', ?, 'begun', ?, 'a.csv', 3, 'open', ?, ?)`, p.ada, "resource:"+open+":", made(21), made(21))
	p.put("follow", "dataset follow", db.NewID(), false, &catalog.Follow{
		ID: db.NewID(), ObjectKind: "dataset", ObjectID: open, FollowerID: p.eve, Since: made(20),
	})
}

func (p *portal) reuse(n int, slug string, change func(*catalog.Reuse), datasets ...string) {
	r := &catalog.Reuse{
		ID: db.NewID(), Version: 1, Slug: slug, Title: "Carte " + slug, Type: "visualization", Topic: "health", URL: "https://example.org/" + slug,
		URLHash: slug, CreatedAt: made(n), ModifiedAt: made(n), DatasetCount: int64(len(datasets)), Description: "Une carte.",
	}
	change(r)
	r.TitleFold = text.Fold(r.Title)
	r.Visible = !r.Private && r.DeletedAt.IsZero() && r.DatasetCount > 0
	p.put(catalog.KindReuse, slug, r.ID, r.Visible, r)
	for i, id := range datasets {
		p.exec("INSERT INTO reuse_datasets (reuse_id, dataset_id, position) VALUES (?, ?, ?)", r.ID, id, i)
	}
}

func (p *portal) fillReuses() {
	p.reuse(20, "carte-velo", func(r *catalog.Reuse) { r.OwnerID, r.Featured, r.Views = &p.eve, pointer(true), 12 }, p.ids["open"], p.ids["secret"])
	p.reuse(21, "carte-secrete", func(r *catalog.Reuse) { r.OrganizationID, r.Private = &p.town, true }, p.ids["open"])
	p.reuse(22, "carte-morte", func(r *catalog.Reuse) { r.OwnerID, r.DeletedAt = &p.eve, made(23) }, p.ids["open"])
	p.exec("INSERT INTO slugs (kind, slug, object_id, at) VALUES ('reuse', 'ancienne-carte', ?, 0)", p.ids["carte-velo"])
	p.exec("INSERT INTO tags (object_id, tag, kind, position) VALUES (?, 'velo', 'reuse', 0)", p.ids["carte-velo"])
	p.put("follow", "reuse follow", db.NewID(), false, &catalog.Follow{
		ID: db.NewID(), ObjectKind: "reuse", ObjectID: p.ids["carte-velo"], FollowerID: p.ada, Since: made(20),
	})
	p.exec("INSERT INTO assignments (id, user_id, organization_id, object_kind, object_id, created_at) VALUES (?, ?, ?, 'reuse', ?, ?)",
		db.NewID(), p.admin, p.town, p.ids["carte-secrete"], made(24))
	p.exec("INSERT INTO assignments (id, user_id, organization_id, object_kind, object_id, created_at) VALUES (?, ?, ?, 'dataset', ?, ?)",
		db.NewID(), p.admin, p.town, p.ids["open"], made(25))
}

func (p *portal) dataservice(n int, slug string, change func(*catalog.Dataservice)) {
	d := &catalog.Dataservice{
		ID: db.NewID(), Version: 1, Slug: slug, Title: slug, TitleFold: slug, AccessType: "open", CreatedAt: made(n), ModifiedAt: made(n),
		Description: "Une API.",
	}
	change(d)
	d.Visible = !d.Private && d.DeletedAt.IsZero() && d.ArchivedAt.IsZero()
	p.put(catalog.KindDataservice, slug, d.ID, d.Visible, d)
}

func (p *portal) fillDataservices() {
	p.dataservice(30, "api-compteurs", func(d *catalog.Dataservice) {
		d.OrganizationID, d.BaseAPIURL, d.AccessType, d.Availability = &p.town, pointer("https://api.example.org"), "restricted", pointer(99.9)
		d.DatasetCount, d.AccessAudiences = 1, db.JSON(`[{"role":"private","condition":"no"}]`)
	})
	p.dataservice(31, "api-secrete", func(d *catalog.Dataservice) { d.OwnerID, d.Private = &p.eve, true })
	p.dataservice(32, "api-morte", func(d *catalog.Dataservice) { d.OwnerID, d.DeletedAt = &p.eve, made(33) })
	id := p.ids["api-compteurs"]
	p.exec("INSERT INTO dataservice_datasets (dataservice_id, dataset_id, position) VALUES (?, ?, 0)", id, p.ids["open"])
	p.exec("INSERT INTO reuse_dataservices (reuse_id, dataservice_id, position) VALUES (?, ?, 0)", p.ids["carte-velo"], id)
	p.exec("INSERT INTO object_contacts (object_id, contact_id, position) VALUES (?, ?, 0)", id, p.ids["contact"])
}

func (p *portal) topic(n int, slug string, change func(*catalog.Topic)) {
	topic := &catalog.Topic{ID: db.NewID(), Version: 1, Slug: slug, Name: slug, NameFold: slug, CreatedAt: made(n), ModifiedAt: made(n)}
	change(topic)
	p.put(catalog.KindTopic, slug, topic.ID, topic.Private == nil, topic)
}

func (p *portal) fillTopics() {
	p.topic(40, "mobilite-douce", func(t *catalog.Topic) {
		t.OrganizationID, t.Featured, t.HasSpatial, t.Granularity = &p.town, true, true, pointer("country")
	})
	p.topic(41, "topic-secret", func(t *catalog.Topic) { t.OwnerID, t.Private = &p.eve, pointer(true) })
	id := p.ids["mobilite-douce"]
	p.exec("INSERT INTO object_zones (object_id, zone, kind, position) VALUES (?, 'country:fr', 'topic', 0)", id)
	p.exec("INSERT INTO tags (object_id, tag, kind, position) VALUES (?, 'Univers Mobilité', 'topic', 0)", id)
	for i, e := range []struct{ title, kind, object string }{
		{"Comptages", "dataset", p.ids["open"]}, {"", "reuse", p.ids["carte-velo"]}, {"À venir", "", ""},
	} {
		element := &catalog.Element{ID: db.NewID(), TopicID: id, Position: int64(i), TitleFold: text.Fold(e.title)}
		if e.title != "" {
			element.Title = &e.title
		}
		if e.kind != "" {
			element.ElementKind, element.ElementID = &e.kind, &e.object
		}
		p.put("topic", "mobilite-douce", id, true, element)
	}
}

func (p *portal) post(n int, slug string, change func(*catalog.Post)) {
	post := &catalog.Post{
		ID: db.NewID(), Version: 1, Slug: slug, Name: "Post " + slug, NameFold: slug, Kind: "news", BodyType: "markdown", CreatedAt: made(n),
		ModifiedAt: made(n), Blocs: db.JSON("[]"),
	}
	change(post)
	p.put(catalog.KindPost, slug, post.ID, !post.PublishedAt.IsZero(), post)
}

func (p *portal) fillPosts() {
	blocs := fmt.Sprintf(`[{"id":"b1","class":"DatasetsListBloc","title":"Data","datasets":[%q,%q]},
		{"id":"b2","class":"AccordionListBloc","title":"More","items":[{"title":"Fold","content":[{"id":"b3","class":"ReusesListBloc","title":"R","reuses":[%q]}]}]},
		{"id":"b4","class":"DataservicesListBloc","title":"APIs","dataservices":[%q]},
		{"id":"b5","class":"LinksListBloc","title":"Links","links":[{"title":"L","color":null,"url":"https://example.org"}]},
		{"id":"b6","class":"HeroBloc","title":"Hero","color":"primary"}]`,
		p.ids["secret"], p.ids["open"], p.ids["carte-velo"], p.ids["api-compteurs"])
	p.post(50, "news", func(o *catalog.Post) { o.PublishedAt, o.OwnerID, o.Content = made(50), &p.admin, pointer("Body") })
	p.post(51, "page", func(o *catalog.Post) {
		o.PublishedAt, o.Kind, o.BodyType, o.Blocs = made(51), "page", "blocs", db.JSON(blocs)
	})
	p.post(52, "draft", func(*catalog.Post) {})
	p.exec("INSERT INTO post_datasets (post_id, dataset_id, position) VALUES (?, ?, 0)", p.ids["news"], p.ids["open"])
	p.exec("INSERT INTO post_reuses (post_id, reuse_id, position) VALUES (?, ?, 0)", p.ids["news"], p.ids["carte-velo"])
}

func (p *portal) fillCharts() {
	c := &catalog.Chart{
		ID: db.NewID(), Version: 1, Slug: "passages", Title: "Passages", TitleFold: "passages", Description: "Par jour.", Visible: true,
		XAxis: db.JSON(`{"column_x":"jour","type":"discrete"}`), YAxis: db.JSON("{}"), Series: db.JSON("[]"), CreatedAt: made(60), ModifiedAt: made(60),
	}
	c.OrganizationID = &p.town
	p.put(catalog.KindChart, "passages", c.ID, true, c)
}

// token is that of somebody by name.
func (p *portal) token(name string) string {
	return map[string]string{"admin": p.adminToken, "ada": p.adaToken, "eve": p.eveToken}[name]
}

// fill puts identifiers in the place of <names>.
func (p *portal) fill(s string) string {
	for name, id := range p.ids {
		s = strings.ReplaceAll(s, "<"+name+">", id)
	}
	return s
}

// reach follows a path of names and positions through JSON: "data.0.id"; "#"
// at its end counts a list, "keys" lists the names of an object.
func reach(tree any, path string) (any, bool) {
	if path == "" {
		return tree, true
	}
	for step := range strings.SplitSeq(path, ".") {
		switch node := tree.(type) {
		case map[string]any:
			if step == "keys" {
				names := make([]string, 0, len(node))
				for name := range node {
					names = append(names, name)
				}
				slices.Sort(names)
				return strings.Join(names, ","), true
			}
			inner, ok := node[step]
			if !ok {
				return nil, false
			}
			tree = inner
		case []any:
			if step == "#" {
				return float64(len(node)), true
			}
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(node) {
				return nil, false
			}
			tree = node[i]
		default:
			return nil, false
		}
	}
	return tree, true
}
