package account

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/i18n"
	"grenier/internal/text"
)

// The first start: a site without an administrator is set up by whoever reads
// its log, by a link that works once.

// The names under which the table settings keep what the first start asks.
const (
	SettingTitle    = "site.title"
	SettingLanguage = "site.language"
	// settingSetup is the seed of the code, which goes when the code was used.
	settingSetup = "setup-seed"
)

// The names by which the log tells that the site changed, so that what was kept
// of its settings falls at once.
const (
	siteKind = "site"
	siteID   = "default"
)

// Setup is what the first start asks.
type Setup struct {
	Code string
	// Title is the name of the site, Language its code.
	Title, Language string
	Email           string
	FirstName       string
	LastName        string
	Password        string
}

// WithoutAdmin tells whether no administrator can log in to this site.
func (w *Writer) WithoutAdmin(ctx context.Context) (bool, error) {
	return withoutAdmin(ctx, w.log.DB().Read())
}

func withoutAdmin(ctx context.Context, read bun.IDB) (bool, error) {
	any, err := read.NewSelect().Table("users").Where("admin = TRUE").Where("active = TRUE").Where("deleted_at IS NULL").Exists(ctx)
	return !any, err
}

// SetupCode returns the code of the first start: the same on every node and
// after every start until it is used, "" when the site has an administrator.
func (w *Writer) SetupCode(ctx context.Context) (string, error) {
	if free, err := w.WithoutAdmin(ctx); err != nil || !free {
		return "", err
	}
	var seed string
	err := w.log.DB().Write(ctx, db.People, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewRaw("INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING", settingSetup, rand.Text()).Exec(ctx)
		if err != nil {
			return err
		}
		return tx.NewRaw("SELECT value FROM settings WHERE name = ?", settingSetup).Scan(ctx, &seed)
	})
	if err != nil {
		return "", err
	}
	return w.setupCode(seed), nil
}

// setupCode is the code of a seed; the table holds the seed alone.
func (w *Writer) setupCode(seed string) string {
	mac := hmac.New(sha256.New, derivedKey(w.deps.Secret, "setup"))
	mac.Write([]byte(seed))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:24])
}

// errSetup answers a code that does not set this site up.
var errSetup = fault.New(fault.Forbidden, "This link does not work, or the site is set up already. The link is printed by `grenier serve` when the site has no administrator.")

// CheckSetup tells whether a code sets this site up: Forbidden when not.
func (w *Writer) CheckSetup(ctx context.Context, code string) error {
	return w.checkSetup(ctx, w.log.DB().Read(), code)
}

func (w *Writer) checkSetup(ctx context.Context, read bun.IDB, code string) error {
	free, err := withoutAdmin(ctx, read)
	if err != nil {
		return err
	}
	var seeds []string
	if err := read.NewRaw("SELECT value FROM settings WHERE name = ?", settingSetup).Scan(ctx, &seeds); err != nil {
		return err
	}
	if !free || len(seeds) == 0 || !hmac.Equal([]byte(code), []byte(w.setupCode(seeds[0]))) {
		return errSetup
	}
	return nil
}

// maxTitle bounds the name of a site, in characters.
const maxTitle = 100

// SetUp names the site and makes its first administrator, once. The person may
// then Enter. Forbidden without the code, Invalid with every member that is
// wrong.
func (w *Writer) SetUp(ctx context.Context, given Setup) (*User, error) {
	if err := w.CheckSetup(ctx, given.Code); err != nil {
		return nil, err
	}
	person := NewUser{Email: given.Email, FirstName: given.FirstName, LastName: given.LastName, Password: given.Password, Admin: true}
	title := strings.Join(strings.Fields(given.Title), " ")
	email, first, last, err := checkNewUser(person)
	if err := fault.Collect(checkSite(title, given), err); err != nil {
		return nil, err
	}
	password, err := w.hashes.hash(ctx, given.Password)
	if err != nil {
		return nil, err
	}
	var user *User
	err = w.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		if err := w.checkSetup(ctx, tx, given.Code); err != nil {
			return err
		}
		result, err := tx.NewRaw("DELETE FROM settings WHERE name = ?", settingSetup).Exec(ctx)
		if err != nil {
			return err
		}
		if used, err := result.RowsAffected(); err != nil || used == 0 {
			return errSetup // another request was quicker
		}
		now := db.Now()
		user = &User{
			ID: db.NewID(), Version: 1, Email: &email, Password: &password, FirstName: first, LastName: last,
			NameFold: text.Fold(first + " " + last), Active: true, Admin: true, CreatedAt: now, ModifiedAt: now, ConfirmedAt: now,
			Stamp: rand.Text(), Language: &given.Language,
		}
		if err := insertUser(ctx, tx, asPerson(user), user); err != nil {
			return err
		}
		for name, value := range map[string]string{SettingTitle: title, SettingLanguage: given.Language} {
			_, err := tx.NewRaw("INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = EXCLUDED.value", name, value).Exec(ctx)
			if err != nil {
				return err
			}
		}
		tx.Emit(event.Event{
			Kind: siteKind + ".updated", ObjectKind: siteKind, Object: siteID, ActorKind: "person", Actor: user.ID, SeenBefore: true, SeenAfter: true,
			Fields: []string{"language", "title"},
		})
		return nil
	})
	if db.IsUnique(err) {
		return nil, emailTaken
	}
	return user, err
}

// checkSite says what is wrong with what is asked of the site itself.
func checkSite(title string, given Setup) error {
	var wrong fieldErrors
	wrong.add(wrongText(title, true, maxTitle), "title")
	if !slices.Contains(i18n.Languages, given.Language) {
		wrong.add("Choose one of the languages of the site.", "language")
	}
	if given.Password == "" {
		wrong.add("This field is required.", "password")
	}
	return wrong.collect()
}

// AddMember makes somebody a member of an organisation at once, without asking
// them. Administrators of the platform may.
func (w *Writer) AddMember(ctx context.Context, v Viewer, organization, user string, role Role) error {
	if !v.Admin() {
		return NotAdministrator(v, "Only administrators add members without an invitation.")
	}
	return w.manage(ctx, v, organization, func(ctx context.Context, tx *event.Tx, o *Organization) error {
		_, err := addMember(ctx, tx, v, o, user, role)
		return err
	})
}
