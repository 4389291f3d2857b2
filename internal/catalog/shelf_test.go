package catalog

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/geo"
	"grenier/internal/text"
)

// shelf is a small catalogue made row by row, for tests of what is read.
type shelf struct {
	t     *testing.T
	d     *db.DB
	store *Store
	// found are the answers of the text search by kind.
	found map[string][]string
	// next numbers what is made, which also dates it.
	next int64
}

func newShelf(t *testing.T, d *db.DB) *shelf {
	t.Helper()
	s := &shelf{t: t, d: d, found: map[string][]string{}}
	s.store = New(event.NewLog(d), geo.NewDirectory(), s, Rules{})
	return s
}

// Match answers like the search room: what the test said is found.
func (s *shelf) Match(_ context.Context, kind, _ string, limit int) ([]string, error) {
	ids := s.found[kind]
	return ids[:min(len(ids), limit)], nil
}

func (s *shelf) insert(models ...any) {
	s.t.Helper()
	dbtest.Insert(s.t, s.d, models...)
}

func (s *shelf) exec(query string, args ...any) {
	s.t.Helper()
	err := s.d.Write(context.Background(), db.People, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewRaw(query, args...).Exec(ctx)
		return err
	})
	if err != nil {
		s.t.Fatalf("%s: %v", query, err)
	}
}

// start is when the catalogue of tests begins; each new object is a day later.
var start = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)

func (s *shelf) id() (string, db.Time) {
	s.next++
	return fmt.Sprintf("%024x", 0x5f0000+s.next), db.TimeOf(start.AddDate(0, 0, int(s.next)))
}

func (s *shelf) user(slug string) *account.User {
	s.t.Helper()
	id, at := s.id()
	mail := slug + "@example.org"
	u := &account.User{
		ID: id, Version: 1, Slug: slug, Email: &mail, FirstName: "Ada", LastName: slug, NameFold: "ada " + slug, Active: true, CreatedAt: at,
		ModifiedAt: at, ConfirmedAt: at,
	}
	s.insert(u)
	return u
}

func (s *shelf) organization(slug string, members ...*account.User) *account.Organization {
	s.t.Helper()
	id, at := s.id()
	o := &account.Organization{
		ID: id, Version: 1, Slug: slug, Name: "Org " + slug, NameFold: "org " + slug, CreatedAt: at, ModifiedAt: at, Description: "An organisation.",
	}
	s.insert(o)
	for i, u := range members {
		s.insert(&account.Member{OrganizationID: id, UserID: u.ID, Role: account.RoleEditor, Since: at, Position: int64(i)})
	}
	return o
}

func (s *shelf) dataset(slug string, change func(*Dataset)) *Dataset {
	s.t.Helper()
	id, at := s.id()
	d := &Dataset{
		ID: id, Version: 1, Slug: slug, CreatedInternal: at, ModifiedInternal: at, CreatedAt: at, ModifiedAt: at, LastUpdate: at, Title: slug,
		AccessType: "open", Description: "Data.",
	}
	if change != nil {
		change(d)
	}
	d.TitleFold = text.Fold(d.Title)
	d.computeVisible()
	s.insert(d)
	return d
}

func (s *shelf) reuse(slug string, change func(*Reuse), datasets ...*Dataset) *Reuse {
	s.t.Helper()
	id, at := s.id()
	r := &Reuse{
		ID: id, Version: 1, Slug: slug, Title: slug, Type: "application", Topic: "health", URL: "https://example.org/" + slug,
		URLHash: slug, CreatedAt: at, ModifiedAt: at, Description: "A reuse.", DatasetCount: int64(len(datasets)),
	}
	if change != nil {
		change(r)
	}
	r.TitleFold = text.Fold(r.Title)
	r.computeVisible()
	s.insert(r)
	for i, d := range datasets {
		s.exec("INSERT INTO reuse_datasets (reuse_id, dataset_id, position) VALUES (?, ?, ?)", id, d.ID, i)
	}
	return r
}

func (s *shelf) dataservice(slug string, change func(*Dataservice), datasets ...*Dataset) *Dataservice {
	s.t.Helper()
	id, at := s.id()
	d := &Dataservice{
		ID: id, Version: 1, Slug: slug, Title: slug, AccessType: "open", CreatedAt: at, ModifiedAt: at, Description: "An API.",
		DatasetCount: int64(len(datasets)),
	}
	if change != nil {
		change(d)
	}
	d.TitleFold = text.Fold(d.Title)
	d.computeVisible()
	s.insert(d)
	for i, set := range datasets {
		s.exec("INSERT INTO dataservice_datasets (dataservice_id, dataset_id, position) VALUES (?, ?, ?)", id, set.ID, i)
	}
	return d
}

func (s *shelf) topic(slug string, change func(*Topic)) *Topic {
	s.t.Helper()
	id, at := s.id()
	topic := &Topic{ID: id, Version: 1, Slug: slug, Name: slug, NameFold: slug, CreatedAt: at, ModifiedAt: at}
	if change != nil {
		change(topic)
	}
	s.insert(topic)
	return topic
}

func (s *shelf) element(topic *Topic, position int64, title, kind, object string) *Element {
	s.t.Helper()
	id, _ := s.id()
	e := &Element{
		ID: id, TopicID: topic.ID, Position: position, Title: optional(title), TitleFold: text.Fold(title), ElementKind: optional(kind),
		ElementID: optional(object),
	}
	s.insert(e)
	return e
}

func (s *shelf) post(slug string, published bool, change func(*Post)) *Post {
	s.t.Helper()
	id, at := s.id()
	p := &Post{ID: id, Version: 1, Slug: slug, Name: slug, NameFold: slug, Kind: "news", BodyType: "markdown", CreatedAt: at, ModifiedAt: at, Blocs: db.JSON("[]")}
	if published {
		p.PublishedAt = at
	}
	if change != nil {
		change(p)
	}
	s.insert(p)
	return p
}

func (s *shelf) tag(kind, object string, tags ...string) {
	s.t.Helper()
	for i, tag := range tags {
		s.exec("INSERT INTO tags (object_id, tag, kind, position) VALUES (?, ?, ?, ?)", object, tag, kind, i)
	}
}

func (s *shelf) badge(kind, object, badge string) {
	s.t.Helper()
	s.exec("INSERT INTO badges (object_id, badge, kind, created_at, created_by, position) VALUES (?, ?, ?, NULL, NULL, 0)", object, badge, kind)
}

func (s *shelf) follow(kind, object string, by *account.User, ended bool) {
	s.t.Helper()
	id, at := s.id()
	f := &Follow{ID: id, ObjectKind: kind, ObjectID: object, FollowerID: by.ID, Since: at}
	if ended {
		f.Until = db.TimeOf(at.Add(time.Hour))
	}
	s.insert(f)
}

// as is the viewer of a person with their memberships.
func (s *shelf) as(u *account.User) account.Viewer {
	s.t.Helper()
	v, err := account.ViewerOf(context.Background(), s.d.Read(), u.ID)
	if err != nil {
		s.t.Fatal(err)
	}
	return v
}

// platformAdmin may everything.
var platformAdmin = account.System("test")

// names turns identifiers into slugs, for readable comparisons.
func (s *shelf) names(table string, ids []string) []string {
	s.t.Helper()
	named := make([]string, len(ids))
	for i, id := range ids {
		if err := s.d.Read().NewRaw("SELECT slug FROM "+table+" WHERE id = ?", id).Scan(context.Background(), &named[i]); err != nil {
			s.t.Fatal(err)
		}
	}
	return named
}

func (s *shelf) same(what string, got, want []string) {
	s.t.Helper()
	if !slices.Equal(got, want) {
		s.t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func (s *shelf) ok(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// refused checks the code and the text of a refusal; an empty code means none.
func (s *shelf) refused(what string, err error, code fault.Code, text string) {
	s.t.Helper()
	if code == "" {
		if err != nil {
			s.t.Errorf("%s: refused: %v", what, err)
		}
		return
	}
	if !fault.Is(err, code) || fault.Of(err).SafeText() != text {
		s.t.Errorf("%s: got %v, want %s: %s", what, err, code, text)
	}
}

// everything is a page that shows all.
var everything = Page{Limit: 100}

func boolean(b bool) *bool { return &b }
