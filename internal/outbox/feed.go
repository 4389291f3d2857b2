package outbox

import (
	"context"
	"slices"
	"sort"
	"sync"
	"time"

	"github.com/uptrace/bun"

	"grenier/internal/catalog"
	"grenier/internal/event"
	"grenier/internal/fault"
)

const (
	// ringMost bounds the newest changes that are kept in memory while somebody reads.
	ringMost = 4096
	// pageMost bounds the events that a reader looks at in one reading of the database.
	pageMost = 1000
	// pagesMost bounds the readings of one answer, when a filter lets little pass.
	pagesMost = 20
	// poll is how often a waiting reader looks by themselves.
	poll = time.Second
)

// Feed is what changes in the catalogue, for any number of readers. It follows the log once for all of them:
// events are looked up and written down once, whoever waits is woken. Readers who are behind read the database.
type Feed struct {
	log     *event.Log
	most    int
	stopped chan struct{}
	stop    sync.Once

	mu       sync.Mutex
	follows  bool          // the log is followed
	position int64         // of the log, dealt with
	from     int64         // ring holds all changes after it
	ring     []*Change     // newest last
	news     chan struct{} // closed when ring grew
	readers  int
}

// NewFeed returns the feed of a log, for so many readers at once.
func NewFeed(log *event.Log, readers int) *Feed {
	return &Feed{log: log, most: readers, news: make(chan struct{}), stopped: make(chan struct{})}
}

// Begin lets the feed follow the log from a position on: it is a follower, which the program runs.
func (f *Feed) Begin(position int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.follows, f.position, f.from, f.ring = true, position, position, nil
}

// Stop ends all waiting, at the stop of the program.
func (f *Feed) Stop() { f.stop.Do(func() { close(f.stopped) }) }

// Readers is how many read at the moment.
func (f *Feed) Readers() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.readers
}

// Name implements event.Follower.
func (f *Feed) Name() string { return "changes" }

// Position implements event.Follower.
func (f *Feed) Position() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.position
}

// Apply implements event.Follower.
func (f *Feed) Apply(ctx context.Context, events []event.Event) error {
	last := events[len(events)-1].Seq
	if f.Readers() == 0 {
		f.skip(last)
		return nil
	}
	changes, err := changesOf(ctx, f.log.DB().Read(), events)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.position = last
	if len(changes) == 0 {
		return nil
	}
	f.ring = append(withdrawn(f.ring, changes), changes...)
	if over := len(f.ring) - ringMost; over > 0 {
		f.from = f.ring[over-1].Seq
		f.ring = slices.Clone(f.ring[over:])
	}
	close(f.news)
	f.news = make(chan struct{})
	return nil
}

// withdrawn is a ring after what was withdrawn since: whoever reads it later is told nothing else of these objects.
func withdrawn(ring, changes []*Change) []*Change {
	gone := map[string]*Change{}
	for _, c := range changes {
		if c.What == Withdrawn {
			gone[c.Object] = c
		}
	}
	if len(gone) == 0 {
		return ring
	}
	ring = slices.Clone(ring) // readers may hold the former one
	for i, c := range ring {
		if gone[c.Object] != nil && c.What != Withdrawn {
			left := *c
			left.What, left.Organization, left.Fields, left.tags = Withdrawn, "", nil, nil
			if left.seal() == nil {
				ring[i] = &left
			}
		}
	}
	return ring
}

// skip moves on while nobody reads.
func (f *Feed) skip(to int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.position, f.from, f.ring = to, to, nil
	close(f.news) // of one who has just come: they read the database
	f.news = make(chan struct{})
}

// errFull refuses readers beyond the bound.
var errFull = fault.New(fault.Unavailable, "Too many readers follow the changes at this moment. Come back shortly.").After(10 * time.Second)

// Reader is one who reads the feed. It is for one goroutine.
type Reader struct {
	feed   *Feed
	filter Filter
	// position is that of the last change looked at; looked may be beyond it, behind events that concern nobody.
	position Position
	looked   int64
	behind   bool // there is more to read without waiting
}

// Open lets somebody read after a position. Gone when the log does not reach back to it, Unavailable when there
// are too many readers. Close the reader.
func (f *Feed) Open(ctx context.Context, after After, filter Filter) (*Reader, error) {
	f.mu.Lock()
	if f.readers >= f.most {
		f.mu.Unlock()
		return nil, errFull
	}
	f.readers++
	f.mu.Unlock()
	r := &Reader{feed: f, filter: filter, behind: true}
	err := f.log.DB().Snapshot(ctx, func(ctx context.Context, read bun.IDB) error { return r.begin(ctx, read, after) })
	if err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// begin finds the reader's position.
func (r *Reader) begin(ctx context.Context, read bun.IDB, after After) error {
	log := r.feed.log
	if !after.Given || after.Now {
		head, err := r.feed.head(ctx, read)
		if err != nil {
			return err
		}
		if r.position = (Position{Begun: head}); after.Now {
			r.position = Position{Seq: head}
		}
		r.looked = r.position.Seq
		return nil
	}
	head, err := log.Head(ctx, read)
	if err != nil {
		return err
	}
	if max(after.Seq, after.Begun) > head {
		return errGone
	}
	r.position, r.looked = after.Position, after.Seq
	return r.reaches(ctx, read)
}

// reaches refuses a reader from whom something was cleared that they have not read.
func (r *Reader) reaches(ctx context.Context, read bun.IDB) error {
	horizon, err := r.feed.log.Horizon(ctx, read)
	if err == nil && max(r.looked, r.position.Begun) < horizon {
		err = errGone
	}
	return err
}

// head is the position of the present: behind the newest change, and not before what was cleared.
func (f *Feed) head(ctx context.Context, read bun.IDB) (int64, error) {
	head, err := f.log.SeenHead(ctx, read, Kinds)
	if err != nil {
		return 0, err
	}
	horizon, err := f.log.Horizon(ctx, read)
	return max(head, horizon), err
}

// Close lets the reader go.
func (r *Reader) Close() {
	r.feed.mu.Lock()
	defer r.feed.mu.Unlock()
	if r.feed.readers--; r.feed.readers == 0 {
		r.feed.ring, r.feed.from = nil, r.feed.position
	}
}

// Position is where to go on: behind the last change that Next looked at.
func (r *Reader) Position() Position { return r.position }

// Told is a change with the position behind it.
type Told struct {
	*Change
	Position Position
}

// Next returns up to limit changes that wait to be read, without waiting for more. There may be none although
// there are more behind: Behind tells.
func (r *Reader) Next(ctx context.Context, limit int) ([]Told, error) {
	var told []Told
	for range pagesMost {
		changes, end, err := r.look(ctx)
		if err != nil {
			return nil, err
		}
		for _, c := range changes {
			if len(told) == limit {
				r.behind = true
				return told, nil
			}
			passed, err := r.filter.apply(c)
			if err != nil {
				return nil, err
			}
			r.position, r.looked = r.position.at(c.Seq), max(r.looked, c.Seq)
			if passed != nil {
				told = append(told, Told{passed, r.position})
			}
		}
		if r.looked = max(r.looked, end); !r.behind {
			return told, nil
		}
	}
	return told, nil
}

// Behind tells whether there is more to read without waiting.
func (r *Reader) Behind() bool { return r.behind }

// look returns the next changes: of memory when it reaches back, else of the database. end is up to where
// nothing is left unread behind them.
func (r *Reader) look(ctx context.Context) (changes []*Change, end int64, err error) {
	f := r.feed
	f.mu.Lock()
	if from := f.from; !f.follows || r.looked < from {
		f.mu.Unlock()
		return r.read(ctx, from)
	}
	defer f.mu.Unlock()
	r.behind = false
	return f.ring[f.unread(r.looked):len(f.ring):len(f.ring)], r.looked, nil
}

// unread is the index of the first change in memory behind a position.
func (f *Feed) unread(after int64) int {
	return sort.Search(len(f.ring), func(i int) bool { return f.ring[i].Seq > after })
}

// read looks into the database. When it reads to the end, all up to from was read: it was committed before.
func (r *Reader) read(ctx context.Context, from int64) (changes []*Change, end int64, err error) {
	err = r.feed.log.DB().Snapshot(ctx, func(ctx context.Context, read bun.IDB) error {
		if err := r.reaches(ctx, read); err != nil {
			return err
		}
		events, err := r.feed.log.Seen(ctx, read, r.looked, Kinds, pageMost)
		if err != nil {
			return err
		}
		end, r.behind = r.looked, len(events) == pageMost
		if !r.behind {
			end = from
		}
		changes, err = changesOf(ctx, read, events)
		return err
	})
	return changes, end, err
}

// Wait waits until there may be something to read, or until a moment.
func (r *Reader) Wait(ctx context.Context, until time.Time) {
	f := r.feed
	f.mu.Lock()
	news, follows := f.news, f.follows
	unread := follows && (r.looked < f.from || f.unread(r.looked) < len(f.ring))
	f.mu.Unlock()
	if unread || r.behind {
		return
	}
	r.behind = true
	pause := time.Until(until)
	if !follows {
		pause = min(pause, poll)
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-f.stopped:
	case <-news:
	case <-timer.C:
	}
}

// startPage is how many objects a full start reads at a time.
const startPage = 1000

// Start tells of all public objects that a filter lets pass: take is called with each, as a creation, and the
// position to follow from afterwards. The position is taken before the first object is read, so that whatever
// changes meanwhile is told again behind it: who follows on misses nothing, however long they take to read.
func (f *Feed) Start(ctx context.Context, filter Filter, begin func(Position) error, take func(*Change, Position) error) (count int64, err error) {
	read := f.log.DB().Read()
	head, err := f.head(ctx, read)
	if err != nil {
		return 0, err
	}
	p := Position{Seq: head}
	if err := begin(p); err != nil {
		return 0, err
	}
	for _, kind := range Kinds {
		if !slices.Contains(filter.kinds(), kind) {
			continue
		}
		n, err := startKind(ctx, read, filter, kind, func(c *Change) error { return take(c, p) })
		if count += n; err != nil {
			return count, err
		}
	}
	return count, nil
}

func startKind(ctx context.Context, read bun.IDB, filter Filter, kind string, take func(*Change) error) (count int64, err error) {
	for after := ""; ; {
		rows, err := catalog.ListedAfter(ctx, read, kind, after, filter.Organization, filter.Tag, startPage)
		if err != nil {
			return count, err
		}
		for _, row := range rows {
			after = row.ID
			c := &Change{What: Created, Kind: kind, Object: row.ID, Version: row.Version, Organization: row.Organization}
			if err := c.seal(); err != nil {
				return count, err
			}
			if err := take(c); err != nil {
				return count, err
			}
			count++
		}
		if len(rows) < startPage {
			return count, nil
		}
	}
}

// Stopped tells whether the program stops, so that nothing more will come.
func (r *Reader) Stopped() bool {
	select {
	case <-r.feed.stopped:
		return true
	default:
		return false
	}
}
