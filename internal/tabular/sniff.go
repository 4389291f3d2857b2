package tabular

import (
	"slices"
	"strings"
)

// dialect is how a delimited text is written (CSV on the Web, "dialect descriptions").
type dialect struct {
	// delimiter parts the cells; 0 where there is one column.
	delimiter byte
	// width is the number of cells that most rows have.
	width int
}

// delimiters are tried in this order; the first of equals wins.
var delimiters = []byte{';', ',', '\t', '|'}

// sniffRows is how many rows are looked at to find the dialect.
const sniffRows = 200

// sniff finds the delimiter that cuts the rows most evenly into many cells.
func sniff(text string) dialect {
	best, most := dialect{width: 1}, 0.0
	semicolon := false
	for _, d := range delimiters {
		score, width := evenness(text, d)
		if d == ',' && semicolon && decimalCommas(text) {
			score /= 2
		}
		if d == ';' && score > 0.4 {
			semicolon = true
		}
		if score > most+1e-9 {
			best, most = dialect{d, width}, score
		}
	}
	return best
}

// evenness is the share of rows that have the usual number of cells, higher for more cells; 0 where
// the delimiter cuts nothing.
func evenness(text string, delimiter byte) (score float64, width int) {
	counts := map[int]int{}
	first, total := 0, 0
	r := rows{text: text, delimiter: delimiter}
	for total < sniffRows {
		cells, ok := r.next()
		if !ok {
			break
		}
		if len(cells) == 1 && strings.TrimSpace(cells[0]) == "" {
			continue
		}
		if total == 0 {
			first = len(cells)
		}
		counts[len(cells)]++
		total++
	}
	for n, count := range counts {
		if n > 1 && (count > counts[width] || count == counts[width] && n > width) {
			width = n
		}
	}
	if counts[width]*5 < total || width == 0 {
		return 0, 1 // a text in which the sign stands here and there
	}
	score = float64(counts[width]) / float64(total) * (1 - 1/float64(width))
	if first != width {
		score *= 0.7 // the header does not fit
	}
	return score, width
}

// decimalCommas tells whether almost all commas stand between digits.
func decimalCommas(text string) bool {
	text = text[:min(len(text), 64<<10)]
	all, between := 0, 0
	for i := range len(text) {
		if text[i] != ',' {
			continue
		}
		all++
		if i > 0 && digit(text[i-1]) && i+1 < len(text) && digit(text[i+1]) {
			between++
		}
	}
	return between*10 >= all*8
}

func digit(b byte) bool { return '0' <= b && b <= '9' }

// headSkips is how many rows before the table may be a title or a comment.
const headSkips = 20

// preamble counts the rows before the table: titles, comments, blanks, and a header that is repeated.
func preamble(table [][]string, width int) int {
	start := 0
	for start < min(len(table), headSkips) && beside(table[start], width) {
		start++
	}
	if start == len(table) || start == headSkips {
		return 0
	}
	for again := start; again+1 < min(len(table), start+10) && slices.Equal(table[again], table[again+1]); again++ {
		start = again + 1
	}
	return start
}

// beside tells a row that is not part of a table of so many columns.
func beside(row []string, width int) bool {
	filled := 0
	for _, cell := range row {
		if strings.TrimSpace(cell) != "" {
			filled++
		}
	}
	switch {
	case filled == 0:
		return true
	case width == 1:
		return strings.HasPrefix(row[0], "#")
	case len(row) == 1:
		return true
	}
	return filled == 1 && width >= 3 || strings.HasPrefix(row[0], "#") && len(row) != width
}

// hasHeader tells whether the first row names the columns: it does unless what stands there is of
// the same kind as the values below, or is no name at all.
func hasHeader(first []string, kinds []Kind) bool {
	typed, same, empty := 0, 0, 0
	for i, cell := range first {
		if null(cell) {
			empty++
			continue
		}
		if i >= len(kinds) || kinds[i] == Text {
			continue
		}
		typed++
		if k := kindOf(cell); k == kinds[i] || k == Integer && kinds[i] == Decimal {
			same++
		}
	}
	if empty == len(first) || empty*2 > len(first) && len(first) > 2 {
		return false
	}
	if same == 0 {
		return true
	}
	return same < typed || years(first, kinds)
}

// years tells a header of years: 2021, 2022, 2023.
func years(first []string, kinds []Kind) bool {
	last, n := "", 0
	for i, cell := range first {
		cell = strings.TrimSpace(cell)
		if kindOf(cell) != Integer {
			continue
		}
		if i < len(kinds) && kinds[i] == Text {
			continue
		}
		if len(cell) != 4 || cell < "1700" || cell > "2200" || cell <= last {
			return false
		}
		last = cell
		n++
	}
	return n >= 2
}
