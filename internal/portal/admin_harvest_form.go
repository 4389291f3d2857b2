package portal

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"grenier/internal/account"
	"grenier/internal/fault"
	"grenier/internal/harvest"
)

// sourceSecrets are the secrets that a source may have, by their names.
var sourceSecrets = []struct{ name, label, help string }{
	{"apikey", "admin-harvest.secret-key", "admin-harvest.secret-key-help"},
	{"authorization", "admin-harvest.secret-authorization", "admin-harvest.secret-authorization-help"},
}

// vanishChoices are the policies for what a portal does not list any more.
var vanishChoices = []struct {
	value       harvest.Vanish
	label, help string
}{
	{harvest.ArchiveVanished, "admin-harvest.vanish-archive", "admin-harvest.vanish-archive-help"},
	{harvest.DeleteVanished, "admin-harvest.vanish-delete", "admin-harvest.vanish-delete-help"},
	{harvest.KeepVanished, "admin-harvest.vanish-keep", "admin-harvest.vanish-keep-help"},
}

// sourceFields ask for what is told of a source, its address and backend apart.
// kind is what its backend says of itself.
func (v *visit) sourceFields(f *formDraft, s *harvest.Source, kind harvest.Description) {
	f.group("admin-harvest.group-about", "")
	f.text("name", "admin-harvest.name", s.Name).most(255).require().help("admin-harvest.name-help")
	f.markdown("description", "admin-harvest.description", s.Description).help("admin-harvest.description-help")
	f.link("url", "admin-harvest.url", s.URL).require().help("admin-harvest.url-help")
	config, options := s.ConfigOf(), s.OptionsOf()
	v.backendFields(f, config, kind)
	v.secretFields(f, s)
	v.policyFields(f, s, options)
}

// backendFields ask for what a backend wants to know.
func (v *visit) backendFields(f *formDraft, config harvest.Config, kind harvest.Description) {
	if len(kind.Filters)+len(kind.Features)+len(kind.ExtraConfigs) == 0 {
		return
	}
	name, _ := v.harvestKind(kind.ID, kind.Label)
	f.group(" "+v.say.T("admin-harvest.group-backend", "name", name), "")
	for _, one := range kind.Filters {
		label, help := v.harvestSetting(one.Key, one.Label, one.Description)
		only, without := filterValues(config, one.Key)
		f.area(includeField+one.Key, " "+v.say.T("admin-harvest.only", "name", label), strings.Join(only, "\n")).rows(2).help(" " + help + ". " + v.say.T("admin-harvest.lines"))
		f.area(excludeField+one.Key, " "+v.say.T("admin-harvest.without", "name", label), strings.Join(without, "\n")).rows(2).fold("admin-harvest.leave-out")
	}
	for _, one := range kind.Features {
		label, help := v.harvestSetting(one.Key, one.Label, one.Description)
		f.check(featureField+one.Key, " "+label, config.Feature(one.Key, one.Default)).help(" " + help)
	}
	for _, one := range kind.ExtraConfigs {
		label, help := v.harvestSetting(one.Key, one.Label, one.Description)
		given := extraValue(config, one)
		if on, ok := given.(bool); ok {
			f.check(extraField+one.Key, " "+label, on).help(" " + help)
			continue
		}
		f.text(extraField+one.Key, " "+label, filterText(given)).most(1000).help(" " + help)
	}
}

// extraValue is a further setting, or what it is when nobody sets it.
func extraValue(config harvest.Config, kind harvest.ExtraKind) any {
	for _, one := range config.Extras {
		if one.Key == kind.Key {
			return one.Value
		}
	}
	if kind.Default == nil {
		return ""
	}
	return kind.Default
}

// extraType is the type of a further setting, by what it is when nobody sets it.
func extraType(kind harvest.ExtraKind) string {
	switch kind.Default.(type) {
	case bool:
		return "boolean"
	case int, int64, float64:
		return "integer"
	}
	return "string"
}

// The names of the fields of a backend begin with these, as those of the options
// do with the member of the API that holds them.
const (
	includeField = "include."
	excludeField = "exclude."
	featureField = "feature."
	extraField   = "extra."
	secretField  = "secrets."
	optionField  = "options."
)

// filterValues are the values of a filter that keep records, and those that leave
// some out.
func filterValues(config harvest.Config, key string) (only, without []string) {
	for _, one := range config.Filters {
		if one.Key != key {
			continue
		}
		value := filterText(one.Value)
		if one.Exclude() {
			without = append(without, value)
		} else {
			only = append(only, value)
		}
	}
	return only, without
}

// filterText writes the value of a filter.
func filterText(value any) string {
	switch one := value.(type) {
	case string:
		return one
	case float64:
		return strconv.FormatFloat(one, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(one)
	}
	written, _ := json.Marshal(value) // came from JSON
	return string(written)
}

// filterValue reads what was typed as the type that a backend declares.
func filterValue(kind, typed string) any {
	switch kind {
	case "integer":
		if n, err := strconv.ParseInt(typed, 10, 64); err == nil {
			return n
		}
	case "boolean":
		if b, err := strconv.ParseBool(typed); err == nil {
			return b
		}
	}
	return typed
}

// secretFields ask for what only the portal may know. What is kept is never
// shown: an empty field leaves it.
func (v *visit) secretFields(f *formDraft, s *harvest.Source) {
	f.group("admin-harvest.group-secrets", "admin-harvest.group-secrets-help")
	for _, one := range sourceSecrets {
		f.password(secretField+one.name, one.label, "off").help(one.help).fold("admin-harvest.secrets-more")
	}
	if s.Secrets != nil {
		f.check("forget_secrets", "admin-harvest.forget-secrets", false).help("admin-harvest.secrets-kept")
	}
}

// policyFields ask for what becomes of what was harvested.
func (v *visit) policyFields(f *formDraft, s *harvest.Source, options harvest.Options) {
	f.group("admin-harvest.group-policy", "admin-harvest.group-policy-help")
	var choices []option
	for _, one := range vanishChoices {
		choices = append(choices, option{Value: string(one.value), Label: v.say.T(one.label), Help: v.say.T(one.help)})
	}
	policy := cmp.Or(options.OnVanish, harvest.ArchiveVanished)
	if options.OnVanish == "" && !s.Autoarchive {
		policy = harvest.KeepVanished
	}
	f.radio(optionField+"on_vanish", "admin-harvest.vanish", string(policy), choices)
	grace := ""
	if options.GraceDays != nil {
		grace = strconv.Itoa(*options.GraceDays)
	}
	f.number(optionField+"grace_days", "admin-harvest.grace", grace).most(3).help("admin-harvest.grace-help")
	var fields []option
	for _, name := range harvest.Protectable {
		fields = append(fields, option{Value: name, Label: v.protectedName(name)})
	}
	f.checks(optionField+"protected_fields", "admin-harvest.protected", options.ProtectedFields, fields).help("admin-harvest.protected-help")
	const more = "admin-harvest.policy-more"
	f.check(optionField+"delete_missing_resources", "admin-harvest.missing-files", options.DeleteMissingResources).help("admin-harvest.missing-files-help").fold(more)
	f.check(optionField+"relink", "admin-harvest.relink", options.Relink).help("admin-harvest.relink-help").fold(more)
	f.check(optionField+"allow_remote_context", "admin-harvest.context", options.AllowRemoteContext).help("admin-harvest.context-help").fold(more)
	number := func(n int) string {
		if n == 0 {
			return ""
		}
		return strconv.Itoa(n)
	}
	f.number(optionField+"interval_ms", "admin-harvest.interval", number(options.IntervalMS)).most(6).help("admin-harvest.interval-help").fold(more)
	f.number(optionField+"parallel", "admin-harvest.parallel", number(options.Parallel)).most(1).help("admin-harvest.parallel-help").fold(more)
	f.number(optionField+"max_hours", "admin-harvest.hours", number(options.MaxHours)).most(2).help("admin-harvest.hours-help").fold(more)
	if v.viewer.Admin() {
		f.check(optionField+"insecure_tls", "admin-harvest.insecure", options.InsecureTLS).help("admin-harvest.insecure-help").fold(more)
	}
}

// sourceInput reads what sourceFields asked. before is the source that is
// changed, empty for a new one: what the form does not show of it stays.
func (v *visit) sourceInput(sent *posted, before *harvest.Source, kind harvest.Description) (harvest.SourceInput, error) {
	options, err := v.sentOptions(sent, before.OptionsOf())
	if err != nil {
		return harvest.SourceInput{}, err
	}
	config, err := json.Marshal(sentConfig(sent, before.ConfigOf(), kind))
	if err != nil {
		return harvest.SourceInput{}, err
	}
	written, err := json.Marshal(options)
	if err != nil {
		return harvest.SourceInput{}, err
	}
	in := harvest.SourceInput{
		Name: account.Some(sent.text("name")), Description: account.Some(sent.text("description")), URL: account.Some(sent.text("url")),
		Backend: account.Some(kind.ID), Config: account.Some(json.RawMessage(config)), Options: account.Some(json.RawMessage(written)),
		Autoarchive: account.Some(options.OnVanish == harvest.ArchiveVanished),
	}
	secrets := map[string]string{}
	for _, one := range sourceSecrets {
		if typed := sent.text(secretField + one.name); typed != "" {
			secrets[one.name] = typed
		}
	}
	switch {
	case sent.checked("forget_secrets"):
		in.Secrets = account.Opt[map[string]string]{Set: true, Null: true}
	case len(secrets) > 0:
		in.Secrets = account.Some(secrets)
	}
	return in, nil
}

// sentConfig is what the form tells a backend. What the backend knows nothing of
// stays as it was.
func sentConfig(sent *posted, before harvest.Config, kind harvest.Description) harvest.Config {
	config := harvest.Config{Other: before.Other, Features: maps.Clone(before.Features)}
	for _, one := range kind.Filters {
		for _, side := range []struct{ prefix, kind string }{{includeField, ""}, {excludeField, "exclude"}} {
			for _, line := range strings.Split(sent.text(side.prefix+one.Key), "\n") {
				if line = strings.TrimSpace(line); line != "" {
					config.Filters = append(config.Filters, harvest.Filter{Key: one.Key, Value: filterValue(one.Type, line), Type: side.kind})
				}
			}
		}
	}
	for _, one := range kind.Features {
		if config.Features == nil {
			config.Features = map[string]bool{}
		}
		config.Features[one.Key] = sent.checked(featureField + one.Key)
	}
	for _, one := range kind.ExtraConfigs {
		typed := sent.text(extraField + one.Key)
		switch {
		case extraType(one) == "boolean":
			config.Extras = append(config.Extras, harvest.Extra{Key: one.Key, Value: sent.checked(extraField + one.Key)})
		case typed != "":
			config.Extras = append(config.Extras, harvest.Extra{Key: one.Key, Value: filterValue(extraType(one), typed)})
		}
	}
	return config
}

// sentOptions are what the form asks of the engine.
func (v *visit) sentOptions(sent *posted, before harvest.Options) (harvest.Options, error) {
	options := before
	options.OnVanish = harvest.Vanish(sent.text(optionField + "on_vanish"))
	options.ProtectedFields = sent.texts(optionField + "protected_fields")
	options.DeleteMissingResources, options.Relink = sent.checked(optionField+"delete_missing_resources"), sent.checked(optionField+"relink")
	options.AllowRemoteContext = sent.checked(optionField + "allow_remote_context")
	if v.viewer.Admin() {
		options.InsecureTLS = sent.checked(optionField + "insecure_tls")
	}
	var wrong []error
	options.GraceDays = nil
	if sent.text(optionField+"grace_days") != "" {
		days := 0
		options.GraceDays = &days
		wrong = append(wrong, sent.option("grace_days", &days))
	}
	wrong = append(wrong, sent.option("interval_ms", &options.IntervalMS), sent.option("parallel", &options.Parallel), sent.option("max_hours", &options.MaxHours))
	return options, fault.Collect(wrong...)
}

// option reads an option that is a number; nothing is 0.
func (f *posted) option(name string, into *int) error {
	*into = 0
	if f.text(optionField+name) == "" {
		return nil
	}
	n, ok := f.whole(optionField + name)
	if !ok || n < 0 || n > 1_000_000 {
		return fault.At("Value should be a whole number.", "options", name)
	}
	*into = int(n)
	return nil
}

// sentAgain are all values of a form, for one that sends them on: what tells the
// forms apart is left out.
func sentAgain(sent *posted) []hiddenField {
	var fields []hiddenField
	for _, name := range slices.Sorted(maps.Keys(map[string][]string(sent.values))) {
		if name == formField || name == typedField {
			continue
		}
		for _, value := range sent.values[name] {
			fields = append(fields, hiddenField{name, value})
		}
	}
	return fields
}

// harvestBackend is what a backend says of itself.
func (p *Portal) harvestBackend(id string) (harvest.Description, bool) {
	all := p.Harvests.Backends()
	at := slices.IndexFunc(all, func(d harvest.Description) bool { return d.ID == id })
	if at < 0 {
		return harvest.Description{}, false
	}
	return all[at], true
}

// backendChoices are the backends to choose from.
func (v *visit) backendChoices() []option {
	var choices []option
	for _, one := range v.p.Harvests.Backends() {
		label, text := v.harvestKind(one.ID, one.Label)
		choices = append(choices, option{Value: one.ID, Label: label, Help: text})
	}
	return choices
}

// sourcePath is the page of a source in the site's own language.
func sourcePath(id, tail string) string { return "/admin/harvesters/" + url.PathEscape(id) + tail }
