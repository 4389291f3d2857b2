package portal

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"grenier/internal/fault"
)

// refusal says a text of a subject in the language of the page. One that nobody
// foresaw is said in general words on pages in another language than English:
// every text of the subjects is known, which a test sees to.
func (v *visit) refusal(text string) string {
	if words, known := v.refusalOf(text); known || v.lang == "en" {
		return words
	}
	return v.say.T("form.fault-other")
}

// refusalOf is refusal, with the text itself when it is not known.
func (v *visit) refusalOf(text string) (words string, known bool) {
	if message := refusalWords[text]; message != "" {
		return v.say.T(message), true
	}
	for _, one := range refusalPatterns {
		if found := one.text.FindStringSubmatch(text); found != nil {
			return v.say.T(one.message, v.refusalArgs(one, found)...), true
		}
	}
	return text, false
}

// refusalArgs are the values that a text named, for the message.
func (v *visit) refusalArgs(p refusalPattern, found []string) []any {
	var args []any
	for i, name := range p.text.SubexpNames() {
		if name == "" {
			continue
		}
		var value any = found[i]
		if name == "reason" {
			value = v.refusal(found[i])
		}
		if n, err := strconv.ParseInt(strings.ReplaceAll(found[i], ",", ""), 10, 64); err == nil && name != "text" {
			value = n
			if name == "size" {
				value = v.say.Size(roundSize(n))
			}
		}
		args = append(args, name, value)
	}
	return args
}

// nameOf is the name of the field that a path of a fault leads to:
// temporal_coverage.start, resources.0.title.
func nameOf(path []any) string {
	steps := make([]string, len(path))
	for i, step := range path {
		steps[i] = fmt.Sprint(step)
	}
	return strings.Join(steps, ".")
}

// blame puts what is wrong beside the fields concerned, and sums it up: one line
// for each field, however much is wrong with it.
func (f *formDraft) blame() {
	if f.sent == nil {
		return
	}
	failure := f.sent.failure
	f.Failed, f.Stale = true, failure.Code == fault.Stale
	for _, wrong := range failure.Fields {
		words := f.v.refusal(wrong.Text)
		problem := formProblem{Text: words}
		if d := f.fieldOf(nameOf(wrong.Path)); d != nil {
			if !slices.Contains(d.Errors, words) {
				d.Errors = append(d.Errors, words)
			}
			problem.Label, problem.Target = d.Label, d.ID
		}
		f.sum(problem)
	}
	if failure.Text != "" || len(failure.Fields) == 0 {
		f.Failure = f.v.refusal(failure.SafeText())
	}
	if f.Failure == "" && len(f.Problems) == 0 {
		f.Failure = f.v.say.T("form.fault-other")
	}
}

// sum adds a line to the summary, or a text to the line of its field.
func (f *formDraft) sum(problem formProblem) {
	for i := range f.Problems {
		line := &f.Problems[i]
		switch {
		case line.Target != problem.Target:
		case strings.Contains(line.Text, problem.Text):
			return
		case problem.Target != "":
			line.Text += " " + problem.Text
			return
		}
	}
	f.Problems = append(f.Problems, problem)
}

// fieldOf is the field of a name, of the member that holds it, or of the member
// that it is in an object of a list: a form for one file asks for "url" where the
// API says "resources.0.url". A lone field below a member stands for it.
func (f *formDraft) fieldOf(name string) *fieldDraft {
	for inner := name; inner != ""; inner = afterPosition(inner) {
		for outer := inner; outer != ""; outer = outer[:max(0, strings.LastIndexByte(outer, '.'))] {
			if d := f.fieldNamed(outer); d != nil {
				return d
			}
		}
	}
	for _, d := range f.fields {
		if name != "" && strings.HasPrefix(d.Name, name+".") {
			return d
		}
	}
	return nil
}

func (f *formDraft) fieldNamed(name string) *fieldDraft {
	for _, d := range f.fields {
		if d.Name == name {
			return d
		}
	}
	return f.drawn[name]
}

// afterPosition is the rest of a name behind the first position in a list, "" for
// none.
func afterPosition(name string) string {
	steps := strings.Split(name, ".")
	for i, step := range steps {
		if digits(step) {
			return strings.Join(steps[i+1:], ".")
		}
	}
	return ""
}
