package portal

import "testing"

// TestCodeInTexts marks what programs read in texts for people, and nothing else.
func TestCodeInTexts(t *testing.T) {
	for text, want := range map[string]string{
		"Nothing here.":              "Nothing here.",
		"With `list` and `a-b`.":     "With <code>list</code> and <code>a-b</code>.",
		"`<b>` & one ` alone":        "<code>&lt;b&gt;</code> &amp; one ` alone",
		"<script>`x`</script>":       "&lt;script&gt;<code>x</code>&lt;/script&gt;",
		"``, a pair around nothing.": "``, a pair around nothing.",
	} {
		if got := string(codeMarked(text)); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}
