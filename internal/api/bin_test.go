package api_test

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"testing"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/verify"
)

// wholeDeleted is an object that leaves its table when it is deleted.
type wholeDeleted struct {
	kind, path, who string
	id              string
	// read are the addresses that show it, at some moment.
	read []string
}

// wholes makes a topic with elements, a post that is linked and a community
// resource with a file.
func (p *portal) wholes() []wholeDeleted {
	p.t.Helper()
	topic := historyAt(p.writing("eve", "POST", "/api/2/topics/", p.filled(map[string]any{
		"name": "Zqxtopic", "description": "Text.", "tags": []string{"zqxtag"}, "extras": map[string]any{"note": "<b>"}, "spatial": map[string]any{"zones": []string{"country:fr"}},
		"elements": []any{
			map[string]any{"title": "First", "tags": []string{"inner"}, "extras": map[string]any{"n": 1}, "element": map[string]any{"class": "Dataset", "id": "<open>"}},
			map[string]any{"title": "Second"},
		},
	}), http.StatusCreated), "id").(string)
	p.writing("eve", "PUT", "/api/2/topics/"+topic+"/", map[string]any{"name": "Zqxtopic renamed"}, http.StatusOK)
	post := historyAt(p.writing("admin", "POST", "/api/1/posts/", p.filled(map[string]any{
		"name": "Zqxpost", "content": "Text.", "tags": []string{"zqxtag"}, "datasets": []string{"<open>"}, "reuses": []string{"<carte-velo>"},
		"blocs": []any{map[string]any{"id": "b", "class": "DatasetsListBloc", "title": "B", "datasets": []string{"<open>", "<mine>"}}},
	}), http.StatusCreated), "id").(string)
	p.writing("admin", "POST", "/api/1/posts/"+post+"/publish/", nil, http.StatusOK)
	sent := p.sentCommunity()
	return []wholeDeleted{
		{"topic", "/api/2/topics/", "eve", topic, []string{"/api/2/topics/" + topic + "/", "/api/2/topics/zqxtopic-renamed/", "/api/2/topics/" + topic + "/elements/", "/api/2/topics/?tag=zqxtag"}},
		{"post", "/api/1/posts/", "admin", post, []string{"/api/1/posts/" + post + "/", "/api/1/posts/zqxpost/"}},
		{"community_resource", "/api/1/datasets/community_resources/", "eve", sent, []string{
			"/api/1/datasets/community_resources/" + sent + "/", p.fill("/api/1/datasets/community_resources/?dataset=<open>"), p.fill("/api/2/datasets/<open>/")}},
	}
}

// sentCommunity sends a community resource of eve with its file.
func (p *portal) sentCommunity() string {
	return p.text(post(p.Server, p.fill("/api/1/datasets/<open>/upload/community/"), p.eveToken, fileField("zqx.csv", "a;b\n1;2\n")), "id")
}

// unmoved is an answer without the moments and numbers that every write moves.
func unmoved(tree any) any {
	switch value := tree.(type) {
	case map[string]any:
		kept := map[string]any{}
		for name, member := range value {
			if name != "last_modified" && name != "metrics" && name != "internal" {
				kept[name] = unmoved(member)
			}
		}
		return kept
	case []any:
		kept := make([]any, len(value))
		for i := range value {
			kept[i] = unmoved(value[i])
		}
		return kept
	}
	return tree
}

// TestBinOfWholeObjects deletes topics, posts and community resources, finds them
// nowhere but in the bin, and brings them back as they were.
func TestBinOfWholeObjects(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPortal(t, d)
		p.exec("UPDATE datasets SET deleted_at = NULL")
		for _, o := range p.wholes() {
			p.binAndBack(o)
		}
		findings, err := verify.Verify(t.Context(), verify.Deps{DB: d, Log: p.Log}, verify.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, finding := range findings {
			if orphaned[finding.Check] {
				t.Errorf("%s: %s %v", finding.Check, finding.Text, finding.Examples)
			}
		}
	})
}

func (p *portal) binAndBack(o wholeDeleted) {
	p.t.Helper()
	before := map[string]any{}
	for _, address := range o.read {
		before[address] = unmoved(p.writing("", "GET", address, nil, http.StatusOK))
	}
	file, _ := historyAt(before[o.read[0]], "url").(string)
	p.writing(o.who, "DELETE", o.path+o.id+"/", nil, http.StatusNoContent)
	for _, who := range []string{"", o.who, "admin"} {
		p.writing(who, "GET", o.path+o.id+"/", nil, http.StatusNotFound)
	}
	for _, address := range o.read[1:] {
		if answer := p.Get(address); answer.Status == http.StatusOK && reflect.DeepEqual(unmoved(answer.JSON(p.t)), before[address]) && o.kind != "post" {
			p.t.Errorf("%s still shows a deleted %s", address, o.kind)
		}
	}
	if o.kind == "community_resource" {
		if answer := p.Get(local(file)); answer.Status != http.StatusNotFound {
			p.t.Errorf("the file of a deleted resource is %d", answer.Status)
		}
		if swept, err := p.Files.Sweep(context.Background()); err != nil || swept.Files != 0 {
			p.t.Errorf("swept %+v, %v", swept, err)
		}
		p.exec("UPDATE files SET ended_at = 2 WHERE ended_at IS NOT NULL")
		p.exec("UPDATE bin SET deleted_at = 1")
		if swept, err := p.Files.Sweep(context.Background()); err != nil || swept.Files != 0 {
			p.t.Errorf("the file of a resource in the bin was swept: %+v, %v", swept, err)
		}
	}
	binned := p.writing(o.who, "GET", "/api/2/bin/?kind="+o.kind, nil, http.StatusOK)
	if historyAt(binned, "total") != 1.0 || historyAt(binned, "data.0.id") != o.id || historyAt(binned, "data.0.kind") != o.kind {
		p.t.Errorf("the bin has %v", binned)
	}
	if got := historyAt(p.writing("ada", "GET", "/api/2/bin/?kind="+o.kind, nil, http.StatusOK), "total"); got != 0.0 {
		p.t.Errorf("ada has %v of others in the bin", got)
	}
	restore := "/api/2/bin/" + o.kind + "/" + o.id + "/restore/"
	p.writing("", "POST", restore, nil, http.StatusUnauthorized)
	p.writing("ada", "POST", restore, nil, http.StatusGone)
	p.writing(o.who, "GET", "/api/2/history/"+o.kind+"/"+o.id+"/", nil, http.StatusOK)
	p.writing(o.who, "POST", restore, nil, http.StatusOK)
	p.writing(o.who, "POST", restore, nil, http.StatusBadRequest)
	for _, address := range o.read {
		if after := unmoved(p.writing("", "GET", address, nil, http.StatusOK)); !reflect.DeepEqual(after, before[address]) {
			p.t.Errorf("%s was\n%v\nand is\n%v", address, before[address], after)
		}
	}
	if o.kind == "community_resource" {
		if answer := p.Get(local(file)); answer.Status != http.StatusOK {
			p.t.Errorf("the file of a resource that is back is %d", answer.Status)
		}
	}
	versions := p.writing(o.who, "GET", "/api/2/history/"+o.kind+"/"+o.id+"/", nil, http.StatusOK)
	if historyAt(versions, "data.0.difference.deleted.after") != nil || historyAt(versions, "data.1.difference.deleted.before") != nil {
		p.t.Errorf("the versions of a %s are %v", o.kind, versions)
	}
	if o.kind == "topic" {
		p.writing("", "GET", "/api/2/topics/zqxtopic/", nil, http.StatusPermanentRedirect) // its former name
	}
	// Changes go on as before.
	p.writing(o.who, "DELETE", o.path+o.id+"/", nil, http.StatusNoContent)
	p.writing(o.who, "POST", restore, nil, http.StatusOK)
}

// TestBinMeetsChanges brings back what names or hangs on objects that went
// meanwhile, and under a name that is taken.
func TestBinMeetsChanges(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPortal(t, d)
		p.exec("UPDATE datasets SET deleted_at = NULL")
		all := p.wholes()
		for _, o := range all {
			p.writing(o.who, "DELETE", o.path+o.id+"/", nil, http.StatusNoContent)
		}
		other := p.writing("eve", "POST", "/api/2/topics/", map[string]any{"name": "Zqxtopic renamed"}, http.StatusCreated)
		p.exec("UPDATE datasets SET deleted_at = ? WHERE id = ?", db.Now(), p.ids["open"])
		topic, post, community := all[0], all[1], all[2]
		p.writing("eve", "POST", "/api/2/bin/community_resource/"+community.id+"/restore/", nil, http.StatusBadRequest)
		p.exec("UPDATE datasets SET deleted_at = 1 WHERE id = ?", p.ids["open"])
		if purged, err := p.Catalog.Purge(t.Context(), nil); err != nil || purged == 0 {
			t.Fatalf("%d were purged, %v", purged, err)
		}
		p.writing("eve", "POST", "/api/2/bin/community_resource/"+community.id+"/restore/", nil, http.StatusNotFound)
		p.writing("eve", "POST", "/api/2/bin/topic/"+topic.id+"/restore/", nil, http.StatusOK)
		back := p.writing("", "GET", "/api/2/topics/"+topic.id+"/", nil, http.StatusOK)
		if slug := historyAt(back, "slug"); slug == historyAt(other, "slug") || slug == "" {
			t.Errorf("two topics are called %v", slug)
		}
		elements := p.writing("", "GET", "/api/2/topics/"+topic.id+"/elements/", nil, http.StatusOK)
		if historyAt(elements, "total") != 2.0 || historyAt(elements, "data.0.element") != nil || historyAt(elements, "data.0.title") != "First" {
			t.Errorf("the elements are %v", elements)
		}
		p.writing("admin", "POST", "/api/2/bin/post/"+post.id+"/restore/", nil, http.StatusOK)
		article := p.writing("", "GET", "/api/1/posts/"+post.id+"/", nil, http.StatusOK)
		if historyAt(article, "datasets.#") != 0.0 || historyAt(article, "blocs.0.datasets.#") != 1.0 || historyAt(article, "reuses.#") != 1.0 {
			t.Errorf("the post is %v", article)
		}
	})
}

// TestPurgeOfWholeObjects removes for good what lay in the bin long enough, and
// nothing that is younger.
func TestPurgeOfWholeObjects(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPortal(t, d)
		p.exec("UPDATE datasets SET deleted_at = NULL")
		p.exec("UPDATE reuses SET deleted_at = NULL")
		p.exec("UPDATE dataservices SET deleted_at = NULL")
		if _, err := p.Catalog.Purge(t.Context(), nil); err != nil { // what the fixture deleted
			t.Fatal(err)
		}
		for _, o := range p.wholes() {
			p.writing(o.who, "DELETE", o.path+o.id+"/", nil, http.StatusNoContent)
			if purged, err := p.Catalog.Purge(t.Context(), nil); err != nil || purged != 0 {
				t.Errorf("%d young were purged, %v", purged, err)
			}
			p.exec("UPDATE bin SET deleted_at = ? WHERE id = ?", db.Now().UnixMicro()-31*86400e6, o.id)
			if purged, err := p.Catalog.Purge(t.Context(), nil); err != nil || purged != 1 {
				t.Errorf("%d were purged, %v", purged, err)
			}
			for table, column := range map[string]string{"bin": "id", "history": "object", "slugs": "object_id", "tags": "object_id", "follows": "object_id", "topic_elements": "topic_id"} {
				var count int
				if err := d.Read().NewRaw(fmt.Sprintf("SELECT count(*) FROM %s WHERE %s = ?", table, column), o.id).Scan(t.Context(), &count); err != nil || count > 0 {
					t.Errorf("%d rows of %s still name a %s, %v", count, table, o.kind, err)
				}
			}
			p.writing(o.who, "POST", "/api/2/bin/"+o.kind+"/"+o.id+"/restore/", nil, http.StatusNotFound)
		}
		p.exec("UPDATE files SET ended_at = 1 WHERE ended_at IS NOT NULL")
		if swept, err := p.Files.Sweep(t.Context()); err != nil || swept.Files != 1 {
			t.Errorf("swept %+v, %v", swept, err)
		}
	})
}
