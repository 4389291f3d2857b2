// Package maaf harvests the folders in which the French ministry of agriculture
// publishes its data: pages of links, and a descriptor in XML for each dataset.
package maaf

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"grenier/internal/fault"
	"grenier/internal/fetch"
	"grenier/internal/harvest"
)

const (
	maxFolders = 10_000
	maxDepth   = 32
	// maxPage and maxDescriptor bound a folder's page and a descriptor, in bytes.
	maxPage       = 32 << 20
	maxDescriptor = 16 << 20
	maxUnreached  = 3
)

// Backend reads the folders.
type Backend struct{}

// New returns the backend.
func New() Backend { return Backend{} }

// Describe implements harvest.Backend.
func (Backend) Describe() harvest.Description {
	return harvest.Description{
		ID: "maaf", Label: "MAAF", Filters: []harvest.FilterKind{}, Features: []harvest.FeatureKind{}, ExtraConfigs: []harvest.ExtraKind{},
		Resumable: true,
	}
}

// folder is one to be read, with its distance from the first.
type folder struct {
	address string
	depth   int
}

// crawl is one run.
type crawl struct {
	harvest.Request
	emit      func(harvest.Line) error
	known     map[string]bool // folders and descriptors
	queue     []folder
	done      int
	unreached int
	told      error
	whole     bool
}

// Harvest implements harvest.Backend: folders are read breadth first, below the first
// alone.
func (Backend) Harvest(ctx context.Context, r harvest.Request, emit func(harvest.Line) error) error {
	c := &crawl{Request: r, emit: emit, known: make(map[string]bool), whole: true}
	root := folderOf(r.Source.URL)
	c.known[root] = true
	c.queue = []folder{{address: root}}
	if err := c.tell(harvest.Line{T: harvest.LineStart, Format: "maaf"}); err != nil {
		return err
	}
	passed := r.Cursor != "" // folders up to that of the cursor were read before
	for len(c.queue) > 0 {
		next := c.queue[0]
		c.queue = c.queue[1:]
		if err := c.read(ctx, next, passed); err != nil {
			return err
		}
		if passed {
			passed = next.address != r.Cursor
			continue
		}
		if err := c.tell(harvest.Line{T: harvest.LineCheckpoint, Cursor: next.address, Done: c.done}); err != nil {
			return err
		}
	}
	return c.tell(harvest.Line{T: harvest.LineEnd, Complete: c.whole && !passed})
}

func (c *crawl) tell(l harvest.Line) error {
	if err := c.emit(l); err != nil {
		c.told = err
		return err
	}
	return nil
}

// folderOf is the address of a folder, which ends with a slash unless it names a page.
func folderOf(address string) string {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil {
		return address
	}
	u.Fragment = ""
	if !strings.HasSuffix(u.Path, "/") && path.Ext(u.Path) == "" {
		u.Path += "/"
	}
	return u.String()
}

// read reads a folder: it queues those below, and tells the descriptors in it unless
// they were told before. The first folder must be there; another one that is not is an
// error of the job, which goes on.
func (c *crawl) read(ctx context.Context, f folder, passed bool) error {
	links, err := c.links(ctx, f.address)
	if err != nil {
		if f.depth == 0 || c.ends(ctx, err) {
			return err
		}
		c.whole = false
		return c.tell(harvest.Line{T: harvest.LineError, Message: "The folder " + f.address + " cannot be read: " + fault.Of(err).SafeText()})
	}
	for _, link := range links {
		switch {
		case c.known[link]:
		case strings.HasSuffix(link, "/"):
			if f.depth+1 > maxDepth || len(c.known) >= maxFolders*100 || len(c.queue) >= maxFolders {
				c.whole = false
				continue
			}
			c.known[link] = true
			c.queue = append(c.queue, folder{link, f.depth + 1})
		case strings.EqualFold(path.Ext(link), ".xml"):
			c.known[link] = true
			if passed {
				continue
			}
			if err := c.descriptor(ctx, link); err != nil {
				return err
			}
		}
	}
	return nil
}

// ends tells whether an error is that of the whole run.
func (c *crawl) ends(ctx context.Context, err error) bool {
	var wait *harvest.Wait
	if c.told != nil || ctx.Err() != nil || errors.As(err, &wait) {
		return true
	}
	if why := fetch.Why(err); why == nil || why.Reason == fetch.Status || why.Reason == fetch.TooBig {
		c.unreached = 0
		return false
	}
	c.unreached++
	return c.unreached >= maxUnreached
}

// links are the addresses that a folder's page lists but for the first, which leads
// up. Those of other hosts or of folders above are left out.
func (c *crawl) links(ctx context.Context, address string) ([]string, error) {
	answer, err := c.Remote.Ask(ctx, address, harvest.Want{Accept: "text/html", MaxBytes: maxPage})
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	page, err := html.Parse(harvest.UTF8(answer.Body, answer.Header.Get("Content-Type"), c.Remote.Log))
	if err != nil {
		return nil, fault.Wrap(err, fault.BadGateway, "The page of a folder cannot be read.")
	}
	base, err := url.Parse(answer.URL)
	if err != nil {
		return nil, fault.Wrap(err, fault.BadGateway, "The page of a folder has no address.")
	}
	var found []string
	for i, href := range hrefs(page) {
		to, err := base.Parse(strings.TrimSpace(href))
		if i == 0 || err != nil || to.Host != base.Host || to.Scheme != base.Scheme || !strings.HasPrefix(to.Path, folderPath(base.Path)) {
			continue
		}
		to.Fragment, to.RawQuery = "", ""
		found = append(found, to.String())
	}
	return found, nil
}

// folderPath is a path without the name of its page.
func folderPath(p string) string { return p[:strings.LastIndexByte(p, '/')+1] }

// hrefs are the links of ul > li > a.
func hrefs(page *html.Node) (found []string) {
	for n := range page.Descendants() {
		if n.DataAtom != atom.A || n.Parent == nil || n.Parent.DataAtom != atom.Li || n.Parent.Parent == nil || n.Parent.Parent.DataAtom != atom.Ul {
			continue
		}
		for _, a := range n.Attr {
			if a.Key == "href" {
				found = append(found, a.Val)
			}
		}
	}
	return found
}

// descriptor tells one dataset.
func (c *crawl) descriptor(ctx context.Context, address string) error {
	c.done++
	l, err := c.load(ctx, address)
	if err != nil {
		if c.ends(ctx, err) {
			return err
		}
		l = harvest.Line{T: harvest.LineError, RemoteID: address, RemoteURL: address, Message: fault.Of(err).SafeText()}
	}
	return c.tell(l)
}

func (c *crawl) load(ctx context.Context, address string) (harvest.Line, error) {
	answer, err := c.Remote.Ask(ctx, address, harvest.Want{Accept: "application/xml, text/xml", MaxBytes: maxDescriptor})
	if err != nil {
		return harvest.Line{}, err
	}
	defer func() { _ = answer.Body.Close() }()
	m, err := parse(harvest.UTF8(answer.Body, answer.Header.Get("Content-Type"), c.Remote.Log))
	if err != nil {
		return harvest.Line{}, fault.Wrap(err, fault.BadGateway, fmt.Sprintf("The descriptor is not XML of the form ETALAB: %s.", err))
	}
	return m.line(address, func(key string) (string, error) { return c.key(ctx, key) }), nil
}

// key reads a file of the format cle: a checksum.
func (c *crawl) key(ctx context.Context, address string) (string, error) {
	answer, err := c.Remote.Ask(ctx, address, harvest.Want{Accept: "text/plain", MaxBytes: 64 << 10})
	if err != nil {
		return "", err
	}
	defer func() { _ = answer.Body.Close() }()
	start, err := io.ReadAll(io.LimitReader(answer.Body, 4096))
	if err != nil {
		return "", err
	}
	fields := strings.Fields(string(start))
	if len(fields) == 0 {
		return "", fault.New(fault.BadGateway, "The file is empty.")
	}
	return fields[0], nil
}
