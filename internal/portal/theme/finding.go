package theme

import (
	"regexp"
	"strconv"
	"strings"
)

// Finding is something that the author of a pack should know.
type Finding struct {
	// File is a file of the pack, Line its line from 1 on; both may be unknown.
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
	Text string `json:"text"`
	// Fault is what a pack must not have: the check of the pack fails by it. A
	// server still wears the pack when it can.
	Fault bool `json:"fault"`
}

func (f Finding) String() string {
	switch {
	case f.File == "":
		return f.Text
	case f.Line == 0:
		return f.File + ": " + f.Text
	}
	return f.File + ":" + strconv.Itoa(f.Line) + ": " + f.Text
}

// located is an error that starts with the file it speaks of.
var located = regexp.MustCompile(`(?s)^(?:(?:html/)?template: ?)?([A-Za-z0-9_./-]+\.[a-z]+)(?::(?: yaml:)?(?: unmarshal errors:\s*)? ?(?:line )?(\d+))?(?::\d+)?: (.*)$`)

// Blame makes a fault out of the error of a pack, parting file, line and text.
func Blame(err error) Finding {
	text := err.Error()
	found := located.FindStringSubmatch(text)
	if found == nil {
		return Finding{Text: plain(text), Fault: true}
	}
	line, _ := strconv.Atoi(found[2]) // 0 when none is told
	return Finding{File: found[1], Line: line, Text: plain(found[3]), Fault: true}
}

// plain is a text in one line.
func plain(text string) string { return strings.Join(strings.Fields(text), " ") }

// Nearest gives the name that is written most like another, or "" when none is
// near.
func Nearest(name string, names []string) string {
	best, least := "", 1+len(name)/3
	for _, candidate := range names {
		if d := distance(name, candidate, least); d <= least && (best == "" || d < least) {
			best, least = candidate, d
		}
	}
	return best
}

// instead proposes the nearest of some names.
func instead(name string, names []string) string {
	if near := Nearest(name, names); near != "" {
		return "; did you mean " + near + "?"
	}
	return ""
}

// distance counts the letters to change, add or take away between two names; it
// gives more than bound early when it is.
func distance(a, b string, bound int) int {
	if len(a)-len(b) > bound || len(b)-len(a) > bound {
		return bound + 1
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before, least := row[0], i+1
		row[0] = i + 1
		for j := range len(b) {
			cost := before
			if a[i] != b[j] {
				cost++
			}
			before = row[j+1]
			row[j+1] = min(cost, row[j]+1, before+1)
			least = min(least, row[j+1])
		}
		if least > bound {
			return bound + 1
		}
	}
	return row[len(b)]
}
