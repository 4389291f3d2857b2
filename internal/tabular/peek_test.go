package tabular

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"grenier/internal/fault"
	"grenier/internal/fetch"
)

// remote serves for a test; the client reaches it.
func remote(t *testing.T, handler http.HandlerFunc) (*fetch.Client, string) {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return fetch.New(fetch.Options{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}), s.URL
}

// files serves the samples.
func files(t *testing.T) (*fetch.Client, string) {
	return remote(t, http.FileServer(http.Dir("testdata")).ServeHTTP)
}

func wantWhy(t *testing.T, err error, want string) {
	t.Helper()
	if got := Why(err); got != want || want == "" {
		t.Fatalf("got %q (%v), want %q", got, err, want)
	}
	if f := fault.Of(err); f.Code == fault.Internal || f.SafeText() == "" {
		t.Fatalf("%v is not a fault with a text", err)
	}
}

// summary writes a table in one line: encoding, delimiter, skipped, uneven, number of rows, names with
// kinds; a "-" in place of the names when there is no header.
func summary(t *Table) string {
	var names []string
	for i, c := range t.Columns {
		if i == 4 {
			names = append(names, "…")
			break
		}
		names = append(names, c.Name+":"+string(c.Kind))
	}
	return fmt.Sprintf("%s %q skip%d uneven%d rows%d cols%d+%d header=%v %s", t.Encoding, t.Delimiter, t.Skipped, t.Uneven, t.Read,
		len(t.Columns), t.MoreColumns, t.Header, strings.Join(names, ","))
}

func TestPeekSamples(t *testing.T) {
	get, url := files(t)
	for name, want := range map[string]string{
		"repeated-header.csv": `utf-8 ";" skip2 uneven0 rows9 cols11+0 header=true NUMCOM:text,NOMCOM:text,NUMDEP:integer,NOMDEP:text,…`,
		"compressed.csv.gz":   `utf-8 "," skip0 uneven0 rows6 cols3+0 header=true code_departement:text,code_region:text,partly_empty:integer`,
		"latin1-canteens.csv": `windows-1252 "," skip0 uneven0 rows1 cols23+0 header=true siret:integer,nom:text,code_insee_commune:integer,code_postal_commune:integer,…`,
		"wrapped-lines.csv":   `utf-8 "," skip0 uneven1 rows1 cols12+0 header=true siret:integer,description:text,fournisseur:text,date:date,…`,
		"no-header.csv":       `utf-8 "," skip0 uneven0 rows2 cols11+0 header=false :integer,:text,:text,:date,…`,
		"bare-cr.csv":         `utf-8 "," skip0 uneven0 rows4 cols8+0 header=true Department:text,Entity:text,Payment Date:text,Supplier Name:text,…`,
		"bom.csv":             `utf-8 "," skip0 uneven0 rows2 cols2+0 header=true id:integer,name:text`,
		"latin1-short.csv":    `windows-1252 "," skip0 uneven0 rows2 cols2+0 header=true id:integer,name:text`,
		"backslash.csv":       `utf-8 "," skip0 uneven0 rows3 cols2+0 header=true ID:integer,Test:text`,
		"comment.csv":         `utf-8 "," skip1 uneven0 rows4 cols4+0 header=true f1:integer,f2:integer,f3:integer,f4:integer`,
		"uneven.csv":          `utf-8 "," skip0 uneven3 rows3 cols4+0 header=true id:integer,name:text,:integer,name:integer`,
		"pipe.csv":            `utf-8 "|" skip0 uneven1 rows2 cols2+0 header=true id:integer,name:text`,
		"addresses.csv":       `utf-8 ";" skip0 uneven0 rows15 cols13+0 header=true cle_interop:text,uid_adresse:text,voie_nom:text,numero:decimal,…`,
		"newlines.csv":        `utf-8 "," skip0 uneven0 rows3 cols3+0 header=true a:text,b:integer,c:integer`,
		"wide-tab.csv":        `utf-8 "\t" skip0 uneven0 rows1 cols200+28 header=true id_unique:text,id_modele:integer,referentiel_id_modele:text,nom_modele:text,…`,
	} {
		table, err := Peek(t.Context(), get, url+"/"+name, Limits{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := summary(table); got != want {
			t.Errorf("%s:\n%s, want\n%s", name, got, want)
		}
		info, err := os.Stat(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		if !table.Whole || table.Size != info.Size() || table.URL != url+"/"+name || table.Gzip != strings.HasSuffix(name, ".gz") {
			t.Errorf("%s: whole %v, %d bytes, gzip %v", name, table.Whole, table.Size, table.Gzip)
		}
		for _, row := range table.Rows {
			if len(row) != len(table.Columns) {
				t.Errorf("%s: a row of %d cells", name, len(row))
			}
		}
	}
	_, err := Peek(t.Context(), get, url+"/workbook.xlsx", Limits{})
	wantWhy(t, err, "workbook")
	_, err = Peek(t.Context(), get, url+"/valid.geojson", Limits{})
	wantWhy(t, err, "json")
	_, err = Peek(t.Context(), get, url+"/none.csv", Limits{})
	wantWhy(t, err, "status")
	_, err = Peek(t.Context(), get, "http://10.0.0.1/x.csv", Limits{})
	wantWhy(t, err, "refused")
}

// table parses a text that is complete.
func table(t *testing.T, text string) *Table {
	t.Helper()
	got, err := parse([]byte(text), true, Limits{}.filled())
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return got
}

func TestParse(t *testing.T) {
	tests := []struct {
		why, text string
		delimiter string
		header    bool
		skipped   int
		columns   string
		row       string // of the first row, parted by |
	}{
		{"decimal commas", "nom;lat;lon\nx;48,8;2,3\ny;48,9;2,4\n", ";", true, 0, "nom:text lat:decimal lon:decimal", "x|48,8|2,3"},
		{"decimal commas alone", "a;b\n1,5;2,5\n3,5;4,5\n", ";", true, 0, "a:decimal b:decimal", "1,5|2,5"},
		{"decimal commas without header", "1,5;2,5;7,1\n3,5;4,5;7,2\n", ";", false, 0, ":decimal :decimal :decimal", "1,5|2,5|7,1"},
		{"commas in texts", "id;adresse;ville\n1;3, rue A;Lyon\n2;4, rue B;Lyon\n", ";", true, 0, "id:integer adresse:text ville:text", "1|3, rue A|Lyon"},
		{"a title and a blank", "Budget 2026\n\ncode;libellé;montant\n01;Eau;12\n02;Gaz;13\n", ";", true, 2, "code:text libellé:text montant:integer", "01|Eau|12"},
		{"a title padded with delimiters", "Budget;;\n;;\ncode;libellé;montant\n01;Eau;12\n", ";", true, 2, "code:text libellé:text montant:integer", "01|Eau|12"},
		{"years as header", "commune;2021;2022;2023\nA;1;2;3\nB;4;5;6\n", ";", true, 0, "commune:text 2021:integer 2022:integer 2023:integer", "A|1|2|3"},
		{"no header", "1;a;2026-01-01\n2;b;2026-01-02\n", ";", false, 0, ":integer :text :date", "1|a|2026-01-01"},
		{"one column", "code\n01001\n01002\n", "", true, 0, "code:text", "01001"},
		{"a list with a few commas", "nom\nA\nB\nC\nD, E\nF\nG\n", "", true, 0, "nom:text", "A"},
		{"one cell", "bonjour", "", true, 0, "bonjour:text", ""},
		{"delimiters at the end of lines", "a;b;\n1;2;\n", ";", true, 0, "a:integer b:integer", "1|2"},
		{"quotes inside", "a,b\n\"dit \"oui\" hier\",2\n", ",", true, 0, "a:text b:integer", `dit "oui" hier|2`},
		{"doubled quotes", "a,b\n\"dit \"\"oui\"\"\",2\n\"\",3\n\"\"\"x\"\"\",4\n", ",", true, 0, "a:text b:integer", `dit "oui"|2`},
		{"a quote that never ends", "a,b\n\"x,1\ny,2\n", ",", true, 0, "a:text b:integer", `"x|1`},
		{"kinds", "i,d,t,b,z,n\n1,1.5,02/03/2026,oui,007,NA\n-2,1e3,2026-01-01T10:00:00Z,non,1,\n", ",", true, 0,
			"i:integer d:decimal t:date b:boolean z:text n:text", "1|1.5|02/03/2026|oui|007|NA"},
		{"telephone numbers", "nom,tel\nA,+33612345678\n", ",", true, 0, "nom:text tel:text", "A|+33612345678"},
		{"impossible dates", "nom,jour\nA,31/02/2026\n", ",", true, 0, "nom:text jour:text", "A|31/02/2026"},
		{"CRLF and blanks", "a ; b\r\n 1 ; 2 \r\n", ";", true, 0, "a:integer b:integer", "1|2"},
	}
	for _, test := range tests {
		got := table(t, test.text)
		var columns []string
		for _, c := range got.Columns {
			columns = append(columns, c.Name+":"+string(c.Kind))
		}
		row := ""
		if len(got.Rows) > 0 {
			row = strings.Join(got.Rows[0], "|")
		}
		if got.Delimiter != test.delimiter || got.Header != test.header || got.Skipped != test.skipped ||
			strings.Join(columns, " ") != test.columns || row != test.row {
			t.Errorf("%s: %s; first row %q", test.why, summary(got), row)
		}
	}
}

func TestParseTrouble(t *testing.T) {
	for text, want := range map[string]Reason{
		"": Empty, " \r\n\t\n": Empty, "\xef\xbb\xbf": Empty, "<!DOCTYPE html><html>": HTML, "\n <HTML lang=fr>": HTML,
		"<?xml version='1.0'?><a/>": XML, "<?xml version='1.0'?><!DOCTYPE html PUBLIC><html>": HTML, "<gml:x>": XML,
		`{"a": 1}`: JSON, "[1,2]": JSON, ` [{"a":1}]`: JSON, "%PDF-1.7\n": Binary, "a\x00b;c\n": Binary,
		"PK\x03\x04\x14\x00\x06\x00[Content_Types].xml": Workbook, "PK\x03\x04\x14\x00data.csv": Archive,
		"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1xx": Workbook, "\x1f\x8bnot gzip": Archive, "\x89PNG\r\n\x1a\n": Binary, "GIF89a...": Binary,
		"7z\xbc\xaf\x27\x1c..": Archive, ";;;\n;;;\n": NotTable,
	} {
		_, err := parse([]byte(text), true, Limits{}.filled())
		wantWhy(t, err, string(want))
	}
}

func TestEncodings(t *testing.T) {
	text := "commune;département\nÉvreux;Eure – n° 27\nŒuf-en-Ternois;Pas-de-Calais où ça fête à l’été\n"
	plain := strings.NewReplacer("–", "-", "’", "'", "Œ", "O").Replace(text)
	encoded := func(table *charmap.Charmap, s string) string {
		out, err := table.NewEncoder().String(s)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	wideBytes := func(s string, big bool, mark bool) string {
		var b strings.Builder
		if mark {
			s = "\ufeff" + s
		}
		for _, r := range s {
			if big {
				b.WriteByte(byte(r >> 8))
			}
			b.WriteByte(byte(r))
			if !big {
				b.WriteByte(byte(r >> 8))
			}
		}
		return b.String()
	}
	for _, test := range []struct{ data, name, want string }{
		{text, "utf-8", text},
		{"\xef\xbb\xbf" + text, "utf-8", text},
		{encoded(charmap.Windows1252, text), "windows-1252", text},
		{encoded(charmap.ISO8859_1, plain), "windows-1252", plain},
		{encoded(charmap.Macintosh, text), "macintosh", text},
		{encoded(charmap.CodePage850, plain), "ibm850", plain},
		{wideBytes(text, false, true), "utf-16le", text},
		{wideBytes(text, true, true), "utf-16be", text},
		{wideBytes(plain, false, false), "utf-16le", plain},
		{strings.Repeat(text, 30) + "\xe9", "utf-8", strings.Repeat(text, 30) + "\ufffd"},
	} {
		got, name := decode([]byte(test.data), true)
		if name != test.name || got != test.want {
			t.Errorf("%s: read as %s: %.80q", test.name, name, got)
		}
	}
	if got, name := decode([]byte("été\xc3"), false); got != "été" || name != "utf-8" {
		t.Errorf("a cut letter: %q as %s", got, name)
	}
}

// TestPeekBeginning looks at a file of 20 MB, served as a slow stream, and stops early.
func TestPeekBeginning(t *testing.T) {
	var sent int
	get, url := remote(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "20000000")
		io.WriteString(w, "numéro;\"texte\"\n")
		for i := 0; ; i++ {
			n, err := fmt.Fprintf(w, "%d;\"%s\nligne\"\n", i, strings.Repeat("à", 500))
			if err != nil {
				return
			}
			sent += n
		}
	})
	got, err := Peek(t.Context(), get, url, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if got.Whole || got.Size != 20_000_000 || len(got.Rows) != 50 || got.Read < 900 || got.Uneven != 0 || got.Columns[0].Kind != Integer {
		t.Errorf("%s: whole %v, %d bytes, %d rows", summary(got), got.Whole, got.Size, len(got.Rows))
	}
	if cell := got.Rows[0][1]; utf8.RuneCountInString(cell) != 300 || !strings.HasSuffix(cell, "à…") {
		t.Errorf("a long cell: %q", cell)
	}
}

// TestPeekSlowServer shows what came before a server fell asleep.
func TestPeekSlowServer(t *testing.T) {
	quit := make(chan struct{})
	handler := func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "a;b\n1;2\n3;4\n5;")
		w.(http.Flusher).Flush()
		<-quit
	}
	s := httptest.NewServer(http.HandlerFunc(handler))
	t.Cleanup(s.Close)
	t.Cleanup(func() { close(quit) })
	get := fetch.New(fetch.Options{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Stall: 100 * time.Millisecond})
	got, err := Peek(t.Context(), get, s.URL, Limits{})
	if err != nil || got.Whole || got.Read != 2 || got.Size != -1 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestPeekGzipBomb(t *testing.T) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte("a;b\n"))
	for range 64 {
		z.Write(bytes.Repeat([]byte("1;2\n"), 256<<10))
	}
	z.Close()
	get, url := remote(t, func(w http.ResponseWriter, r *http.Request) { w.Write(b.Bytes()) })
	got, err := Peek(t.Context(), get, url, Limits{})
	if err != nil || got.Whole || !got.Gzip || got.Read > 300_000 || len(got.Rows) != 50 || got.Size != int64(b.Len()) {
		t.Errorf("got %v", err)
	}
}

func TestLimits(t *testing.T) {
	got, err := parse([]byte("a;b;c;d\n"+strings.Repeat("1;2;33333;4\n", 10)), true, Limits{Rows: 3, Columns: 3, Cell: 4, Bytes: 1}.filled())
	if err != nil || len(got.Rows) != 3 || len(got.Columns) != 3 || got.MoreColumns != 1 || got.Read != 10 || got.Rows[0][2] != "333…" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestNoRowIsLostInWellFormedText(t *testing.T) {
	cells := []string{"", "a", "a b", "é", "x\"y", "1,5", "1;5", "l1\nl2", "l1\r\nl2", " \"", "\"\""}
	for _, d := range delimiters {
		var b strings.Builder
		var want [][]string
		for i := range 60 {
			row := []string{fmt.Sprint("r", i), cells[i%len(cells)], cells[(i*7+3)%len(cells)], "fin"}
			want = append(want, row)
			for j, cell := range row {
				if j > 0 {
					b.WriteByte(d)
				}
				b.WriteString(`"` + strings.ReplaceAll(cell, `"`, `""`) + `"`)
			}
			b.WriteString("\r\n")
		}
		if got := sniff(b.String()); got.delimiter != d || got.width != 4 {
			t.Errorf("%q is taken for %q with %d columns", d, got.delimiter, got.width)
		}
		if got := read(b.String(), dialect{d, 4}, true); !slices.EqualFunc(got, want, slices.Equal[[]string]) {
			t.Errorf("%q: rows differ", d)
		}
	}
}

// TestHostileTextsAreReadInBoundedTime has the shapes that make careless readers quadratic.
func TestHostileTextsAreReadInBoundedTime(t *testing.T) {
	const n = 1 << 20
	for name, text := range map[string]string{
		"quotes":           strings.Repeat(`"`, n),
		"unclosed quotes":  strings.Repeat(`,"a`, n/3),
		"doubled quotes":   `"` + strings.Repeat(`""a`, n/3),
		"quoted lines":     strings.Repeat("\"\n", n/2),
		"columns":          strings.Repeat("a,", n/2),
		"a wide first row": strings.Repeat(",", n/2) + "\n" + strings.Repeat("a\n", n/4),
		"wide and narrow":  strings.Repeat(strings.Repeat(",", 1000)+"\na\n", n/1003),
		"lines":            "a\n" + strings.Repeat("\n", n),
		"old letters":      strings.Repeat("\xe9;\x8e\n", n/4),
	} {
		started := time.Now()
		if _, err := parse([]byte(text), false, Limits{}.filled()); err != nil && Why(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
		if took := time.Since(started); took > 5*time.Second {
			t.Errorf("%s took %v", name, took)
		}
	}
}

func FuzzParse(f *testing.F) {
	samples, err := filepath.Glob("testdata/*.csv*")
	if err != nil || len(samples) < 10 {
		f.Fatalf("%d samples, %v", len(samples), err)
	}
	for _, sample := range samples {
		data, err := os.ReadFile(sample)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data[:min(len(data), 4000)], true)
	}
	f.Add([]byte("\"a\"\"\";\"\n;;\r\r\""), false)
	f.Add([]byte("\xff\xfea\x00;\x00b\x00\n\x00"), false)
	f.Fuzz(func(t *testing.T, data []byte, whole bool) {
		got, err := parse(data, whole, Limits{Rows: 5, Columns: 7, Cell: 9}.filled())
		if err != nil {
			if Why(err) == "" {
				t.Fatalf("an error without a reason: %v", err)
			}
			return
		}
		if len(got.Columns) == 0 || len(got.Columns) > 7 || len(got.Rows) > 5 || got.MoreColumns < 0 || got.Uneven > got.Read {
			t.Fatalf("%+v", got)
		}
		for _, row := range got.Rows {
			if len(row) != len(got.Columns) {
				t.Fatalf("a row of %d cells in %d columns", len(row), len(got.Columns))
			}
			for _, cell := range row {
				if !utf8.ValidString(cell) || utf8.RuneCountInString(cell) > 9 {
					t.Fatalf("cell %q", cell)
				}
			}
		}
	})
}
