package harvest

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

func TestUTF8(t *testing.T) {
	const text = "Été à Nîmes"
	latin, _ := charmap.ISO8859_1.NewEncoder().String(text)
	euro, _ := charmap.Windows1252.NewEncoder().String("12 €")
	little, _ := unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewEncoder().String(`<?xml version="1.0" encoding="UTF-16"?><a>` + text)
	big, _ := unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewEncoder().String(text)
	for _, c := range []struct {
		name, given, contentType, want string
		logs                           int
	}{
		{name: "nothing", given: "", want: ""},
		{name: "UTF-8", given: text, want: text},
		{name: "a byte order mark", given: "\ufeff" + text, contentType: "text/plain; charset=iso-8859-1", want: text},
		{name: "the header", given: latin, contentType: "application/json; charset=ISO-8859-1", want: text},
		{name: "the header before the declaration", given: `<?xml version="1.0" encoding="iso-8859-1"?>` + text, contentType: "text/xml;charset=utf-8", want: `<?xml version="1.0" encoding="iso-8859-1"?>` + text},
		{name: "the declaration", given: `<?xml version='1.0' encoding='ISO-8859-1' ?>` + latin, contentType: "text/xml", want: `<?xml version='1.0' encoding='ISO-8859-1' ?>` + text},
		{name: "a meta", given: `<html><META charset=latin1>` + latin, contentType: "text/html", want: `<html><META charset=latin1>` + text},
		{name: "an old meta", given: `<meta http-equiv="Content-Type" content="text/html; charset=windows-1252">` + euro, want: `<meta http-equiv="Content-Type" content="text/html; charset=windows-1252">12 €`},
		{name: "16 bits without a mark", given: little, contentType: "text/xml", want: `<?xml version="1.0" encoding="UTF-16"?><a>` + text},
		{name: "16 bits with a mark", given: big, want: text},
		{name: "16 bits told and not true", given: text, contentType: "text/xml; charset=utf-16", want: text},
		{name: "not what it says", given: latin + " and more", want: "�t� � N�mes and more", logs: 1},
		{name: "an unknown encoding", given: text, contentType: "text/xml; charset=klingon", want: text, logs: 1},
		{name: "control characters", given: "bad\x0bchar\x00\t\r\n", want: "badchar\t\r\n", logs: 1},
		{name: "both", given: "bad\x0bchar\xff", want: "badchar�", logs: 2},
		{name: "not characters", given: "a\ufffeb", want: "ab", logs: 1},
		{name: "long", given: strings.Repeat(text+"\x01", 20_000), want: strings.Repeat(text, 20_000), logs: 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, in := range []io.Reader{strings.NewReader(c.given), iotest.OneByteReader(strings.NewReader(c.given))} {
				var logs []string
				got, err := io.ReadAll(UTF8(in, c.contentType, func(_, m string) { logs = append(logs, m) }))
				if err != nil || string(got) != c.want || len(logs) != c.logs {
					t.Errorf("%.200q, %v, %v", got, err, logs)
				}
			}
			got, err := io.ReadAll(iotest.OneByteReader(UTF8(strings.NewReader(c.given), c.contentType, nil)))
			if err != nil || string(got) != c.want {
				t.Errorf("a byte at a time: %.200q, %v", got, err)
			}
		})
	}
}

func TestUTF8OfRecordedPages(t *testing.T) {
	for name, want := range map[string]string{
		"rdf-latin1.xml": "Été à Nîmes", "rdf-utf16.xml": "Été à Nîmes", "rdf-control-char.xml": "badchar",
	} {
		raw, err := os.ReadFile("testdata/pages/" + name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(UTF8(bytes.NewReader(raw), "application/rdf+xml", nil))
		if err != nil || !strings.Contains(string(got), want) {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}

func FuzzUTF8(f *testing.F) {
	f.Add([]byte("<?xml version=\"1.0\" encoding=\"utf-16\"?><a/>"), "text/xml; charset=latin1")
	f.Add([]byte("\xff\xfea\x00\x00\xd8"), "")
	f.Add([]byte("<meta charset=big5>\xa1"), "text/html")
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		got, err := io.ReadAll(UTF8(bytes.NewReader(body), contentType, nil))
		if err != nil || !utf8.Valid(got) || bytes.ContainsAny(got, "\x00\x01\x0b\x1f") {
			t.Errorf("%q, %v", got, err)
		}
	})
}
