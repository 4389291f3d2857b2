package text

import "strings"

const (
	// maxMarkers is how many marks of quotes and lists may begin a line.
	maxMarkers = 20
	// maxOpen is how many brackets may be open at once in a paragraph.
	maxOpen = 50
	// maxFilled is how many cells the tables of a source may have that their rows
	// do not spell.
	maxFilled = 1_000
)

// tame takes from a source what makes a short text cost much: lines that begin
// with more than maxMarkers marks of quotes and lists lose the others, brackets
// beyond maxOpen and tables that would be filled up with thousands of empty
// cells stay as typed.
func tame(source string) string {
	lines := strings.Split(source, "\n")
	for i, line := range lines {
		lines[i] = fewerMarkers(line)
	}
	disarmTables(lines)
	disarmBrackets(lines)
	return strings.Join(lines, "\n")
}

// fewerMarkers cuts the marks beyond maxMarkers off the beginning of a line.
func fewerMarkers(line string) string {
	markers, at := 0, 0
	for at < len(line) {
		length := marker(line[at:])
		if length == 0 {
			break
		}
		if line[at] != ' ' && line[at] != '\t' {
			markers++
		}
		if markers > maxMarkers {
			return line[:at] + strings.TrimLeft(line[at:], "> \t*+-.)0123456789")
		}
		at += length
	}
	return line
}

// marker is the length of the blank or mark of a quote or list that a line
// begins with; 0 for anything else.
func marker(line string) int {
	switch line[0] {
	case ' ', '\t', '>':
		return 1
	case '-', '*', '+':
		return followedByBlank(line, 1)
	}
	digits := 0
	for digits < len(line) && digits < 9 && line[digits] >= '0' && line[digits] <= '9' {
		digits++
	}
	if digits == 0 || digits == len(line) || line[digits] != '.' && line[digits] != ')' {
		return 0
	}
	return followedByBlank(line, digits+1)
}

func followedByBlank(line string, length int) int {
	if length == len(line) || line[length] == ' ' || line[length] == '\t' {
		return length
	}
	return 0
}

// disarmTables escapes the delimiter rows of tables whose rows hold far fewer
// cells than their head: each would be filled up.
func disarmTables(lines []string) {
	filled := 0
	end, cells := len(lines), 0 // of the rows below, up to a blank line
	for i := len(lines) - 1; i >= 0; i-- {
		line := lines[i]
		if strings.TrimSpace(line) == "" {
			end, cells = i, 0
			continue
		}
		columns := strings.Count(line, "|") + 1
		if columns > 2 && strings.Trim(line, "|:- \t\r>*+.)0123456789") == "" {
			missing := max(0, (end-i-1)*columns-cells)
			if filled+missing > maxFilled {
				lines[i] = strings.ReplaceAll(line, "|", `\|`)
			} else {
				filled += missing
			}
		}
		cells += columns
	}
}

// disarmBrackets escapes the brackets of each paragraph that open while maxOpen
// others, or addresses of links, are open.
func disarmBrackets(lines []string) {
	open := brackets{}
	for i, line := range lines {
		if strings.TrimSpace(line) == "" {
			open = brackets{}
			continue
		}
		if strings.ContainsAny(line, "[]()") {
			lines[i] = open.escape(line)
		}
	}
}

// brackets counts those open in a paragraph: of texts and of addresses.
type brackets struct{ texts, addresses int }

func (o *brackets) escape(line string) string {
	var b strings.Builder
	kept := 0
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case '\\':
			i++ // what follows is escaped
		case '[':
			if o.texts < maxOpen && o.addresses < maxOpen {
				o.texts++
				continue
			}
			b.WriteString(line[kept:i] + `\`)
			kept = i
		case ']':
			o.texts = max(0, o.texts-1)
		case '(':
			if i > 0 && line[i-1] == ']' {
				o.addresses++
			}
		case ')':
			o.addresses = max(0, o.addresses-1)
		}
	}
	return b.String() + line[kept:]
}
