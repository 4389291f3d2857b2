package portal

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// formView is a form as templates draw it: the part "form" draws the whole,
// "form-open", "form-field" and "form-end" its pieces.
type formView struct {
	// ID is unique in the page; the identifiers of the fields begin with it.
	ID string
	// Action is where it is posted to; empty for a form that only asks (GET) and
	// stays on its page.
	Action string
	// Title and Text stand above the fields; both may be empty.
	Title, Text string
	// Version is that of the object that was read, 0 for none.
	Version int64
	// Hidden are values that are sent along.
	Hidden []hiddenField
	Groups []fieldGroup
	// Failed tells that it was sent and refused. Failure says why, Problems lead
	// to the fields concerned.
	Failed   bool
	Failure  string
	Problems []formProblem
	// Stale tells that somebody changed the object meanwhile: saving again
	// replaces what they saved.
	Stale bool
	// Submit is the label of its button, Icon a picture on it, Danger its tone.
	Submit, Icon string
	Danger       bool
	// Cancel leads back without saving; its path may be empty.
	Cancel Link
	// Typed is what must be typed to confirm; empty for nothing. TypedErrors is
	// what was wrong with it.
	Typed       string
	TypedErrors []string
	// Guard warns before what was typed is lost.
	Guard bool
	// Files tells that it is sent in parts (multipart/form-data).
	Files bool
}

// hiddenField is a value that a form sends along.
type hiddenField struct{ Name, Value string }

// formProblem is a line of the summary of what is wrong with a field. Label and
// Target, the identifier of the field, are empty for the form as a whole.
type formProblem struct{ Label, Text, Target string }

// fieldGroup are fields under one title; the first group may have none.
type fieldGroup struct {
	ID, Title, Help string
	Fields          []field
	// Folded are further fields, behind a line More that opens them; Open shows
	// them from the start.
	Folded []field
	More   string
	Open   bool
}

// field is one question of a form.
type field struct {
	// Kind is text, area, markdown, select, radio, check, checks, date, tags, pick or file.
	Kind string
	// ID is unique in the page; Name is what it is sent as, the name of the
	// member in the API.
	ID, Name, Label, Help string
	// Type is that of the input: text, email, url, password, number, search, date.
	Type string
	// Value is what the field holds; Checked that its box is ticked.
	Value   string
	Checked bool
	// Options are the answers to choose from, Chosen what a picker holds.
	Options []option
	Chosen  []option
	Required, ReadOnly,
	// Several tells that a picker takes more than one.
	Several bool
	// Most bounds the text in characters, 0 for none; Rows are the lines shown.
	Most, Rows                int64
	Autocomplete, Placeholder string
	// Mode is the keyboard of small screens: numeric, email, url.
	Mode, Pattern string
	// Source is where suggestions come from, or where a text is rendered.
	Source string
	// Accept are the files that may be chosen.
	Accept string
	// Lang is the language of the value where it may differ from the page's.
	Lang string
	// Errors is what is wrong with it.
	Errors []string
	// Now is what others saved meanwhile, when it differs from what was typed.
	Now string
	// Proposed says where a value comes from that nobody typed yet.
	Proposed string
}

// option is an answer to choose from. Group puts it under a title.
type option struct {
	Value, Label, Help, Group string
	Chosen, Disabled          bool
}

// formDraft builds a form. Labels, helps and titles are identifiers of messages;
// what begins with a space is a text as it is.
type formDraft struct {
	formView
	v *visit
	// sent is what was sent to this form, nil when it was not.
	sent   *posted
	fields []*fieldDraft
	groups []groupDraft
	// drawn are the fields that the page draws itself, by name.
	drawn map[string]*fieldDraft
}

type groupDraft struct {
	fieldGroup
	from int // index of its first field
}

// fieldDraft is a field being described.
type fieldDraft struct {
	field
	f *formDraft
	// folded is the line behind which the field stands, "" for none.
	folded string
	// given is the value that it was described with.
	given string
}

// form begins a form that is posted to a path of the site, which a form must
// declare. id is unique in the page.
func (v *visit) form(id, path string) *formDraft {
	plain, _, _ := strings.Cut(path, "?")
	if !v.p.declared(plain) {
		panic("portal: no form is declared at " + plain)
	}
	f := &formDraft{v: v, formView: formView{ID: id, Action: v.path(path), Guard: true}}
	if v.posted != nil && v.posted.failure != nil && (v.R.URL.Path == v.path(plain)) && v.posted.matches(id) {
		f.sent = v.posted
	}
	f.hidden(formField, id)
	return f
}

// formField is the hidden field that tells forms of one address apart.
const formField = "form"

func (f *posted) matches(id string) bool { return f.text(formField) == "" || f.text(formField) == id }

// say is a message, or a text when it begins with a space.
func (f *formDraft) say(message string) string {
	if text, ok := strings.CutPrefix(message, " "); ok || message == "" {
		return text
	}
	return f.v.say.T(message)
}

// titled sets what stands above the fields.
func (f *formDraft) titled(title, text string) *formDraft {
	f.Title, f.Text = f.say(title), f.say(text)
	return f
}

// version is that of the object that the form changes: a save of something
// older is refused, and what changed meanwhile is shown.
func (f *formDraft) version(version int64) *formDraft {
	f.Version = version
	return f
}

// group puts the fields that follow under a title.
func (f *formDraft) group(title, help string) *formDraft {
	f.groups = append(f.groups, groupDraft{fieldGroup{
		ID: f.ID + "-group-" + strconv.Itoa(len(f.groups)+1), Title: f.say(title), Help: f.say(help),
	}, len(f.fields)})
	return f
}

// hidden sends a value along.
func (f *formDraft) hidden(name, value string) *formDraft {
	f.Hidden = append(f.Hidden, hiddenField{name, value})
	return f
}

// submit labels the button.
func (f *formDraft) submit(label, icon string) *formDraft {
	f.Submit, f.Icon = f.say(label), icon
	return f
}

// cancel leads back to a path of the site.
func (f *formDraft) cancel(path string) *formDraft {
	f.Cancel = Link{f.v.say.T("form.cancel"), f.v.path(path)}
	return f
}

// danger marks a form whose effect cannot be taken back easily.
func (f *formDraft) danger() *formDraft {
	f.Danger, f.Guard = true, false
	return f
}

// typed has the person type a text (the name of what goes) before the button
// works; posted.confirmed checks it.
func (f *formDraft) typed(text string) *formDraft {
	f.Typed = text
	f.draws(typedField, " "+f.v.say.T("form.typed", "text", text))
	return f.danger()
}

// light is a form whose loss costs nothing: no warning.
func (f *formDraft) light() *formDraft {
	f.Guard = false
	return f
}

// fieldID is the name of a field as the identifiers of elements hold it.
func fieldID(name string) string { return strings.NewReplacer(".", "-", "_", "-").Replace(name) }

// draws names a field that the page draws itself, so that what is wrong with it
// is known: its identifier is made as for every field.
func (f *formDraft) draws(name, label string) *fieldDraft {
	d := &fieldDraft{f: f, field: field{ID: f.ID + "-" + fieldID(name), Name: name, Label: f.say(label)}}
	if f.drawn == nil {
		f.drawn = map[string]*fieldDraft{}
	}
	f.drawn[name] = d
	return d
}

func (f *formDraft) add(kind, name, label, value string) *fieldDraft {
	d := &fieldDraft{f: f, given: value, field: field{
		Kind: kind, Type: "text", ID: f.ID + "-" + fieldID(name), Name: name, Label: f.say(label), Value: value,
	}}
	if f.sent != nil && kind != "check" && kind != "checks" {
		d.Value = f.sent.raw(name)
		if f.sent.failure.Code == "stale" && value != d.Value {
			d.Now = value
		}
	}
	f.fields = append(f.fields, d)
	return d
}

// text asks for a line of text.
func (f *formDraft) text(name, label, value string) *fieldDraft {
	return f.add("text", name, label, value)
}

// email, link and number ask for lines of these kinds.
func (f *formDraft) email(name, label, value string) *fieldDraft {
	d := f.add("text", name, label, value).most(255)
	d.Type, d.Mode, d.Autocomplete = "email", "email", "email"
	return d
}

func (f *formDraft) link(name, label, value string) *fieldDraft {
	d := f.add("text", name, label, value)
	d.Type, d.Mode, d.Placeholder = "url", "url", "https://"
	return d
}

func (f *formDraft) number(name, label, value string) *fieldDraft {
	d := f.add("text", name, label, value)
	d.Mode = "numeric"
	return d
}

// password asks for a secret, which is never shown again. autocomplete is
// current-password or new-password.
func (f *formDraft) password(name, label, autocomplete string) *fieldDraft {
	d := f.add("text", name, label, "")
	d.Type, d.Autocomplete, d.Value, d.Now = "password", autocomplete, "", ""
	return d
}

// area asks for several lines, markdown for a text with marks, which is shown
// rendered while it is written.
func (f *formDraft) area(name, label, value string) *fieldDraft {
	d := f.add("area", name, label, value)
	d.Rows = 4
	return d
}

func (f *formDraft) markdown(name, label, value string) *fieldDraft {
	d := f.add("markdown", name, label, value)
	d.Rows, d.Source = 10, f.v.path(markdownPath)
	return d
}

// date asks for a day: 2026-01-16.
func (f *formDraft) date(name, label, value string) *fieldDraft {
	d := f.add("date", name, label, value)
	d.Type = "date"
	return d
}

// choose asks for one of several answers in a list that opens; radio shows all.
func (f *formDraft) choose(name, label, value string, options []option) *fieldDraft {
	d := f.add("select", name, label, value)
	d.Options = chosenOf(options, d.Value)
	return d
}

func (f *formDraft) radio(name, label, value string, options []option) *fieldDraft {
	d := f.add("radio", name, label, value)
	d.Options = chosenOf(options, d.Value)
	return d
}

func chosenOf(options []option, values ...string) []option {
	marked := make([]option, len(options))
	for i, one := range options {
		for _, value := range values {
			one.Chosen = one.Chosen || one.Value == value
		}
		marked[i] = one
	}
	return marked
}

// check asks for yes or no.
func (f *formDraft) check(name, label string, checked bool) *fieldDraft {
	d := f.add("check", name, label, "true")
	d.Checked = checked
	if f.sent != nil {
		d.Checked = f.sent.checked(name)
	}
	return d
}

// checks asks for any of several answers.
func (f *formDraft) checks(name, label string, values []string, options []option) *fieldDraft {
	d := f.add("checks", name, label, "")
	if f.sent != nil {
		values = f.sent.texts(name)
	}
	d.Options = chosenOf(options, values...)
	return d
}

// tags asks for keywords, parted by commas.
func (f *formDraft) tags(name, label string, values []string) *fieldDraft {
	d := f.add("tags", name, label, strings.Join(values, ", "))
	d.Source, d.Several = "/api/1/tags/suggest/", true
	return d
}

// pick asks for an object of a kind (organizations, datasets, reuses,
// dataservices, users, zones) by its identifier, or by searching where scripts
// run. chosen is what it holds, with names.
func (f *formDraft) pick(name, label, kind string, chosen ...option) *fieldDraft {
	var values []string
	for _, one := range chosen {
		values = append(values, one.Value)
	}
	d := f.add("pick", name, label, strings.Join(values, ", "))
	d.Chosen, d.Source = chosen, "/api/1/"+kind+"/suggest/"
	switch kind {
	case "zones":
		d.Source = f.v.path("/suggest/zones")
	case "topics":
		d.Source = "/api/2/topics/suggest/"
	}
	return d
}

// picks is pick for several.
func (f *formDraft) picks(name, label, kind string, chosen ...option) *fieldDraft {
	d := f.pick(name, label, kind, chosen...)
	d.Several = true
	return d
}

// file asks for a file, which the form's address must take.
func (f *formDraft) file(name, label, accept string) *fieldDraft {
	d := f.add("file", name, label, "")
	d.Accept, f.Files = accept, true
	return d
}

func (d *fieldDraft) require() *fieldDraft              { d.Required = true; return d }
func (d *fieldDraft) most(characters int64) *fieldDraft { d.Most = characters; return d }
func (d *fieldDraft) rows(lines int64) *fieldDraft      { d.Rows = lines; return d }
func (d *fieldDraft) help(message string) *fieldDraft   { d.Help = d.f.say(message); return d }
func (d *fieldDraft) auto(token string) *fieldDraft     { d.Autocomplete = token; return d }
func (d *fieldDraft) example(text string) *fieldDraft   { d.Placeholder = text; return d }

// fold puts the field behind a line at the end of its group.
func (d *fieldDraft) fold(message string) *fieldDraft { d.folded = d.f.say(message); return d }

// proposed says where a value comes from that nobody typed, as long as nobody
// changes it.
func (d *fieldDraft) proposed(message string) *fieldDraft {
	if d.Value == d.given {
		d.Proposed = d.f.say(message)
	}
	return d
}

// view ends the description.
func (f *formDraft) view() formView {
	f.blame()
	if d := f.drawn[typedField]; d != nil {
		f.TypedErrors = d.Errors
	}
	view := f.formView
	if view.Submit == "" {
		view.Submit = f.v.say.T("form.save")
	}
	groups := f.groups
	if len(groups) == 0 || groups[0].from > 0 {
		groups = append([]groupDraft{{}}, groups...)
	}
	for i, g := range groups {
		to := len(f.fields)
		if i+1 < len(groups) {
			to = groups[i+1].from
		}
		for _, d := range f.fields[g.from:to] {
			if d.folded == "" {
				g.Fields = append(g.Fields, d.field)
				continue
			}
			g.Folded, g.More = append(g.Folded, d.field), d.folded
			g.Open = g.Open || d.answered() || len(d.Errors) > 0 || d.Now != ""
		}
		view.Groups = append(view.Groups, g.fieldGroup)
	}
	return view
}

// answered tells whether a field holds something.
func (d *fieldDraft) answered() bool {
	if d.Kind == "check" {
		return d.Checked
	}
	return d.Value != ""
}

// confirmed tells whether what had to be typed was typed.
func (f *posted) confirmed(text string) bool {
	return strings.EqualFold(strings.Join(strings.Fields(f.text(typedField)), " "), strings.Join(strings.Fields(text), " "))
}

// typedField is the name of the field to confirm in.
const typedField = "typed"

// button is a form of a single button.
type button struct {
	Action, Label, Icon string
	// Tone is primary, danger, quiet or empty; Small a small one.
	Tone  string
	Small bool
	// Dead tells that it would change nothing.
	Dead bool
	// Of names what it acts on, for those who hear the page.
	Of      string
	Version int64
	Hidden  []hiddenField
}

// button is a button that posts to a path which a form declares, with pairs of
// names and values.
func (v *visit) button(path, label, icon string, pairs ...string) button {
	plain, _, _ := strings.Cut(path, "?")
	if !v.p.declared(plain) {
		panic("portal: no form is declared at " + plain)
	}
	if len(pairs)%2 != 0 {
		panic(fmt.Sprintf("portal: the button of %s has a name without a value", plain))
	}
	b := button{Action: v.path(path), Label: v.say.T(label), Icon: icon}
	for i := 0; i < len(pairs); i += 2 {
		b.Hidden = append(b.Hidden, hiddenField{pairs[i], pairs[i+1]})
	}
	return b
}

// safeNext is a path of this site to go to after logging in; anything else
// becomes "": other hosts, other schemes, what browsers read as such.
func safeNext(next string) string {
	if next == "" || len(next) > 2000 || next[0] != '/' || strings.ContainsAny(next, "\\\r\n\t\x00") || strings.HasPrefix(next, "//") {
		return ""
	}
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || strings.HasPrefix(u.Path, "//") {
		return ""
	}
	return u.RequestURI()
}
