package api

import (
	"context"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"grenier/internal/fault"
	"grenier/internal/limit"
	"grenier/internal/outbox"
	"grenier/internal/web"
)

const (
	// changesType is the media type of lines of JSON.
	changesType = "application/x-ndjson"
	// eventsType is that of Server-Sent Events.
	eventsType = "text/event-stream"
	// heartbeat is how often a stream that has nothing to tell shows that it lives.
	heartbeat = 15 * time.Second
	// streamPage bounds the changes that are written to a stream before they are sent.
	streamPage = 100
	// startPath is the address of a full start.
	startPath = "/api/2/changes/start"
)

// readerRetry is when who has too many readers may come back.
const readerRetry = 10 * time.Second

// Changes are the change feed and the bounds on how many one client follows it by, and how many take a full start at
// once.
type Changes struct {
	feed            *outbox.Feed
	readers, starts *limit.Slots
}

// NewChanges serves a feed: so many readers at once for one client address, and so many full starts in all, a fourth of
// them for one client address.
func NewChanges(feed *outbox.Feed, readers, starts int) *Changes {
	return &Changes{
		feed: feed, readers: limit.NewSlots(math.MaxInt, readers, readerRetry), starts: limit.NewSlots(starts, max(1, starts/4), dumpRetry),
	}
}

// changeReader is a reader of the feed for a client, who has so many at once.
type changeReader struct {
	*outbox.Reader
	release func()
}

// Close lets the reader go.
func (r *changeReader) Close() {
	r.Reader.Close()
	r.release()
}

// errManyReaders refuses one more reader to a client.
var errManyReaders = fault.New(fault.TooMany, "Your address follows the changes by very many readers at this moment. End some, or come back shortly.").After(readerRetry)

// changeFilter are the arguments that narrow changes.
type changeFilter struct {
	Kind         []string `query:"kind" help:"Kinds of objects (dataset) or of changes (dataset.created), one of which must fit: dataset, reuse, dataservice, organization, topic, post, community_resource; created, updated, counted, withdrawn"`
	Organization string   `query:"organization" oid:"Organization arg must be an identifier" help:"The identifier of the organization that the object belongs to"`
	Tag          string   `query:"tag" help:"A tag of the object"`
}

func (q changeFilter) filter() (outbox.Filter, error) {
	for _, kind := range q.Kind {
		if err := outbox.CheckKind(kind); err != nil {
			return outbox.Filter{}, argumentError("kind", err.Error())
		}
	}
	return outbox.Filter{Kinds: q.Kind, Organization: q.Organization, Tag: q.Tag}, nil
}

type changeArgs struct {
	changeFilter
	After outbox.After `query:"after" format:"string" help:"The position of the last change that was read, or now; without it from the oldest that is kept:"`
	Limit int          `query:"limit" default:"100" min:"1" max:"1000" help:"How many changes to answer with at most"`
	Wait  int          `query:"wait" default:"0" min:"0" max:"60" help:"How many seconds to wait for a change when there is none"`
}

// changeRoutes are the ways to follow the catalogue.
func (a *API) changeRoutes() {
	tags := []string{"changes"}
	web.Get[web.Raw](a.v2, "/changes", web.Doc{
		Summary: "Follow what changes", Tags: tags, Public: true, Slow: true, NoMask: true, Produces: []string{changesType, eventsType},
		Description: "The changes of public objects, oldest first, a JSON object on each line: position (hand the last one back as after), kind " +
			"(dataset.created, dataset.updated, dataset.counted: its counters alone moved, dataset.withdrawn: the lists show it no more), object " +
			"(class, id, kind, uri), version, organization, at, fields. The headers X-Next-Position and Link (rel=next) tell where to go on, also " +
			"when there is no line. With Accept: text/event-stream, or at /api/2/changes/stream, the changes flow as Server-Sent Events instead.",
		Statuses: map[int]string{
			http.StatusGone:               "The log does not reach back to this position: take a full start at the address of the member start",
			http.StatusServiceUnavailable: "Too many readers follow: come back after Retry-After",
			http.StatusTooManyRequests:    "Too many readers of your address follow: come back after Retry-After",
		},
	}, a.changes)
	web.Get[web.Raw](a.v2, "/changes/start", web.Doc{
		Summary: "Start a copy of the catalogue", Tags: tags, Public: true, Slow: true, NoMask: true, Produces: []string{changesType},
		Description: "All public objects as creations, a JSON object on each line like those of /api/2/changes, between a line of the kind start.begun " +
			"and one of the kind start.done with their number. Drop what you have and was not named, then follow the changes from the position of these " +
			"lines: what changed while you read comes again. Without the last line, the answer was cut: start again.",
		Statuses: map[int]string{http.StatusTooManyRequests: "Too many copies are being started: come back after Retry-After"},
	}, a.startChanges)
}

// RootChanges declares in a table of the root the address at which the changes flow without being asked to by a
// header, and the feed with a slash at its end. They are not documented by themselves.
func (a *API) RootChanges(root *web.Table) {
	web.Get[web.Raw](root, "/api/2/changes/", web.Doc{Public: true, Slow: true, NoMask: true, Produces: []string{changesType, eventsType}}, a.changes)
	web.Get[web.Raw](root, "/api/2/changes/stream", web.Doc{Public: true, Slow: true, NoMask: true, Produces: []string{eventsType}}, a.changeStream)
}

// openChanges opens a reader; done when the answer was given instead.
func (a *API) openChanges(c *web.Call, q changeArgs) (reader *changeReader, done bool, err error) {
	filter, err := q.filter()
	if err != nil {
		return nil, false, err
	}
	release, err := a.Changes.readers.Take(c.Peer.Addr)
	if err != nil {
		return nil, false, errManyReaders
	}
	opened, err := a.Changes.feed.Open(c.Context(), q.After, filter)
	if err == nil {
		return &changeReader{opened, release}, false, nil
	}
	release()
	if !outbox.Gone(err) {
		return nil, false, err
	}
	start := c.URL(withQuery(startPath, filterQuery(filter)))
	c.W.Header().Set("Link", "<"+start+`>; rel="start"`)
	c.W.Header().Set("Cache-Control", "no-store")
	return nil, true, c.JSON(http.StatusGone, struct {
		Message string `json:"message"`
		Start   string `json:"start"`
	}{fault.Of(err).SafeText(), start})
}

func filterQuery(f outbox.Filter) url.Values {
	query := url.Values{}
	if len(f.Kinds) > 0 {
		query["kind"] = f.Kinds
	}
	if f.Organization != "" {
		query.Set("organization", f.Organization)
	}
	if f.Tag != "" {
		query.Set("tag", f.Tag)
	}
	return query
}

// changes answers with the changes behind a position, and waits for one if asked to.
func (a *API) changes(c *web.Call, q changeArgs) error {
	if wantsEvents(c.R.Header) {
		return a.changeStream(c, q)
	}
	reader, done, err := a.openChanges(c, q)
	if done || err != nil {
		return err
	}
	defer reader.Close()
	told, err := awaitChanges(c.Context(), reader, q.Limit, time.Now().Add(time.Duration(q.Wait)*time.Second))
	if err != nil {
		return err
	}
	var body []byte
	for _, t := range told {
		body = append(t.AppendJSON(body, t.Position), '\n')
	}
	position := reader.Position()
	next := filterQuery(outbox.Filter{Kinds: q.Kind, Organization: q.Organization, Tag: q.Tag})
	next.Set("after", position.String())
	next.Set("limit", strconv.Itoa(q.Limit))
	next.Set("wait", strconv.Itoa(q.Wait))
	h := c.W.Header()
	h.Set("X-Next-Position", position.String())
	h.Set("Access-Control-Expose-Headers", "X-Next-Position, Link")
	h.Set("Link", "<"+c.URL(withQuery("/api/2/changes", next))+`>; rel="next"`)
	h.Set("Cache-Control", "no-store")
	h.Add("Vary", "Accept")
	return c.Blob(http.StatusOK, changesType, c.Site.Complete(nil, body))
}

// awaitChanges reads until there is something, or until a moment.
func awaitChanges(ctx context.Context, reader *changeReader, limit int, until time.Time) ([]outbox.Told, error) {
	for {
		told, err := reader.Next(ctx, limit)
		if err != nil || len(told) > 0 || !time.Now().Before(until) || ctx.Err() != nil || reader.Stopped() {
			return told, err
		}
		reader.Wait(ctx, until)
	}
}

// wantsEvents tells whether a client asks for Server-Sent Events.
func wantsEvents(h http.Header) bool {
	return slices.ContainsFunc(h.Values("Accept"), func(v string) bool { return strings.Contains(strings.ToLower(v), eventsType) })
}

// changeStream lets changes flow as Server-Sent Events until the client goes away or the program stops. A client
// that comes back says by Last-Event-ID which was the last it got.
func (a *API) changeStream(c *web.Call, q changeArgs) error {
	if last := c.R.Header.Get("Last-Event-ID"); last != "" {
		if err := q.After.ParseArg(last); err != nil {
			return argumentError("Last-Event-ID", err.Error())
		}
	}
	reader, done, err := a.openChanges(c, q)
	if done || err != nil {
		return err
	}
	defer reader.Close()
	h := c.W.Header()
	h.Set("Content-Type", eventsType)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // proxies that gather answers would hold the changes back
	h.Add("Vary", "Accept")
	c.W.WriteHeader(http.StatusOK)
	if c.R.Method == http.MethodHead {
		return nil
	}
	buf := append([]byte(nil), "retry: 3000\n\n"...)
	for {
		if len(buf) > 0 {
			if _, err := c.W.Write(buf); err != nil {
				return nil // the client went away
			}
			http.NewResponseController(c.W).Flush()
		}
		told, err := awaitChanges(c.Context(), reader, streamPage, time.Now().Add(heartbeat))
		if err != nil || c.Context().Err() != nil || reader.Stopped() {
			return err
		}
		buf = a.appendEvents(buf[:0], c, told)
		if len(told) == 0 && !reader.Behind() {
			buf = append(buf, ": still here\n\n"...)
		}
	}
}

// appendEvents writes changes as Server-Sent Events.
func (a *API) appendEvents(b []byte, c *web.Call, told []outbox.Told) []byte {
	var one []byte
	for _, t := range told {
		b = append(append(b, "id: "...), t.Position.String()...)
		b = append(append(b, "\nevent: "...), t.Name()...)
		one = t.AppendJSON(one[:0], t.Position)
		b = append(append(b, "\ndata: "...), c.Site.Complete(nil, one)...)
		b = append(b, "\n\n"...)
	}
	return b
}

// startMark is the first or last line of a full start.
type startMark struct {
	Position string `json:"position"`
	Kind     string `json:"kind"`
	Objects  *int64 `json:"objects,omitempty"`
}

// startChanges answers with all that there is.
func (a *API) startChanges(c *web.Call, q changeFilter) error {
	filter, err := q.filter()
	if err != nil {
		return err
	}
	release, err := a.Changes.starts.Take(c.Peer.Addr)
	if err != nil {
		return err
	}
	defer release()
	c.W.Header().Set("Cache-Control", "no-store")
	var stream *web.Stream
	var position outbox.Position
	mark := func(kind string, objects *int64) error {
		line, err := render(startMark{position.String(), kind, objects})
		if err == nil {
			_, err = stream.Write(append(line, '\n'))
		}
		return err
	}
	var one []byte
	count, err := a.Changes.feed.Start(c.Context(), filter, func(p outbox.Position) error {
		position, stream = p, c.Stream(http.StatusOK, changesType)
		return mark("start.begun", nil)
	}, func(change *outbox.Change, p outbox.Position) error {
		one = append(change.AppendJSON(one[:0], p), '\n')
		_, err := stream.Write(c.Site.Complete(nil, one))
		return err
	})
	if err != nil {
		return err
	}
	if err := mark("start.done", &count); err != nil {
		return err
	}
	return stream.Close()
}
