package account

import (
	"context"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/limit"
	"grenier/internal/mail"
)

// letterBox keeps the letters of a test.
type letterBox struct {
	mu      sync.Mutex
	letters []mail.Letter
}

func (b *letterBox) Post(_ context.Context, _ *db.Tx, letters ...mail.Letter) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.letters = append(b.letters, letters...)
	return nil
}

// last is the newest letter; it must be of a kind.
func (b *letterBox) last(t *testing.T, kind string) mail.Letter {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.letters) == 0 || b.letters[len(b.letters)-1].Kind != kind {
		t.Fatalf("the last letter is no %s: %+v", kind, b.letters)
	}
	return b.letters[len(b.letters)-1]
}

// link is the text behind the last slash of the newest letter's button.
func (b *letterBox) link(t *testing.T, kind string) string {
	t.Helper()
	button := b.last(t, kind).Button
	return button[strings.LastIndexByte(button, '/')+1:]
}

func (b *letterBox) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.letters)
}

// bench is all that accounts need over one database.
type bench struct {
	*Writer
	t    *testing.T
	d    *db.DB
	s    *Sessions
	box  *letterBox
	home From
}

const goodPassword = "Babbage1842"

func newBench(t *testing.T, d *db.DB, change func(*Deps)) bench {
	t.Helper()
	secret, box := []byte("the secret of the tests of accounts"), &letterBox{}
	deps := Deps{Mail: box, Secret: secret, Sessions: NewSessions(d, secret, 0), Rules: Rules{Registration: true}}
	if change != nil {
		change(&deps)
	}
	return bench{NewWriter(event.NewLog(d)).With(deps), t, d, deps.Sessions, box, From{Address: netip.MustParseAddr("192.0.2.1"), Agent: "test"}}
}

// person makes a confirmed account with goodPassword.
func (b bench) person(email string, admin bool) *User {
	b.t.Helper()
	user, err := b.CreateUser(ctxOf(b.t), operator, NewUser{Email: email, FirstName: "Ada", LastName: "Example", Password: goodPassword, Admin: admin})
	if err != nil {
		b.t.Fatal(err)
	}
	return user
}

func (b bench) tryLogin(email, password string) (*Entry, error) {
	return b.Login(ctxOf(b.t), Credentials{Email: email, Password: password, From: b.home})
}

// login must open a session; it returns its text and viewer.
func (b bench) login(email, password string) (string, Viewer) {
	b.t.Helper()
	entry, err := b.tryLogin(email, password)
	if err != nil || entry.Need != "" {
		b.t.Fatalf("log in as %s: %+v, %v", email, entry, err)
	}
	return entry.Plain, b.viewer(entry.Plain)
}

func (b bench) viewer(plain string) Viewer {
	b.t.Helper()
	viewer, err := b.s.Viewer(ctxOf(b.t), plain)
	if err != nil {
		b.t.Fatal(err)
	}
	return viewer
}

func (b bench) user(id string) *User {
	b.t.Helper()
	user, err := b.userByID(ctxOf(b.t), id)
	if err != nil || user == nil {
		b.t.Fatal(user, err)
	}
	return user
}

// withRates turns the bounds of attempts on.
func withRates(d *db.DB) func(*Deps) { return func(deps *Deps) { deps.Rates = limit.NewRates(d) } }

// codeAt is the code of a second factor, steps from now.
func codeAt(t *testing.T, secret string, steps int) string {
	t.Helper()
	code, err := totp.GenerateCode(secret, time.Now().Add(time.Duration(steps)*factorStep))
	if err != nil {
		t.Fatal(err)
	}
	return code
}
