package account

import (
	"context"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/limit"
	"grenier/internal/mail"
)

// Writer changes people and organisations: each call is one transaction with
// its event, its version and its row of history.
type Writer struct {
	log    *event.Log
	hashes hasher
	deps   Deps
}

// Poster takes letters within the write that causes them; the mail room gives
// it.
type Poster interface {
	Post(ctx context.Context, tx *db.Tx, letters ...mail.Letter) error
}

// Deps are what a Writer needs besides the database.
type Deps struct {
	// Mail takes the letters; nil writes none.
	Mail Poster
	// Secret signs the links in them.
	Secret []byte
	// Sessions keeps who is signed in, Rates bounds what may be tried; the
	// work of commands needs neither.
	Sessions *Sessions
	Rates    *limit.Rates
	// Blocs checks the presentations of organisations; without it none is
	// written.
	Blocs BlocChecker
	// CheckURL refuses addresses that nobody should be led to; nil refuses
	// none.
	CheckURL func(raw string) error
	// Registration tells whether people may make their account now; nil for
	// what the rules say.
	Registration func() bool
	Rules        Rules
}

// Rules are the settings that the rules of accounts depend on.
type Rules struct {
	// Registration lets people make their account themselves.
	Registration bool
	// SecondFactor tells who must have one: optional, admins or everybody.
	SecondFactor string
	// SessionTime is how long a session lasts without being used.
	SessionTime time.Duration
	// InactiveAfter is after how long without a login an account is closed; 0
	// closes none.
	InactiveAfter time.Duration
	// SIRET checks the business numbers of organisations as French ones.
	SIRET bool
	// HiddenBadges are offered to nobody.
	HiddenBadges []string
	// BinRetention is how long what was deleted can be brought back.
	BinRetention time.Duration
}

// With returns the writer with what it needs for the work of a server.
func (w *Writer) With(deps Deps) *Writer {
	more := *w
	more.deps = deps
	return &more
}

// post writes letters, when there is somebody to take them.
func (w *Writer) post(ctx context.Context, tx *db.Tx, letters ...mail.Letter) error {
	if w.deps.Mail == nil {
		return nil
	}
	return w.deps.Mail.Post(ctx, tx, letters...)
}

// NewWriter returns the writer of the log's database.
func NewWriter(log *event.Log) *Writer { return &Writer{log: log, hashes: newHasher()} }

// maxName bounds names and addresses, in characters.
const maxName = 255

// wrongText tells what is wrong with a text of a person: "" when nothing is.
func wrongText(value string, required bool, most int) string {
	switch {
	case required && value == "":
		return "This field is required."
	case !utf8.ValidString(value):
		return "This is not valid UTF-8 text."
	case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' && r != '\r' }):
		return "Control characters are not allowed."
	case most > 0 && utf8.RuneCountInString(value) > most:
		return "Field cannot be longer than " + strconv.Itoa(most) + " characters."
	}
	return ""
}

// fieldErrors gathers what is wrong with an input, a text for each member.
type fieldErrors []error

func (f *fieldErrors) add(text string, path ...any) {
	if text != "" {
		*f = append(*f, fault.At(text, path...))
	}
}

func (f fieldErrors) collect() error { return fault.Collect(f...) }
