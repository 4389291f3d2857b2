package intake

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

// readAll reads every row, broken ones as their errors.
func readAll(t testing.TB, in io.Reader, delimiter byte, want int) (rows [][]string, broken []string) {
	t.Helper()
	r := newCSVReader(in, delimiter)
	r.want = want
	for range 1 << 20 {
		row, err := r.next()
		var wrong *rowError
		switch {
		case errors.Is(err, io.EOF):
			return rows, broken
		case errors.As(err, &wrong):
			broken = append(broken, wrong.Error())
		case err != nil:
			t.Fatal(err)
		default:
			rows = append(rows, row.cells)
		}
	}
	t.Fatal("the reader never ends")
	return nil, nil
}

func TestReadsRows(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       [][]string
	}{
		{"plain", "a;b\n1;2\n", [][]string{{"a", "b"}, {"1", "2"}}},
		{"no last line end", "a;b", [][]string{{"a", "b"}}},
		{"CRLF", "a;b\r\n1;2\r\n", [][]string{{"a", "b"}, {"1", "2"}}},
		{"quoted", `"a;b";"c"` + "\n", [][]string{{"a;b", "c"}}},
		{"doubled quotes", `"a ""b""";""""` + "\n", [][]string{{`a "b"`, `"`}}},
		{"empty quoted", `"";""` + "\n", [][]string{{"", ""}}},
		{"line ends inside", "\"a\nb\";\"c\r\nd\"\r\n", [][]string{{"a\nb", "c\r\nd"}}},
		{"empty lines", "\na;b\n\n\n1;2\n\n", [][]string{{"a", "b"}, {"1", "2"}}},
		{"one empty quoted cell is a row", "\"\"\n", [][]string{{""}}},
		{"quote inside a bare cell", `a"b;c` + "\n", [][]string{{`a"b`, "c"}}},
		{"trailing delimiter", "a;\n", [][]string{{"a", ""}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			rows, broken := readAll(t, strings.NewReader(test.text), ';', 0)
			if !reflect.DeepEqual(rows, test.want) || broken != nil {
				t.Errorf("read %q and refused %q, want %q", rows, broken, test.want)
			}
			slow, _ := readAll(t, iotest.OneByteReader(strings.NewReader(test.text)), ';', 0)
			if !reflect.DeepEqual(slow, rows) {
				t.Errorf("read byte by byte %q, at once %q", slow, rows)
			}
		})
	}
}

const (
	first  = "5e166f7c06e3e76950ce8d51"
	second = "5e166f7c06e3e76950ce8d52"
	third  = "5e166f7c06e3e76950ce8d53"
)

func TestGoesOnAfterBrokenRows(t *testing.T) {
	good := func(id string) string { return fmt.Sprintf("%q;\"two\nlines\";\"end\"\n", id) }
	for _, test := range []struct {
		name, broken string
		line         int
	}{
		{"too few cells", `"x";"y"` + "\n", 3},
		{"too many cells", `"x";"y";"z";"more"` + "\n", 3},
		{"quote that is not doubled", fmt.Sprintf("%q;\"say \"hello\" to\nall\";\"z\"\n", third), 3},
		{"quote that is never closed", fmt.Sprintf("%q;\"open\nand on;\"z\"\n", third), 3},
		{"text behind a closing quote", `"x"y;"z";"z"` + "\n", 3},
		{"carriage return in the middle", "\"x\"\ry;\"z\";\"z\"\n", 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			rows, broken := readAll(t, strings.NewReader(good(first)+test.broken+good(second)), ';', 3)
			want := [][]string{{first, "two\nlines", "end"}, {second, "two\nlines", "end"}}
			if !reflect.DeepEqual(rows, want) {
				t.Errorf("read %q", rows)
			}
			if len(broken) != 1 || !strings.HasPrefix(broken[0], fmt.Sprintf("line %d,", test.line)) {
				t.Errorf("refused %q, want one row at line %d", broken, test.line)
			}
		})
	}
}

func TestQuoteNeverClosedAtTheEnd(t *testing.T) {
	rows, broken := readAll(t, strings.NewReader(first+";b\n"+second+";\"open\n and on\n"), ';', 2)
	if len(rows) != 1 || len(broken) != 1 {
		t.Errorf("read %q, refused %q", rows, broken)
	}
}

func TestLineOfCell(t *testing.T) {
	row := csvRow{line: 10, cells: []string{"a", "b\nc\n", "d"}}
	for cell, want := range []int{10, 10, 12} {
		if got := row.lineOf(cell); got != want {
			t.Errorf("cell %d starts in line %d, want %d", cell, got, want)
		}
	}
}

func TestReadsTheRealDumpAsTheStandardDoes(t *testing.T) {
	text, err := os.ReadFile("testdata/datasets.csv")
	if err != nil {
		t.Fatal(err)
	}
	rows, broken := readAll(t, strings.NewReader(string(text)), ';', 40)
	if broken != nil || len(rows) < 20 {
		t.Fatalf("%d rows, refused %q", len(rows), broken)
	}
	compareWithStandard(t, string(text), rows)
}

// compareWithStandard checks rows against encoding/csv, which drops the
// carriage returns of line ends inside cells.
func compareWithStandard(t *testing.T, text string, rows [][]string) {
	t.Helper()
	standard := csv.NewReader(strings.NewReader(text))
	standard.Comma, standard.FieldsPerRecord = ';', -1
	want, err := standard.ReadAll()
	if err != nil {
		return
	}
	if len(want) != len(rows) {
		t.Fatalf("%d rows, the standard library reads %d", len(rows), len(want))
	}
	for i := range rows {
		for j := range rows[i] {
			rows[i][j] = strings.ReplaceAll(rows[i][j], "\r\n", "\n")
		}
		if !reflect.DeepEqual(rows[i], want[i]) {
			t.Fatalf("row %d is %q, the standard library reads %q", i, rows[i], want[i])
		}
	}
}

func FuzzCSV(f *testing.F) {
	for _, text := range []string{
		"a;b\n1;2\n", "\"a\";\"b\"\"c\"\r\n", "\"open", "\"a\"b;c\n\"d\"", "\r\n\r", ";;\n", "\"\"", "\ufeffa",
		first + ";\"x\ny\";z\n" + second + ";;\n", "\"a\r\"\r\n",
	} {
		f.Add(text, uint8(0))
		f.Add(text, uint8(3))
	}
	f.Fuzz(func(t *testing.T, text string, want uint8) {
		rows, broken := readAll(t, strings.NewReader(text), ';', int(want))
		slow, slowBroken := readAll(t, iotest.HalfReader(strings.NewReader(text)), ';', int(want))
		if !reflect.DeepEqual(rows, slow) || !reflect.DeepEqual(broken, slowBroken) {
			t.Fatalf("the rows depend on how the text arrives: %q %q, %q %q", rows, broken, slow, slowBroken)
		}
		if want > 0 {
			for _, row := range rows {
				if len(row) != int(want) {
					t.Fatalf("a row of %d cells passed for one of %d", len(row), want)
				}
			}
		}
		// A lone quote or carriage return is read in another way here.
		if want == 0 && broken == nil && !strings.Contains(text, "\r") && !strings.Contains(text, "\"") {
			compareWithStandard(t, text, rows)
		}
	})
}
