package rdf_test

import (
	"errors"
	"io/fs"
	"path"
	"strings"
	"testing"

	"grenier/internal/rdf"
)

// FuzzReadText reads any bytes as each format of text. A fault has a place;
// what is read well survives being written and read again.
func FuzzReadText(f *testing.F) {
	for n, s := range textSuites {
		files := s.open(f)
		names, err := fs.Glob(files, "*"+string("."+s.format))
		if err != nil || len(names) == 0 {
			f.Fatal(names, err)
		}
		for _, name := range names[:min(len(names), 60)] {
			if path.Base(name) != "manifest.ttl" {
				f.Add(uint8(n), contents(f, files, name))
			}
		}
	}
	f.Fuzz(func(t *testing.T, format uint8, document []byte) {
		s := textSuites[int(format)%len(textSuites)]
		g, blanks := rdf.NewGraph(), map[rdf.Term]bool{}
		err := rdf.Read(rdf.Source{Reader: strings.NewReader(string(document)), Format: s.format, Base: ns}, func(q rdf.Quad) error {
			for _, term := range []rdf.Term{q.Subject, q.Object, q.Graph} {
				if term.Kind == rdf.Blank {
					blanks[term] = true
				}
			}
			return g.Add(q)
		})
		var fault *rdf.Error
		switch {
		case err != nil && (!errors.As(err, &fault) || fault.Line < 1 || fault.Column < 1):
			t.Fatalf("an error without a place: %v", err)
		case err == nil && len(blanks) <= 8: // more could look too much alike to be told apart
			again(t, g)
		}
	})
}
