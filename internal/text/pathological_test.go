package text

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// costly are sources that cost some readers of Markdown far more than their
// length.
var costly = map[string]func(n int) string{
	"quotes":             func(n int) string { return strings.Repeat(">", n) },
	"quotes with blanks": func(n int) string { return strings.Repeat("> ", n/2) + "a" },
	"lists in a line":    func(n int) string { return strings.Repeat("- ", n/2) + "a" },
	"numbers in a line":  func(n int) string { return strings.Repeat("1. ", n/3) + "a" },
	"lists deeper":       func(n int) string { return deeper(n, "  ", "- a") },
	"quotes and lists":   func(n int) string { return strings.Repeat("> - ", n/4) + "a" },
	"brackets":           func(n int) string { return strings.Repeat("[", n) },
	"brackets closed":    func(n int) string { return strings.Repeat("[", n/2) + "a" + strings.Repeat("]", n/2) },
	"links nested":       func(n int) string { return strings.Repeat("[a](", n/4) },
	"link openers":       func(n int) string { return strings.Repeat("[a](<b", n/6) },
	"images":             func(n int) string { return strings.Repeat("![", n/2) },
	"images nested":      func(n int) string { return strings.Repeat("![[]()", n/6) },
	"emphasis":           func(n int) string { return strings.Repeat("*a _a ", n/6) },
	"emphasis nested":    func(n int) string { return strings.Repeat("*a **a ", n/7) + strings.Repeat(" a** a*", n/14) },
	"stars":              func(n int) string { return strings.Repeat("*", n) + "a" },
	"stars both":         func(n int) string { return strings.Repeat("*", n/2) + "a" + strings.Repeat("*", n/2) },
	"tildes":             func(n int) string { return strings.Repeat("~a ~~b ", n/7) },
	"underscores":        func(n int) string { return strings.Repeat("_a", n/2) },
	"backticks":          func(n int) string { return strings.Repeat("`", n) },
	"backticks growing": func(n int) string {
		var b strings.Builder
		for i := 1; b.Len() < n; i++ {
			b.WriteString("e" + strings.Repeat("`", i))
		}
		return b.String()
	},
	"backslashes":      func(n int) string { return strings.Repeat("\\", n) },
	"tags open":        func(n int) string { return strings.Repeat("<a", n/2) },
	"tags half":        func(n int) string { return strings.Repeat("a <b c=", n/7) },
	"comments":         func(n int) string { return strings.Repeat("a <!-- ", n/7) },
	"instructions":     func(n int) string { return strings.Repeat("a <?", n/4) },
	"declarations":     func(n int) string { return strings.Repeat("a <!A ", n/6) },
	"CDATA":            func(n int) string { return strings.Repeat("a <![CDATA[", n/11) },
	"entities":         func(n int) string { return strings.Repeat("&#x41;&amp", n/10) },
	"ampersands":       func(n int) string { return strings.Repeat("&", n) },
	"addresses":        func(n int) string { return strings.Repeat("www.", n/4) },
	"addresses many":   func(n int) string { return strings.Repeat("http://a.b ", n/11) },
	"addresses in one": func(n int) string { return strings.Repeat("http://a.b/http://", n/18) },
	"parentheses":      func(n int) string { return "http://a.b/" + strings.Repeat("(", n/2) + strings.Repeat(")", n/2) },
	"mails":            func(n int) string { return strings.Repeat("a@", n/2) },
	"mails long":       func(n int) string { return strings.Repeat("a.", n/2) + "@" },
	"definitions":      func(n int) string { return strings.Repeat("[a]: b\n", n/7) },
	"definitions open": func(n int) string { return strings.Repeat("[a]: <b\n", n/8) },
	"definitions used": func(n int) string { return strings.Repeat("[a", n/4) + "\n\n" + strings.Repeat("[a]: b\n", n/14) },
	"headings":         func(n int) string { return strings.Repeat("# a\n", n/4) },
	"hashes":           func(n int) string { return strings.Repeat("#", n) },
	"underlines":       func(n int) string { return strings.Repeat("a\n=\n", n/4) },
	"fences":           func(n int) string { return strings.Repeat("```\na\n", n/6) },
	"blank lines":      func(n int) string { return "- a" + strings.Repeat("\n", n) + "b" },
	"tabs":             func(n int) string { return strings.Repeat("\t", n) + "a" },
	"table wide":       func(n int) string { return "|" + strings.Repeat("a|", n/4) + "\n|" + strings.Repeat("-|", n/4) },
	"table filled up": func(n int) string {
		return "|" + strings.Repeat("a|", n/8) + "\n|" + strings.Repeat("-|", n/8) + "\n" + strings.Repeat("a\n", n/4)
	},
	"table in a quote": func(n int) string {
		return "> |" + strings.Repeat("a|", n/8) + "\n> |" + strings.Repeat("-|", n/8) + "\n" + strings.Repeat("> a\n", n/8)
	},
	"table without outer bars": func(n int) string {
		return strings.Repeat("a|", n/8) + "a\n" + strings.Repeat("-|", n/8) + "-\n" + strings.Repeat("a\n", n/4)
	},
	"tables": func(n int) string { return strings.Repeat("|a|a|\n|-|-|\n|a|a|\n\n", n/19) },
	"tables growing": func(n int) string {
		var b strings.Builder
		for b.Len() < n {
			b.WriteString("|" + strings.Repeat("a|", 50) + "\n|" + strings.Repeat("-|", 50) + "\n" + strings.Repeat("a\n", 75) + "\n")
		}
		return b.String()
	},
	"delimiter rows":   func(n int) string { return strings.Repeat("|-|-|\n", n/6) },
	"divs":             func(n int) string { return strings.Repeat("<div>", n/5) },
	"divs in depth":    func(n int) string { return strings.Repeat("<div>a", 500) + strings.Repeat("<p>a", n/8) },
	"bold never ended": func(n int) string { return strings.Repeat("<b>", n/3) },
	"formats reopened": func(n int) string { return allFormats + strings.Repeat("<p>a", n/5) },
	"formats crossed":  func(n int) string { return strings.Repeat("<b><i></b></i>", n/14) },
	"formats adopted":  func(n int) string { return allFormats + strings.Repeat("</b><p>", n/8) },
	"links never ended": func(n int) string {
		return strings.Repeat("<a href=x>", n/10)
	},
	"tables in tables": func(n int) string { return strings.Repeat("<table><tr><td>", n/15) },
	"text in a table":  func(n int) string { return "<table>" + strings.Repeat("a<b>", n/4) },
	"lists in HTML":    func(n int) string { return strings.Repeat("<ul><li>", n/8) },
	"quotes in HTML":   func(n int) string { return strings.Repeat("<blockquote><p>", n/15) },
	"attributes":       func(n int) string { return "<a " + strings.Repeat("a=b ", n/4) + ">" },
	"scripts":          func(n int) string { return strings.Repeat("<script>", n/8) },
	"bytes unknown":    func(n int) string { return strings.Repeat("\x00\xff", n/2) },
}

const allFormats = "<p><b><b><b><i><i><i><u><u><u><s><s><s><em><em><em><strong><strong><strong><code><code><code><small><small><small>"

// deeper makes lines of which each stands deeper than the one before.
func deeper(n int, indent, line string) string {
	var b strings.Builder
	for depth := 0; b.Len() < n; depth++ {
		fmt.Fprintf(&b, "%s%s\n", strings.Repeat(indent, depth), line)
	}
	return b.String()
}

// Worst measured on one core of a small server: 30 ms. A machine busy with
// other tests, or with the race detector, is given ten times that; without the
// bounds some of these take seconds.
const longest = 300 * time.Millisecond

func TestCostlySourcesAreBounded(t *testing.T) {
	HTML("a", Rendering{}) // what is made once
	for name, source := range costly {
		for _, length := range []int{DefaultLimit, 1_750_000} {
			text := source(length)
			best := time.Hour
			for tries := 0; tries < 3 && best > longest; tries++ {
				begin := time.Now()
				rendered, _ := HTML(text, Rendering{})
				best = min(best, time.Since(begin))
				if len(rendered) > 300_000 {
					t.Errorf("%s: %d bytes of HTML from %d", name, len(rendered), length)
				}
			}
			if best > longest {
				t.Errorf("%s of %d characters takes %v", name, length, best)
			}
		}
	}
}

func TestCostlySourcesAreHarmless(t *testing.T) {
	for name, source := range costly {
		rendered, _ := HTML(source(3000), Rendering{})
		checkSafe(t, name, rendered, false)
	}
}
