package outbox

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/history"
)

// Input is what people write of a webhook; what is left out stays as it is.
type Input struct {
	Name  account.Opt[string]
	URL   account.Opt[string]
	Kinds account.Opt[[]string]
	// Watched is the organisation whose objects it is told of; null or "" for those of everybody. A new webhook of
	// an organisation watches that organisation.
	Watched account.Opt[string]
	Tag     account.Opt[string]
	Active  account.Opt[bool]
}

const (
	maxName  = 100
	maxURL   = 1000
	maxKinds = 40
	maxTag   = 100
)

// apply takes over what is asked, as far as it is right.
func (w *Webhooks) apply(h *Webhook, in Input) error {
	var wrong []error
	refuse := func(text string, path ...any) { wrong = append(wrong, fault.At(text, path...)) }
	if in.Name.Set {
		h.Name = strings.TrimSpace(in.Name.Value)
		if !utf8.ValidString(h.Name) || utf8.RuneCountInString(h.Name) > maxName || strings.ContainsFunc(h.Name, func(r rune) bool { return r < ' ' }) {
			refuse(fmt.Sprintf("A name has at most %d characters, on one line.", maxName), "name")
		}
	}
	if in.URL.Set {
		h.URL = strings.TrimSpace(in.URL.Value)
		if text := w.wrongURL(h.URL); text != "" {
			refuse(text, "url")
		}
	}
	if in.Kinds.Set {
		wrong = append(wrong, h.setKinds(in.Kinds.Value)...)
	}
	if in.Watched.Set {
		h.Watched = nil
		if id := in.Watched.Value; id != "" {
			if h.Watched = &id; !db.IsID(id) {
				refuse("The watched organization is told by its identifier.", "watched_organization")
			}
		}
	}
	if in.Tag.Set {
		h.Tag = nil
		if tag := strings.TrimSpace(in.Tag.Value); tag != "" {
			if h.Tag = &tag; utf8.RuneCountInString(tag) > maxTag {
				refuse(fmt.Sprintf("A tag has at most %d characters.", maxTag), "tag")
			}
		}
	}
	return fault.Collect(wrong...)
}

// wrongURL tells why no webhook may have an address; "" when it may.
func (w *Webhooks) wrongURL(address string) string {
	switch {
	case address == "":
		return "Give the address that changes are sent to."
	case len(address) > maxURL:
		return fmt.Sprintf("An address has at most %d characters.", maxURL)
	}
	if err := w.options.Client.CheckURL(address); err != nil {
		return fault.Of(err).SafeText()
	}
	return ""
}

func (h *Webhook) setKinds(kinds []string) (wrong []error) {
	if len(kinds) > maxKinds {
		return []error{fault.At("These are too many kinds.", "kinds")}
	}
	kept := []string{}
	for i, kind := range kinds {
		if err := CheckKind(kind); err != nil {
			wrong = append(wrong, fault.At("Unknown kind "+strings.TrimPrefix(err.Error(), "unknown kind ")+".", "kinds", i))
		} else if !slices.Contains(kept, kind) {
			kept = append(kept, kind)
		}
	}
	list, err := db.JSONOf(kept)
	if err != nil {
		return append(wrong, err)
	}
	h.Kinds = list
	return wrong
}

// Create makes a webhook of an owner and returns its secret, which is shown this once.
func (w *Webhooks) Create(ctx context.Context, v account.Viewer, o account.Owner, in Input) (*Webhook, string, error) {
	if err := allowed(v, o); err != nil {
		return nil, "", err
	}
	now := db.Now()
	h := &Webhook{ID: db.NewID(), Version: 1, Active: true, Kinds: db.JSON("[]"), CreatedAt: now, ModifiedAt: now}
	if by := v.UserID(); by != "" {
		h.CreatedBy = &by
	}
	if o.Organization != "" {
		h.OrganizationID = &o.Organization
		if !in.Watched.Set {
			in.Watched = account.Some(o.Organization)
		}
	} else {
		h.OwnerID = &o.User
	}
	in.URL.Set = true
	if err := w.apply(h, in); err != nil {
		return nil, "", err
	}
	if in.Active.Set && !in.Active.Value {
		h.pause(now)
	}
	secret, err := drawSecret()
	if err != nil {
		return nil, "", err
	}
	if h.Secret, err = w.sealed(h.ID, secret); err != nil {
		return nil, "", err
	}
	err = w.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		if err := room(ctx, tx, o); err != nil {
			return err
		}
		if h.Since, err = w.log.Head(ctx, tx); err != nil {
			return err
		}
		if err := w.log.BeginSingle(ctx, tx, followerName); err != nil {
			return err
		}
		if _, err := tx.NewInsert().Model(h).Exec(ctx); err != nil {
			return err
		}
		return h.record(ctx, tx, v, "created", nil)
	})
	return h, secret, err
}

// allowed refuses who may not make webhooks of an owner.
func allowed(v account.Viewer, o account.Owner) error {
	switch {
	case v.Anonymous():
		return fault.New(fault.Unauthorized, "Log in to make a webhook.")
	case o.Organization == "" && o.User == "" || !mayHook(v, o):
		return fault.New(fault.Forbidden, "You do not have the permission to modify that object.")
	}
	return nil
}

// room refuses one more webhook where there are many, and those of an owner that is not there.
func room(ctx context.Context, tx *event.Tx, o account.Owner) error {
	table, column, id := "users", "owner_id", o.User
	if o.Organization != "" {
		table, column, id = "organizations", "organization_id", o.Organization
	}
	suffix := ""
	if tx.Postgres() {
		suffix = " FOR UPDATE"
	}
	var owners []string
	if err := tx.NewRaw("SELECT id FROM "+table+" WHERE id = ? AND deleted_at IS NULL"+suffix, id).Scan(ctx, &owners); err != nil {
		return err
	}
	if len(owners) == 0 {
		return fault.New(fault.NotFound, "The owner of the webhook does not exist.")
	}
	var own, all int64
	if err := tx.NewRaw("SELECT count(*) FROM webhooks WHERE "+column+" = ?", id).Scan(ctx, &own); err != nil {
		return err
	}
	if err := tx.NewRaw("SELECT count(*) FROM webhooks WHERE active = TRUE").Scan(ctx, &all); err != nil {
		return err
	}
	switch {
	case own >= maxHooks:
		return fault.Newf(fault.Invalid, "There are %d webhooks already, which is the most: remove one that is not used first.", own)
	case all >= maxActive:
		return fault.New(fault.Full, "This site serves as many webhooks as it can: follow the change feed instead.")
	}
	return nil
}

// change loads a webhook for a write of who may, and writes it back with what fn did.
func (w *Webhooks) change(ctx context.Context, v account.Viewer, id string, fn func(ctx context.Context, tx *event.Tx, h *Webhook) error) (*Webhook, error) {
	var changed *Webhook
	err := w.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		if err := lockHook(ctx, tx, id); err != nil {
			return err
		}
		h, err := w.get(ctx, tx, v, id)
		if err != nil {
			return err
		}
		changed = h
		before := *h
		if err := fn(ctx, tx, h); err != nil {
			return err
		}
		difference := differenceOf(&before, h)
		if len(difference) == 0 {
			return nil
		}
		h.Version++
		h.ModifiedAt = db.Now()
		if _, err := tx.NewUpdate().Model(h).WherePK().Exec(ctx); err != nil {
			return err
		}
		return h.record(ctx, tx, v, "updated", difference)
	})
	return changed, err
}

// lockHook lets writes of a webhook take turns.
func lockHook(ctx context.Context, tx *event.Tx, id string) error {
	if !tx.Postgres() {
		return nil
	}
	_, err := tx.NewRaw("SELECT id FROM webhooks WHERE id = ? FOR UPDATE", id).Exec(ctx)
	return err
}

// Update changes what the input holds of a webhook. One that is switched on again is told of what changes from then
// on: what it missed is in the change feed.
func (w *Webhooks) Update(ctx context.Context, v account.Viewer, id string, in Input) (*Webhook, error) {
	return w.change(ctx, v, id, func(ctx context.Context, tx *event.Tx, h *Webhook) error {
		if err := w.apply(h, in); err != nil {
			return err
		}
		switch active, set := in.Active.Get(); {
		case !set || active == h.Active:
		case active:
			h.Active, h.StoppedAt, h.StoppedWhy, h.Failures = true, db.Time{}, nil, 0
			head, err := w.log.Head(ctx, tx)
			h.Since = head
			return err
		default:
			h.pause(db.Now())
			return endWaiting(ctx, tx.Tx, h.ID)
		}
		return nil
	})
}

// pause switches a webhook off by hand.
func (h *Webhook) pause(now db.Time) {
	why := StoppedByHand
	h.Active, h.StoppedAt, h.StoppedWhy = false, now, &why
}

// Rotate gives a webhook another secret and returns it; the former one is worth nothing from then on.
func (w *Webhooks) Rotate(ctx context.Context, v account.Viewer, id string) (string, error) {
	secret, err := drawSecret()
	if err != nil {
		return "", err
	}
	_, err = w.change(ctx, v, id, func(_ context.Context, _ *event.Tx, h *Webhook) (err error) {
		h.Secret, err = w.sealed(h.ID, secret)
		return err
	})
	if err != nil {
		return "", err
	}
	return secret, nil
}

// Remove takes a webhook away, with what was sent to it.
func (w *Webhooks) Remove(ctx context.Context, v account.Viewer, id string) error {
	return w.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		if err := lockHook(ctx, tx, id); err != nil {
			return err
		}
		h, err := w.get(ctx, tx, v, id)
		if err != nil {
			return err
		}
		if _, err := tx.NewDelete().Model(h).WherePK().Exec(ctx); err != nil {
			return err
		}
		h.Version++
		return h.record(ctx, tx, v, "deleted", nil)
	})
}

// record appends what was done to the log and to history: for its owners alone.
func (h *Webhook) record(ctx context.Context, tx *event.Tx, v account.Viewer, what string, difference history.Difference) error {
	return v.Record(ctx, tx, account.Change{
		What: what, Kind: KindWebhook, ID: h.ID, Owner: h.OwnedBy().Ref(), Version: h.Version, Difference: difference,
	})
}

// differenceOf compares two states of a webhook; of its secret it says only that it is another.
func differenceOf(before, after *Webhook) history.Difference {
	difference := history.Difference{}
	compare := func(name string, a, b any) {
		if fmt.Sprint(a) != fmt.Sprint(b) {
			difference[name] = [2]any{a, b}
		}
	}
	text := func(s *string) string {
		if s == nil {
			return ""
		}
		return *s
	}
	compare("name", before.Name, after.Name)
	compare("url", before.URL, after.URL)
	compare("kinds", before.KindList(), after.KindList())
	compare("watched_organization", text(before.Watched), text(after.Watched))
	compare("tag", text(before.Tag), text(after.Tag))
	compare("active", before.Active, after.Active)
	compare("stopped_reason", text(before.StoppedWhy), text(after.StoppedWhy))
	if before.Secret != after.Secret {
		difference["secret"] = [2]any{nil, nil}
	}
	return difference
}
