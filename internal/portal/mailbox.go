package portal

import (
	"context"
	"strings"
	"time"

	"grenier/internal/fault"
	"grenier/internal/mail"
)

// Mailbox holds the letters of the demonstration, where everybody may play.
type Mailbox interface {
	List(ctx context.Context, page mail.Page) (mails []mail.Mail, total int, err error)
}

// mailboxPage lists the letters of the demonstration.
type mailboxPage struct {
	Mails []mailLine
	Total int
	Pager pager
}

// mailLine is a letter in the list.
type mailLine struct {
	Subject, To, URL, Lang string
	At                     time.Time
}

// mailPage is one letter.
type mailPage struct {
	Subject, To, Lang string
	At                time.Time
	// Paragraphs are its text; a line with an address alone is in Links too.
	Paragraphs []string
	// Link leads where its button does, within this site; empty for none.
	Link string
	List string
}

// mailsShown is how many letters a page lists.
const mailsShown = 20

func (p *Portal) mailboxRoutes(t *table) {
	if p.Mailbox == nil {
		return
	}
	privatePage(t, "/demo/mails", p.showMailbox)
	privatePage(t, "/demo/mails/{id}", p.showMail)
}

func (p *Portal) showMailbox(v *visit, in listArgs) error {
	l := v.lister("/demo/mails", listArgs{Page: in.Page}, nil)
	mails, total, err := p.Mailbox.List(v.Context(), mail.Page{Offset: l.offset(), Limit: mailsShown})
	if err != nil {
		return err
	}
	content := mailboxPage{Total: total, Pager: l.pager(total)}
	for i := range mails {
		m := &mails[i]
		content.Mails = append(content.Mails, mailLine{m.Subject, m.Recipient, v.path("/demo/mails/" + m.ID), m.Language, m.CreatedAt.Time})
	}
	return v.showSession("mailbox", "account.mails-title", "/demo/mails", content)
}

// mailArgs name a letter.
type mailArgs struct {
	ID string `path:"id"`
}

// mailsKept bounds the letters among which one is looked up.
const mailsKept = 500

func (p *Portal) showMail(v *visit, in mailArgs) error {
	mails, _, err := p.Mailbox.List(v.Context(), mail.Page{Limit: mailsKept})
	if err != nil {
		return err
	}
	for i := range mails {
		if m := &mails[i]; m.ID == in.ID {
			return v.showLetter(m)
		}
	}
	return fault.New(fault.NotFound, "There is no such mail.")
}

func (v *visit) showLetter(m *mail.Mail) error {
	content := mailPage{Subject: m.Subject, To: m.Recipient, Lang: m.Language, At: m.CreatedAt.Time, List: v.path("/demo/mails")}
	for paragraph := range strings.SplitSeq(m.Plain, "\n\n") {
		if paragraph = strings.TrimSpace(paragraph); paragraph != "" {
			content.Paragraphs = append(content.Paragraphs, paragraph)
		}
		for line := range strings.FieldsSeq(paragraph) {
			if local, ok := strings.CutPrefix(line, v.Site.Base); ok && content.Link == "" && safeNext(local) != "" && local != "/" {
				content.Link = local
			}
		}
	}
	return v.show(draft{
		name: "mailbox-mail", title: m.Subject, path: "/demo/mails/" + m.ID, noIndex: true, transient: true, data: content,
		crumbs: []Link{{v.say.T("site.home"), v.path("/")}, {v.say.T("account.mails-title"), content.List}, {Label: shortTitle(m.Subject)}},
	})
}
