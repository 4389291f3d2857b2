// Package mail writes letters to people and sends them: each is a row that is
// posted in the transaction of its cause, and sent by a job, so that none is
// lost and none is sent for a write that did not happen. Texts are kept by
// language in texts/; a letter names its kind and what fills its blanks.
package mail

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"time"

	"github.com/uptrace/bun"

	"grenier/internal/db"
	"grenier/internal/i18n"
	"grenier/internal/job"
)

//go:embed texts
var texts embed.FS

// Texts are the words of the letters, by language.
func Texts() fs.FS {
	own, err := fs.Sub(texts, "texts")
	if err != nil {
		panic(err) // the name is a valid one
	}
	return own
}

// Letter is one message to one address.
type Letter struct {
	// Kind names the texts: mail.<kind>.subject, mail.<kind>.body, and
	// mail.<kind>.button when there is a Button. Paragraphs of the body are
	// parted by blank lines.
	Kind string
	// To is the address, Name the person's, UserID their account; the last
	// two may be empty.
	To, Name, UserID string
	// Language is the reader's, "" for the site's.
	Language string
	// Args fill the texts, in pairs of name and value. {site} and {name} are
	// always known.
	Args []any
	// Button is where the button leads: a path of the site, or an absolute
	// address. "" for no button.
	Button string
	// Quote is what somebody else wrote, shown as theirs and cut.
	Quote string
}

// Site is the portal that a letter speaks of.
type Site struct {
	// Base is its address without a slash at the end.
	Base, Title, Language string
}

type siteKey struct{}

// OnSite returns a context whose letters speak of a site: that of the request
// which causes them.
func OnSite(ctx context.Context, site Site) context.Context {
	return context.WithValue(ctx, siteKey{}, site)
}

// SiteOf is the site of the request that a context belongs to, usual when there
// is none.
func SiteOf(ctx context.Context, usual Site) Site {
	if named, ok := ctx.Value(siteKey{}).(Site); ok {
		return named
	}
	return usual
}

// Mail is a letter as it is sent.
type Mail struct {
	bun.BaseModel `bun:"table:mails,alias:m"`

	ID        string  `bun:"id,pk"`
	Kind      string  `bun:"kind"`
	Recipient string  `bun:"recipient"`
	UserID    *string `bun:"user_id"`
	Language  string  `bun:"language"`
	Subject   string  `bun:"subject"`
	Plain     string  `bun:"plain"`
	HTML      string  `bun:"html"`
	Link      string  `bun:"link"` // where its button leads
	CreatedAt db.Time `bun:"created_at"`
	SentAt    db.Time `bun:"sent_at"`
	Failure   *string `bun:"failure"`
}

// Outbox takes letters.
type Outbox struct {
	db       *db.DB
	jobs     *job.Runner
	site     Site
	messages *i18n.Messages
	carrier  Carrier
}

// Options are what an Outbox needs.
type Options struct {
	// Site is that of letters which no request causes.
	Site Site
	Zone *time.Location
	// Carrier takes what is sent; nil leaves it unsent.
	Carrier Carrier
}

// NewOutbox returns the outbox of a database. Jobs must know the kind SendKind.
func NewOutbox(d *db.DB, jobs *job.Runner, o Options) (*Outbox, error) {
	messages, err := i18n.ReadMessages(Texts())
	if err != nil {
		return nil, fmt.Errorf("mail: texts: %w", err)
	}
	return &Outbox{db: d, jobs: jobs, site: o.Site, messages: messages, carrier: o.Carrier}, nil
}

// SendKind is the kind of job that sends a mail.
const SendKind = "mail.send"

// sending are the arguments of such a job.
type sending struct {
	Mail string `json:"mail"`
}

// Post writes letters within the write that causes them; they leave after its
// commit.
func (o *Outbox) Post(ctx context.Context, tx *db.Tx, letters ...Letter) error {
	site := SiteOf(ctx, o.site)
	for _, letter := range letters {
		m, err := o.compose(site, letter)
		if err != nil {
			return err
		}
		if _, err := tx.NewInsert().Model(m).Exec(ctx); err != nil {
			return err
		}
		if _, _, err := o.jobs.Enqueue(ctx, tx, job.New{Kind: SendKind, Unique: m.ID, Args: sending{m.ID}}); err != nil {
			return err
		}
	}
	return nil
}
