package portal

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"grenier/internal/account"
	"grenier/internal/catalog"
	"grenier/internal/fault"
	"grenier/internal/image"
	"grenier/internal/web"
)

// pictureSource reads what lies on other servers: at most so many bytes. A
// longer body is an error while it is read.
type pictureSource interface {
	Get(ctx context.Context, url string, maxBytes int64) (io.ReadCloser, error)
}

// Bounds of pictures.
const (
	picturesAtOnce  = 4
	pictureTime     = 15 * time.Second // to get and resize one
	pictureFailure  = 10 * time.Minute // for how long a failure is not tried again
	pictureFailures = 4096             // failures remembered
	picturesOnDisk  = 200 << 20        // bytes
	pictureFor      = 24 * time.Hour   // how long browsers keep one
	standInFor      = 5 * time.Minute  // and what stands in for one
)

// pictureSizes are the sides of the squares in which pictures are shown, in
// pixels, the largest first: smaller ones are made from it.
var pictureSizes = []int{400, 200, 100, 60}

// pictures serves the logos, portraits and covers that lie on other servers, so
// that no reader's browser asks a third party: got once, made small, kept on
// disk. What has none, or none to be had, gets a pattern or initials.
type pictures struct {
	catalog       *catalog.Store
	organizations *account.Organizations
	people        *account.People
	source        pictureSource
	shelf         *pictureShelf
	log           *slog.Logger

	slots   chan struct{}
	flights singleflight.Group

	mu     sync.Mutex
	failed map[string]time.Time // until when, by address
}

// newPictures keeps pictures in a folder, which it makes. Without a source,
// stand-ins are shown for all.
func newPictures(d Deps, source pictureSource) (*pictures, error) {
	shelf, err := openPictureShelf(d.Pictures, picturesOnDisk)
	if err != nil {
		return nil, err
	}
	p := &pictures{
		catalog: d.Catalog, organizations: d.Organizations, people: d.People, source: source, shelf: shelf, log: d.Log,
		slots: make(chan struct{}, picturesAtOnce), failed: map[string]time.Time{},
	}
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	return p, nil
}

// routes declares the pictures in the table of the site's root.
func (p *pictures) routes(root *web.Table) {
	web.Get[web.Raw](root, "/pictures/{kind}/{id}/{size}", web.Doc{Keep: true, NoMask: true, Timeout: pictureTime + 5*time.Second}, p.serve)
}

type pictureArgs struct {
	Kind string `path:"kind"`
	ID   string `path:"id"`
	Size string `path:"size"`
}

// pictured is what a picture is of.
type pictured struct {
	kind string // as web.Object names it
	name string // whose initials may stand in; empty for a pattern
	// address is where the picture lies, empty when there is none.
	address string
}

// serve answers with a picture as PNG or JPEG, or with an SVG that stands in.
// What the caller may not read has none: not found, or gone.
func (p *pictures) serve(c *web.Call, q pictureArgs) error {
	size, err := strconv.Atoi(q.Size)
	if err != nil || !knownSize(size) {
		return noPicture()
	}
	of, err := p.find(c.Context(), web.ViewerOf[account.Viewer](c), q.Kind, q.ID)
	if err != nil {
		return err
	}
	body, media, err := p.picture(c.Context(), of.address, size)
	lasts := pictureFor
	if err != nil || body == nil {
		body, media, lasts = standIn(of, q.ID, size), "image/svg+xml", standInFor
	}
	h := c.W.Header()
	h["Cache-Control"] = []string{"public, max-age=" + strconv.Itoa(int(lasts.Seconds()))}
	h["X-Content-Type-Options"] = []string{"nosniff"}
	h["Content-Security-Policy"] = []string{"default-src 'none'; style-src 'unsafe-inline'"}
	c.Keep(time.Now().Add(standInFor), web.Object(of.kind, q.ID), web.Epoch(of.kind))
	return c.Blob(http.StatusOK, media, body)
}

func noPicture() error { return fault.New(fault.NotFound, "There is no such picture.") }

func knownSize(size int) bool {
	for _, known := range pictureSizes {
		if size == known {
			return true
		}
	}
	return false
}

// standIn is the drawing shown instead of a picture.
func standIn(of pictured, id string, size int) []byte {
	if of.name != "" {
		return image.Monogram(of.name, id, size)
	}
	return image.Identicon(id, size)
}

// find tells where the picture of an object lies, if the viewer may read the
// object.
func (p *pictures) find(ctx context.Context, v account.Viewer, kind, id string) (pictured, error) {
	switch kind {
	case "organizations":
		o, err := p.organizations.Get(ctx, v, id)
		if err != nil {
			return pictured{}, err
		}
		return pictured{catalog.KindOrganization, o.Name, firstAddress(o.Logo, o.ImageURL, o.LogoThumbnail)}, nil
	case "users":
		u, err := p.people.Get(ctx, v, id)
		if err != nil {
			return pictured{}, err
		}
		return pictured{catalog.KindUser, u.FullName(), firstAddress(u.Avatar, u.AvatarThumbnail)}, nil
	case "reuses":
		r, err := p.catalog.Reuse(ctx, v, id)
		if err != nil {
			return pictured{}, err
		}
		return pictured{catalog.KindReuse, "", firstAddress(r.Image, r.ImageThumbnail)}, nil
	case "posts":
		post, err := p.catalog.Post(ctx, v, id)
		if err != nil {
			return pictured{}, err
		}
		return pictured{catalog.KindPost, "", firstAddress(post.Image, post.ImageURL, post.ImageThumbnail)}, nil
	}
	return pictured{}, noPicture()
}

// firstAddress is the first address of a picture, here or on another server.
func firstAddress(addresses ...*string) string {
	for _, address := range addresses {
		if address != nil && (catalog.Hosted(*address) || strings.HasPrefix(*address, "https://") || strings.HasPrefix(*address, "http://")) {
			return *address
		}
	}
	return ""
}

// errFailedBefore says that a picture could not be had a moment ago.
var errFailedBefore = errors.New("portal: the picture could not be had a moment ago")

// picture gives the picture at an address within a square; nothing when there
// is no address or no source.
func (p *pictures) picture(ctx context.Context, address string, size int) (body []byte, media string, err error) {
	if address == "" || p.source == nil {
		return nil, "", nil
	}
	if body, media, ok := p.shelf.get(address, size); ok {
		return body, media, nil
	}
	if p.failedBefore(address) {
		return nil, "", errFailedBefore
	}
	// Who waits may leave; the work goes on for the others.
	flight := p.flights.DoChan(address+" "+strconv.Itoa(size), func() (any, error) {
		ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), pictureTime)
		defer stop()
		return p.make(ctx, address, size)
	})
	select {
	case done := <-flight:
		if done.Err != nil {
			return nil, "", done.Err
		}
		made := done.Val.(*image.Picture)
		return made.Body, made.Type, nil
	case <-ctx.Done():
		return nil, "", ctx.Err()
	}
}

// make makes a picture and puts it on the shelf: the largest size from its
// origin, others from the largest.
func (p *pictures) make(ctx context.Context, address string, size int) (*image.Picture, error) {
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	largest, err := p.largest(ctx, address)
	if err != nil {
		p.remember(address)
		p.log.Debug("a picture could not be had", "url", address, "cause", err)
		return nil, err
	}
	if size == pictureSizes[0] {
		return largest, nil
	}
	made, err := image.Resize(ctx, strings.NewReader(string(largest.Body)), image.Limits{}, size, size)
	if err != nil {
		return nil, err
	}
	p.keep(address, size, made)
	return made, nil
}

// largest gets the picture from its origin, unless the shelf has it in its
// largest size.
func (p *pictures) largest(ctx context.Context, address string) (*image.Picture, error) {
	size := pictureSizes[0]
	if body, media, ok := p.shelf.get(address, size); ok {
		return &image.Picture{Body: body, Type: media}, nil
	}
	body, err := p.source.Get(ctx, address, image.DefaultBytes)
	if err != nil {
		return nil, err
	}
	made, err := image.Resize(ctx, body, image.Limits{}, size, size)
	if err := errors.Join(err, body.Close()); err != nil {
		return nil, err
	}
	p.keep(address, size, made)
	return made, nil
}

// keep puts a picture on the shelf; one that cannot be kept is made again.
func (p *pictures) keep(address string, size int, made *image.Picture) {
	if err := p.shelf.put(address, size, made); err != nil {
		p.log.Warn("a picture could not be kept on disk", "cause", err)
	}
}

func (p *pictures) failedBefore(address string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	until, ok := p.failed[address]
	if ok && time.Now().After(until) {
		delete(p.failed, address)
		return false
	}
	return ok
}

// remember notes a failure; when there are too many, the outdated ones are
// forgotten, or else all.
func (p *pictures) remember(address string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if len(p.failed) >= pictureFailures {
		for known, until := range p.failed {
			if now.After(until) {
				delete(p.failed, known)
			}
		}
	}
	if len(p.failed) >= pictureFailures {
		clear(p.failed)
	}
	p.failed[address] = now.Add(pictureFailure)
}
