package harvest

import (
	"context"
	"encoding/json"
	"net/url"
	"reflect"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/fault"
	"grenier/internal/history"
	"grenier/internal/limit"
	"grenier/internal/text"
)

// SourceInput is what people write of a source; what is left out stays as it is.
type SourceInput struct {
	Name        account.Opt[string]
	Description account.Opt[string]
	URL         account.Opt[string]
	Backend     account.Opt[string]
	// Config is a Config and Options are Options, as JSON.
	Config  account.Opt[json.RawMessage]
	Options account.Opt[json.RawMessage]
	// Secrets are what only the portal may know, by name; an empty one is
	// forgotten, null forgets all. They are never shown again.
	Secrets     account.Opt[map[string]string]
	Active      account.Opt[bool]
	Autoarchive account.Opt[bool]
	// Frequency is kept as it is given, for clients of old.
	Frequency account.Opt[string]
	// Organization and Owner are identifiers; they count for new sources alone.
	Organization account.Opt[string]
	Owner        account.Opt[string]
	// Deleted null brings back a source that was deleted.
	Deleted account.Opt[db.Time]
}

const (
	// maxName bounds names, maxDescription descriptions, maxURL addresses, in
	// characters.
	maxName        = 255
	maxDescription = 100_000
	maxURL         = 2048
	// requiredText refuses what is missing.
	requiredText = "Field is required"
)

// createRule bounds the sources that one person adds: each writes to the
// administrators of the platform.
var createRule = limit.Rule{Name: "harvest.create", Most: 50, Within: time.Hour, Text: "Too many sources were added. Try again in an hour, or ask the administrators of this site."}

// CreateSource makes a source that waits for validation, and tells the
// administrators of the platform. It belongs to the organisation that is named,
// which the viewer must administer, else to the viewer. Who does not administer the
// platform adds so many an hour.
func (s *Store) CreateSource(ctx context.Context, v account.Viewer, in SourceInput) (*Source, error) {
	src, err := s.Draft(ctx, v, in)
	if err != nil {
		return nil, err
	}
	if err := s.take(ctx, v, createRule); err != nil {
		return nil, err
	}
	err = s.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		if err := knownOwner(ctx, tx, src.OwnedBy()); err != nil {
			return err
		}
		if src.Slug, err = account.FreeSlug(ctx, tx.Tx, "harvest_sources", KindSource, slugOf(src.Name)); err != nil {
			return err
		}
		if _, err := tx.NewInsert().Model(src).Exec(ctx); err != nil {
			return err
		}
		if err := src.record(ctx, tx, v, "created", nil); err != nil {
			return err
		}
		return s.tellPending(ctx, tx, src)
	})
	return src, err
}

// Draft is the source that an input would make, judged as CreateSource does; it
// is not stored.
func (s *Store) Draft(_ context.Context, v account.Viewer, in SourceInput) (*Source, error) {
	owner, err := s.maker(v, in)
	if err != nil {
		return nil, err
	}
	for _, needed := range []*account.Opt[string]{&in.Name, &in.URL, &in.Backend} {
		needed.Set = true
	}
	now := db.Now()
	src := &Source{
		ID: db.NewID(), Version: 1, Config: db.JSON("{}"), OptionsJSON: db.JSON("{}"), Frequency: "manual", Active: true, Autoarchive: true,
		Validation: Pending, CreatedAt: now, ModifiedAt: now,
	}
	if owner.Organization != "" {
		src.OrganizationID = &owner.Organization
	} else if owner.User != "" {
		src.OwnerID = &owner.User
	}
	return src, s.apply(src, v, in)
}

// maker says whom a new source belongs to, of a viewer who may make one.
func (s *Store) maker(v account.Viewer, in SourceInput) (account.Owner, error) {
	if v.Anonymous() {
		return account.Owner{}, fault.New(fault.Unauthorized, "Log in to add a harvest source.")
	}
	given := account.Owner{Organization: in.Organization.Value}
	if given.Organization == "" {
		given.User = in.Owner.Value
	}
	if given == (account.Owner{}) {
		given.User = v.UserID()
	}
	switch {
	case v.Admin() || v.May(account.Harvest, given, ""):
		return given, nil
	case given.Organization == "":
		return given, fault.At("You can only set yourself as owner", "owner")
	}
	return given, errForbidden
}

var (
	errForbidden = fault.New(fault.Forbidden, "You do not have the permission to modify that object.")
	errDeleted   = fault.New(fault.Gone, "Harvest source has been deleted")
)

// knownOwner refuses an owner that does not exist, whom only an administrator can
// name.
func knownOwner(ctx context.Context, tx *event.Tx, o account.Owner) error {
	table, member, id := "organizations", "organization", o.Organization
	if id == "" {
		table, member, id = "users", "owner", o.User
	}
	if id == "" {
		return nil
	}
	var found []string
	if err := db.ScanFixed(ctx, tx, &found, "SELECT id FROM "+table+" WHERE id = ?1 AND deleted_at IS NULL", id); err != nil {
		return err
	}
	if len(found) == 0 {
		return fault.At("Unknown identifier: name one that exists, or leave it out to be the owner yourself.", member)
	}
	return nil
}

// slugOf is what a name asks for in addresses.
func slugOf(name string) string {
	if slug := text.Slug(name); slug != "" {
		return slug
	}
	return "source"
}

// apply takes over what is asked, as far as it is right.
func (s *Store) apply(src *Source, v account.Viewer, in SourceInput) error {
	w := &wrongs{}
	if in.Name.Set {
		w.line(in.Name.Value, maxName, &src.Name, "name")
		src.NameFold = folded(src.Name)
	}
	if in.Description.Set {
		w.text(in.Description.Value, maxDescription, &src.Description, "description")
	}
	if in.URL.Set {
		s.applyURL(w, src, in)
	}
	if in.Active.Set {
		src.Active = !in.Active.Null && in.Active.Value
	}
	if in.Autoarchive.Set {
		src.Autoarchive = !in.Autoarchive.Null && in.Autoarchive.Value
	}
	if frequency, ok := in.Frequency.Get(); ok {
		w.line(frequency, 20, &src.Frequency, "frequency")
	}
	s.applyBackend(w, src, in)
	s.applyOptions(w, src, v, in)
	if err := s.applySecrets(w, src, in); err != nil {
		return err
	}
	return w.collect()
}

// applyURL takes the address of the portal. Secrets are for the portal that they
// were given for: they are forgotten with its host or port.
func (s *Store) applyURL(w *wrongs, src *Source, in SourceInput) {
	address := strings.TrimSpace(in.URL.Value)
	if address != "" && address == src.URL {
		return
	}
	if wrong := s.wrongURL(address); wrong != "" {
		w.at(wrong, "url")
		return
	}
	if !sameServer(src.URL, address) {
		src.Secrets = nil
	}
	src.URL, src.Domain = address, hostname(address)
}

// sameServer tells whether whoever answers at one address may know what was given to
// the other: the host and the port are the same, and nothing is told in the clear that
// was not before.
func sameServer(before, after string) bool {
	a, err := url.Parse(before)
	if err != nil {
		return false
	}
	b, err := url.Parse(after)
	if err != nil || !strings.EqualFold(a.Hostname(), b.Hostname()) {
		return false
	}
	if a.Scheme == b.Scheme {
		return portOf(a) == portOf(b)
	}
	return b.Scheme == "https" && portOf(a) == "80" && portOf(b) == "443"
}

func portOf(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}

// hostname is the host of an address without its port, as it is written.
func hostname(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// wrongURL tells why no portal may have an address; "" when it may.
func (s *Store) wrongURL(address string) string {
	if address == "" {
		return requiredText
	}
	invalid := func(why string) string { return `Invalid URL "` + abridged(address, 100) + `": ` + why }
	if utf8.RuneCountInString(address) > maxURL || strings.ContainsFunc(address, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }) {
		return invalid("it is too long, or holds characters that no address has.")
	}
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Hostname() == "":
		return invalid("give the whole address, beginning with https:// or http://.")
	case u.Scheme != "http" && u.Scheme != "https":
		return invalid("Invalid scheme " + abridged(u.Scheme, 20))
	case u.User != nil:
		return invalid("Credentials in URL are not allowed; give them as secrets.")
	}
	if s.deps.Client == nil {
		return ""
	}
	if err := s.deps.Client.CheckURL(address); err != nil {
		return invalid(fault.Of(err).SafeText())
	}
	return ""
}

func abridged(text string, most int) string {
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most]) + "…"
}

// UpdateSource changes what the input holds and keeps the rest. Whom a source
// belongs to does not change.
func (s *Store) UpdateSource(ctx context.Context, v account.Viewer, id string, in SourceInput) (*Source, error) {
	revive := in.Deleted.Set && in.Deleted.Null
	return s.change(ctx, v, id, account.Harvest, "updated", revive, func(_ context.Context, _ *event.Tx, src *Source) error {
		if revive {
			src.DeletedAt = db.Time{}
		}
		if err := sameOwner(src, in); err != nil {
			return err
		}
		return s.apply(src, v, in)
	})
}

// sameOwner refuses another owner; to name the present one, or nobody, changes nothing.
func sameOwner(src *Source, in SourceInput) error {
	o := src.OwnedBy()
	if id := in.Organization.Value; id != "" && id != o.Organization {
		return fault.At("Cannot modify organization after creation", "organization")
	}
	if id := in.Owner.Value; id != "" && id != o.User && o.Organization == "" {
		return fault.At("Cannot modify owner after creation", "owner")
	}
	return nil
}

// DeleteSource marks a source as deleted: it runs no more, and can be brought
// back until it is purged.
func (s *Store) DeleteSource(ctx context.Context, v account.Viewer, id string) error {
	_, err := s.change(ctx, v, id, account.Harvest, "deleted", false, func(_ context.Context, _ *event.Tx, src *Source) error {
		src.DeletedAt = db.Now()
		return nil
	})
	return err
}

// change loads a source for a write of who may, and writes it back with what fn
// did, its event and its history. revive lets a deleted one be written.
func (s *Store) change(ctx context.Context, v account.Viewer, id string, a account.Action, what string, revive bool,
	fn func(context.Context, *event.Tx, *Source) error) (*Source, error) {
	var changed *Source
	err := s.log.Write(ctx, db.People, func(ctx context.Context, tx *event.Tx) error {
		src, err := lockSource(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := changeable(v, src, a, revive); err != nil {
			return err
		}
		changed = src
		before := *src
		if err := fn(ctx, tx, src); err != nil {
			return err
		}
		return s.save(ctx, tx, v, &before, src, what)
	})
	if err != nil {
		return nil, err
	}
	return changed, nil
}

// lockSource loads a source and keeps other writes from it until the end of this one.
func lockSource(ctx context.Context, tx *event.Tx, id string) (*Source, error) {
	if tx.Postgres() {
		if _, err := tx.NewRaw("SELECT id FROM harvest_sources WHERE id = ? FOR NO KEY UPDATE", id).Exec(ctx); err != nil {
			return nil, err
		}
	}
	return sourceOf(ctx, tx, id)
}

// changeable refuses who may not do something with a source.
func changeable(v account.Viewer, src *Source, a account.Action, revive bool) error {
	switch {
	case v.Anonymous():
		return fault.New(fault.Unauthorized, "Log in to change this.")
	case !v.May(a, src.OwnedBy(), src.ID):
		return errForbidden
	case !src.DeletedAt.IsZero() && !revive:
		return errDeleted
	}
	return nil
}

// save writes a changed source, if it changed: its slug follows its name, and the
// moment of its next run what it may and when.
func (s *Store) save(ctx context.Context, tx *event.Tx, v account.Viewer, before, src *Source, what string) error {
	s.plan(src, db.Now().Time)
	difference := differenceOf(before, src)
	if len(difference) == 0 {
		return nil
	}
	if src.Name != before.Name {
		slug, err := account.MoveSlug(ctx, tx.Tx, "harvest_sources", KindSource, src.ID, before.Slug, slugOf(src.Name))
		if err != nil {
			return err
		}
		src.Slug = slug
	}
	src.Version++
	src.ModifiedAt = db.Now()
	if _, err := tx.NewUpdate().Model(src).Column(writtenColumns...).WherePK().Exec(ctx); err != nil {
		return err
	}
	if err := endWaiting(ctx, tx.Tx, src); err != nil {
		return err
	}
	return src.record(ctx, tx, v, what, difference)
}

// writtenColumns are those that people write; jobs write the others.
var writtenColumns = []string{
	"version", "slug", "name", "name_fold", "description", "url", "domain", "backend", "config", "options", "secrets", "frequency", "active",
	"autoarchive", "validation", "validated_by", "validated_at", "validation_comment", "schedule", "next_run", "modified_at", "deleted_at",
}

// record appends what was done to the log and to history.
func (s *Source) record(ctx context.Context, tx *event.Tx, v account.Viewer, what string, difference history.Difference) error {
	return v.Record(ctx, tx, account.Change{
		What: what, Kind: KindSource, ID: s.ID, Owner: s.OwnedBy().Ref(), Version: s.Version, Difference: difference,
	})
}

// differenceOf compares two states of a source; of its secrets it says only that
// they are others.
func differenceOf(before, after *Source) history.Difference {
	difference := history.Difference{}
	compare := func(name string, a, b any) {
		if !reflect.DeepEqual(a, b) {
			difference[name] = [2]any{a, b}
		}
	}
	compare("name", before.Name, after.Name)
	compare("description", before.Description, after.Description)
	compare("url", before.URL, after.URL)
	compare("backend", before.Backend, after.Backend)
	compare("config", plain(before.Config), plain(after.Config))
	compare("options", plain(before.OptionsJSON), plain(after.OptionsJSON))
	compare("frequency", before.Frequency, after.Frequency)
	compare("active", before.Active, after.Active)
	compare("autoarchive", before.Autoarchive, after.Autoarchive)
	compare("validation", string(before.Validation), string(after.Validation))
	compare("validated_at", before.ValidatedAt.Unix(), after.ValidatedAt.Unix())
	compare("validation_comment", orEmpty(before.ValidationComment), orEmpty(after.ValidationComment))
	compare("schedule", orEmpty(before.Schedule), orEmpty(after.Schedule))
	compare("deleted", !before.DeletedAt.IsZero(), !after.DeletedAt.IsZero())
	if orEmpty(before.Secrets) != orEmpty(after.Secrets) {
		difference["secrets"] = [2]any{nil, nil}
	}
	return difference
}

// plain is a stored document as its values.
func plain(stored db.JSON) any {
	var value any
	_ = json.Unmarshal(stored, &value) // was judged when it was written
	return value
}

func orEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// wrongs gathers what is wrong with an input, a text for each member.
type wrongs []error

func (w *wrongs) at(text string, path ...any) { *w = append(*w, fault.At(text, path...)) }

func (w wrongs) collect() error { return fault.Collect(w...) }

// line reads a text of one line that must be there.
func (w *wrongs) line(given string, most int, into *string, member string) {
	value := strings.TrimSpace(norm.NFC.String(given))
	switch {
	case value == "":
		w.at(requiredText, member)
	case strings.ContainsFunc(value, unicode.IsControl):
		w.at("Control characters are not allowed.", member)
	default:
		w.text(value, most, into, member)
	}
}

// text reads a text that may be empty.
func (w *wrongs) text(given string, most int, into *string, member string) {
	value := norm.NFC.String(given)
	switch {
	case !utf8.ValidString(value):
		w.at("This is not valid UTF-8 text.", member)
	case strings.ContainsFunc(value, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' && r != '\r' }):
		w.at("Control characters are not allowed.", member)
	case utf8.RuneCountInString(value) > most:
		w.at(tooLong(most), member)
	default:
		*into = value
	}
}
