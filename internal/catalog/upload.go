package catalog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"grenier/internal/account"
	"grenier/internal/blob"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/text"
)

// UploadTarget says what a file is sent for: a new resource of a dataset, or the
// resource whose file it replaces.
type UploadTarget struct {
	// Dataset is the dataset's identifier; empty for the file of a community
	// resource.
	Dataset string
	// Resource is the one whose file is replaced, empty for a new one.
	Resource string
	// Community tells of a community resource.
	Community bool
	// KeepTitle leaves a title that somebody wrote: one that is not the name of
	// the file before. Otherwise a resource is called as its file.
	KeepTitle bool
}

// String tells targets apart.
func (t UploadTarget) String() string {
	kind := KindResource
	if t.Community {
		kind = KindCommunity
	}
	return kind + ":" + t.Dataset + ":" + t.Resource
}

// parseTarget reads what String wrote.
func parseTarget(text string) (UploadTarget, error) {
	parts := strings.Split(text, ":")
	if len(parts) != 3 {
		return UploadTarget{}, fmt.Errorf("catalog: %q is no target of an upload", text)
	}
	return UploadTarget{Dataset: parts[1], Resource: parts[2], Community: parts[0] == KindCommunity}, nil
}

// Prepare refuses who may not send a file for a target, before anything is read
// of it. The write asks again.
func (f *Files) Prepare(ctx context.Context, v account.Viewer, t UploadTarget) error {
	if v.Anonymous() {
		return fault.New(fault.Unauthorized, "Log in to send a file.")
	}
	if t.Community && t.Resource != "" {
		return f.prepareCommunity(ctx, v, t.Resource)
	}
	var rows []Owned
	err := f.store.db.Read().NewRaw("SELECT organization_id, owner_id FROM datasets WHERE id = ?", t.Dataset).Scan(ctx, &rows)
	if err != nil {
		return err
	}
	if err := f.store.Readable(ctx, v, KindDataset, t.Dataset); err != nil {
		return err
	}
	var gone []string
	if err := f.store.db.Read().NewRaw("SELECT id FROM datasets WHERE id = ? AND deleted_at IS NOT NULL", t.Dataset).Scan(ctx, &gone); err != nil {
		return err
	}
	switch {
	case len(gone) > 0:
		return fault.New(fault.Gone, "Dataset has been deleted")
	case t.Community && !v.MayPublishAs(account.Owner{User: v.UserID()}), !t.Community && (len(rows) == 0 || !v.MayEdit(rows[0].OwnedBy(), t.Dataset)):
		return errNotYours
	case t.Resource == "":
		return nil
	}
	_, err = f.store.ResourceOf(ctx, v, t.Dataset, t.Resource)
	return err
}

var errNotYours = fault.New(fault.Forbidden, "You do not have the permission to modify that object.")

func (f *Files) prepareCommunity(ctx context.Context, v account.Viewer, id string) error {
	r, err := f.store.Resource(ctx, v, id)
	switch {
	case fault.Is(err, fault.NotFound), err == nil && !r.Community:
		return errNoCommunity
	case err != nil:
		return err
	case !v.May(account.EditCommunity, r.OwnedBy(), r.ID):
		return errNotYours
	}
	return nil
}

// Accept refuses a name whose extension is not hosted, and pages, which would
// run scripts in the name of the site. extensions is where the allowed ones are
// listed, for the person who reads it.
func (f *Files) Accept(given, extensions string) (name string, err error) {
	name = FileName(given)
	if strings.Contains(FileType(name), "html") {
		return "", fault.New(fault.Unsupported, "Incorrect file content type: HTML")
	}
	extension := FileExtension(name, f.rules.Extensions)
	if extension == "" || !FileAllowed(extension, f.rules.Extensions) {
		return "", fault.New(fault.Invalid, "This file type is not allowed.The allowed file type list is available at "+extensions)
	}
	return name, nil
}

// errTooLong refuses a file beyond the limit.
func (f *Files) errTooLong() error {
	return fault.Newf(fault.TooLarge, "This file is larger than %d bytes, the most that is taken here.", f.rules.MaxUpload)
}

// TooLong refuses a size that was announced.
func (f *Files) TooLong(size int64) error {
	if size > f.rules.MaxUpload {
		return f.errTooLong()
	}
	return nil
}

// Spool reads a file of which is not known yet what it is; Keep or Drop follows.
// The reader's errors are returned as they are.
func (f *Files) Spool(ctx context.Context, r io.Reader) (blob.Spooled, error) {
	spooled, err := f.shelf.Spool(ctx, &bounded{in: r, left: f.rules.MaxUpload, long: f.errTooLong()})
	return spooled, storeFault(err)
}

// Drop forgets a file that was spooled.
func (f *Files) Drop(ctx context.Context, spooled blob.Spooled) error {
	return f.shelf.DropSpooled(ctx, spooled)
}

// SpooledPart makes what was spooled a part of an upload.
func (f *Files) SpooledPart(ctx context.Context, v account.Viewer, t UploadTarget, p PartOf, spooled blob.Spooled) error {
	if p.Size >= 0 && p.Size != spooled.Size {
		return ErrChunkSize
	}
	r, err := f.shelf.OpenSpooled(ctx, spooled)
	if err != nil {
		return storeFault(err)
	}
	return errors.Join(f.ReceivePart(ctx, v, t, p, r), r.Close())
}

// bounded reads at most so many bytes; more are an error.
type bounded struct {
	in   io.Reader
	left int64
	long error
}

func (b *bounded) Read(p []byte) (int, error) {
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.in.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, b.long
	}
	return n, err
}

// Publish keeps a file that was spooled and makes it that of its target, under a
// name that was accepted. The result is the resource as it is now.
func (f *Files) Publish(ctx context.Context, v account.Viewer, t UploadTarget, name string, spooled blob.Spooled) (*Resource, error) {
	if err := f.shelf.KeepSpooled(ctx, spooled); err != nil {
		return nil, storeFault(err)
	}
	return f.publish(ctx, v, t, name, spooled.Content, nil)
}

// publish is Publish with what is done in the same write.
func (f *Files) publish(ctx context.Context, v account.Viewer, t UploadTarget, name string, content blob.Content,
	also func(ctx context.Context, tx *event.Tx, resource string) error) (*Resource, error) {
	p := publication{files: f, v: v, target: t, name: name, content: content, also: also}
	switch {
	case t.Community && t.Resource != "":
		return p.replaceCommunity(ctx)
	case t.Community:
		return p.addCommunity(ctx)
	case t.Resource != "":
		return p.replace(ctx)
	}
	return p.add(ctx)
}

// publication is one file on its way to a resource.
type publication struct {
	files   *Files
	v       account.Viewer
	target  UploadTarget
	name    string
	content blob.Content
	also    func(ctx context.Context, tx *event.Tx, resource string) error
}

func (p *publication) add(ctx context.Context) (*Resource, error) {
	var added Resource
	d, err := p.files.store.changeResource(ctx, p.v, p.target.Dataset, "resource.added", func(ctx context.Context, tx *event.Tx, d *Dataset) (*Resource, *Resource, error) {
		rank, err := p.files.store.firstRank(ctx, tx.Tx, d)
		if err != nil {
			return nil, nil, err
		}
		added = p.newResource(d.ID)
		added.Rank = rank
		if err := p.host(ctx, tx, &added, d.Slug); err != nil {
			return nil, nil, err
		}
		return nil, &added, insertResources(ctx, tx.Tx, []Resource{added})
	})
	if err != nil {
		return nil, err
	}
	added.DatasetVersion = d.Version
	return &added, nil
}

func (p *publication) newResource(dataset string) Resource {
	now := db.Now()
	return Resource{ID: db.NewUUID(), Version: 1, DatasetID: &dataset, Type: "main", CreatedInternal: now, ModifiedInternal: now}
}

func (p *publication) replace(ctx context.Context) (*Resource, error) {
	var changed *Resource
	d, err := p.files.store.changeResource(ctx, p.v, p.target.Dataset, "resource.updated", func(ctx context.Context, tx *event.Tx, d *Dataset) (*Resource, *Resource, error) {
		r, err := resourceRow(ctx, tx.Tx, d.ID, p.target.Resource)
		if err != nil {
			return nil, nil, err
		}
		before := *r
		r.Version++
		if err := p.host(ctx, tx, r, d.Slug); err != nil {
			return nil, nil, err
		}
		changed = r
		return &before, r, db.UpdateChanged(ctx, tx.Tx, &before, r)
	})
	if err != nil {
		return nil, err
	}
	changed.DatasetVersion = d.Version
	return changed, nil
}

func (p *publication) addCommunity(ctx context.Context) (*Resource, error) {
	store := p.files.store
	var added Resource
	err := store.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		if err := mayAddTo(ctx, tx.Tx, p.v, p.target.Dataset); err != nil {
			return err
		}
		slug, err := datasetSlug(ctx, tx.Tx, p.target.Dataset)
		if err != nil {
			return err
		}
		added = p.newResource(p.target.Dataset)
		added.Community, added.OwnerID = true, optional(p.v.UserID())
		if err := p.host(ctx, tx, &added, slug); err != nil {
			return err
		}
		if _, err := tx.NewInsert().Model(&added).Exec(ctx); err != nil {
			return err
		}
		return recordCommunity(ctx, tx, p.v, &added, "created", nil)
	})
	if err != nil {
		return nil, err
	}
	return store.community(ctx, p.v, &added)
}

func (p *publication) replaceCommunity(ctx context.Context) (*Resource, error) {
	store := p.files.store
	var changed *Resource
	err := store.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		r, err := editableCommunity(ctx, tx.Tx, p.v, p.target.Resource)
		if err != nil {
			return err
		}
		slug := "community"
		if r.DatasetID != nil {
			if slug, err = datasetSlug(ctx, tx.Tx, *r.DatasetID); err != nil {
				return err
			}
		}
		before := *r
		r.Version++
		if err := p.host(ctx, tx, r, slug); err != nil {
			return err
		}
		if err := db.UpdateChanged(ctx, tx.Tx, &before, r); err != nil {
			return err
		}
		changed = r
		return recordCommunity(ctx, tx, p.v, r, "updated", resourceDifference(&before, r))
	})
	if err != nil {
		return nil, err
	}
	return store.community(ctx, p.v, changed)
}

func datasetSlug(ctx context.Context, tx *db.Tx, id string) (string, error) {
	var slugs []string
	if err := tx.NewRaw("SELECT slug FROM datasets WHERE id = ?", id).Scan(ctx, &slugs); err != nil {
		return "", err
	}
	if len(slugs) == 0 {
		return "", fault.New(fault.NotFound, missing[KindDataset])
	}
	return slugs[0], nil
}

// host gives a resource the file: its row, its new address, and what describes
// it. The row of the file before ends.
func (p *publication) host(ctx context.Context, tx *event.Tx, r *Resource, slug string) error {
	path, err := freePath(ctx, tx.Tx, slug, p.name, db.Now())
	if err != nil {
		return err
	}
	file := newFile(p.v, StorageResources, path, servedType(p.name, p.content.Head), p.content)
	file.ObjectKind, file.ObjectID, file.DatasetID = KindResource, r.ID, r.DatasetID
	if r.Community {
		file.ObjectKind = KindCommunity
	}
	if _, err := tx.NewRaw("UPDATE files SET ended_at = ? WHERE object_id = ? AND ended_at IS NULL", db.Now(), r.ID).Exec(ctx); err != nil {
		return err
	}
	if err := blob.Insert(ctx, tx.Tx, file); err != nil {
		return err
	}
	extension, media, sum := FileExtension(p.name, p.files.rules.Extensions), FileType(p.name), "sha1"
	if !p.target.KeepTitle || !calledByHand(r) {
		r.Title, r.TitleFold = p.name, text.Fold(p.name)
	}
	r.Filetype, r.URL = "file", file.Address()
	r.Format, r.Mime, r.Filesize = &extension, &media, &p.content.Size
	r.ChecksumType, r.ChecksumValue, r.ModifiedInternal = &sum, &p.content.SHA1, db.Now()
	if p.also == nil {
		return nil
	}
	return p.also(ctx, tx, r.ID)
}

// freePath is <dataset>/<moment>/<name>, with a number behind the moment when
// two files of one name come within a second.
func freePath(ctx context.Context, tx *db.Tx, slug, name string, now db.Time) (string, error) {
	moment := now.UTC().Format("20060102-150405")
	for n := 1; ; n++ {
		path := slug + "/" + moment + "/" + name
		if n > 1 {
			path = fmt.Sprintf("%s/%s-%d/%s", slug, moment, n, name)
		}
		var taken []string
		err := tx.NewRaw("SELECT id FROM files WHERE storage = ? AND path = ?", StorageResources, path).Scan(ctx, &taken)
		if err != nil || len(taken) == 0 {
			return path, err
		}
	}
}
