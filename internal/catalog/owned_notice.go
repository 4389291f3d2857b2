package catalog

import (
	"context"

	"grenier/internal/account"
	"grenier/internal/event"
	"grenier/internal/mail"
)

// notice writes to whom an object belonged that an administrator of the platform
// deleted it, why such things happen and how to appeal. Others cannot ask for it.
func (s *Store) notice(ctx context.Context, tx *event.Tx, v account.Viewer, wanted bool, owner account.Owner, title string) error {
	if !wanted || !v.Admin() || s.deps.Mail == nil {
		return nil
	}
	people, err := account.Correspondents(ctx, tx, owner)
	if err != nil {
		return err
	}
	letters := make([]mail.Letter, len(people))
	for i := range people {
		letters[i] = people[i].LetterTo(mail.Letter{Kind: "object.notice", Args: []any{"object", title}, Button: "/pages/legal/cgu"})
	}
	return s.deps.Mail.Post(ctx, tx.Tx, letters...)
}
