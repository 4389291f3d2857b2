package api_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"grenier/internal/account"
	"grenier/internal/api/apitest"
	"grenier/internal/catalog"
	"grenier/internal/db"
)

// secret is an object that only some may read. Its word stands in every text of
// the object and nowhere else.
type secret struct {
	kind, state, owner string
	id, word           string
	// inner are the identifiers of its parts: resources, elements.
	inner []string
	// also reads it, besides the readers of its owner.
	also string
}

func (s *secret) readBy(viewer string) bool {
	return slices.Contains(readers[s.owner], viewer) || s.also != "" && s.also == viewer
}

// binned tells that the object is nowhere but in the bin.
func (s *secret) binned() bool {
	return s.state == "deleted" && slices.Contains([]string{"topic", "post", catalog.KindCommunity}, s.kind)
}

// private tells that to outsiders the object is as one that nobody knows.
func (s *secret) private() bool { return s.state == "private" || s.state == "draft" || s.binned() }

// mustShow tells that a viewer finds the object. Partial editors may read what is
// in the bin, but find there only what they may bring back.
func (s *secret) mustShow(viewer string) bool {
	return s.readBy(viewer) && !(s.binned() && viewer == "pat")
}

// readers are those who may read the objects of an owner in every state.
var readers = map[string][]string{
	"town": {"admin", "ada", "ed", "pat"}, "eve": {"admin", "eve"}, "nobody": {"admin"}, "": {"admin"},
}

// vault is a catalogue whose public objects name hidden ones wherever an object
// can name another.
type vault struct {
	*portal
	tokens  map[string]string
	secrets []*secret
	// community are the community resources on secret datasets, which their
	// owner reads too.
	community []*secret
	// resources are the resources of public and hidden datasets.
	resources []string
	// offers are the transfers of secrets.
	offers []string
	// uploads are the identifiers of uploads on their way, clients those of
	// programs, both of secrets' owners.
	uploads, clients []string
}

var vaultViewers = []string{"", "sam", "eve", "pat", "ed", "ada", "admin"}

func newVault(t *testing.T, d *db.DB) *vault {
	v := &vault{portal: &portal{Server: apitest.New(t, d), t: t, ids: map[string]string{}}, tokens: map[string]string{}}
	for _, name := range []string{"admin", "ada", "ed", "pat", "eve", "sam"} {
		v.ids[name], v.tokens[name] = v.User(name+"@example.org", name == "admin")
	}
	v.admin, v.ada, v.eve = v.ids["admin"], v.ids["ada"], v.ids["eve"]
	v.town = v.Organization("Ville de Valmont", account.NewMember{UserID: v.ada, Role: account.RoleAdmin},
		account.NewMember{UserID: v.ids["ed"], Role: account.RoleEditor}, account.NewMember{UserID: v.ids["pat"], Role: account.RolePartialEditor})
	v.ids["town"] = v.town
	for i, s := range []secret{
		{kind: "dataset", state: "private", owner: "town"}, {kind: "dataset", state: "deleted", owner: "town"},
		{kind: "dataset", state: "private", owner: "eve"}, {kind: "dataset", state: "deleted", owner: "eve"},
		{kind: "dataset", state: "private", owner: "nobody"},
		{kind: "reuse", state: "private", owner: "town"}, {kind: "reuse", state: "deleted", owner: "eve"},
		{kind: "dataservice", state: "private", owner: "eve"}, {kind: "dataservice", state: "deleted", owner: "town"},
		{kind: "topic", state: "private", owner: "town"}, {kind: "topic", state: "private", owner: "eve"},
		{kind: "post", state: "draft"},
		{kind: "visualization", state: "private", owner: "town"}, {kind: "visualization", state: "deleted", owner: "eve"},
		{kind: "topic", state: "deleted", owner: "town"}, {kind: "topic", state: "deleted", owner: "eve"}, {kind: "post", state: "deleted"},
	} {
		s.id, s.word = db.NewID(), fmt.Sprintf("zqx%02dw", i)
		v.secrets = append(v.secrets, &s)
		v.ids[s.word] = s.id
	}
	v.fillPublic()
	return v
}

// owned gives an object to the town, to eve, or to nobody.
func (v *vault) owned(name string) (owned catalog.Owned) {
	switch name {
	case "town":
		owned.OrganizationID = &v.town
	case "eve":
		owned.OwnerID = &v.eve
	}
	return owned
}

// of are the identifiers of the secrets of a kind.
func (v *vault) of(kind string) (ids []string) {
	for _, s := range v.secrets {
		if s.kind == kind {
			ids = append(ids, s.id)
		}
	}
	return ids
}

// fillPublic makes what everybody may read. Its blocs name the secrets, which do
// not exist yet.
func (v *vault) fillPublic() {
	blocs := func(datasets, reuses, dataservices []string) string {
		encoded, err := json.Marshal([]any{
			map[string]any{"id": "a", "class": "DatasetsListBloc", "title": "A", "datasets": datasets},
			map[string]any{"id": "b", "class": "ReusesListBloc", "title": "B", "reuses": reuses},
			map[string]any{"id": "c", "class": "DataservicesListBloc", "title": "C", "dataservices": dataservices},
		})
		if err != nil {
			v.t.Fatal(err)
		}
		return string(encoded)
	}
	v.dataset(10, "open", func(d *catalog.Dataset) { d.Owned, d.Featured, d.HasSpatial = v.owned("town"), true, true })
	v.dataset(11, "open-of-eve", func(d *catalog.Dataset) { d.Owned = v.owned("eve") })
	for _, slug := range []string{"open", "open-of-eve"} {
		v.surround("dataset", v.ids[slug], slug)
	}
	v.reuse(20, "open-reuse", func(r *catalog.Reuse) { r.Owned, r.Featured = v.owned("eve"), pointer(true) }, v.ids["open"])
	v.surround("reuse", v.ids["open-reuse"], "open-reuse")
	v.dataservice(30, "open-api", func(d *catalog.Dataservice) { d.Owned = v.owned("town") })
	v.surround("dataservice", v.ids["open-api"], "open-api")
	v.exec("INSERT INTO dataservice_datasets (dataservice_id, dataset_id, position) VALUES (?, ?, 0)", v.ids["open-api"], v.ids["open"])
	v.exec("INSERT INTO reuse_dataservices (reuse_id, dataservice_id, position) VALUES (?, ?, 0)", v.ids["open-reuse"], v.ids["open-api"])
	v.topic(40, "open-topic", func(t *catalog.Topic) { t.Owned, t.HasSpatial = v.owned("town"), true })
	v.surround("topic", v.ids["open-topic"], "open-topic")
	v.element("open-topic", "dataset", v.ids["open"], "open")
	v.chart(60, "open-chart", func(c *catalog.Chart) { c.Owned = v.owned("town") })
	for _, slug := range []string{"open", "open-reuse", "open-api", "open-topic", "open-chart"} {
		v.changed(historyKind(v.kindOf(slug)), v.ids[slug], "town", slug, true)
	}
	all := blocs(append(v.of("dataset"), v.ids["open"]), append(v.of("reuse"), v.ids["open-reuse"]), append(v.of("dataservice"), v.ids["open-api"]))
	v.post(50, "open-post", func(p *catalog.Post) { p.PublishedAt, p.BodyType, p.Blocs = made(50), "blocs", db.JSON(all) })
	v.exec("INSERT INTO post_datasets (post_id, dataset_id, position) VALUES (?, ?, 0)", v.ids["open-post"], v.ids["open"])
	if _, err := v.Catalog.Site(v.t.Context(), catalog.SiteDefaults{Title: "Test"}); err != nil {
		v.t.Fatal(err)
	}
	v.exec("UPDATE sites SET datasets_blocs = ?, reuses_blocs = ?, dataservices_blocs = ?", all, all, all)
	v.exec("UPDATE organizations SET presentation_blocs = ?, presentation_blocs_published_at = 1 WHERE id = ?", all, v.town)
	v.exec("INSERT INTO badges (object_id, badge, kind, created_at, created_by, position) VALUES (?, 'public-service', 'organization', NULL, NULL, 0)", v.town)
}

// surround gives an object the tags, zones and extras that lists filter by, and
// a dataset a resource and a community resource; all texts hold the word.
func (v *vault) surround(kind, id, word string) (inner []string) {
	v.exec("INSERT INTO tags (object_id, tag, kind, position) VALUES (?, 'velo', ?, 0), (?, ?, ?, 1)", id, kind, id, word+"-tag", kind)
	v.exec("INSERT INTO object_zones (object_id, zone, kind, position) VALUES (?, 'country:fr', ?, 0)", id, kind)
	v.exec("INSERT INTO extras (object_id, kind, extras) VALUES (?, ?, ?)", id, kind, db.JSON(fmt.Sprintf(`{"note":%q}`, word)))
	if kind != "dataset" {
		return nil
	}
	v.exec("INSERT INTO formats (dataset_id, format, position) VALUES (?, 'csv', 0)", id)
	for _, community := range []bool{false, true} {
		if community {
			word = communityWord(word)
		}
		r := &catalog.Resource{
			ID: db.NewUUID(), Version: 1, DatasetID: &id, Community: community, Title: "Fichier " + word, TitleFold: "fichier " + word,
			Filetype: "remote", Type: "main", URL: "https://example.org/" + word + ".csv", CreatedInternal: made(10), ModifiedInternal: made(10),
			Format: pointer("csv"), SchemaName: pointer("schema/" + word), Extras: db.JSON(fmt.Sprintf(`{"note":%q}`, word)),
		}
		if community {
			r.OwnerID = pointer(v.ids["ed"])
		}
		v.put(catalog.KindResource, r.ID, r.ID, false, r)
		v.resources = append(v.resources, r.ID)
		inner = append(inner, r.ID)
	}
	return inner
}

// communityWord is the word of the community resource of a dataset.
func communityWord(word string) string { return strings.Replace(word, "zqx", "zqc", 1) }

// element makes an object part of a topic.
func (v *vault) element(topic, kind, object, word string) string {
	e := &catalog.Element{
		ID: db.NewID(), TopicID: v.ids[topic], Title: pointer("Élément " + word), TitleFold: "element " + word, ElementKind: &kind, ElementID: &object,
	}
	hidden := slices.ContainsFunc(v.secrets, func(s *secret) bool { return s.id == v.ids[topic] && s.private() })
	v.put("topic", topic, v.ids[topic], !hidden, e)
	return e.ID
}

// hide makes the secrets, and links everything to them and them to everything.
func (v *vault) hide() {
	for n, s := range v.secrets {
		var deleted db.Time
		if s.state == "deleted" {
			deleted = made(60)
		}
		private := s.state == "private"
		switch s.kind {
		case "dataset":
			v.dataset(n, s.word, func(d *catalog.Dataset) {
				d.ID, d.Owned, d.Private, d.DeletedAt, d.Title, d.Description = s.id, v.owned(s.owner), private, deleted, "Jeu "+s.word, s.word
				d.Featured, d.HasSpatial, d.ResourceCount = true, true, 1
			})
		case "reuse":
			v.reuse(n, s.word, func(r *catalog.Reuse) {
				r.ID, r.Owned, r.Private, r.DeletedAt, r.Title, r.Description = s.id, v.owned(s.owner), private, deleted, "Carte "+s.word, s.word
				r.Featured = pointer(true)
			}, v.ids["open"])
		case "dataservice":
			v.dataservice(n, s.word, func(d *catalog.Dataservice) {
				d.ID, d.Owned, d.Private, d.DeletedAt, d.Title, d.Description = s.id, v.owned(s.owner), private, deleted, "API "+s.word, s.word
			})
			v.exec("INSERT INTO dataservice_datasets (dataservice_id, dataset_id, position) VALUES (?, ?, 0)", s.id, v.ids["open"])
		case "topic":
			v.topic(n, s.word, func(t *catalog.Topic) {
				t.ID, t.Owned, t.Private, t.Name, t.Description = s.id, v.owned(s.owner), &private, "Thème "+s.word, &s.word
			})
			s.inner = append(s.inner, v.element(s.word, "dataset", v.ids["open"], s.word))
		case "post":
			v.post(n, s.word, func(p *catalog.Post) { p.ID, p.Name, p.Content, p.PublishedAt = s.id, "Post "+s.word, &s.word, deleted })
		case "visualization":
			v.chart(n, s.word, func(c *catalog.Chart) {
				c.ID, c.Owned, c.Private, c.DeletedAt, c.Title, c.Description = s.id, v.owned(s.owner), private, deleted, "Courbe "+s.word, s.word
				c.Visible = false
			})
		}
		inner := v.surround(historyKind(s.kind), s.id, s.word)
		v.changed(historyKind(s.kind), s.id, s.owner, s.word, s.state == "deleted")
		if s.kind == "dataset" {
			v.community = append(v.community, &secret{
				kind: "community resource", state: s.state, owner: s.owner, id: inner[1], word: communityWord(s.word), also: "ed",
			})
			inner = inner[:1]
		}
		s.inner = append(s.inner, inner...)
		v.exec("INSERT INTO slugs (kind, slug, object_id, at) VALUES (?, ?, ?, 0)", historyKind(s.kind), "former-"+fmt.Sprint(n), s.id)
		v.link(n+1, s)
		if (s.owner == "town" || s.owner == "eve") && slices.Contains([]string{"dataset", "reuse", "dataservice"}, s.kind) {
			v.offer(n, s)
		}
		if s.kind == "dataset" && s.owner != "nobody" {
			v.keeps(s)
		}
	}
	v.exec("INSERT INTO assignments (id, user_id, organization_id, object_kind, object_id, created_at) VALUES (?, ?, ?, 'dataset', ?, 0)",
		db.NewID(), v.ids["pat"], v.town, v.secrets[0].id)
	v.hideBinned()
}

// hideBinned deletes the secrets that leave their tables, and community resources
// on public datasets.
func (v *vault) hideBinned() {
	for _, s := range v.secrets {
		if s.binned() {
			v.bin(s.kind, s.id)
		}
	}
	for slug, owner := range map[string]string{"open": "town", "open-of-eve": "eve"} {
		s := &secret{kind: catalog.KindCommunity, state: "deleted", owner: owner, id: db.NewUUID(), word: "zqb" + owner + "w"}
		dataset, owned := v.ids[slug], v.owned(owner)
		r := &catalog.Resource{
			ID: s.id, Version: 1, DatasetID: &dataset, Community: true, Title: "Fichier " + s.word, TitleFold: "fichier " + s.word, Owned: owned,
			Filetype: "remote", Type: "main", URL: "https://example.org/" + s.word + ".csv", CreatedInternal: made(10), ModifiedInternal: made(10),
			Format: pointer("csv"), SchemaName: pointer("schema/" + s.word), Extras: db.JSON(fmt.Sprintf(`{"note":%q}`, s.word)),
		}
		v.put(catalog.KindResource, r.ID, r.ID, false, r)
		v.resources, v.community = append(v.resources, r.ID), append(v.community, s)
		v.bin(s.kind, s.id)
	}
}

// bin deletes an object that leaves its table.
func (p *portal) bin(kind, id string) {
	p.t.Helper()
	admin, err := account.ViewerOf(p.t.Context(), p.DB.Read(), p.admin)
	if err != nil {
		p.t.Fatal(err)
	}
	switch kind {
	case catalog.KindTopic:
		err = p.Catalog.DeleteTopic(p.t.Context(), admin, id)
	case catalog.KindPost:
		err = p.Catalog.DeletePost(p.t.Context(), admin, id)
	default:
		err = p.Catalog.RemoveCommunity(p.t.Context(), admin, id)
	}
	if err != nil {
		p.t.Fatalf("a %s cannot be deleted: %v", kind, err)
	}
}

// historyKind is the kind under which the log and the tables know what routes call otherwise.
func historyKind(kind string) string {
	if kind == "visualization" {
		return catalog.KindChart
	}
	return kind
}

// kindOf is the kind of a public object of the vault.
func (v *vault) kindOf(slug string) string {
	return map[string]string{"open": "dataset", "open-reuse": "reuse", "open-api": "dataservice", "open-topic": "topic", "open-chart": "visualization"}[slug]
}

// chart makes a chart.
func (v *vault) chart(n int, slug string, change func(*catalog.Chart)) {
	c := &catalog.Chart{
		ID: db.NewID(), Version: 1, Slug: slug, Title: slug, TitleFold: slug, Visible: true, XAxis: db.JSON(`{"column_x":"jour","type":"discrete"}`),
		YAxis: db.JSON("{}"), Series: db.JSON("[]"), CreatedAt: made(n), ModifiedAt: made(n),
	}
	change(c)
	v.ids[slug] = c.ID
	v.put(catalog.KindChart, slug, c.ID, c.Visible, c)
}

// changed writes a version of an object by ed, for the town, by eve, or by an administrator, whose values hold the word: one that the
// public could see, and one that it could not.
func (v *vault) changed(kind, id, owner, word string, public bool) {
	ref, who := map[string]string{"town": v.town, "eve": v.eve}[owner], map[string]string{"town": v.ids["ed"], "eve": v.eve}[owner]
	if who == "" {
		who = v.admin
	}
	for version, visible := range []bool{public, false} {
		if public != visible && !strings.HasPrefix(word, "zqx") {
			continue
		}
		v.exec(`INSERT INTO history (object, version, object_kind, at, actor_kind, actor, difference, what, owner, person, visible)
			VALUES (?, ?, ?, ?, 'person', ?, ?, 'updated', ?, ?, ?)`, id, version+101, kind, made(70), who,
			db.JSON(fmt.Sprintf(`{"title":[%q,"x"]}`, word)), ref, who, visible)
	}
}

// keeps makes what the owner of a secret alone knows: an upload on its way, a program.
func (v *vault) keeps(s *secret) {
	person := v.ada
	if s.owner == "eve" {
		person = v.eve
	}
	v.uploads = append(v.uploads, "upload-of-"+s.id)
	v.exec(`INSERT INTO uploads (id, user_id, client_id, target, filename, parts, state, created_at, touched_at) VALUES (?, ?, ?, ?, ?, 2, 'open', 1, 1)`,
		db.NewUUID(), person, "upload-of-"+s.id, "resource:"+s.id+":", s.word+".csv")
	client := db.NewID()
	v.clients = append(v.clients, client)
	v.exec(`INSERT INTO oauth_clients (id, version, name, description, owner_id, redirect_uris, scopes, grant_types, confidential, internal, created_at)
		VALUES (?, 1, ?, '', ?, '[]', '["default"]', '["authorization_code"]', ?, ?, 1)`, client, "Program "+s.word, person, false, false)
}

// offer offers what can change hands to those who have it.
func (v *vault) offer(position int, s *secret) {
	id := fmt.Sprintf("%024x", position+1)
	v.offers = append(v.offers, id)
	kind, owner := "organization", v.town
	if s.owner == "eve" {
		kind, owner = "user", v.eve
	}
	v.exec(`INSERT INTO transfers (id, object_kind, object_id, owner_kind, owner_id, recipient_kind, recipient_id, user_id, comment, status, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, NULL, ?, 'pending', 1)`, id, s.kind, s.id, kind, owner, kind, owner, s.word)
}

// link lets the public objects name a secret.
func (v *vault) link(position int, s *secret) {
	switch s.kind {
	case "dataset":
		v.exec("INSERT INTO reuse_datasets (reuse_id, dataset_id, position) VALUES (?, ?, ?)", v.ids["open-reuse"], s.id, position)
		v.exec("INSERT INTO dataservice_datasets (dataservice_id, dataset_id, position) VALUES (?, ?, ?)", v.ids["open-api"], s.id, position)
		v.exec("INSERT INTO post_datasets (post_id, dataset_id, position) VALUES (?, ?, ?)", v.ids["open-post"], s.id, position)
	case "reuse":
		v.exec("INSERT INTO post_reuses (post_id, reuse_id, position) VALUES (?, ?, ?)", v.ids["open-post"], s.id, position)
		v.exec("INSERT INTO reuse_dataservices (reuse_id, dataservice_id, position) VALUES (?, ?, 1)", s.id, v.ids["open-api"])
	case "dataservice":
		v.exec("INSERT INTO reuse_dataservices (reuse_id, dataservice_id, position) VALUES (?, ?, ?)", v.ids["open-reuse"], s.id, position)
	default:
		return
	}
	s.inner = append(s.inner, v.element("open-topic", s.kind, s.id, s.word))
}

// settle brings counters and index up to date.
func (v *vault) settle() {
	v.t.Helper()
	if _, err := v.Catalog.RecountAll(v.t.Context()); err != nil {
		v.t.Fatal(err)
	}
	v.Index()
}
