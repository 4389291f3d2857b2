package account

import (
	"context"
	"strings"

	"github.com/uptrace/bun"

	"grenier/internal/db"
	"grenier/internal/fault"
	"grenier/internal/text"
)

// User is a person with an account. People whom only an import named have no
// address and cannot log in.
type User struct {
	bun.BaseModel `bun:"table:users,alias:u"`

	ID                        string  `bun:"id,pk"`
	Version                   int64   `bun:"version"`
	Slug                      string  `bun:"slug"`
	Email                     *string `bun:"email"`
	Password                  *string `bun:"password"`
	FirstName                 string  `bun:"first_name"`
	LastName                  string  `bun:"last_name"`
	NameFold                  string  `bun:"name_fold"`
	Active                    bool    `bun:"active"`
	Admin                     bool    `bun:"admin"`
	Avatar                    *string `bun:"avatar"`
	AvatarThumbnail           *string `bun:"avatar_thumbnail"`
	Website                   *string `bun:"website"`
	About                     *string `bun:"about"`
	Language                  *string `bun:"language"`
	CreatedAt                 db.Time `bun:"created_at"`
	ModifiedAt                db.Time `bun:"modified_at"`
	ConfirmedAt               db.Time `bun:"confirmed_at"`
	LastLoginAt               db.Time `bun:"last_login_at"`
	PasswordRotationDemanded  db.Time `bun:"password_rotation_demanded"`
	PasswordRotationPerformed db.Time `bun:"password_rotation_performed"`
	DeletedAt                 db.Time `bun:"deleted_at"`
	Datasets                  int64   `bun:"datasets"`
	Reuses                    int64   `bun:"reuses"`
	Dataservices              int64   `bun:"dataservices"`
	Following                 int64   `bun:"following"`
	Followers                 int64   `bun:"followers"`
	// Stamp is drawn anew to end every session and link of the person.
	Stamp string `bun:"stamp"`
	// SecondFactor is the sealed secret of the codes, nil without one; it was
	// set at SecondFactorAt, and SecondFactorStep is the last step used.
	SecondFactor     *string `bun:"totp_secret"`
	SecondFactorAt   db.Time `bun:"totp_at"`
	SecondFactorStep int64   `bun:"totp_step"`
	// Logins counts them. InactivityToldAt is when the person was warned that
	// the account is closed for not being used.
	Logins           int64   `bun:"logins"`
	InactivityToldAt db.Time `bun:"inactivity_told_at"`
}

// FullName is how a person is shown.
func (u *User) FullName() string { return strings.TrimSpace(u.FirstName + " " + u.LastName) }

// UserRef is what other objects show of a person.
type UserRef struct {
	bun.BaseModel `bun:"table:users,alias:u"`

	ID              string  `bun:"id"`
	Slug            string  `bun:"slug"`
	FirstName       string  `bun:"first_name"`
	LastName        string  `bun:"last_name"`
	Avatar          *string `bun:"avatar"`
	AvatarThumbnail *string `bun:"avatar_thumbnail"`
}

// FullName is how a person is shown.
func (u *UserRef) FullName() string { return strings.TrimSpace(u.FirstName + " " + u.LastName) }

const userRefColumns = "id, slug, first_name, last_name, avatar, avatar_thumbnail"

// UserRefs returns the references of people by identifier; unknown ones are
// absent.
func UserRefs(ctx context.Context, read bun.IDB, ids []string) (map[string]*UserRef, error) {
	refs := make(map[string]*UserRef, len(ids))
	ids = distinct(ids)
	if len(ids) == 0 {
		return refs, nil
	}
	var rows []UserRef
	err := read.NewRaw("SELECT "+userRefColumns+" FROM users WHERE id IN (?)", bun.List(ids)).Scan(ctx, &rows)
	for i := range rows {
		refs[rows[i].ID] = &rows[i]
	}
	return refs, err
}

// People reads and changes people.
type People struct {
	db *db.DB
}

// NewPeople returns the people of a database.
func NewPeople(d *db.DB) *People { return &People{db: d} }

// Get returns a person by identifier or slug, as the viewer may see them:
// not found, gone when inactive or deleted.
func (p *People) Get(ctx context.Context, v Viewer, key string) (*User, error) {
	var users []User
	err := p.db.Read().NewSelect().Model(&users).Where("id = ?", key).
		WhereOr("slug = ?", key).WhereOr("slug = ?", text.Slug(key)).Limit(3).Scan(ctx)
	if err != nil {
		return nil, err
	}
	user := bestMatch(users, key, func(u *User) (string, string) { return u.ID, u.Slug })
	switch {
	case user == nil:
		return nil, fault.New(fault.NotFound, "User not found")
	case !user.DeletedAt.IsZero() && !v.Admin():
		return nil, fault.New(fault.Gone, "User has been deleted")
	case !user.Active && !v.Admin() && user.ID != v.UserID():
		return nil, fault.New(fault.Gone, "User is not active")
	}
	return user, nil
}

// bestMatch prefers the row found by identifier, then by exact slug, then by
// slugified text.
func bestMatch[T any](rows []T, key string, keys func(*T) (id, slug string)) *T {
	var byText *T
	for i := range rows {
		id, slug := keys(&rows[i])
		if id == key {
			return &rows[i]
		}
		if slug == key || byText == nil {
			byText = &rows[i]
		}
	}
	return byText
}

// UserFilter narrows a list of people.
type UserFilter struct {
	Query string
	// Sort is last_name, first_name, datasets, reuses, followers, views or
	// created, with "-" for descending; empty is -created.
	Sort          string
	Limit, Offset int
}

var userSorts = map[string]string{
	"last_name": "last_name", "first_name": "first_name", "datasets": "datasets", "reuses": "reuses",
	"followers": "followers", "views": "followers", "created": "created_at",
}

// mostWords bounds the words of a query that must each be found.
const mostWords = 20

// Words are the words of a query, folded, each once; those beyond the twentieth
// are left out.
func Words(query string) []string {
	words := distinct(strings.Fields(text.Fold(query)))
	return words[:min(len(words), mostWords)]
}

// List returns a page of people who are not deleted, and how many there are.
func (p *People) List(ctx context.Context, f UserFilter) ([]User, int, error) {
	var users []User
	query := called(p.db.Read().NewSelect().Model(&users).Where("deleted_at IS NULL"), f.Query)
	total, err := query.Clone().Count(ctx)
	if err != nil {
		return nil, 0, err
	}
	query = query.OrderExpr(db.OrderBy(f.Sort, "-created", userSorts) + ", id DESC")
	err = query.Limit(int64(f.Limit)).Offset(int64(f.Offset)).Scan(ctx)
	return users, int(total), err
}

// Suggest returns people whose slug holds the slug of the text, newest first.
func (p *People) Suggest(ctx context.Context, q string, size int) ([]User, error) {
	var users []User
	err := p.db.Read().NewSelect().Model(&users).Where("deleted_at IS NULL").Where("active = TRUE").
		Where("slug LIKE ? ESCAPE '!'", "%"+db.LikeEscape(text.Slug(q))+"%").
		OrderExpr("created_at DESC, id DESC").Limit(int64(size)).Scan(ctx)
	return users, err
}

func distinct(ids []string) []string {
	seen := make(map[string]bool, len(ids))
	out := make([]string, 0, len(ids))
	for _, id := range ids {
		if id != "" && !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out
}
