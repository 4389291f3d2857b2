package browser

import (
	"fmt"
	"strings"
)

// Violation is a rule of accessibility that a page breaks.
type Violation struct {
	Rule, Help string
	Places     []Place
}

// Place is an element that breaks a rule.
type Place struct{ Selector, HTML, Why string }

// String says which rule is broken where, for at most five elements.
func (v Violation) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s (%d)", v.Rule, v.Help, len(v.Places))
	for i, p := range v.Places {
		if i == 5 {
			b.WriteString("\n    …")
			break
		}
		fmt.Fprintf(&b, "\n    %s\n      %s\n      %s", p.Selector, p.HTML, strings.ReplaceAll(p.Why, "\n", " "))
	}
	return b.String()
}

// axeRules are the sets of rules that pages obey: WCAG 2.2 at levels A and AA,
// and what the authors of axe advise besides.
const axeRules = `["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]`

// Violations checks the page with axe-core, whose text is given. rules restrict
// the check, for what depends on colours alone; without, all rules hold.
func (tab *Tab) Violations(axe string, rules ...string) []Violation {
	tab.t.Helper()
	if !Value[bool](tab, `typeof window.axe === "object"`) {
		tab.Run(axe)
	}
	only := `{type: "tag", values: ` + axeRules + `}`
	if len(rules) > 0 {
		only = fmt.Sprintf(`{type: "rule", values: ["%s"]}`, strings.Join(rules, `", "`))
	}
	return Value[[]Violation](tab, `axe.run(document, {runOnly: `+only+`, resultTypes: ["violations"], preload: false}).then((result) =>
		result.violations.map((v) => ({Rule: v.id, Help: v.help, Places: v.nodes.map((n) =>
			({Selector: n.target.join(" "), HTML: n.html.slice(0, 160), Why: n.failureSummary ?? ""}))})))`)
}
