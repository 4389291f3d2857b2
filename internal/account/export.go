package account

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"time"

	"grenier/internal/db"
)

// exportPage is how many rows an export reads at once.
const exportPage = 500

// exportPart is a list of an export: its rows by pages, each after the one
// before.
type exportPart struct {
	name string
	// query gives rows with the column cursor, above the last one (?1) of the
	// person (?0), at most ?2.
	query string
}

// exportParts is what is known of a person, besides the account itself.
// Secrets and the addresses of others are no part of it.
var exportParts = []exportPart{
	{"memberships", `SELECT m.organization_id AS cursor, o.name AS organization, m.role, m.since, m.label FROM members m
		JOIN organizations o ON o.id = m.organization_id WHERE m.user_id = ?0 AND m.organization_id > ?1 ORDER BY m.organization_id LIMIT ?2`},
	{"assignments", `SELECT id AS cursor, organization_id, object_kind, object_id, created_at FROM assignments
		WHERE user_id = ?0 AND id > ?1 ORDER BY id LIMIT ?2`},
	{"membership_requests", `SELECT id AS cursor, organization_id, kind, status, role, comment, created_at, handled_at FROM membership_requests
		WHERE (user_id = ?0 OR user_id IS NULL AND email = (SELECT u.email FROM users u WHERE u.id = ?0)) AND id > ?1 ORDER BY id LIMIT ?2`},
	{"tokens", `SELECT id AS cursor, name, prefix, scopes, created_at, last_used_at, expires_at, revoked_at FROM tokens
		WHERE user_id = ?0 AND id > ?1 ORDER BY id LIMIT ?2`},
	{"sessions", `SELECT id AS cursor, agent, address, created_at, seen_at, expires_at, provider FROM sessions
		WHERE user_id = ?0 AND id > ?1 ORDER BY id LIMIT ?2`},
	{"identities", `SELECT issuer AS cursor, subject, created_at FROM identities WHERE user_id = ?0 AND issuer > ?1 ORDER BY issuer LIMIT ?2`},
	{"webhooks", `SELECT id AS cursor, name, url, kinds, watched, tag, active, created_at, accepted_at FROM webhooks
		WHERE owner_id = ?0 AND id > ?1 ORDER BY id LIMIT ?2`},
	{"datasets", exportOwned("datasets", "title")},
	{"reuses", exportOwned("reuses", "title")},
	{"dataservices", exportOwned("dataservices", "title")},
	{"topics", "SELECT id AS cursor, slug, name AS title, created_at FROM topics WHERE owner_id = ?0 AND id > ?1 ORDER BY id LIMIT ?2"},
	{"visualizations", exportOwned("charts", "title")},
	{"bin", exportBin("datasets", "dataset") + " UNION ALL " + exportBin("reuses", "reuse") + " UNION ALL " + exportBin("dataservices", "dataservice") +
		" UNION ALL " + exportBin("charts", "visualization") + " UNION ALL " +
		"SELECT id AS cursor, kind, slug, title, deleted_at FROM bin WHERE owner_id = ?0 AND id > ?1 ORDER BY cursor LIMIT ?2"},
	{"contact_points", `SELECT id AS cursor, name, email, contact_form, role, created_at FROM contact_points
		WHERE owner_id = ?0 AND id > ?1 ORDER BY id LIMIT ?2`},
	{"follows", `SELECT id AS cursor, object_kind, object_id, since, until FROM follows WHERE follower_id = ?0 AND id > ?1 ORDER BY id LIMIT ?2`},
	{"letters", `SELECT id AS cursor, kind, recipient, subject, created_at, sent_at FROM mails WHERE user_id = ?0 AND id > ?1 ORDER BY id LIMIT ?2`},
}

func exportOwned(table, title string) string {
	return "SELECT id AS cursor, slug, " + title + " AS title, created_at FROM " + table + " WHERE owner_id = ?0 AND deleted_at IS NULL AND id > ?1 ORDER BY id LIMIT ?2"
}

// exportBin gives what of a table was deleted and can still be brought back.
func exportBin(table, kind string) string {
	return "SELECT id AS cursor, '" + kind + "' AS kind, slug, title, deleted_at FROM " + table + " WHERE owner_id = ?0 AND deleted_at IS NOT NULL AND id > ?1"
}

// exportMoments are the columns that hold moments.
var exportMoments = map[string]bool{
	"created_at": true, "handled_at": true, "last_used_at": true, "expires_at": true, "revoked_at": true, "seen_at": true, "since": true,
	"until": true, "deleted_at": true, "sent_at": true, "at": true, "accepted_at": true,
}

// exportAccount is the account in an export.
type exportAccount struct {
	ID            string   `json:"id"`
	Email         *string  `json:"email"`
	FirstName     string   `json:"first_name"`
	LastName      string   `json:"last_name"`
	Slug          string   `json:"slug"`
	About         *string  `json:"about"`
	Website       *string  `json:"website"`
	Language      *string  `json:"language"`
	Administrator bool     `json:"administrator"`
	SecondFactor  bool     `json:"second_factor"`
	CreatedAt     any      `json:"created_at"`
	ConfirmedAt   any      `json:"confirmed_at"`
	LastLoginAt   any      `json:"last_login_at"`
	Logins        int64    `json:"logins"`
	LastAdminOf   []string `json:"last_administrator_of"`
}

// Export writes what the platform knows of the viewer as one JSON object. The
// member closing tells what closing the account would do.
func (w *Writer) Export(ctx context.Context, v Viewer, to io.Writer) error {
	if err := MayChangeAccount(v); err != nil {
		return err
	}
	out := bufio.NewWriterSize(to, 32<<10)
	alone, err := w.LastAdminOf(ctx, v)
	if err != nil {
		return err
	}
	u := v.User
	if err := exportMember(out, "{", "account", exportAccount{
		ID: u.ID, Email: u.Email, FirstName: u.FirstName, LastName: u.LastName, Slug: u.Slug, About: u.About, Website: u.Website,
		Language: u.Language, Administrator: u.Admin, SecondFactor: u.SecondFactor != nil, CreatedAt: u.CreatedAt.Ptr(),
		ConfirmedAt: u.ConfirmedAt.Ptr(), LastLoginAt: u.LastLoginAt.Ptr(), Logins: u.Logins, LastAdminOf: alone,
	}); err != nil {
		return err
	}
	if err := exportMember(out, ",", "closing", closingText(len(alone))); err != nil {
		return err
	}
	for _, part := range exportParts {
		if err := w.exportList(ctx, out, u.ID, part); err != nil {
			return err
		}
	}
	if err := w.exportHistory(ctx, out, u.ID); err != nil {
		return err
	}
	if _, err := out.WriteString("}\n"); err != nil {
		return err
	}
	return out.Flush()
}

// closingText tells what closing an account would do.
func closingText(alone int) string {
	text := "Closing the account removes your names, address, picture, tokens, sessions, memberships, follows and contact points. What you published stays, without your name."
	if alone > 0 {
		text += " You are the last administrator of the organizations named in account.last_administrator_of: name another one first, or only the administrators of the platform can manage them."
	}
	return text
}

// LastAdminOf lists the names of the organisations of which the viewer is the
// only administrator.
func (w *Writer) LastAdminOf(ctx context.Context, v Viewer) ([]string, error) {
	names := []string{}
	err := w.log.DB().Read().NewRaw(`SELECT o.name FROM members m JOIN organizations o ON o.id = m.organization_id
		WHERE m.user_id = ?0 AND m.role = 'admin' AND o.deleted_at IS NULL AND NOT EXISTS (
			SELECT 1 FROM members x WHERE x.organization_id = m.organization_id AND x.user_id <> ?0 AND x.role = 'admin')
		ORDER BY o.name`, v.UserID()).Scan(ctx, &names)
	return names, err
}

func exportMember(out *bufio.Writer, before, name string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	_, err = out.WriteString(before + "\n" + `"` + name + `": ` + string(text))
	return err
}

// exportList writes one list by pages.
func (w *Writer) exportList(ctx context.Context, out *bufio.Writer, user string, part exportPart) error {
	list := exportArray{out: out}
	if err := list.begin(part.name); err != nil {
		return err
	}
	for cursor := ""; ; {
		var rows []map[string]any
		if err := w.log.DB().Read().NewRaw(part.query, user, cursor, exportPage).Scan(ctx, &rows); err != nil {
			return err
		}
		for _, row := range rows {
			cursor = exportText(row["cursor"])
			delete(row, "cursor")
			row["id"] = cursor
			if err := list.add(exportRow(row)); err != nil {
				return err
			}
		}
		if len(rows) < exportPage {
			return list.end()
		}
	}
}

// exportRow turns what the engine gives into what people read.
func exportRow(row map[string]any) map[string]any {
	for name, value := range row {
		switch value := value.(type) {
		case []byte:
			row[name] = string(value)
		case int64:
			if exportMoments[name] {
				row[name] = time.UnixMicro(value).UTC()
			}
		}
	}
	return row
}

func exportText(value any) string {
	switch value := value.(type) {
	case string:
		return value
	case []byte:
		return string(value)
	}
	return ""
}

// exportHistory writes what the person changed, by pages of moments.
func (w *Writer) exportHistory(ctx context.Context, out *bufio.Writer, user string) error {
	list := exportArray{out: out}
	if err := list.begin("history"); err != nil {
		return err
	}
	type change struct {
		Object     string  `json:"object"`
		ObjectKind string  `json:"object_kind"`
		Version    int64   `json:"version"`
		What       string  `json:"what"`
		At         db.Time `json:"at"`
	}
	for last := (change{}); ; {
		var rows []change
		err := w.log.DB().Read().NewRaw(`SELECT object, object_kind, version, what, at FROM history WHERE person = ?0
			AND (at > ?1 OR at = ?1 AND (object > ?2 OR object = ?2 AND version > ?3)) ORDER BY at, object, version LIMIT ?4`,
			user, last.At.UnixMicro(), last.Object, last.Version, exportPage).Scan(ctx, &rows)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := list.add(row); err != nil {
				return err
			}
			last = row
		}
		if len(rows) < exportPage {
			return list.end()
		}
	}
}

// exportArray writes a list item by item.
type exportArray struct {
	out   *bufio.Writer
	count int
}

func (a *exportArray) begin(name string) error {
	_, err := a.out.WriteString(",\n" + `"` + name + `": [`)
	return err
}

func (a *exportArray) add(item any) error {
	text, err := json.Marshal(item)
	if err != nil {
		return err
	}
	if a.count++; a.count > 1 {
		text = append([]byte(",\n"), text...)
	}
	_, err = a.out.Write(text)
	return err
}

func (a *exportArray) end() error {
	_, err := a.out.WriteString("]")
	return err
}
