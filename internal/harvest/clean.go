package harvest

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"grenier/internal/catalog"
	"grenier/internal/text"
)

// maxLiteral bounds one text of a record, in bytes.
const maxLiteral = 1 << 20

// cleanText takes out of a text what nobody sees and what no document may hold:
// control characters, marks of direction and of joints, halves of characters.
func cleanText(s string) string {
	if len(s) > maxLiteral {
		s = s[:maxLiteral]
	}
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\r' || r == '\u2028' || r == '\u2029' || r == '\u0085':
			return '\n'
		case r == '\n' || r == '\t':
			return r
		case unicode.IsControl(r), unseen(r):
			return -1
		}
		return r
	}, s)
	return strings.TrimSpace(norm.NFC.String(s))
}

// unseen tells whether a character shows nothing and means nothing by itself.
func unseen(r rune) bool {
	switch {
	case r == '\u00AD', r == '\u200B', r == '\u2060', r == '\uFEFF', r == '\uFFFE', r == '\uFFFF', r == '\u180E':
		return true
	}
	return r >= '\u202A' && r <= '\u202E' || r >= '\u2066' && r <= '\u2069' || r >= '\uFFF9' && r <= '\uFFFB'
}

// cleanLine is cleanText for what stands on one line.
func cleanLine(s string) string { return strings.Join(strings.Fields(cleanText(s)), " ") }

// shortened cuts a text to so many characters, the last of them an ellipsis.
func shortened(s string, most int) (cut string, was bool) {
	if utf8.RuneCountInString(s) <= most {
		return s, false
	}
	return strings.TrimSpace(string([]rune(s)[:most-1])) + "…", true
}

// cleanTags makes slugs of tags: those that are too short are left out, long ones
// cut, each kept once, in the order of the alphabet.
func cleanTags(given []string) (tags []string, dropped int) {
	tags = make([]string, 0, min(len(given), catalog.MaxHarvestedTags))
	for _, one := range given {
		if len(one) > maxLiteral {
			continue
		}
		tag := text.Slug(strings.TrimSpace(one))
		if len(tag) > catalog.TagMax {
			tag = strings.TrimRight(tag[:catalog.TagMax], "-")
		}
		if len(tag) >= catalog.TagMin {
			tags = append(tags, tag)
		}
	}
	// The first ones of the portal are kept, whatever their letters.
	seen := make(map[string]bool, len(tags))
	tags = slices.DeleteFunc(tags, func(tag string) bool {
		twice := seen[tag]
		seen[tag] = true
		return twice
	})
	if len(tags) > catalog.MaxHarvestedTags {
		dropped = len(tags) - catalog.MaxHarvestedTags
		tags = tags[:catalog.MaxHarvestedTags]
	}
	slices.Sort(tags)
	return tags, dropped
}

// cleanDescription makes Markdown of a text: of HTML where it is, or says that it is.
func cleanDescription(s, format string) string {
	s = cleanText(s)
	switch {
	case format == "html" || format == "" && holdsHTML(s) && !holdsMarkdown(s):
		s = cleanText(markdownOf(s))
	case format == "text":
		s = escapeMarkup(s)
	}
	s, _ = shortened(s, catalog.DescriptionMax)
	return s
}

var (
	markdownMark = regexp.MustCompile(`(?m)^#{1,6} +\S|^ {0,3}[*-] +\S.*\n+ {0,3}[*-] +\S|\*\*[^*\s][^*\n]*\*\*|\[[^\]\n]+\]\(https?://[^)\s]+\)`)
	htmlBlock    = regexp.MustCompile(`(?i)</?(?:p|div|ul|ol|li|table|h[1-6]|span|blockquote|pre|html|body|section|article)\b`)
)

// holdsMarkdown tells whether a text is Markdown with some tags of HTML within its
// lines, as editors of portals write it.
func holdsMarkdown(s string) bool { return markdownMark.MatchString(s) && !htmlBlock.MatchString(s) }

// escapeMarkup keeps what looks like a tag in a plain text from being one.
func escapeMarkup(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if s[i] == '<' && i+1 < len(s) && (s[i+1] == '/' || s[i+1] == '!' || s[i+1]|0x20 >= 'a' && s[i+1]|0x20 <= 'z') {
			b.WriteString("&lt;")
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// webAddress is an address of the web in the form in which it is kept; "" when it
// is none. A scheme that is missing is http, blanks within are written as %20.
func webAddress(given string) string {
	given = strings.ReplaceAll(cleanText(given), "\n", "")
	switch {
	case given == "":
		return ""
	case strings.HasPrefix(given, "//"):
		given = "http:" + given
	case !strings.Contains(given, "://") && catalog.IsWebAddress("http://"+given):
		given = "http://" + given
	}
	given = strings.ReplaceAll(given, "\t", "%20")
	return strings.ReplaceAll(given, " ", "%20")
}
