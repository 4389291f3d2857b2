package dcat

import (
	"bufio"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"os"
	"slices"
	"strings"

	words "grenier/internal/dcat"
	"grenier/internal/fault"
	"grenier/internal/rdf"
)

// Bounds of a store.
const (
	maxTriples = 20_000_000
	// maxAbout bounds the triples that tell of one dataset, all nodes together.
	maxAbout = 1_000_000
)

// store keeps the triples of a large page in a file, found by subject, so that one
// dataset at a time is in memory. What it holds in memory grows by some 20 bytes for
// each run of triples of one subject and the names of datasets and services.
type store struct {
	file *os.File
	out  *bufio.Writer
	size int64 // bytes that were written
	seed maphash.Seed

	runs    []run
	last    map[uint64]int32 // the last run of a subject, by hash
	triples int
	open    rdf.Term // the subject of the run that is being written
	buf     []byte

	// Nodes by their class, in the order in which they came; kinds by hash.
	nodesOf map[string][]rdf.Term
	kinds   map[uint64]uint8
	// pointed tells by hash which predicates lead to a node; topics the nodes of
	// catalogue records by that of what they are about.
	pointed map[uint64]uint8
	topics  map[uint64]rdf.Term
	// paged are the triples about paging.
	paged      *rdf.Graph
	unfinished map[rdf.Term]bool
}

// run is where in the file triples of one subject are that came together.
type run struct {
	at     int64
	before int32 // the run before of the same subject, -1 for none
	count  int32
}

// classes of nodes that are not looked into from others.
var storeClasses = map[string]uint8{nsDCAT + "Dataset": 1, nsDCAT + "DatasetSeries": 2, nsDCAT + "DataService": 4, nsDCAT + "Catalog": 8}

// pointers are the predicates whose ends it matters to know.
var pointers = map[string]uint8{nsDCAT + "dataset": 1, nsDCAT + "servesDataset": 2, nsDCT + "hasPart": 4, nsDCAT + "accessService": 8, nsDCAT + "service": 16}

func newStore() (*store, error) {
	file, err := os.CreateTemp("", "grenier-harvest-")
	if err != nil {
		return nil, err
	}
	s := &store{
		file: file, out: bufio.NewWriterSize(file, 1<<18), seed: maphash.MakeSeed(), last: map[uint64]int32{}, nodesOf: map[string][]rdf.Term{},
		kinds: map[uint64]uint8{}, pointed: map[uint64]uint8{}, topics: map[uint64]rdf.Term{}, paged: rdf.NewGraph(),
	}
	return s, os.Remove(file.Name())
}

func (s *store) close() { _ = s.file.Close() }

func (s *store) hash(t rdf.Term) uint64 {
	var h maphash.Hash
	h.SetSeed(s.seed)
	_ = h.WriteByte(byte(t.Kind))
	_, _ = h.WriteString(t.Value)
	return h.Sum64()
}

// add keeps a triple. Named graphs are one with the default graph.
func (s *store) add(q rdf.Quad) error {
	if s.triples++; s.triples > maxTriples {
		return fault.Newf(fault.BadGateway, "The page holds more than %d triples: ask the portal for pages.", maxTriples)
	}
	s.note(q)
	if q.Subject != s.open {
		s.begin(q.Subject)
	}
	s.runs[len(s.runs)-1].count++
	s.buf = appendTerm(appendTerm(s.buf[:0], q.Predicate), q.Object)
	n, err := s.out.Write(s.buf)
	s.size += int64(n)
	return err
}

// begin begins a run of triples of a subject.
func (s *store) begin(subject rdf.Term) {
	hash := s.hash(subject)
	before, known := s.last[hash]
	if !known {
		before = -1
	}
	s.last[hash] = int32(len(s.runs))
	s.runs = append(s.runs, run{at: s.size, before: before})
	s.open = subject
	s.buf = appendTerm(s.buf[:0], subject)
	n, _ := s.out.Write(s.buf) // an error comes again with the next write
	s.size += int64(n)
}

// note remembers what a triple says of nodes that are looked for.
func (s *store) note(q rdf.Quad) {
	if bit := pointers[q.Predicate.Value]; bit != 0 && q.Object.Kind != rdf.Literal {
		s.pointed[s.hash(q.Object)] |= bit
	}
	switch {
	case q.Predicate.Value == rdf.Type:
		hash, bit := s.hash(q.Subject), storeClasses[q.Object.Value]
		if bit != 0 && s.kinds[hash]&bit == 0 {
			s.kinds[hash] |= bit
			if bit != 8 {
				s.nodesOf[q.Object.Value] = append(s.nodesOf[q.Object.Value], q.Subject)
			}
		}
	case q.Predicate.Value == nsFOAF+"primaryTopic" && q.Object.Kind != rdf.Literal:
		s.topics[s.hash(q.Object)] = q.Subject
	}
	if (strings.HasPrefix(q.Predicate.Value, nsHydra) || strings.HasPrefix(q.Object.Value, nsHydra)) && s.paged.Len() < 1000 {
		_ = s.paged.Add(q) // never fails
	}
}

func (s *store) finish() error { return s.out.Flush() }

// paging is the address of the next page and the size of the catalogue.
func (s *store) paging(c Converter) (string, int) {
	told := words.Read(s.paged, c.reading())
	return told.Next, told.Total
}

// about reads the triples of a subject, in the order in which they came.
func (s *store) about(subject rdf.Term, fn func(rdf.Quad)) error {
	last, known := s.last[s.hash(subject)]
	if !known {
		return nil
	}
	var runs []run
	for n := last; n >= 0; n = s.runs[n].before {
		runs = append(runs, s.runs[n])
	}
	slices.Reverse(runs)
	in := bufio.NewReaderSize(nil, 4<<10)
	for _, r := range runs {
		in.Reset(io.NewSectionReader(s.file, r.at, s.size-r.at))
		if of, err := readTerm(in); err != nil || of != subject {
			if err != nil {
				return err
			}
			continue // another one with the same hash
		}
		for range r.count {
			predicate, err := readTerm(in)
			if err != nil {
				return err
			}
			object, err := readTerm(in)
			if err != nil {
				return err
			}
			fn(rdf.Quad{Subject: subject, Predicate: predicate, Object: object})
		}
	}
	return nil
}

// around gathers what is said of a node and of what it leads to: all but what is
// said of other datasets, whose names are enough, and of catalogues.
func (s *store) around(node rdf.Term) (*rdf.Graph, error) {
	g := rdf.NewGraph()
	seen := map[rdf.Term]bool{node: true}
	queue := []rdf.Term{node}
	lead := func(target rdf.Term) {
		if target.Kind == rdf.Literal || seen[target] || s.kinds[s.hash(target)]&8 != 0 {
			return
		}
		if _, known := s.last[s.hash(target)]; known {
			seen[target] = true
			queue = append(queue, target)
		}
	}
	for n := 0; n < len(queue); n++ {
		other := n > 0 && s.kinds[s.hash(queue[n])]&3 != 0
		err := s.about(queue[n], func(q rdf.Quad) {
			if g.Len() >= maxAbout || other && !names(q) {
				return
			}
			_ = g.Add(q) // never fails
			if !other {
				lead(q.Object)
			}
		})
		if err != nil {
			return nil, err
		}
		if n == 0 {
			s.point(g, node, lead)
		}
	}
	return g, nil
}

// names tells whether a triple only names a dataset: its class, unless no other
// document could know the dataset, its title and its identifier.
func names(q rdf.Quad) bool {
	switch q.Predicate.Value {
	case nsDCT + "title", nsDCT + "identifier":
		return true
	case rdf.Type:
		return q.Subject.Kind == rdf.IRI
	}
	return false
}

// point adds what leads to a node.
func (s *store) point(g *rdf.Graph, node rdf.Term, lead func(rdf.Term)) {
	somewhere := rdf.NewBlank("pointing")
	bits := s.pointed[s.hash(node)]
	for predicate, bit := range pointers {
		if bits&bit != 0 {
			_ = g.Add(rdf.Triple(somewhere, predicate, node)) // never fails
		}
	}
	if record, ok := s.topics[s.hash(node)]; ok {
		_ = g.Add(rdf.Triple(record, nsFOAF+"primaryTopic", node))
		lead(record)
	}
}

// datasets gives the datasets, in the order of their classes and of the document.
func (s *store) datasets(ctx context.Context, c Converter, fn func(words.Record) error) error {
	given := map[uint64]bool{}
	for _, class := range []string{nsDCAT + "Dataset", nsDCAT + "DatasetSeries"} {
		for _, node := range s.nodesOf[class] {
			if given[s.hash(node)] {
				continue
			}
			given[s.hash(node)] = true
			if err := ctx.Err(); err != nil {
				return err
			}
			told, err := s.tell(node, c)
			if err != nil {
				return err
			}
			if at := slices.IndexFunc(told.Records, func(r words.Record) bool { return r.URI == uriOf(node) }); at >= 0 {
				if err := fn(told.Records[at]); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// services gives the services in the order of the document.
func (s *store) services(ctx context.Context, c Converter, fn func(words.Service) error) error {
	for _, node := range s.nodesOf[nsDCAT+"DataService"] {
		if err := ctx.Err(); err != nil {
			return err
		}
		told, err := s.tell(node, c)
		if err != nil {
			return err
		}
		if at := slices.IndexFunc(told.Services, func(r words.Service) bool { return r.URI == uriOf(node) }); at >= 0 {
			if err := fn(told.Services[at]); err != nil {
				return err
			}
		}
	}
	return nil
}

// tell reads what is said of one node; nothing where it was not told to its end.
func (s *store) tell(node rdf.Term, c Converter) (words.Description, error) {
	if s.unfinished[node] {
		return words.Description{}, nil
	}
	g, err := s.around(node)
	if err != nil || s.unfinished != nil && lacks(g, node) {
		return words.Description{}, err
	}
	return words.Read(g, c.reading()), nil
}

func uriOf(node rdf.Term) string {
	if node.Kind == rdf.IRI {
		return node.Value
	}
	return ""
}

// appendTerm writes a term: its kind, its value, and for a literal its datatype and
// language.
func appendTerm(b []byte, t rdf.Term) []byte {
	text := func(s string) {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	b = append(b, byte(t.Kind))
	text(t.Value)
	if t.Kind == rdf.Literal {
		text(t.Datatype)
		text(t.Lang)
	}
	return b
}

func readTerm(in *bufio.Reader) (rdf.Term, error) {
	kind, err := in.ReadByte()
	if err != nil {
		return rdf.Term{}, storeBroken(err)
	}
	text := func() string {
		size, failed := binary.ReadUvarint(in)
		if err = cmp.Or(err, failed); err != nil {
			return ""
		}
		value := make([]byte, size)
		_, err = io.ReadFull(in, value)
		return string(value)
	}
	t := rdf.Term{Kind: rdf.Kind(kind), Value: text()}
	if t.Kind == rdf.Literal {
		t.Datatype, t.Lang = text(), text()
	}
	if err != nil {
		return rdf.Term{}, storeBroken(err)
	}
	return t, nil
}

func storeBroken(err error) error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("the temporary store of a page: %w", err)
}
