package harvest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"grenier/internal/account"
	"grenier/internal/db"
)

const (
	// maxConfig bounds the configuration of a source and its options, in bytes;
	// maxSettings the filters, features and extras, each.
	maxConfig   = 64 << 10
	maxSettings = 100
	// maxGraceDays, maxInterval, maxParallel and maxHours bound the options.
	maxGraceDays = 365
	maxInterval  = 60_000
	maxParallel  = 4
	maxHours     = 24
)

func tooLong(most int) string { return fmt.Sprintf("Field cannot be longer than %d characters.", most) }

// applyBackend takes backend and configuration, which are judged together,
// whichever of them is given.
func (s *Store) applyBackend(w *wrongs, src *Source, in SourceInput) {
	if in.Backend.Set {
		src.Backend = in.Backend.Value
	}
	if src.Backend == "" {
		w.at(requiredText, "backend")
		return
	}
	backend, err := s.backend(src.Backend)
	if err != nil {
		w.at(fmt.Sprintf("Unknown backend %q", abridged(src.Backend, 100)), "backend")
		return
	}
	if !in.Config.Set && !in.Backend.Set {
		return
	}
	given := []byte(src.Config)
	if in.Config.Set {
		given = []byte("{}")
		if raw := bytes.TrimSpace(in.Config.Value); len(raw) > 0 && !bytes.Equal(raw, []byte("null")) {
			given = raw
		}
	}
	config, wrong := readConfig(given, backend.Describe())
	if wrong != "" {
		w.at(wrong, "config")
		return
	}
	if in.Config.Set {
		config.Other = s.moveSecrets(w, src, config.Other)
	}
	if src.Config, err = db.JSONOf(config); err != nil {
		w.at("The configuration cannot be read.", "config")
	}
}

// readConfig reads a configuration and says what is wrong with it, "" when it
// suits the backend.
func readConfig(raw []byte, d Description) (Config, string) {
	var c Config
	if len(raw) > maxConfig {
		return c, fmt.Sprintf("The configuration is larger than %d bytes.", maxConfig)
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil || members == nil {
		return c, "The configuration should be a dictionary"
	}
	if wrong := wrongShape(members); wrong != "" {
		return c, wrong
	}
	if json.Unmarshal(raw, &c) != nil {
		return c, "A feature should be a boolean"
	}
	if len(c.Filters) > maxSettings || len(c.Extras) > maxSettings || len(c.Features) > maxSettings || len(c.Other) > maxSettings {
		return c, fmt.Sprintf("The configuration holds more than %d settings.", maxSettings)
	}
	for _, wrong := range []string{c.wrongFilter(d), c.wrongFeature(d), c.wrongExtra(d)} {
		if wrong != "" {
			return c, wrong
		}
	}
	return c, ""
}

// wrongShape tells what is wrong with the lists of a configuration: each of
// their entries has a key and a value.
func wrongShape(members map[string]json.RawMessage) string {
	for _, name := range []string{"filters", "extra_configs"} {
		var entries []map[string]json.RawMessage
		if raw, ok := members[name]; ok && json.Unmarshal(raw, &entries) != nil {
			return fmt.Sprintf("%q should be a list of objects with key and value", name)
		}
		for _, entry := range entries {
			var key string
			if json.Unmarshal(entry["key"], &key) != nil || entry["value"] == nil {
				return "A field should have both key and value properties"
			}
			var kind string
			if raw, ok := entry["type"]; ok && (json.Unmarshal(raw, &kind) != nil || kind != "" && kind != "include" && kind != "exclude") {
				return "The type of a filter is include or exclude"
			}
		}
	}
	if raw, ok := members["features"]; ok {
		var features map[string]any
		if json.Unmarshal(raw, &features) != nil {
			return `"features" should be an object of booleans`
		}
	}
	return ""
}

func (c Config) wrongFilter(d Description) string {
	for _, f := range c.Filters {
		at := slices.IndexFunc(d.Filters, func(k FilterKind) bool { return k.Key == f.Key })
		if at < 0 {
			return fmt.Sprintf("Unknown filter key %q for %q backend", abridged(f.Key, 100), d.ID)
		}
		if kind := d.Filters[at].Type; !ofType(f.Value, kind) {
			return fmt.Sprintf("%q filter should be of type %q", f.Key, kind)
		}
	}
	return ""
}

func (c Config) wrongFeature(d Description) string {
	for key := range c.Features {
		if !slices.ContainsFunc(d.Features, func(k FeatureKind) bool { return k.Key == key }) {
			return fmt.Sprintf("Unknown feature %q for %q backend", abridged(key, 100), d.ID)
		}
	}
	return ""
}

func (c Config) wrongExtra(d Description) string {
	for _, e := range c.Extras {
		at := slices.IndexFunc(d.ExtraConfigs, func(k ExtraKind) bool { return k.Key == e.Key })
		if at < 0 {
			return fmt.Sprintf("Unknown extra config key %q for %q backend", abridged(e.Key, 100), d.ID)
		}
		kind := "string"
		switch d.ExtraConfigs[at].Default.(type) {
		case bool:
			kind = "boolean"
		case int, int64, float64:
			kind = "integer"
		}
		if !ofType(e.Value, kind) {
			return fmt.Sprintf("%q extra config should be of type %q", e.Key, kind)
		}
	}
	return ""
}

// ofType tells whether a value has the type that a filter declares.
func ofType(value any, kind string) bool {
	text, isText := value.(string)
	if isText && len(text) > maxURL {
		return false
	}
	switch kind {
	case "boolean":
		_, ok := value.(bool)
		return ok
	case "integer":
		number, ok := value.(float64)
		return ok && number == math.Trunc(number)
	case "uuid":
		return isText && db.IsUUID(text)
	case "date":
		_, err := time.Parse(time.DateOnly, text)
		return isText && err == nil
	case "date-time":
		_, err := time.Parse(time.RFC3339, text)
		return isText && err == nil
	}
	return isText
}

// secretName is what secrets are called.
var secretName = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,39}$`)

const (
	maxSecrets = 10
	maxSecret  = 4096
)

// secretMember tells whether a member of a configuration is secret by its name, as
// apikey, X-API-Key, access_token and adminPassword are.
func secretMember(name string) bool {
	name = strings.NewReplacer("-", "", "_", "", ".", "", " ", "").Replace(strings.ToLower(name))
	return slices.ContainsFunc([]string{"apikey", "accesskey", "privatekey", "token", "secret", "password", "passwd", "authorization", "credentials"},
		func(word string) bool { return strings.HasSuffix(name, word) })
}

// moveSecrets takes what is secret out of the further members of a configuration,
// which is public: sources that come from elsewhere hold their key there.
func (s *Store) moveSecrets(w *wrongs, src *Source, other map[string]json.RawMessage) map[string]json.RawMessage {
	kept := map[string]string{}
	for name, raw := range other {
		if !secretMember(name) {
			continue
		}
		delete(other, name)
		var value string
		if key := strings.ToLower(name); json.Unmarshal(raw, &value) == nil && value != "" && secretName.MatchString(key) {
			kept[key] = value
		}
	}
	if len(kept) > 0 {
		if err := s.addSecrets(src, kept); err != nil {
			w.at("The secrets of the source cannot be kept.", "config")
		}
	}
	return other
}

// applySecrets takes secrets that are given beside the configuration.
func (s *Store) applySecrets(w *wrongs, src *Source, in SourceInput) error {
	if !in.Secrets.Set {
		return nil
	}
	if in.Secrets.Null {
		src.Secrets = nil
		return nil
	}
	for name, value := range in.Secrets.Value {
		switch {
		case !secretName.MatchString(name):
			w.at("The name of a secret has at most 40 lower-case letters, digits, - and _.", "secrets")
			return nil
		case len(value) > maxSecret:
			w.at(tooLong(maxSecret), "secrets", name)
			return nil
		}
	}
	if err := s.addSecrets(src, in.Secrets.Value); err != nil {
		return err
	}
	if names, err := s.SecretNames(src); err == nil && len(names) > maxSecrets {
		w.at(fmt.Sprintf("A source has at most %d secrets.", maxSecrets), "secrets")
	}
	return nil
}

// applyOptions takes what a source asks of the engine.
func (s *Store) applyOptions(w *wrongs, src *Source, v account.Viewer, in SourceInput) {
	if !in.Options.Set {
		return
	}
	before := src.OptionsOf()
	raw := bytes.TrimSpace(in.Options.Value)
	if len(raw) == 0 || in.Options.Null {
		raw = []byte("{}")
	}
	var o Options
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if len(raw) > maxConfig || raw[0] != '{' || decoder.Decode(&o) != nil {
		w.at("The options hold something unknown, or of another type than it should be: see the documentation of harvesting.", "options")
		return
	}
	s.judgeOptions(w, o, before, v)
	if stored, err := db.JSONOf(o); err == nil {
		src.OptionsJSON = stored
	}
}

func (s *Store) judgeOptions(w *wrongs, o, before Options, v account.Viewer) {
	for _, field := range o.ProtectedFields {
		if !slices.Contains(Protectable, field) {
			w.at(fmt.Sprintf("Unknown field %q: those that can be protected are %v.", abridged(field, 50), Protectable), "options", "protected_fields")
		}
	}
	if !slices.Contains([]Vanish{"", ArchiveVanished, DeleteVanished, KeepVanished}, o.OnVanish) {
		w.at("Value must be one of (archive, delete, keep)", "options", "on_vanish")
	}
	within := func(value, least, most int, member string) {
		if value < least || value > most {
			w.at(fmt.Sprintf("Value must be between %d and %d", least, most), "options", member)
		}
	}
	if o.GraceDays != nil {
		within(*o.GraceDays, 0, maxGraceDays, "grace_days")
	}
	within(o.IntervalMS, 0, maxInterval, "interval_ms")
	within(o.Parallel, 0, maxParallel, "parallel")
	within(o.MaxHours, 0, maxHours, "max_hours")
	if v.Admin() {
		return
	}
	if o.InsecureTLS && !before.InsecureTLS {
		w.at("Only administrators of the platform let certificates go unverified.", "options", "insecure_tls")
	}
	pace := int(s.deps.Rules.Pace / time.Millisecond)
	if o.IntervalMS != before.IntervalMS && o.IntervalMS != 0 && o.IntervalMS < pace {
		w.at(fmt.Sprintf("Only administrators of the platform ask a portal more often than every %d ms.", pace), "options", "interval_ms")
	}
}
