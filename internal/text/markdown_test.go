package text

import (
	"strings"
	"testing"
	"unicode/utf8"
)

const rel = ` rel="nofollow ugc noopener"`

func TestHTML(t *testing.T) {
	for _, test := range []struct{ name, source, want string }{
		{"nothing", "", ""},
		{"paragraphs", "a\nb\n\nc", "<p>a\nb</p>\n<p>c</p>\n"},
		{"entities", "a & b < c", "<p>a &amp; b &lt; c</p>\n"},
		{"emphasis", "*a* **b** ~~c~~ `d<`", "<p><em>a</em> <strong>b</strong> <del>c</del> <code>d&lt;</code></p>\n"},
		{"link", "[a](https://a.fr/?b=c&d 'e')", `<p><a href="https://a.fr/?b=c&amp;d"` + rel + ` title="e">a</a></p>` + "\n"},
		{"link of ours", "[a](/datasets/a#b)", `<p><a href="/datasets/a#b"` + rel + ">a</a></p>\n"},
		{"autolink", "see https://a.fr/b.", `<p>see <a href="https://a.fr/b"` + rel + ">https://a.fr/b</a>.</p>\n"},
		{"mail", "a@b.fr", `<p><a href="mailto:a@b.fr"` + rel + ">a@b.fr</a></p>\n"},
		{"link of HTML", `<a href="https://a.fr" target="_blank" rel="opener" onclick="x()" class="c" id="i">a</a>`, `<p><a href="https://a.fr"` + rel + ">a</a></p>\n"},
		{"link in a link", `[a <a href="https://b.fr">b</a>](https://a.fr)`, `<p><a href="https://a.fr"` + rel + `>a </a><a href="https://b.fr"` + rel + ">b</a></p>\n"},
		{"empty link", `a<a href="https://a.fr"></a>`, "<p>a</p>\n"},
		{"image", "![a map](https://a.fr/b.png)", `<p><a href="https://a.fr/b.png"` + rel + ">a map</a></p>\n"},
		{"image without a name", "![](https://a.fr/b.png?c)", `<p><a href="https://a.fr/b.png?c"` + rel + ">b.png</a></p>\n"},
		{"image of a host", "![](https://a.fr)", `<p><a href="https://a.fr"` + rel + ">a.fr</a></p>\n"},
		{"image in a link", "[![a](https://a.fr/b.png)](https://c.fr)", `<p><a href="https://c.fr"` + rel + ">a</a></p>\n"},
		{"image of data", "![a](data:image/png;base64,AA==)", "<p>a</p>\n"},
		{"image of HTML", `<img src="https://a.fr/b.png" alt="a" style="x" onerror="y" srcset="z">`, `<a href="https://a.fr/b.png"` + rel + ">a</a>"},
		{"headings", "### a\n# b\n### c\n## d", "<h2>a</h2>\n<h2>b</h2>\n<h3>c</h3>\n<h3>d</h3>\n"},
		{"many headings", "# a\n## b\n### c\n#### d\n##### e\n###### f", "<h2>a</h2>\n<h3>b</h3>\n<h4>c</h4>\n<h5>d</h5>\n<h6>e</h6>\n<h6>f</h6>\n"},
		{"headings of HTML", "<h1 id=a>a</h1><h1></h1><h4>b</h4>", "<h2>a</h2><h3>b</h3>"},
		{"table", "a|b\n-|-:\n1|2\n3", `<div class="table-wrap" tabindex="0"><table>` + "\n<thead>\n<tr>\n<th>a</th>\n<th align=\"right\">b</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>1</td>\n<td align=\"right\">2</td>\n</tr>\n<tr>\n<td>3</td>\n<td></td>\n</tr>\n</tbody>\n</table></div>\n"},
		{"table in a table", "<table><tr><td><table><tr><td>a</table></table>", `<div class="table-wrap" tabindex="0"><table><tbody><tr><td><table><tbody><tr><td>a</td></tr></tbody></table></td></tr></tbody></table></div>`},
		{"a wide cell", `<table><tr><td colspan="2" rowspan="1000000000" width="9">a</table>`, `<div class="table-wrap" tabindex="0"><table><tbody><tr><td colspan="2">a</td></tr></tbody></table></div>`},
		{"list", "3. a\n4. b", "<ol start=\"3\">\n<li>a</li>\n<li>b</li>\n</ol>\n"},
		{"tasks stay as typed", "- [x] a", "<ul>\n<li>[x] a</li>\n</ul>\n"},
		{"code", "```js\n<b>\n```", "<pre tabindex=\"0\"><code>&lt;b&gt;\n</code></pre>\n"},
		{"code never ended", "```\na", "<pre tabindex=\"0\"><code>a\n</code></pre>\n"},
		{"HTML of editors", `<div style="color:red"><p class="MsoNormal"><span lang="FR">a</span><br></p><p>&nbsp;</p></div>`, "<div><p>a<br/></p></div>"},
		{"HTML never ended", "<div><ul><li><b>a", "<div><ul><li><b>a</b></li></ul></div>"},
		{"HTML ended too often", "a</b></div></table>", "<p>a</p>\n"},
		{"cards of other sites", `<div data-udata-dataset="a-b"></div><script data-udata="https://a.fr/" src="https://a.fr/oembed.js" async defer></script>`, ""},
		{"unknown bytes", "a\x00\xffb", "<p>a\uFFFD\uFFFDb</p>\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got, cut := HTML(test.source, Rendering{}); got != test.want || cut {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

func TestRenderingOptions(t *testing.T) {
	for _, test := range []struct {
		name, source string
		o            Rendering
		want         string
	}{
		{"breaks", "a\nb", Rendering{Breaks: true}, "<p>a<br/>\nb</p>\n"},
		{"images", "![a](https://a.fr/b.png)", Rendering{Images: true}, `<p><img src="https://a.fr/b.png" alt="a" loading="lazy"/></p>` + "\n"},
		{"images of data", "![a](data:image/svg+xml;base64,AA==)", Rendering{Images: true}, "<p>a</p>\n"},
		{"heading", "## a\n#### b", Rendering{Heading: 4}, "<h4>a</h4>\n<h5>b</h5>\n"},
		{"heading too low", "## a", Rendering{Heading: 9}, "<h6>a</h6>\n"},
		{"label", "<table><tr><td>a</table>", Rendering{TableLabel: `T"`}, `<div class="table-wrap" tabindex="0" role="group" aria-label="T&#34;"><table><tbody><tr><td>a</td></tr></tbody></table></div>`},
	} {
		if got, _ := HTML(test.source, test.o); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

func TestLongSourcesAreCut(t *testing.T) {
	word := strings.Repeat("é", 60)
	for _, test := range []struct{ name, source, want string }{
		{"at the limit", strings.Repeat("é", 100), strings.Repeat("é", 100)},
		{"paragraph", word + "\n\n" + word[:60] + "\n" + word, word + "\n\n" + word[:60]},
		{"after a paragraph", word + word[:40] + "\n\n" + word, word + word[:40]},
		{"after a paragraph of Windows", word + word[:40] + "\r\n\r\n" + word, word + word[:40]},
		{"words", word + " " + word[:60] + " " + word, word + " " + word[:60]},
		{"no border", strings.Repeat("é", 101), strings.Repeat("é", 100)},
		{"border too far", "a b" + strings.Repeat("é", 101), "a b" + strings.Repeat("é", 97)},
	} {
		got, cut := cutSource(test.source, 100)
		if got != test.want || cut != (test.want != test.source) {
			t.Errorf("%s: %q, %t", test.name, got, cut)
		}
	}
	// Structures that the cut leaves open are closed.
	for _, open := range []string{"```\n", "<div><b>", "<table><tr><td>", "- > ", "| a |\n|---|\n"} {
		got, cut := HTML(open+strings.Repeat("a ", DefaultLimit), Rendering{})
		if _, stable := settle(got); !cut || !stable || utf8.RuneCountInString(got) > DefaultLimit+500 {
			t.Errorf("%q: cut %t, %d characters, stable %t", open, cut, len(got), stable)
		}
	}
	if _, cut := HTML(strings.Repeat("a ", MaxLimit), Rendering{Limit: 10 * MaxLimit}); !cut {
		t.Error("the limit can be lifted")
	}
}

func TestWhatIsBeyondSenseIsShownAsTyped(t *testing.T) {
	got, _ := HTML("a\n"+strings.Repeat("<div>", 100)+"\r\n\r\n&\x00b", Rendering{})
	want := "<p>a<br/>" + strings.Repeat("&lt;div&gt;", 100) + "</p>\n<p>&amp;\uFFFDb</p>\n"
	if got != want {
		t.Errorf("got %q", got)
	}
}

func TestTamingSparesWhatPeopleWrite(t *testing.T) {
	for _, source := range []string{
		"> > a\n> - b\n  1. c\n---\n- - -\n* * * * *\n-----------------------------------------",
		"|a|b|\n|-|-|\n|c|\n|d|e|",
		"[a](b) ![c](d) [[e]] f] g) (h [i",
		strings.Repeat("- [a](b)\n", 500),
		"`[[[`\n\n\\[a\\]",
		"=================================================",
	} {
		if got := tame(source); got != source {
			t.Errorf("%q became %q", source, got)
		}
	}
	for source, want := range map[string]string{
		strings.Repeat("> ", 30) + "a":                strings.Repeat("> ", 20) + "a",
		strings.Repeat("1. ", 22) + "a":               strings.Repeat("1. ", 20) + "a",
		strings.Repeat("[", 52) + "a":                 strings.Repeat("[", 50) + `\[\[` + "a",
		strings.Repeat(`\[`, 60):                      strings.Repeat(`\[`, 60),
		strings.Repeat("[a](", 51) + "\n\n[a]":        strings.Repeat("[a](", 50) + `\[a](` + "\n\n[a]",
		"|a|b|\n|-|-|\n" + strings.Repeat("a\n", 900): "|a|b|\n" + `\|-\|-\|` + "\n" + strings.Repeat("a\n", 900),
	} {
		if got := tame(source); got != want {
			t.Errorf("%.60q became %.120q", source, got)
		}
	}
}

func TestExcerpt(t *testing.T) {
	for _, test := range []struct {
		source     string
		characters int
		want       string
	}{
		{"", 10, ""},
		{"**Qualité** de l’[air](https://a.fr)", 20, "Qualité de l’ air"},
		{"Par **rue**, [ici](https://a.fr).", 20, "Par rue, ici."},
		{"Qualité de l’eau, des rivières", 20, "Qualité de l’eau…"},
		{"anticonstitutionnellement", 10, "anticonst…"},
		{"<p>été <script>x()</script>hiver</p>", 10, "été hiver"},
	} {
		got := Excerpt(test.source, test.characters)
		if got != test.want || utf8.RuneCountInString(got) > test.characters {
			t.Errorf("Excerpt(%q, %d) = %q", test.source, test.characters, got)
		}
	}
}

func BenchmarkHTML(b *testing.B) {
	source := strings.Repeat("## Contenu\n\nLes *stations* de [mesure](https://exemple.fr/a) :\n\n- une\n- deux\n\n", 12)
	for b.Loop() {
		HTML(source, Rendering{})
	}
}
