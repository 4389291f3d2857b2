package account

import (
	"context"
	"time"

	"grenier/internal/db"
	"grenier/internal/event"
)

// Accounts that nobody logs in to for long are closed, after a warning.
const (
	// inactiveWarning is how long before its closing an account is warned, and
	// the least time between both.
	inactiveWarning = 30 * 24 * time.Hour
	// inactiveLetters bounds the letters of one run, of each of both kinds.
	inactiveLetters = 200
)

// CloseInactive warns and closes the accounts that nobody logged in to for the
// time that the rules give, and tells how many. People who never logged in are
// left alone. Without that time it does nothing.
func (w *Writer) CloseInactive(ctx context.Context, now time.Time) (warned, closed int, err error) {
	if w.deps.Rules.InactiveAfter <= 0 {
		return 0, 0, nil
	}
	limit := now.Add(-w.deps.Rules.InactiveAfter)
	if err := w.forgetWarnings(ctx, db.TimeOf(limit.Add(inactiveWarning))); err != nil {
		return 0, 0, err
	}
	closed, err = w.eachInactive(ctx, `last_login_at <= ? AND inactivity_told_at <= ?`,
		[]any{db.TimeOf(limit), db.TimeOf(now.Add(-inactiveWarning))}, func(ctx context.Context, id string) error {
			return w.close(ctx, System("accounts"), id, inactiveLetter)
		})
	if err != nil {
		return 0, closed, err
	}
	warned, err = w.eachInactive(ctx, `last_login_at <= ? AND inactivity_told_at IS NULL`,
		[]any{db.TimeOf(limit.Add(inactiveWarning))}, func(ctx context.Context, id string) error { return w.warnInactive(ctx, id, now) })
	return warned, closed, err
}

// forgetWarnings lets people who logged in since be warned anew.
func (w *Writer) forgetWarnings(ctx context.Context, since db.Time) error {
	return w.log.DB().Write(ctx, db.Background, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewRaw("UPDATE users SET inactivity_told_at = NULL WHERE inactivity_told_at IS NOT NULL AND last_login_at > ?", since).Exec(ctx)
		return err
	})
}

// eachInactive does something with up to so many accounts, one write each.
func (w *Writer) eachInactive(ctx context.Context, where string, args []any, do func(context.Context, string) error) (done int, err error) {
	var ids []string
	err = w.log.DB().Read().NewSelect().Table("users").Column("id").Where("deleted_at IS NULL").Where(where, args...).
		OrderExpr("last_login_at, id").Limit(inactiveLetters).Scan(ctx, &ids)
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		if err := do(ctx, id); err != nil {
			return done, err
		}
		done++
	}
	return done, nil
}

func (w *Writer) warnInactive(ctx context.Context, id string, now time.Time) error {
	return w.log.Write(ctx, db.Background, func(ctx context.Context, tx *event.Tx) error {
		user, err := lockUser(ctx, tx, "id = ?", id)
		if err != nil || user == nil || !user.InactivityToldAt.IsZero() {
			return err
		}
		if _, err := tx.NewRaw("UPDATE users SET inactivity_told_at = ? WHERE id = ?", db.TimeOf(now), id).Exec(ctx); err != nil {
			return err
		}
		if user.Email == nil {
			return nil
		}
		letter := letterTo(user, "account.inactive", "days", int(inactiveWarning.Hours()/24))
		letter.Button = "/login"
		return w.post(ctx, tx.Tx, letter)
	})
}

// tokenWarning is how long before its end the person is told of a token.
const tokenWarning = 7 * 24 * time.Hour

// WarnTokens tells people once of their tokens that end within a week, and how
// many were told of.
func (w *Writer) WarnTokens(ctx context.Context, now time.Time) (warned int, err error) {
	var tokens []Token
	err = w.log.DB().Read().NewSelect().Model(&tokens).Where("expires_at > ?", db.TimeOf(now)).Where("expires_at <= ?", db.TimeOf(now.Add(tokenWarning))).
		Where("revoked_at IS NULL").Where("warned_at IS NULL").OrderExpr("expires_at, id").Limit(1000).Scan(ctx)
	if err != nil {
		return 0, err
	}
	for i := range tokens {
		if err := w.warnToken(ctx, &tokens[i], now); err != nil {
			return warned, err
		}
		warned++
	}
	return warned, nil
}

func (w *Writer) warnToken(ctx context.Context, token *Token, now time.Time) error {
	return w.log.Write(ctx, db.Background, func(ctx context.Context, tx *event.Tx) error {
		result, err := tx.NewRaw("UPDATE tokens SET warned_at = ? WHERE id = ? AND warned_at IS NULL", db.TimeOf(now), token.ID).Exec(ctx)
		if err != nil {
			return err
		}
		if changed, err := result.RowsAffected(); err != nil || changed == 0 {
			return err
		}
		user, err := lockUser(ctx, tx, "id = ?", token.UserID)
		if err != nil || !mayEnter(user) || user.Email == nil {
			return err
		}
		name := token.Prefix
		if token.Name != nil {
			name = *token.Name
		}
		letter := letterTo(user, "account.token_ends", "token", name, "date", token.ExpiresAt.Format(time.DateOnly))
		letter.Button = "/admin/me/tokens"
		return w.post(ctx, tx.Tx, letter)
	})
}
