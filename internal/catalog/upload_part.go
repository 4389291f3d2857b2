package catalog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/uptrace/bun"
	"golang.org/x/sync/singleflight"

	"grenier/internal/account"
	"grenier/internal/blob"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
)

// States of an upload by parts.
const (
	UploadOpen    = "open"    // takes parts
	UploadJoining = "joining" // is being put together
	UploadSealed  = "sealed"  // was put together, waits for its resource
	UploadDone    = "done"    // has become a resource
)

// Upload is a file that comes in parts, in any order, from one person for one
// target, under an identifier that their program made.
type Upload struct {
	bun.BaseModel `bun:"table:uploads"`

	ID         string  `bun:"id,pk"`
	UserID     string  `bun:"user_id"`
	ClientID   string  `bun:"client_id"`
	Target     string  `bun:"target"`
	Filename   string  `bun:"filename"`
	Parts      int64   `bun:"parts"`
	State      string  `bun:"state"`
	SHA256     *string `bun:"sha256"`
	SHA1       *string `bun:"sha1"`
	Size       *int64  `bun:"size"`
	ResourceID *string `bun:"resource_id"`
	CreatedAt  db.Time `bun:"created_at"`
	TouchedAt  db.Time `bun:"touched_at"`

	// Received are the parts that are here, in order.
	Received []UploadPart `bun:"-"`
}

// UploadPart is a part that is here.
type UploadPart struct {
	bun.BaseModel `bun:"table:upload_parts"`

	UploadID string `bun:"upload_id,pk"`
	Part     int64  `bun:"part,pk"`
	Start    int64  `bun:"start"`
	Size     int64  `bun:"size"`
	Checksum int64  `bun:"checksum"`
}

// PartOf names a part, and the upload it is of.
type PartOf struct {
	// Client is the identifier of the upload, Filename the name that was
	// accepted.
	Client, Filename string
	// Index counts from 0; Parts is how many there are.
	Index, Parts int64
	// Offset is where the part begins in the file, Size its length in bytes;
	// -1 when it was not said.
	Offset, Size int64
}

// maxParts bounds the parts of a file, maxClientID the identifier of an upload.
const (
	maxParts    = 100_000
	maxClientID = 100
)

// ErrChunkSize tells that a part is not as long as was announced.
var ErrChunkSize = fault.New(fault.Invalid, "Chunk size mismatch")

// ReceivePart keeps a part: again when it came before, beside others that come
// at the same time. The reader's errors are returned as they are.
func (f *Files) ReceivePart(ctx context.Context, v account.Viewer, t UploadTarget, p PartOf, r io.Reader) error {
	if err := f.checkPart(&p); err != nil {
		return err
	}
	upload, err := f.upload(ctx, v, t, p)
	if err != nil {
		return err
	}
	if upload.State != UploadOpen {
		_, err := io.Copy(io.Discard, &bounded{in: r, left: max(p.Size, 0), long: ErrChunkSize})
		return err // it is here already, or the end would not have begun
	}
	if err := f.roomFor(ctx, upload.ID, p); err != nil {
		return err
	}
	most, long := f.rules.MaxUpload-p.Offset, error(f.errTooLong())
	if p.Size >= 0 {
		most, long = p.Size, ErrChunkSize
	}
	sum := &blob.PartSum{In: &bounded{in: r, left: most, long: long}}
	part := blob.Part{Number: int(p.Index), Offset: p.Offset, Size: p.Size}
	size, err := f.shelf.Store().Stage(ctx, upload.ID, part, sum)
	switch {
	case errors.Is(err, blob.ErrSealed):
		return nil
	case err != nil:
		return storeFault(err)
	case p.Size >= 0 && size != p.Size:
		return ErrChunkSize
	}
	return f.notePart(ctx, UploadPart{UploadID: upload.ID, Part: p.Index, Start: p.Offset, Size: size, Checksum: int64(sum.Sum())})
}

// checkPart refuses a part that no file has, and finds its place when only its
// number was said.
func (f *Files) checkPart(p *PartOf) error {
	if p.Offset < 0 && p.Index == 0 {
		p.Offset = 0
	}
	if p.Offset < 0 && p.Size > 0 && p.Index < p.Parts-1 && p.Index < maxParts && p.Size < f.rules.MaxUpload {
		p.Offset = p.Index * p.Size
	}
	switch {
	case p.Client == "" || len(p.Client) > maxClientID || strings.ContainsFunc(p.Client, func(c rune) bool { return c <= ' ' || c == 0x7f || c == 0xfffd }):
		return fault.New(fault.Invalid, "Name the upload in the field uuid, with at most 100 characters, the same for all its parts.")
	case p.Parts < 1 || p.Parts > maxParts:
		return fault.Newf(fault.Invalid, "A file comes in at most %d parts: say how many in the field totalparts.", maxParts)
	case p.Index < 0 || p.Index >= p.Parts:
		return fault.New(fault.Invalid, "The field partindex counts from 0 and stays below totalparts.")
	case p.Offset < 0:
		return fault.New(fault.Invalid, "Say in the field partbyteoffset where this part begins in the file.")
	case p.Offset > f.rules.MaxUpload || p.Size > f.rules.MaxUpload-p.Offset:
		return f.errTooLong()
	}
	return nil
}

// upload finds the upload of a part, or makes it.
func (f *Files) upload(ctx context.Context, v account.Viewer, t UploadTarget, p PartOf) (*Upload, error) {
	found, err := f.findUpload(ctx, f.store.db.Read(), v, t, p.Client)
	if err != nil {
		return nil, err
	}
	if found == nil {
		now := db.Now()
		fresh := Upload{
			ID: db.NewUUID(), UserID: v.UserID(), ClientID: p.Client, Target: t.String(), Filename: p.Filename, Parts: p.Parts, State: UploadOpen,
			CreatedAt: now, TouchedAt: now,
		}
		err := f.store.db.Write(ctx, db.People, func(ctx context.Context, tx *db.Tx) error {
			if err := f.mayBegin(ctx, tx, v); err != nil {
				return err
			}
			if _, err := tx.NewInsert().Model(&fresh).On("CONFLICT DO NOTHING").Exec(ctx); err != nil {
				return err
			}
			found, err = f.findUpload(ctx, tx, v, t, p.Client) // another part may have come first
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if found.Parts != p.Parts {
		return nil, fault.Newf(fault.Invalid, "This upload was begun with %d parts: send them all with the same totalparts, or begin another one.", found.Parts)
	}
	return found, nil
}

// mostUnfinished bounds the uploads of a person that have begun and not ended.
const mostUnfinished = 50

// mayBegin refuses another upload of a person who leaves many unfinished, by
// which a store could be filled although no file is ever published.
func (f *Files) mayBegin(ctx context.Context, tx *db.Tx, v account.Viewer) error {
	var begun struct{ Count, Bytes int64 }
	err := tx.NewRaw(`SELECT count(DISTINCT u.id) AS count, COALESCE(sum(p.size), 0) AS bytes FROM uploads u
		LEFT JOIN upload_parts p ON p.upload_id = u.id WHERE u.user_id = ? AND u.state <> ?`, v.UserID(), UploadDone).Scan(ctx, &begun)
	if err == nil && (begun.Count >= mostUnfinished || begun.Bytes > f.rules.MaxUpload) {
		err = fault.Newf(fault.TooMany, "You have %d unfinished uploads, of %d bytes together: end them first, or wait until they are forgotten.",
			begun.Count, begun.Bytes).After(f.rules.UploadRetention)
	}
	return err
}

// roomFor refuses a part when the parts beside it are already as long as a file
// may be: they may lie over each other.
func (f *Files) roomFor(ctx context.Context, upload string, p PartOf) error {
	var others int64
	err := f.store.db.Read().NewRaw("SELECT COALESCE(sum(size), 0) FROM upload_parts WHERE upload_id = ? AND part <> ?", upload, p.Index).Scan(ctx, &others)
	if err == nil && others+max(p.Size, 0) > f.rules.MaxUpload {
		err = f.errTooLong()
	}
	return err
}

func (f *Files) findUpload(ctx context.Context, read bun.IDB, v account.Viewer, t UploadTarget, client string) (*Upload, error) {
	var rows []Upload
	err := read.NewSelect().Model(&rows).Where("user_id = ? AND client_id = ? AND target = ?", v.UserID(), client, t.String()).Scan(ctx)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

// notePart writes that a part is here.
func (f *Files) notePart(ctx context.Context, part UploadPart) error {
	return f.store.db.Write(ctx, db.People, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewRaw("UPDATE uploads SET touched_at = ? WHERE id = ?", db.Now(), part.UploadID).Exec(ctx)
		if err != nil {
			return err
		}
		_, err = tx.NewInsert().Model(&part).On("CONFLICT (upload_id, part) DO UPDATE").
			Set("start = EXCLUDED.start, size = EXCLUDED.size, checksum = EXCLUDED.checksum").Exec(ctx)
		return err
	})
}

// UploadEnd says that all parts of an upload were sent.
type UploadEnd struct {
	Client, Filename string
	Parts            int64
	// SHA1 and SHA256 are what the file should be, in hex digits; empty when
	// it was not said.
	SHA1, SHA256 string
}

// uploadEnds lets one of several calls that end the same upload do the work.
type uploadEnds struct{ singleflight.Group }

// EndUpload puts the parts together and makes them the file of their target.
// Repeated, it gives the same resource.
func (f *Files) EndUpload(ctx context.Context, v account.Viewer, t UploadTarget, end UploadEnd) (*Resource, error) {
	upload, err := f.findUpload(ctx, f.store.db.Read(), v, t, end.Client)
	if err != nil {
		return nil, err
	}
	if upload == nil {
		return nil, fault.New(fault.Invalid, "No part of this upload is here: send the parts first, with the same uuid.")
	}
	// Who asked may leave; whoever asks again waits for the same work.
	ended := f.ends.DoChan(upload.ID, func() (any, error) { return f.end(context.WithoutCancel(ctx), v, t, end) })
	select {
	case result := <-ended:
		if result.Err != nil {
			return nil, result.Err
		}
		resource := *result.Val.(*Resource)
		return &resource, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (f *Files) end(ctx context.Context, v account.Viewer, t UploadTarget, end UploadEnd) (*Resource, error) {
	upload, err := f.findUpload(ctx, f.store.db.Read(), v, t, end.Client)
	if err != nil || upload == nil {
		return nil, errors.Join(err, errUploadGone)
	}
	if upload.State == UploadDone {
		return f.store.Resource(ctx, v, *upload.ResourceID)
	}
	if upload.Received, err = f.received(ctx, upload.ID); err != nil {
		return nil, err
	}
	content, err := f.join(ctx, upload, end)
	if err != nil {
		return nil, storeFault(err)
	}
	resource, err := f.publish(ctx, v, t, end.Filename, content, func(ctx context.Context, tx *event.Tx, resource string) error {
		return settleUpload(ctx, tx.Tx, upload.ID, resource)
	})
	if errors.Is(err, errUploadDone) { // on another machine, meanwhile
		return f.end(ctx, v, t, end)
	}
	return resource, err
}

var (
	errUploadGone  = fault.New(fault.Invalid, "This upload is no longer here: send the file again.")
	errPartChanged = fault.New(fault.Conflict, "A part of this upload was sent again while the file was put together: send the parts again, then end the upload.")
	errUploadDone  = errors.New("catalog: the upload is done")
)

// settleUpload marks an upload as done, once.
func settleUpload(ctx context.Context, tx *db.Tx, id, resource string) error {
	result, err := tx.NewRaw("UPDATE uploads SET state = ?, resource_id = ?, touched_at = ? WHERE id = ? AND state <> ?",
		UploadDone, resource, db.Now(), id, UploadDone).Exec(ctx)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, errUploadDone)
	}
	return nil
}

func (f *Files) received(ctx context.Context, id string) ([]UploadPart, error) {
	var parts []UploadPart
	err := f.store.db.Read().NewSelect().Model(&parts).Where("upload_id = ?", id).OrderExpr("part").Scan(ctx)
	return parts, err
}

// join puts the parts together, unless that was done before.
func (f *Files) join(ctx context.Context, upload *Upload, end UploadEnd) (blob.Content, error) {
	parts, err := whole(upload)
	if err != nil {
		return blob.Content{}, err
	}
	var content blob.Content
	if upload.State == UploadSealed {
		content = blob.Content{SHA256: *upload.SHA256, SHA1: *upload.SHA1, Size: *upload.Size}
	} else {
		if content, err = f.gather(ctx, upload, parts, end); err != nil {
			return content, errors.Join(err, f.reopen(ctx, upload.ID))
		}
		if err := f.setState(ctx, upload.ID, UploadSealed, &content); err != nil {
			return content, err
		}
	}
	err = f.shelf.Keep(ctx, upload.ID, parts, content)
	if errors.Is(err, blob.ErrChanged) { // a part that was on its way came after all
		return content, errors.Join(errPartChanged, f.reopen(ctx, upload.ID))
	}
	if err != nil {
		return content, err
	}
	content.Head, err = f.shelf.Head(ctx, content.SHA256)
	return content, err
}

func (f *Files) gather(ctx context.Context, upload *Upload, parts []blob.Part, end UploadEnd) (blob.Content, error) {
	if err := f.setState(ctx, upload.ID, UploadJoining, nil); err != nil {
		return blob.Content{}, err
	}
	content, err := f.shelf.Gather(ctx, upload.ID, parts, func(number int, sum uint32) error {
		if upload.Received[number].Checksum != int64(sum) {
			return fault.Newf(fault.Invalid, "Part %d did not arrive as it was sent: send it again, then end the upload.", number)
		}
		return nil
	})
	if err != nil {
		return content, err
	}
	if end.SHA1 != "" && !strings.EqualFold(end.SHA1, content.SHA1) || end.SHA256 != "" && !strings.EqualFold(end.SHA256, content.SHA256) {
		return content, fault.New(fault.Invalid, "The file is not the one whose checksum was sent: send its parts again, then end the upload.")
	}
	return content, nil
}

// reopen takes parts again after a failure.
func (f *Files) reopen(ctx context.Context, id string) error {
	return errors.Join(f.setState(ctx, id, UploadOpen, nil), f.shelf.Store().Reopen(ctx, id))
}

func (f *Files) setState(ctx context.Context, id, state string, content *blob.Content) error {
	return f.store.db.Write(ctx, db.People, func(ctx context.Context, tx *db.Tx) error {
		query := tx.NewUpdate().Model((*Upload)(nil)).Set("state = ?, touched_at = ?", state, db.Now()).Where("id = ? AND state <> ?", id, UploadDone)
		if content != nil {
			query = query.Set("sha256 = ?, sha1 = ?, size = ?", content.SHA256, content.SHA1, content.Size)
		}
		_, err := query.Exec(ctx)
		return err
	})
}

// missingParts bounds the parts that a refusal names.
const missingParts = 20

// whole refuses an upload of which parts are missing, or do not follow each
// other.
func whole(upload *Upload) ([]blob.Part, error) {
	var missing []string
	parts := make([]blob.Part, 0, len(upload.Received))
	next, at := int64(0), int64(0)
	for _, part := range upload.Received {
		for ; next < part.Part && len(missing) < missingParts; next++ {
			missing = append(missing, strconv.FormatInt(next, 10))
		}
		if len(missing) == 0 && part.Start != at {
			return nil, fault.Newf(fault.Invalid, "Part %d begins at byte %d, but the parts before it end at byte %d.", part.Part, part.Start, at)
		}
		next, at = part.Part+1, at+part.Size
		parts = append(parts, blob.Part{Number: int(part.Part), Offset: part.Start, Size: part.Size})
	}
	for ; next < upload.Parts && len(missing) < missingParts; next++ {
		missing = append(missing, strconv.FormatInt(next, 10))
	}
	if len(missing) > 0 {
		return nil, fault.New(fault.Invalid, "Parts are missing: send "+strings.Join(missing, ", ")+fmt.Sprintf(" of %d, then end the upload.", upload.Parts))
	}
	return parts, nil
}

// mostTargets bounds the uploads under one identifier that are looked at.
const mostTargets = 100

// Uploading returns what is here of the viewer's upload, for who goes on with
// it and may: a token that is for other objects finds none. Of several under
// one identifier, the newest.
func (f *Files) Uploading(ctx context.Context, v account.Viewer, client string) (*Upload, error) {
	if v.Anonymous() {
		return nil, errNoUpload
	}
	var rows []Upload
	err := f.store.db.Read().NewSelect().Model(&rows).Where("user_id = ? AND client_id = ?", v.UserID(), client).
		OrderExpr("created_at DESC, id DESC").Limit(mostTargets).Scan(ctx)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		upload := &rows[i]
		target, err := parseTarget(upload.Target)
		if err != nil {
			return nil, err
		}
		if err := f.Prepare(ctx, v, target); refusesTarget(err) {
			continue
		} else if err != nil {
			return nil, err
		}
		upload.Received, err = f.received(ctx, upload.ID)
		return upload, err
	}
	return nil, errNoUpload
}

var errNoUpload = fault.New(fault.NotFound, "There is no such upload.")

// refusesTarget tells that Prepare refused somebody, and did not fail.
func refusesTarget(err error) bool {
	return fault.Is(err, fault.Forbidden) || fault.Is(err, fault.NotFound) || fault.Is(err, fault.Gone)
}
