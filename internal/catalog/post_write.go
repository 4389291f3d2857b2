package catalog

import (
	"context"
	"encoding/json"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/text"
)

// PostBodies are how the body of a post is written.
var PostBodies = []string{"markdown", "html", "blocs"}

const postNameMax = 255

// PostInput is what an administrator writes of a post. What is left out stays as
// it is.
type PostInput struct {
	Name, Headline, Content, ImageURL, CreditTo, CreditURL, Kind, BodyType Opt[string]

	Tags             Opt[[]string]
	Blocs            Opt[json.RawMessage]
	Datasets, Reuses Opt[[]string]
	Owner            Opt[string]
}

func (p *PostRecord) public() bool { return !p.PublishedAt.IsZero() }

// apply changes a post as the input says.
func (p *PostRecord) apply(ctx context.Context, tx *event.Tx, s *Store, v account.Viewer, in PostInput) error {
	wrong := s.checks()
	wrong.text(in.Name, postNameMax, &p.Name, "name")
	wrong.optional(in.Headline, DescriptionMax, &p.Headline, "headline")
	wrong.optional(in.Content, 10*DescriptionMax, &p.Content, "content")
	wrong.maybeAddress(in.ImageURL, &p.ImageURL, "image_url")
	wrong.optional(in.CreditTo, postNameMax, &p.CreditTo, "credit_to")
	wrong.maybeAddress(in.CreditURL, &p.CreditURL, "credit_url")
	wrong.choice(in.Kind, PostKinds, &p.Kind, "kind")
	wrong.choice(in.BodyType, PostBodies, &p.BodyType, "body_type")
	wrong.words(in.Tags, &p.Tags, "tags")
	if p.BodyType != "blocs" && p.Content == nil {
		wrong.at(textRequired, "content")
	}
	p.NameFold = text.Fold(p.Name)
	errs := []error{wrong.collect(), p.compose(ctx, tx, s, v, in.Blocs)}
	var err error
	if p.DatasetIDs, err = postDatasets.linkedTo(ctx, tx, v, in.Datasets, p.DatasetIDs, "datasets"); err != nil {
		errs = append(errs, err)
	}
	if p.ReuseIDs, err = postReuses.linkedTo(ctx, tx, v, in.Reuses, p.ReuseIDs, "reuses"); err != nil {
		errs = append(errs, err)
	}
	if in.Owner.Set {
		if err := knownOwner(ctx, tx.Tx, account.Owner{User: in.Owner.Value}); err != nil {
			errs = append(errs, err)
		}
		p.OwnerID = optional(in.Owner.Value)
	}
	return fault.Collect(errs...)
}

// compose reads the blocs of a post.
func (p *PostRecord) compose(ctx context.Context, tx *event.Tx, s *Store, v account.Viewer, in Opt[json.RawMessage]) error {
	blocs, err := s.composed(ctx, tx, v, in, p.Blocs, "blocs")
	if err == nil {
		p.Blocs = blocs
	}
	return err
}

// composed reads the blocs of a member of an object and gives them as they are
// kept.
func (s *Store) composed(ctx context.Context, read bun.IDB, v account.Viewer, in Opt[json.RawMessage], stored db.JSON, member string) (db.JSON, error) {
	if !in.Set {
		return stored, nil
	}
	if in.Null {
		return db.JSON("[]"), nil
	}
	before, err := Blocs(stored)
	if err != nil {
		return nil, err
	}
	blocs, err := s.checkBlocs(ctx, read, v, in.Value, before)
	if err != nil {
		return nil, under(err, member)
	}
	return db.JSONOf(blocs)
}

// under puts the member of an object before the paths of a refusal of its value.
func under(err error, member string) error {
	refused := fault.Of(err)
	if refused.Code != fault.Invalid {
		return err
	}
	if len(refused.Fields) == 0 {
		return fault.At(refused.SafeText(), member)
	}
	var all *fault.Error
	for i, wrong := range refused.Fields {
		path := append([]any{member}, wrong.Path...)
		if i == 0 {
			all = fault.At(wrong.Text, path...)
		} else {
			all = all.At(wrong.Text, path...)
		}
	}
	return all
}

// written are the members that people write, by their names in the API.
func (p *PostRecord) written() []field {
	return []field{
		{"name", p.Name}, {"slug", p.Slug}, {"headline", p.Headline}, {"content", p.Content}, {"image_url", p.ImageURL}, {"image", p.Image},
		{"credit_to", p.CreditTo}, {"credit_url", p.CreditURL}, {"kind", p.Kind}, {"body_type", p.BodyType}, {"tags", nothing(p.Tags)},
		{"blocs", json.RawMessage(p.Blocs)}, {"datasets", nothing(p.DatasetIDs)}, {"reuses", nothing(p.ReuseIDs)}, {"owner", p.OwnerID},
		{"published", p.PublishedAt.Ptr()},
	}
}

// administers refuses who does not administer the platform.
func administers(v account.Viewer) error {
	switch {
	case v.Anonymous():
		return fault.New(fault.Unauthorized, "Log in as an administrator.")
	case !v.May(account.Administer, account.Owner{}, ""):
		return account.NotAdministrator(v, "You do not have the permission to modify that object.")
	}
	return nil
}

// CreatePost makes a post, a draft until it is published.
func (s *Store) CreatePost(ctx context.Context, v account.Viewer, in PostInput) (*Post, error) {
	if err := administers(v); err != nil {
		return nil, err
	}
	need(&in.Name)
	now := db.Now()
	id := db.NewID()
	err := s.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		p := &PostRecord{Post: Post{
			ID: id, Version: 1, CreatedAt: now, ModifiedAt: now, Kind: PostKinds[0], BodyType: PostBodies[0], Blocs: db.JSON("[]"),
			OwnerID: optional(v.UserID()),
		}}
		if err := p.apply(ctx, tx, s, v, in); err != nil {
			return err
		}
		var err error
		if p.Slug, err = account.FreeSlug(ctx, tx.Tx, "posts", KindPost, text.Slug(p.Name)); err != nil {
			return err
		}
		if _, err := tx.NewInsert().Model(&p.Post).Exec(ctx); err != nil {
			return err
		}
		if err := p.saveBeside(ctx, tx, &PostRecord{}); err != nil {
			return err
		}
		return p.state().change(ctx, tx, v, "created", p.Version, false, p.public(), nil)
	})
	if err != nil {
		return nil, err
	}
	return s.Post(ctx, v, id)
}

func (p *PostRecord) state() state {
	owner := account.Owner{}
	if p.OwnerID != nil {
		owner.User = *p.OwnerID
	}
	return state{kind: KindPost, id: p.ID, owner: owner, private: !p.public()}
}

// saveBeside writes the lists and links that differ from before.
func (p *PostRecord) saveBeside(ctx context.Context, tx *event.Tx, before *PostRecord) error {
	if err := (besides{tags: p.Tags}).save(ctx, tx.Tx, KindPost, p.ID, besides{tags: before.Tags}); err != nil {
		return err
	}
	if err := postDatasets.save(ctx, tx.Tx, p.ID, before.DatasetIDs, p.DatasetIDs); err != nil {
		return err
	}
	return postReuses.save(ctx, tx.Tx, p.ID, before.ReuseIDs, p.ReuseIDs)
}

// UpdatePost changes what the input holds and keeps the rest.
func (s *Store) UpdatePost(ctx context.Context, v account.Viewer, id string, in PostInput) (*Post, error) {
	return s.writePost(ctx, v, id, "updated", func(ctx context.Context, tx *event.Tx, p *PostRecord) error {
		return p.apply(ctx, tx, s, v, in)
	})
}

// PublishPost shows a post to everybody from now on, or makes it a draft again.
func (s *Store) PublishPost(ctx context.Context, v account.Viewer, id string, public bool) (*Post, error) {
	return s.writePost(ctx, v, id, "updated", func(_ context.Context, _ *event.Tx, p *PostRecord) error {
		p.PublishedAt = db.Time{}
		if public {
			p.PublishedAt = db.Now()
		}
		return nil
	})
}

// writePost changes one post within a write of its own.
func (s *Store) writePost(ctx context.Context, v account.Viewer, id, what string, change func(context.Context, *event.Tx, *PostRecord) error) (*Post, error) {
	if err := administers(v); err != nil {
		return nil, err
	}
	err := s.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		p, err := loadPost(ctx, tx, id)
		if err != nil {
			return err
		}
		before := *p
		if err := change(ctx, tx, p); err != nil {
			return err
		}
		p.Version++
		p.ModifiedAt = db.Now()
		if p.Name != before.Name {
			if p.Slug, err = account.MoveSlug(ctx, tx.Tx, "posts", KindPost, p.ID, before.Slug, text.Slug(p.Name)); err != nil {
				return err
			}
		}
		if _, err := tx.NewUpdate().Model(&p.Post).WherePK().Exec(ctx); err != nil {
			return err
		}
		if err := p.saveBeside(ctx, tx, &before); err != nil {
			return err
		}
		return p.state().change(ctx, tx, v, what, p.Version, before.public(), p.public(), differenceOf(before.written(), p.written()))
	})
	if err != nil {
		return nil, err
	}
	return s.Post(ctx, v, id)
}

func loadPost(ctx context.Context, tx *event.Tx, id string) (*PostRecord, error) {
	return locked(ctx, tx, "posts", KindPost, id, loadPosts)
}

// DeletePost puts a post into the bin; it can be brought back.
func (s *Store) DeletePost(ctx context.Context, v account.Viewer, id string) error {
	if err := administers(v); err != nil {
		return err
	}
	return s.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		p, err := loadPost(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := forgetShown(ctx, tx.Tx, id); err != nil {
			return err
		}
		if err := forget(ctx, tx.Tx, "posts", "id", id); err != nil {
			return err
		}
		row := &binRow{ID: p.ID, Kind: KindPost, Version: p.Version + 1, Title: p.Name, Slug: p.Slug, Private: !p.public(), DeletedAt: db.Now()}
		if err := s.keepWhole(ctx, tx, row, p); err != nil {
			return err
		}
		return p.state().change(ctx, tx, v, "deleted", row.Version, p.public(), false, row.dead())
	})
}
