package intake

import (
	"bufio"
	"bytes"
	"os"
	"testing"

	"grenier/internal/catalog"
	"grenier/internal/geo"
)

// FuzzObject reads arbitrary JSON as every kind of object: it is taken or
// refused with a reason, and what is taken can be stored.
func FuzzObject(f *testing.F) {
	for _, name := range []string{"organizations", "reuses", "dataservices", "topics", "posts"} {
		data, err := os.ReadFile("testdata/" + name + ".jsonl")
		if err != nil {
			f.Fatal(err)
		}
		lines := bufio.NewScanner(bytes.NewReader(data))
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			f.Add(bytes.Clone(lines.Bytes()))
		}
	}
	for _, text := range []string{
		`{"id":"60b0000000000000000000a1","title":"T","resources":[{"id":"00000000-0000-4000-8000-000000000001","extras":null}],"harvest":{"x":1},"spatial":{"zones":[{"id":"country:fr"}]}}`,
		`{"id":"60b0000000000000000000a1","title":"T","frequency":"daily","owner":"534fff45a3a7292c64a00001","organization":{"id":"534fff45a3a7292c64a00002"},"metrics":0}`,
		`{"slug":"s","title":"T","producer":{"name":"P"},"eligibility":[{"who":["x"]}],"contact_link":"a@b, c"}`, `{}`, `[]`, `{"id":{"id":{}}}`,
	} {
		f.Add([]byte(text))
	}
	licenses, err := catalog.BuiltinLicenses()
	if err != nil {
		f.Fatal(err)
	}
	book, err := newLicenseBook(licenses)
	if err != nil {
		f.Fatal(err)
	}
	with := reading{zones: geo.NewDirectory(), book: book}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, read := range []func(*object, uint64, reading) (said, error){
			readDataset, readOrganization, readReuse, readDataservice, readTopic, readPost, readAPI,
		} {
			o, err := parseObject(text)
			if err != nil {
				return
			}
			s, err := read(o, 1, with)
			if err != nil {
				if err.Error() == "" {
					t.Fatal("refused without a reason")
				}
				continue
			}
			if about := len(s.datasets) + len(s.organizations) + len(s.reuses) + len(s.dataservices) + len(s.topics) + len(s.posts); about != 1 {
				t.Fatalf("an object is about %d objects", about)
			}
		}
	})
}
