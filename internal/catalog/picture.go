package catalog

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/image"
)

// pictureKind is how the pictures of a kind of object are kept.
type pictureKind struct {
	storage string
	// most is the longer side of the picture, 0 for as large as it is; squares
	// are the sides of its small forms, shown the one that objects show.
	most    int
	squares []int
	shown   int
}

// KindProgram is the kind of programs that act for people. They are no part of the
// catalogue, which keeps their pictures alone.
const KindProgram = "oauth_client"

var pictureKinds = map[string]pictureKind{
	KindOrganization: {StorageAvatars, 500, []int{100, 60, 25}, 100},
	KindUser:         {StorageAvatars, 0, []int{500, 200, 100, 32, 25}, 500},
	KindReuse:        {StorageImages, 800, []int{500, 100, 50, 25}, 500},
	KindPost:         {StorageImages, 0, []int{400, 100, 50}, 100},
	KindChart:        {StorageImages, 250, nil, 0},
	KindProgram:      {StorageImages, 0, []int{150, 25}, 150},
}

// PreparePicture refuses who may not change the picture of an object, before it
// is read. The write asks again. Who may change a program is for those who keep
// it to say.
func (f *Files) PreparePicture(ctx context.Context, v account.Viewer, kind, id string) error {
	switch kind {
	case KindUser:
		return account.MaySetAvatar(v, id)
	case KindPost:
		return administers(v)
	case KindProgram:
		return account.MayChangeAccount(v)
	case KindOrganization:
		if !v.MayManage(id) {
			return errNotYours
		}
		return nil
	}
	var rows []struct {
		OrganizationID, OwnerID *string
		Private                 bool
		DeletedAt               db.Time
	}
	err := f.store.db.Read().NewRaw("SELECT organization_id, owner_id, private, deleted_at FROM ? WHERE id = ?", bun.Ident(kind+"s"), id).Scan(ctx, &rows)
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return fault.New(fault.NotFound, missing[kind])
	}
	owned := Owned{OrganizationID: rows[0].OrganizationID, OwnerID: rows[0].OwnerID}
	return changeable(v, state{kind: kind, id: id, owner: owned.OwnedBy(), private: rows[0].Private, deletedAt: rows[0].DeletedAt}, false)
}

var errPicture = fault.New(fault.Invalid, "Unsupported image format")

// Picture reads a picture that somebody sent for an object of a kind, and the
// part of it that a box names (nil for all), draws it again in its sizes and
// keeps them; what nothing comes to show is swept.
func (f *Files) Picture(ctx context.Context, v account.Viewer, kind string, r io.Reader, box *image.Box) (account.Picture, error) {
	source, err := image.Read(ctx, r, image.Limits{}, box)
	switch {
	case errors.Is(err, image.ErrFormat):
		return account.Picture{}, errPicture.Because(err)
	case errors.Is(err, image.ErrPixels):
		return account.Picture{}, fault.Newf(fault.Invalid, "This picture has too many pixels: send one of at most %d million pixels, half as many with 16 bits per colour.",
			image.DefaultPixels/1_000_000).Because(err)
	case errors.Is(err, image.ErrTooBig):
		return account.Picture{}, fault.Newf(fault.Invalid, "This picture is too big: send one of at most %d MB.", image.DefaultBytes>>20).Because(err)
	case err != nil:
		return account.Picture{}, err
	}
	defer source.Done()
	how := pictureKinds[kind]
	set := pictureSet{files: f, v: v, storage: how.storage, stem: pictureStem()}
	set.add(ctx, "-original", source.Original)
	main := set.add(ctx, "", func() (*image.Picture, error) { return source.Within(how.most) })
	small := main
	for _, side := range how.squares {
		address := set.add(ctx, fmt.Sprintf("-%d", side), func() (*image.Picture, error) { return source.Square(side) })
		if side == how.shown {
			small = address
		}
	}
	return account.Picture{Image: main, Thumbnail: small, Files: set.rows.Files}, storeFault(set.err)
}

// pictureSet keeps the sizes of a picture until one fails.
type pictureSet struct {
	files         *Files
	v             account.Viewer
	storage, stem string
	rows          account.Picture
	err           error
}

func (s *pictureSet) add(ctx context.Context, suffix string, draw func() (*image.Picture, error)) (address string) {
	if s.err != nil {
		return ""
	}
	drawn, err := draw()
	if err != nil {
		s.err = err
		return ""
	}
	ending := ".png"
	if drawn.Type == "image/jpeg" {
		ending = ".jpg"
	}
	content, err := s.files.shelf.WriteBytes(ctx, drawn.Body)
	if err != nil {
		s.err = err
		return ""
	}
	row := newFile(s.v, s.storage, s.stem+suffix+ending, drawn.Type, content)
	s.rows.Files = append(s.rows.Files, row)
	return row.Address()
}

// pictureStem is a name that nobody guesses: two hex digits, a slash, thirty more.
func pictureStem() string {
	var raw [16]byte
	if _, err := rand.Read(raw[:]); err != nil {
		panic(err)
	}
	name := hex.EncodeToString(raw[:])
	return name[:2] + "/" + name[2:]
}

// SetImage gives a reuse, a post or a chart its picture. Who may change the
// object may.
func (s *Store) SetImage(ctx context.Context, v account.Viewer, kind, id string, p account.Picture) error {
	place := func(ctx context.Context, tx *event.Tx, image, thumbnail **string) error {
		*image, *thumbnail = &p.Image, &p.Thumbnail
		return p.Place(ctx, tx.Tx, kind, id)
	}
	switch kind {
	case KindReuse:
		return s.writeReuse(ctx, v, id, "updated", false, func(ctx context.Context, tx *event.Tx, r *ReuseRecord) error {
			return place(ctx, tx, &r.Image, &r.ImageThumbnail)
		})
	case KindPost:
		_, err := s.writePost(ctx, v, id, "updated", func(ctx context.Context, tx *event.Tx, post *PostRecord) error {
			return place(ctx, tx, &post.Image, &post.ImageThumbnail)
		})
		return err
	}
	return s.writeChart(ctx, v, id, "updated", false, func(ctx context.Context, tx *event.Tx, c *Chart) error {
		return place(ctx, tx, &c.Image, &c.ImageThumbnail)
	})
}
