package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/uptrace/bun"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/event"
	"grenier/internal/history"
	"grenier/internal/i18n"
)

// SiteSettings are what administrators choose for the site in its pages. A value
// that is empty, or nil, is that of the program's settings; any other takes its
// place.
type SiteSettings struct {
	// Title is the name of the site, Tagline what stands below it, by language.
	Title   string
	Tagline map[string]string
	// Language is that of labels and messages when a reader names none; the
	// program takes it up at its next start.
	Language string
	// Contact is a mail address or the address of a page.
	Contact string
	// Banner is what stands above every page, by language; none stands above
	// those of other languages.
	Banner map[string]string
	// Registration lets people make their account, ReadOnly refuses new
	// content.
	Registration, ReadOnly *bool
	// Home are the kinds of the blocks of the first page, in their order.
	Home []string
}

// The names of the settings in the database.
const (
	settingTitle        = "site.title"
	settingTagline      = "site.tagline"
	settingLanguage     = "site.language"
	settingContact      = "site.contact"
	settingBanner       = "site.banner"
	settingRegistration = "site.registration"
	settingReadOnly     = "site.read-only"
	settingHome         = "site.home"
)

var settingNames = []string{
	settingTitle, settingTagline, settingLanguage, settingContact, settingBanner, settingRegistration, settingReadOnly, settingHome,
}

// Bounds of the settings of the site, in characters and blocks.
const (
	siteTitleMax  = 255
	siteLineMax   = 500
	siteBannerMax = 2000
	maxHomeBlocks = 30
)

// SiteSettingsInput is what an administrator writes of the settings. What is
// left out stays as it is; null takes back what was chosen.
type SiteSettingsInput struct {
	Title, Language, Contact Opt[string]
	Tagline, Banner          Opt[map[string]string]
	Registration, ReadOnly   Opt[bool]
	Home                     Opt[[]string]
}

// settingsCache keeps the settings until they change, and reads them again after
// settingsHold all the same. Readers of what is kept take no lock.
type settingsCache struct {
	kept atomic.Pointer[keptSettings]

	mu     sync.Mutex
	last   *SiteSettings
	raised uint64
}

type keptSettings struct {
	value *SiteSettings
	until time.Time
}

const (
	// settingsHold is after how long settings are read again at the latest.
	settingsHold = 30 * time.Second
	// settingsTimeout bounds the reading of settings.
	settingsTimeout = 2 * time.Second
)

// ForgetSettings lets the next reader read the settings again: call it when the
// log tells that the site changed.
func (s *Store) ForgetSettings() {
	s.settings.mu.Lock()
	defer s.settings.mu.Unlock()
	s.settings.raised++
	s.settings.kept.Store(nil)
}

// SiteSettings returns what administrators chose for the site. The value is
// shared: do not change it. The same pointer means the same settings.
func (s *Store) SiteSettings(ctx context.Context) (*SiteSettings, error) {
	c := &s.settings
	if kept := c.kept.Load(); kept != nil && time.Now().Before(kept.until) {
		return kept.value, nil
	}
	c.mu.Lock()
	raised := c.raised
	c.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, settingsTimeout)
	defer cancel()
	read, err := readSettings(ctx, s.db.Read())
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last != nil && c.last.same(read) {
		read = c.last
	}
	if c.raised == raised {
		c.last = read
		c.kept.Store(&keptSettings{read, time.Now().Add(settingsHold)})
	}
	return read, nil
}

// same tells whether two settings say the same.
func (c *SiteSettings) same(o *SiteSettings) bool {
	return len(differenceOf(c.written(), o.written())) == 0
}

func (c *SiteSettings) written() []field {
	return []field{
		{settingTitle, c.Title}, {settingTagline, words(c.Tagline)}, {settingLanguage, c.Language}, {settingContact, c.Contact},
		{settingBanner, words(c.Banner)}, {settingRegistration, c.Registration}, {settingReadOnly, c.ReadOnly}, {settingHome, nothing(c.Home)},
	}
}

// words makes no text in any language and none equal to each other.
func words(texts map[string]string) map[string]string {
	if len(texts) == 0 {
		return map[string]string{}
	}
	return texts
}

// readSettings reads the stored settings.
func readSettings(ctx context.Context, read bun.IDB) (*SiteSettings, error) {
	var rows []struct{ Name, Value string }
	if err := read.NewRaw("SELECT name, value FROM settings WHERE name IN (?)", bun.List(settingNames)).Scan(ctx, &rows); err != nil {
		return nil, err
	}
	var c SiteSettings
	for _, row := range rows {
		var err error
		switch row.Name {
		case settingTitle:
			c.Title = row.Value
		case settingLanguage:
			c.Language = row.Value
		case settingContact:
			c.Contact = row.Value
		case settingTagline:
			err = json.Unmarshal([]byte(row.Value), &c.Tagline)
		case settingBanner:
			err = json.Unmarshal([]byte(row.Value), &c.Banner)
		case settingHome:
			err = json.Unmarshal([]byte(row.Value), &c.Home)
		case settingRegistration, settingReadOnly:
			var value bool
			value, err = strconv.ParseBool(row.Value)
			if row.Name == settingReadOnly {
				c.ReadOnly = &value
			} else {
				c.Registration = &value
			}
		}
		if err != nil {
			return nil, fmt.Errorf("catalog: the setting %s: %w", row.Name, err)
		}
	}
	return &c, nil
}

// UpdateSiteSettings changes what the input holds of the settings of the site
// and returns them all; defaults are what a site starts with.
func (s *Store) UpdateSiteSettings(ctx context.Context, v account.Viewer, defaults SiteDefaults, in SiteSettingsInput) (*SiteSettings, error) {
	err := s.writeSite(ctx, v, defaults, func(ctx context.Context, tx *event.Tx) error {
		before, err := readSettings(ctx, tx)
		if err != nil {
			return err
		}
		after := *before
		if err := after.apply(s, in); err != nil {
			return err
		}
		difference := differenceOf(before.written(), after.written())
		if len(difference) == 0 {
			return nil
		}
		if err := after.keep(ctx, tx, difference); err != nil {
			return err
		}
		return titled(ctx, tx, v, after.Title, defaults.Title, difference)
	})
	if err != nil {
		return nil, err
	}
	return s.SiteSettings(ctx)
}

// titled gives the document of the site the chosen title too, and records the
// change of the site.
func titled(ctx context.Context, tx *event.Tx, v account.Viewer, title, otherwise string, difference history.Difference) error {
	if title == "" {
		title = otherwise
	}
	query := "UPDATE sites SET version = version + 1 WHERE id = ?0 RETURNING version"
	if _, ok := difference[settingTitle]; ok {
		query = "UPDATE sites SET version = version + 1, title = ?1 WHERE id = ?0 RETURNING version"
	}
	var version int64
	if err := tx.NewRaw(query, SiteID, title).Scan(ctx, &version); err != nil {
		return err
	}
	return v.Record(ctx, tx, account.Change{
		What: "updated", Kind: KindSite, ID: SiteID, Version: version, Before: true, After: true, Difference: difference,
	})
}

// apply changes the settings as the input says.
func (c *SiteSettings) apply(s *Store, in SiteSettingsInput) error {
	wrong := s.checks()
	wrong.chosen(in.Title, siteTitleMax, &c.Title, "title")
	wrong.chosen(in.Contact, siteTitleMax, &c.Contact, "contact")
	wrong.chosen(in.Language, 2, &c.Language, "language")
	if in.Language.Set && c.Language != "" && !slices.Contains(i18n.Languages, c.Language) {
		wrong.at("Unknown language.", "language")
	}
	if in.Contact.Set && c.Contact != "" && account.WrongEmail(c.Contact) != "" && wrong.wrongURL(c.Contact) != "" {
		wrong.at("Give a mail address, or the whole address of a page.", "contact")
	}
	wrong.translated(in.Tagline, siteLineMax, &c.Tagline, "tagline")
	wrong.translated(in.Banner, siteBannerMax, &c.Banner, "banner")
	for _, choice := range []struct {
		in   Opt[bool]
		into **bool
	}{{in.Registration, &c.Registration}, {in.ReadOnly, &c.ReadOnly}} {
		if choice.in.Set {
			*choice.into = nil
			if !choice.in.Null {
				*choice.into = &choice.in.Value
			}
		}
	}
	if in.Home.Set {
		c.Home = nil
		wrong.words(in.Home, &c.Home, "home")
		if len(c.Home) > maxHomeBlocks {
			wrong.at(fmt.Sprintf("At most %d blocks.", maxHomeBlocks), "home")
		}
	}
	return wrong.collect()
}

// chosen reads a text that may be taken back.
func (c *checks) chosen(in Opt[string], most int, into *string, path ...any) {
	if !in.Set {
		return
	}
	var value *string
	c.optional(in, most, &value, path...)
	*into = ""
	if value != nil {
		*into = *value
	}
}

// translated reads a text in some languages; an empty one is none.
func (c *checks) translated(in Opt[map[string]string], most int, into *map[string]string, member string) {
	if !in.Set {
		return
	}
	*into = map[string]string{}
	for _, language := range slices.Sorted(maps.Keys(in.Value)) {
		if len(language) != 2 || len(*into) > 50 {
			c.at("Name languages by their two letters, as fr.", member)
			return
		}
		var text string
		if c.chosen(Some(in.Value[language]), most, &text, member, language); text != "" {
			(*into)[language] = text
		}
	}
}

// keep writes the settings that changed; an empty one goes.
func (c *SiteSettings) keep(ctx context.Context, tx *event.Tx, difference history.Difference) error {
	for _, member := range c.written() {
		if _, changed := difference[member.name]; !changed {
			continue
		}
		value := ""
		switch given := member.value.(type) {
		case string:
			value = given
		case *bool:
			if given != nil {
				value = strconv.FormatBool(*given)
			}
		case map[string]string, []string:
			encoded, err := db.JSONOf(given)
			if err != nil {
				return err
			}
			if value = string(encoded); value == "{}" || value == "[]" {
				value = ""
			}
		}
		if err := keepSetting(ctx, tx, member.name, value); err != nil {
			return err
		}
	}
	return nil
}

// keepSetting writes one setting; an empty value removes it.
func keepSetting(ctx context.Context, tx *event.Tx, name, value string) error {
	if _, err := tx.NewRaw("DELETE FROM settings WHERE name = ?", name).Exec(ctx); err != nil || value == "" {
		return err
	}
	_, err := tx.NewRaw("INSERT INTO settings (name, value) VALUES (?, ?)", name, value).Exec(ctx)
	return err
}
