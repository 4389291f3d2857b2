package catalog

import (
	"context"
	"testing"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/fault"
)

func TestTopics(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		s := newShelf(t, d)
		ada, eve := s.user("ada"), s.user("eve")
		org := s.organization("town", ada)
		set := s.dataset("set", nil)
		reuse := s.reuse("reuse", nil, set)

		open := s.topic("open", func(t *Topic) {
			t.OrganizationID, t.Featured, t.HasSpatial, t.Granularity = &org.ID, true, true, optional("poi")
		})
		said := s.topic("said", func(t *Topic) { t.Private, t.OwnerID = boolean(false), &eve.ID })
		secret := s.topic("secret", func(t *Topic) { t.Private, t.OwnerID = boolean(true), &eve.ID })
		s.tag(KindTopic, open.ID, "Univers Mobilité", "b")
		s.exec("INSERT INTO object_zones (object_id, zone, kind, position) VALUES (?, 'country:fr', 'topic', 0)", open.ID)
		s.exec("INSERT INTO coverages (object_id, kind, geometry) VALUES (?, 'topic', '{}')", open.ID)
		first := s.element(open, 1, "Comptages à vélo", KindDataset, set.ID)
		second := s.element(open, 2, "", KindReuse, reuse.ID)
		s.exec("UPDATE topic_elements SET description = 'Une Carte' WHERE id = ?", second.ID)
		s.element(open, 0, "Plus tard", "", "")
		s.tag(KindElement, first.ID, "x", "y")
		s.exec("INSERT INTO extras (object_id, kind, extras) VALUES (?, 'topic_element', '{\"k\":true}')", first.ID)
		s.found[KindTopic] = []string{said.ID, open.ID}
		member, owner := s.as(ada), s.as(eve)

		for _, c := range []struct {
			what  string
			v     account.Viewer
			f     TopicFilter
			shown []string
		}{
			{"anonymous", account.Nobody, TopicFilter{}, []string{"said", "open"}},
			{"another", member, TopicFilter{}, []string{"said", "open"}},
			{"owner", owner, TopicFilter{}, []string{"secret", "said", "open"}},
			{"administrator", platformAdmin, TopicFilter{}, []string{"secret", "said", "open"}},
			{"mine", member, TopicFilter{Mine: true}, []string{"open"}},
			{"mine without organisation", owner, TopicFilter{Mine: true}, []string{"secret", "said"}},
			{"private", owner, TopicFilter{Private: boolean(true)}, []string{"secret"}},
			{"not private", owner, TopicFilter{Private: boolean(false)}, []string{"said", "open"}},
			{"relevance", account.Nobody, TopicFilter{Query: "x"}, []string{"said", "open"}},
			{"name", account.Nobody, TopicFilter{Sort: "name"}, []string{"open", "said"}},
			{"tags", account.Nobody, TopicFilter{Tags: []string{"Univers Mobilité", "b"}}, []string{"open"}},
			{"zone", account.Nobody, TopicFilter{Geozone: "country:fr"}, []string{"open"}},
			{"granularity", account.Nobody, TopicFilter{Granularity: "poi"}, []string{"open"}},
			{"organisation", account.Nobody, TopicFilter{Organization: org.ID}, []string{"open"}},
			{"owner filter", account.Nobody, TopicFilter{Owner: eve.ID}, []string{"said"}},
			{"featured", account.Nobody, TopicFilter{Featured: boolean(false)}, []string{"said"}},
			{"dataset", account.Nobody, TopicFilter{Dataset: set.ID}, []string{"open"}},
			{"reuse", account.Nobody, TopicFilter{Reuse: reuse.ID}, []string{"open"}},
			{"dataservice", account.Nobody, TopicFilter{Dataservice: set.ID}, nil},
		} {
			ids, total, err := s.store.TopicIDs(ctx, c.v, c.f, everything)
			s.ok(err)
			s.same(c.what, s.names("topics", ids), c.shown)
			if total != len(c.shown) {
				t.Errorf("%s: total %d", c.what, total)
			}
		}
		_, _, err := s.store.TopicIDs(ctx, account.Nobody, TopicFilter{Private: boolean(true)}, everything)
		s.refused("private ones need somebody", err, fault.Unauthorized, "Log in to list private topics.")

		_, err = s.store.Topic(ctx, account.Nobody, secret.ID)
		s.refused("private", err, fault.NotFound, "Topic not found")
		_, _, err = s.store.Elements(ctx, member, secret.ID, ElementFilter{Page: everything})
		s.refused("elements of a private topic", err, fault.NotFound, "Topic not found")
		_, err = s.store.Topic(ctx, owner, secret.ID)
		s.ok(err)
		one, err := s.store.Topic(ctx, account.Nobody, open.ID)
		s.ok(err)
		if one.ElementCount != 3 || one.Organization.Slug != "town" || len(one.Zones) != 1 || string(one.Geometry) != "{}" || len(one.Tags) != 2 {
			t.Errorf("topic: %+v", one)
		}

		for _, c := range []struct {
			what  string
			f     ElementFilter
			shown []string
		}{
			{"all, in order", ElementFilter{}, []string{"Plus tard", "Comptages à vélo", ""}},
			{"datasets", ElementFilter{Class: KindDataset}, []string{"Comptages à vélo"}},
			{"without object", ElementFilter{Class: WithoutElement}, []string{"Plus tard"}},
			{"words of the title", ElementFilter{Query: "VELO comptage"}, []string{"Comptages à vélo"}},
			{"a word of the description", ElementFilter{Query: "carte"}, []string{""}},
			{"no such word", ElementFilter{Query: "100%"}, nil},
			{"tags", ElementFilter{Tags: []string{"x", "y"}}, []string{"Comptages à vélo"}},
		} {
			c.f.Page = everything
			elements, total, err := s.store.Elements(ctx, account.Nobody, open.ID, c.f)
			s.ok(err)
			var titles []string
			for _, e := range elements {
				title := ""
				if e.Title != nil {
					title = *e.Title
				}
				titles = append(titles, title)
			}
			s.same(c.what, titles, c.shown)
			if total != len(c.shown) {
				t.Errorf("%s: total %d", c.what, total)
			}
			if c.what == "datasets" && (string(elements[0].Extras) != `{"k":true}` || len(elements[0].Tags) != 2) {
				t.Errorf("element: %+v", elements[0])
			}
		}
	})
}

func TestPosts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		s := newShelf(t, d)
		ada := s.user("ada")
		set, secret := s.dataset("set", nil), s.dataset("secret", func(d *Dataset) { d.Private = true })
		reuse, gone := s.reuse("reuse", nil, set), s.reuse("gone", func(r *Reuse) { r.DeletedAt = db.Now() }, set)
		news := s.post("news", true, func(p *Post) { p.OwnerID, p.Headline = &ada.ID, optional("b") })
		page := s.post("page", true, func(p *Post) { p.Kind, p.Headline = "page", optional("a") })
		draft := s.post("draft", false, nil)
		s.tag(KindPost, news.ID, "Free Tag")
		for i, id := range []string{secret.ID, set.ID} {
			s.exec("INSERT INTO post_datasets (post_id, dataset_id, position) VALUES (?, ?, ?)", news.ID, id, i)
		}
		for i, id := range []string{reuse.ID, gone.ID} {
			s.exec("INSERT INTO post_reuses (post_id, reuse_id, position) VALUES (?, ?, ?)", news.ID, id, i)
		}
		s.found[KindPost] = []string{page.ID, draft.ID}

		for _, c := range []struct {
			what  string
			v     account.Viewer
			f     PostFilter
			shown []string
		}{
			{"anonymous", account.Nobody, PostFilter{}, []string{"page", "news"}},
			{"drafts are not for everybody", s.as(ada), PostFilter{Drafts: true}, []string{"page", "news"}},
			{"drafts", platformAdmin, PostFilter{Drafts: true, Sort: "-created"}, []string{"draft", "page", "news"}},
			{"administrators without drafts", platformAdmin, PostFilter{}, []string{"page", "news"}},
			{"kind", account.Nobody, PostFilter{Kind: "news"}, []string{"news"}},
			{"headline", account.Nobody, PostFilter{Sort: "headline"}, []string{"page", "news"}},
			{"name", account.Nobody, PostFilter{Sort: "name"}, []string{"news", "page"}},
			{"query", account.Nobody, PostFilter{Query: "x"}, []string{"page"}},
		} {
			ids, total, err := s.store.PostIDs(ctx, c.v, c.f, everything)
			s.ok(err)
			s.same(c.what, s.names("posts", ids), c.shown)
			if total != len(c.shown) {
				t.Errorf("%s: total %d", c.what, total)
			}
		}

		one, err := s.store.Post(ctx, account.Nobody, news.ID)
		s.ok(err)
		if one.Owner.Slug != "ada" || len(one.Reuses) != 1 || one.Reuses[0].Slug != "reuse" {
			t.Errorf("post: %+v", one)
		}
		s.same("datasets", one.DatasetIDs, []string{set.ID})
		s.same("tags", one.Tags, []string{"Free Tag"})
		_, err = s.store.Post(ctx, s.as(ada), draft.ID)
		s.refused("draft", err, fault.NotFound, "Post not found")
		_, err = s.store.Post(ctx, platformAdmin, draft.ID)
		s.ok(err)
	})
}
