// Package external harvests by plug-ins: programs and addresses outside of this
// program that speak the contract grenier-harvest/1, which docs/harvesting.md
// gives in full. What they say is not trusted: it is bounded in time, size and
// memory, and programs are kept away from what is none of their business as far
// as the system can do that.
package external

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"grenier/internal/config"
	"grenier/internal/fault"
	"grenier/internal/fetch"
	"grenier/internal/harvest"
)

// Options are what all plug-ins share.
type Options struct {
	// Hidden are files and folders that no program may read: the data folder, the
	// file of settings.
	Hidden []string
	// Version and Site are told to plug-ins as the user agent to use.
	Version, Site string
}

// Backend is a plug-in.
type Backend struct {
	plugin config.Harvester
	o      Options
	client *fetch.Client // of an endpoint
	turns  chan struct{}

	mu     sync.Mutex
	about  harvest.Description
	told   bool          // the plug-in described itself
	until  time.Time     // one that did not is asked again then; zero before the first answer
	asking chan struct{} // closed at the answer; nil when the plug-in is not asked
}

// New returns the backend of a plug-in. Nothing is started yet.
func New(plugin config.Harvester, o Options) *Backend {
	b := &Backend{plugin: plugin, o: o, turns: make(chan struct{}, max(plugin.Concurrency, 1))}
	if plugin.Endpoint != "" {
		b.client = endpointClient(plugin, o)
	}
	return b
}

// ID is the identifier of the backend, which is known without asking the plug-in.
func (b *Backend) ID() string { return b.plugin.ID }

// How long a plug-in may take to describe itself, after how long one that failed to is
// asked again, and how long whoever looks at it waits for the first answer.
const (
	describeTime  = 15 * time.Second
	describeAgain = time.Minute
	describeWait  = 3 * time.Second
)

// Describe implements harvest.Backend. The plug-in is asked once; as long as it
// does not answer, it has no filters or switches. One that failed is asked again
// in the background, and what is known of it until then is answered: nobody waits
// longer than for a part of the first answer.
func (b *Backend) Describe() harvest.Description {
	b.mu.Lock()
	first := b.until.IsZero()
	if b.asking == nil && !b.told && !time.Now().Before(b.until) {
		b.asking = make(chan struct{})
		go b.learn(b.asking)
	}
	asking, about := b.asking, b.about
	b.mu.Unlock()
	if asking == nil || !first {
		return b.whole(about)
	}
	wait := time.NewTimer(describeWait)
	defer wait.Stop()
	select {
	case <-asking:
	case <-wait.C:
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.until.IsZero() && !b.told {
		b.until = time.Now() // who comes next does not wait
	}
	return b.whole(b.about)
}

// learn asks the plug-in for its description and keeps it.
func (b *Backend) learn(asking chan struct{}) {
	ctx, cancel := context.WithTimeout(context.Background(), describeTime)
	defer cancel()
	about, err := b.ask(ctx)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.asking = nil; err != nil {
		b.until = time.Now().Add(describeAgain)
	} else {
		b.about, b.told = about, true
	}
	close(asking)
}

// whole is a description with all that is needed of one.
func (b *Backend) whole(about harvest.Description) harvest.Description {
	about.ID = b.plugin.ID
	if about.Label == "" {
		about.Label = b.plugin.ID
	}
	if about.Filters == nil {
		about.Filters = []harvest.FilterKind{}
	}
	if about.Features == nil {
		about.Features = []harvest.FeatureKind{}
	}
	if about.ExtraConfigs == nil {
		about.ExtraConfigs = []harvest.ExtraKind{}
	}
	return about
}

// ask lets the plug-in describe itself.
func (b *Backend) ask(ctx context.Context) (about harvest.Description, err error) {
	told := false
	err = b.exchange(ctx, []byte(`{"v":1,"op":"describe"}`), func(raw []byte) (bool, error) {
		told = true
		if err := json.Unmarshal(raw, &about); err != nil {
			return false, fault.Wrap(err, fault.BadGateway, "The plug-in does not describe itself in the form of the contract: "+err.Error()+".")
		}
		return false, nil
	}, func(harvest.Log) error { return nil })
	if err == nil && !told {
		err = fault.New(fault.BadGateway, "The plug-in does not describe itself: it said nothing.")
	}
	return about, err
}

// request is what a plug-in is asked.
type request struct {
	V         int     `json:"v"`
	Op        string  `json:"op"`
	Job       string  `json:"job"`
	DryRun    bool    `json:"dryrun"`
	MaxItems  *int    `json:"max_items"`
	Since     *string `json:"since"`
	Cursor    *string `json:"cursor"`
	Language  string  `json:"lang"`
	UserAgent string  `json:"user_agent"`
	Source    source  `json:"source"`
}

type source struct {
	ID           string            `json:"id"`
	Name         string            `json:"name"`
	URL          string            `json:"url"`
	Config       settings          `json:"config"`
	Secrets      map[string]string `json:"secrets"`
	Organization *organization     `json:"organization"`
}

// settings are those of a source with all members, which spares plug-ins to look
// whether they are there.
type settings struct {
	Filters  []harvest.Filter `json:"filters"`
	Features map[string]bool  `json:"features"`
	Extras   []harvest.Extra  `json:"extra_configs"`
}

type organization struct {
	ID   string `json:"id"`
	Slug string `json:"slug"`
	Name string `json:"name"`
}

func (b *Backend) request(r harvest.Request) ([]byte, error) {
	q := request{V: 1, Op: "harvest", Job: r.Job, DryRun: r.Dry, Language: r.Language, UserAgent: userAgent(b.o), Source: source{
		ID: r.Source.ID, Name: r.Source.Name, URL: r.Source.URL, Secrets: r.Source.Secrets,
		Config: settings{Filters: r.Source.Config.Filters, Features: r.Source.Config.Features, Extras: r.Source.Config.Extras},
	}}
	if q.Source.Config.Filters == nil {
		q.Source.Config.Filters = []harvest.Filter{}
	}
	if q.Source.Config.Features == nil {
		q.Source.Config.Features = map[string]bool{}
	}
	if q.Source.Config.Extras == nil {
		q.Source.Config.Extras = []harvest.Extra{}
	}
	if q.Source.Secrets == nil {
		q.Source.Secrets = map[string]string{}
	}
	if r.Source.Organization != "" {
		q.Source.Organization = &organization{r.Source.Organization, r.Source.OrganizationSlug, r.Source.OrganizationName}
	}
	if r.MaxItems > 0 {
		q.MaxItems = &r.MaxItems
	}
	if !r.Since.IsZero() {
		since := r.Since.UTC().Format(time.RFC3339)
		q.Since = &since
	}
	if r.Cursor != "" {
		q.Cursor = &r.Cursor
	}
	return json.Marshal(q)
}

func userAgent(o Options) string {
	agent := "grenier/" + o.Version
	if o.Site != "" {
		agent += " (+" + o.Site + ")"
	}
	return agent
}

// Harvest implements harvest.Backend.
func (b *Backend) Harvest(ctx context.Context, r harvest.Request, emit func(harvest.Line) error) error {
	select {
	case b.turns <- struct{}{}:
		defer func() { <-b.turns }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	body, err := b.request(r)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, b.plugin.Timeout, errTimeout)
	defer cancel()
	var end *harvest.Line
	number := 0
	err = b.exchange(ctx, body, func(raw []byte) (more bool, err error) {
		number++
		line, known, err := decode(raw)
		switch {
		case err != nil:
			return false, fault.Wrap(err, fault.BadGateway, fmt.Sprintf("Line %d of the plug-in is not in the form of the contract: %s.", number, err))
		case !known:
			return true, nil
		case line.T == harvest.LineError && line.Fatal:
			return false, fault.New(fault.BadGateway, line.Message).Because(fmt.Errorf("%s", line.Details))
		case line.T == harvest.LineEnd:
			end = &line
			return false, nil
		}
		return true, emit(line)
	}, func(l harvest.Log) error {
		return emit(harvest.Line{T: harvest.LineLog, Level: l.Level, Message: l.Message})
	})
	switch {
	case err != nil:
		return err
	case end == nil:
		return fault.New(fault.BadGateway, `The plug-in stopped without a last line of type "end".`)
	}
	return emit(*end)
}

var (
	errTimeout = fault.New(fault.Timeout, "The plug-in took longer than its timeout allows.")
	errIdle    = fault.New(fault.Timeout, "The plug-in said nothing for longer than its idle_timeout allows.")
	errMemory  = fault.New(fault.Full, "The plug-in took more memory than its max_rss allows, and was ended.")

	errProcesses = fault.Newf(fault.Full, "The plug-in started more than %d processes, and was ended.", maxProcesses)
)

// maxProcesses is how many processes a program and all that it starts may be.
const maxProcesses = 256

// exchange sends a request and gives each line of the answer to line, until that
// wants no more, and each remark beside the answer to remark.
func (b *Backend) exchange(ctx context.Context, body []byte, line func([]byte) (more bool, err error), remark func(harvest.Log) error) error {
	if b.plugin.Endpoint != "" {
		return b.post(ctx, body, line)
	}
	return b.run(ctx, body, line, remark)
}

// MaxLine bounds a line of a plug-in, in bytes.
const MaxLine = 8 << 20

// lines reads lines one after the other.
type lines struct {
	in         io.Reader
	buffer     []byte
	start, end int // of what is not given yet
	number     int
	eof        bool
}

func newLines(in io.Reader) *lines { return &lines{in: in, buffer: make([]byte, 64<<10)} }

// next returns the next line that is not blank, without its end; io.EOF after the
// last. It is only good until the one after it.
func (l *lines) next() ([]byte, error) {
	for {
		l.number++
		raw, err := l.line()
		if err != nil {
			return nil, err
		}
		if raw = bytes.TrimSpace(raw); len(raw) > 0 {
			return raw, nil
		}
	}
}

func (l *lines) line() ([]byte, error) {
	scanned := l.start
	for {
		if i := bytes.IndexByte(l.buffer[scanned:l.end], '\n'); i >= 0 {
			found := l.buffer[l.start : scanned+i]
			l.start = scanned + i + 1
			return found, nil
		}
		switch {
		case l.end-l.start > MaxLine:
			return nil, fault.Newf(fault.BadGateway, "Line %d of the plug-in is longer than %d MiB.", l.number, MaxLine>>20)
		case l.eof && l.start == l.end:
			return nil, io.EOF
		case l.eof:
			found := l.buffer[l.start:l.end]
			l.start = l.end
			return found, nil
		}
		scanned = l.end - l.start
		if err := l.fill(); err != nil {
			return nil, err
		}
	}
}

// fill reads more behind what is not given yet, which it moves to the front.
func (l *lines) fill() error {
	copy(l.buffer, l.buffer[l.start:l.end])
	l.start, l.end = 0, l.end-l.start
	if l.end == len(l.buffer) {
		l.buffer = append(l.buffer, make([]byte, len(l.buffer))...)
	}
	n, err := l.in.Read(l.buffer[l.end:])
	l.end += n
	if err == io.EOF {
		l.eof, err = true, nil
	}
	return err
}

// decode reads a line. known is false for one of a type that is not in the
// contract, which is passed over. A record whose data is not in the form of the
// contract comes back as a failed one.
func decode(raw []byte) (line harvest.Line, known bool, err error) {
	var given struct {
		harvest.Line
		Data     json.RawMessage `json:"data"`
		Complete *bool           `json:"complete"`
	}
	if err := json.Unmarshal(raw, &given); err != nil {
		return line, false, err
	}
	line = given.Line
	switch line.T {
	case harvest.LineDataset:
		line.Dataset = new(harvest.Dataset)
		return data(line, "dataset", given.Data, line.Dataset), true, nil
	case harvest.LineDataservice:
		line.Dataservice = new(harvest.Dataservice)
		return data(line, "dataservice", given.Data, line.Dataservice), true, nil
	case harvest.LineUnchanged, harvest.LineGone:
		if line.RemoteID == "" {
			return line, false, fmt.Errorf("a line of type %q needs remote_id", line.T)
		}
	case harvest.LineEnd:
		if given.Complete == nil {
			return line, false, fmt.Errorf(`the line of type "end" must say whether it is complete`)
		}
		line.Complete = *given.Complete
	case harvest.LineError:
		if line.Message == "" {
			line.Message = "The plug-in told of an error without a message."
		}
	case harvest.LineStart, harvest.LineSkip, harvest.LineLog, harvest.LineCheckpoint:
	case "":
		return line, false, fmt.Errorf(`there is no member "t"`)
	default:
		return line, false, nil
	}
	return line, true, nil
}

// data reads the record of a line.
func data(line harvest.Line, kind string, raw json.RawMessage, into any) harvest.Line {
	wrong := ""
	if len(raw) == 0 || string(raw) == "null" {
		wrong = "The record has no data."
	} else if err := json.Unmarshal(raw, into); err != nil {
		wrong = "The data of the record is not in the form of the contract: " + strings.TrimPrefix(err.Error(), "json: ") + "."
	}
	if wrong == "" || line.RemoteID == "" {
		return line // one without an identifier is skipped in any case
	}
	return harvest.Line{T: harvest.LineError, Kind: kind, RemoteID: line.RemoteID, RemoteURL: line.RemoteURL, Message: wrong}
}
