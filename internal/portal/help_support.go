package portal

import (
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// support is the content of the page that helps people on their way.
type support struct {
	// Branches are what people may look for, the most frequent first.
	Branches []supportBranch
	// Contact is the address to write to, a mail or a page; empty when the
	// operator named none.
	Contact string
	// Mail tells that it is a mail address, shown as MailTo.
	Mail   bool
	MailTo string
	// Facts are what is known of the request that went wrong.
	Facts []supportFact
}

// supportBranch is a matter that people need help with.
type supportBranch struct {
	// ID is unique in the page.
	ID, Title, Icon, Text string
	Links                 []Link
	Questions             []supportQuestion
}

// supportQuestion is a question with its answer.
type supportQuestion struct {
	Title, Text string
	Links       []Link
}

// supportFact is something known of the request that went wrong.
type supportFact struct{ Label, Text string }

// supportArgs are what an error page tells of the request that went wrong.
type supportArgs struct {
	Request string `query:"request"`
	Time    string `query:"time"`
	Page    string `query:"page"`
}

func (p *Portal) showSupport(v *visit, in supportArgs) error {
	known := in.known()
	content := support{Branches: v.supportBranches(), Contact: contactAddress(v.contact())}
	if known.Request != "" {
		content.Facts = append(content.Facts, supportFact{v.say.T("help.support-request"), known.Request})
	}
	at, err := time.Parse(time.RFC3339, known.Time)
	if err == nil {
		content.Facts = append(content.Facts, supportFact{v.say.T("help.support-time"), v.say.DateTime(at)})
	}
	if known.Page != "" {
		content.Facts = append(content.Facts, supportFact{v.say.T("help.support-page"), known.Page})
	}
	if to, ok := strings.CutPrefix(content.Contact, "mailto:"); ok {
		content.Mail = true
		content.MailTo, _, _ = strings.Cut(to, "?")
		content.Contact = "mailto:" + content.MailTo + "?" + v.supportMail(known)
	}
	return v.show(draft{
		name: "support", title: v.say.T("nav.support"), description: v.say.T("help.support-lead"), path: "/support",
		crumbs: v.helpTrail("nav.support"), data: content, noIndex: len(content.Facts) > 0, transient: in != supportArgs{},
	})
}

// known keeps of the arguments what makes sense: anybody can write them.
func (in supportArgs) known() supportArgs {
	kept := supportArgs{Page: printable(in.Page, 300)}
	if !strings.HasPrefix(kept.Page, "/") {
		kept.Page = ""
	}
	if len(in.Request) <= 64 && strings.Trim(in.Request, requestLetters) == "" {
		kept.Request = in.Request
	}
	if at, err := time.Parse(time.RFC3339, in.Time); err == nil && at.Year() >= 2000 && at.Year() < 2200 {
		kept.Time = at.UTC().Format(time.RFC3339)
	}
	return kept
}

const requestLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."

// printable is a text on one line, without what is not seen, of at most so many
// characters.
func printable(words string, most int) string {
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(words, "") {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
		}
	}
	if words = b.String(); utf8.RuneCountInString(words) > most {
		words = string([]rune(words)[:most]) + "…"
	}
	return words
}

// supportMail is the query of the address of a mail: its subject and its body
// (RFC 6068).
func (v *visit) supportMail(known supportArgs) string {
	subject := v.say.T("help.mail-subject", "site", v.siteTitle())
	var body strings.Builder
	body.WriteString(v.say.T("help.mail-body") + "\r\n\r\n\r\n")
	for _, line := range []struct{ label, text string }{
		{"help.support-request", known.Request}, {"help.support-time", known.Time}, {"help.support-page", known.Page},
	} {
		if line.text != "" {
			body.WriteString(v.say.T("help.fact", "label", v.say.T(line.label), "text", line.text) + "\r\n")
		}
	}
	return "subject=" + mailEscape(subject) + "&body=" + mailEscape(body.String())
}

// mailEscape writes a text in the address of a mail, where a plus is a plus.
func mailEscape(words string) string { return strings.ReplaceAll(url.QueryEscape(words), "+", "%20") }

// supportTree are the branches of the page with their questions, and where they
// lead.
var supportTree = []struct {
	id, icon  string
	links     []string
	questions []supportLeaf
}{
	{"find", "search", []string{"datasets", "organizations", "topics", "tags"}, []supportLeaf{
		{"find-nothing", []string{"datasets", "tags"}}, {"find-missing", []string{"organizations"}}, {"find-follow", []string{"feeds"}}, {"find-cite", []string{"licenses"}},
	}},
	{"open", "file", nil, []supportLeaf{
		{"open-link", nil}, {"open-letters", nil}, {"open-columns", nil}, {"open-map", nil}, {"open-big", []string{"developers"}},
	}},
	{"wrong", "flag", nil, []supportLeaf{{"wrong-content", []string{"organizations"}}, {"wrong-old", nil}, {"wrong-personal", nil}}},
	{"publish", "upload", []string{"developers"}, []supportLeaf{{"publish-start", nil}, {"publish-quality", []string{"licenses"}}, {"publish-harvest", []string{"developers"}}}},
	{"develop", "code", []string{"developers", "api", "exports", "feeds"}, nil},
	{"site", "warning", nil, []supportLeaf{{"site-error", nil}, {"site-access", []string{"accessibility"}}, {"site-privacy", []string{"privacy"}}}},
}

// supportLeaf is a question and where its answer leads.
type supportLeaf struct {
	id    string
	links []string
}

// supportPlaces are where answers lead, by the last part of the message that
// names them.
var supportPlaces = map[string]string{
	"datasets": "/datasets/search", "organizations": "/organizations", "topics": "/topics", "tags": "/tags", "licenses": "/licenses", "feeds": "/feeds",
	"developers": "/developers", "exports": "/exports", "accessibility": "/pages/legal/accessibility", "privacy": "/pages/legal/vie-privee",
}

func (v *visit) supportBranches() []supportBranch {
	branches := make([]supportBranch, 0, len(supportTree))
	for _, declared := range supportTree {
		branch := supportBranch{
			ID: declared.id, Icon: declared.icon, Title: v.say.T("help.support-" + declared.id), Text: v.say.T("help.support-" + declared.id + "-text"),
			Links: v.supportLinks(declared.links),
		}
		for _, leaf := range declared.questions {
			branch.Questions = append(branch.Questions, supportQuestion{
				v.say.T("help.support-" + leaf.id), v.say.T("help.support-" + leaf.id + "-text"), v.supportLinks(leaf.links),
			})
		}
		branches = append(branches, branch)
	}
	return branches
}

func (v *visit) supportLinks(names []string) []Link {
	links := make([]Link, 0, len(names))
	for _, name := range names {
		if name == "api" {
			links = append(links, Link{v.say.T("nav.api"), "/apidoc/"})
			continue
		}
		links = append(links, Link{v.say.T("nav." + name), v.path(supportPlaces[name])})
	}
	return links
}
