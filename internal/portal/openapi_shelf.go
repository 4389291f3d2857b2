package portal

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"grenier/internal/fetch"
)

// Bounds of what is read of other servers.
const (
	openAPIBytes    = 5 << 20
	openAPITimeout  = 10 * time.Second
	openAPIPatience = openAPITimeout + 5*time.Second
	openAPIHolds    = 10 * time.Minute
	// openAPIFailed is how long a failure is not tried again.
	openAPIFailed = time.Minute
	// openAPIKept bounds the documents in memory, by number and by the bytes
	// they were read from.
	openAPIKept      = 64
	openAPIKeptBytes = 16 << 20
	// openAPIReaders is how many documents are read at once.
	openAPIReaders = 2
)

// openAPIShelf keeps the descriptions of APIs that were read lately.
type openAPIShelf struct {
	fetch   *fetch.Client
	parse   func(document []byte, address *url.URL) (*apiDocument, error)
	flights singleflight.Group
	readers chan struct{}

	mu    sync.Mutex
	kept  map[string]*openAPIEntry
	bytes int
}

// openAPIEntry is a document that was read, or why it could not be.
type openAPIEntry struct {
	document *apiDocument
	err      error
	size     int
	until    time.Time
}

func newOpenAPIShelf(client *fetch.Client) *openAPIShelf {
	return &openAPIShelf{fetch: client, parse: readAPIDocument, readers: make(chan struct{}, openAPIReaders), kept: map[string]*openAPIEntry{}}
}

// read gives the description at an address. Several who ask at once wait for
// one reading, which goes on when one of them leaves.
func (s *openAPIShelf) read(ctx context.Context, address string) (*apiDocument, error) {
	if entry := s.find(address, time.Now()); entry != nil {
		return entry.document, entry.err
	}
	flight := s.flights.DoChan(address, func() (any, error) {
		work, cancel := context.WithTimeout(context.WithoutCancel(ctx), openAPIPatience)
		defer cancel()
		entry := s.load(work, address)
		s.keep(address, entry)
		return entry, nil
	})
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case result := <-flight:
		entry := result.Val.(*openAPIEntry)
		return entry.document, entry.err
	}
}

func (s *openAPIShelf) find(address string, now time.Time) *openAPIEntry {
	s.mu.Lock()
	defer s.mu.Unlock()
	entry := s.kept[address]
	if entry == nil || now.After(entry.until) {
		return nil
	}
	return entry
}

// keep holds an entry, in the place of those that end first.
func (s *openAPIShelf) keep(address string, entry *openAPIEntry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(address)
	for len(s.kept) >= openAPIKept || len(s.kept) > 0 && s.bytes+entry.size > openAPIKeptBytes {
		oldest := ""
		for one, other := range s.kept {
			if oldest == "" || other.until.Before(s.kept[oldest].until) {
				oldest = one
			}
		}
		s.drop(oldest)
	}
	s.kept[address] = entry
	s.bytes += entry.size
}

func (s *openAPIShelf) drop(address string) {
	if entry := s.kept[address]; entry != nil {
		s.bytes -= entry.size
		delete(s.kept, address)
	}
}

// load fetches and reads a description.
func (s *openAPIShelf) load(ctx context.Context, address string) *openAPIEntry {
	select {
	case s.readers <- struct{}{}:
		defer func() { <-s.readers }()
	case <-ctx.Done():
		return &openAPIEntry{err: ctx.Err(), until: time.Now()}
	}
	failed := func(err error) *openAPIEntry { return &openAPIEntry{err: err, until: time.Now().Add(openAPIFailed)} }
	answer, err := s.fetch.Get(ctx, address, fetch.Request{
		Accept: "application/json, application/yaml;q=0.9, text/yaml;q=0.9, */*;q=0.5", MaxBytes: openAPIBytes, Timeout: openAPITimeout,
	})
	if err != nil {
		return failed(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return failed(err)
	}
	found, err := url.Parse(answer.URL)
	if err != nil {
		return failed(err)
	}
	document, err := s.parsed(body, found)
	if err != nil {
		return failed(err)
	}
	return &openAPIEntry{document: document, size: len(body), until: time.Now().Add(openAPIHolds)}
}

// parsed reads a document. It runs apart from any request, where a panic over a
// foreign document would end the program: it is an error instead.
func (s *openAPIShelf) parsed(body []byte, address *url.URL) (document *apiDocument, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the description breaks its reader: %v", p)
		}
	}()
	return s.parse(body, address)
}
