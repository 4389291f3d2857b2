package portal

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"grenier/internal/fault"
	"grenier/internal/geo"
	"grenier/internal/i18n"
	"grenier/internal/text"
)

// zoneEntry is a territory as it was typed: by an identifier, a code or a name.
type zoneEntry struct {
	text string
	// id is the zone that is meant; among are those that may be, when the text
	// fits several and none of them was chosen.
	id    string
	among []geo.Zone
}

// mostHomonyms bounds the zones to choose among, mostNamed the names that are
// looked up in a form: a picker sends identifiers.
const (
	mostHomonyms = 20
	mostNamed    = 100
)

// zoneEntries are the territories that a field holds. A text that no zone bears
// has neither an identifier nor candidates.
func (v *visit) zoneEntries(sent *posted, name string) []zoneEntry {
	var entries []zoneEntry
	named := 0
	for _, given := range sent.ids(name) {
		one := zoneEntry{text: given}
		if zone, ok := v.p.Zones.Resolve(given); ok {
			one.id = zone.ID
		} else if named++; named <= mostNamed {
			one.among = v.zonesCalled(given)
			chosen := sent.text(zoneChoice(name, given))
			if len(one.among) == 1 {
				chosen = one.among[0].ID
			}
			if slices.ContainsFunc(one.among, func(z geo.Zone) bool { return z.ID == chosen }) {
				one.id, one.among = chosen, nil
			}
		}
		entries = append(entries, one)
	}
	return entries
}

// zoneChoice is the name of the field that tells the zones of one name apart.
func zoneChoice(name, given string) string {
	return name + "." + strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, text.JoinWords(given))
}

// zonesCalled are the zones that a text may mean: a name, as Marseille, a code,
// as 13, or either with what tells it apart in parentheses: its code, its level
// or a zone around it, as Valmont (Moselle).
func (v *visit) zonesCalled(given string) []geo.Zone {
	name, hint, _ := strings.Cut(given, "(")
	hint = text.JoinWords(strings.TrimSuffix(strings.TrimSpace(hint), ")"))
	if hint == "" {
		if zone, ambiguous, ok := v.p.Zones.ByName(name); ok && !ambiguous {
			return []geo.Zone{zone}
		}
	}
	wanted := text.JoinWords(name)
	var found []geo.Zone
	for _, zone := range v.p.Zones.Suggest(strings.TrimSpace(name), mostNamed) {
		called := func(name string) bool { return text.JoinWords(name) == wanted }
		if wanted == "" || !called(zone.Name) && !called(zone.Code) && !slices.ContainsFunc(zone.Aliases, called) {
			continue
		}
		if hint == "" || v.toldApart(zone, hint) {
			found = append(found, zone)
		}
	}
	return found[:min(len(found), mostHomonyms)]
}

// toldApart tells whether a folded word speaks of a zone: its code, its level, or
// a zone that holds it.
func (v *visit) toldApart(zone geo.Zone, hint string) bool {
	words := []string{zone.Code, zone.Level, strings.TrimPrefix(zone.Level, "fr:")}
	for _, lang := range v.p.Languages {
		words = append(words, i18n.Label(i18n.Granularity, zone.Level, lang))
	}
	for _, around := range v.p.Zones.Ancestors(zone.ID) {
		words = append(words, around.Name, around.Code)
	}
	return slices.ContainsFunc(words, func(word string) bool { return text.JoinWords(word) == hint })
}

// zoneIDs are the identifiers of the territories of a field; what is not known
// stays as it was typed, to be refused.
func (v *visit) zoneIDs(sent *posted, name string) []string {
	var ids []string
	for _, one := range v.zoneEntries(sent, name) {
		id := one.id
		if id == "" {
			id = one.text
		}
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// homonyms refuses names that several zones bear, until one was chosen.
func (v *visit) homonyms(sent *posted, name string) error {
	var refused *fault.Error
	for _, one := range v.zoneEntries(sent, name) {
		switch {
		case len(one.among) == 0:
		case refused == nil:
			refused = fault.At(errHomonyms, zoneChoice(name, one.text))
		default:
			refused = refused.At(errHomonyms, zoneChoice(name, one.text))
		}
	}
	if refused == nil {
		return nil
	}
	return refused
}

const errHomonyms = "Several territories have this name: choose one."

// askHomonyms asks which zones are meant by names that several bear, on a form
// that is shown again.
func (f *formDraft) askHomonyms(name string) {
	if f.sent == nil {
		return
	}
	v := f.v
	for _, one := range v.zoneEntries(f.sent, name) {
		if len(one.among) == 0 {
			continue
		}
		var options []option
		for _, zone := range one.among {
			options = append(options, option{Value: zone.ID, Label: v.zoneLabel(zone)})
		}
		f.radio(zoneChoice(name, one.text), " "+v.say.T("form.zone-which", "name", one.text), "", options)
	}
}

// zoneLabel tells a zone from those of the same name: its name and its code, its
// level, and the zone around it that people name, as in Valmont (57690), French
// town, Moselle.
func (v *visit) zoneLabel(zone geo.Zone) string {
	label := zone.Name + " (" + zone.Code + "), " + i18n.Label(i18n.Granularity, zone.Level, v.lang)
	around := v.p.Zones.Ancestors(zone.ID)
	for _, level := range []string{"fr:departement", "fr:region", "country"} {
		if at := slices.IndexFunc(around, func(z geo.Zone) bool { return z.Level == level && z.ID != zone.ID }); at >= 0 {
			return label + ", " + around[at].Name
		}
	}
	return label
}

// suggestedZone is a territory that a picker offers.
type suggestedZone struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// suggestZones answers the pickers of territories with names that tell those of
// the same name apart.
func (p *Portal) suggestZones(v *visit, args allArgs) error {
	offered := []suggestedZone{}
	if words := wordsOf(firstArg(args.Words)); words != "" {
		for _, zone := range p.Zones.Suggest(words, suggestOneKind) {
			offered = append(offered, suggestedZone{zone.ID, v.zoneLabel(zone)})
		}
	}
	body, err := json.Marshal(offered)
	if err != nil {
		return err
	}
	v.W.Header()["Content-Language"] = []string{v.lang}
	return v.Blob(http.StatusOK, "application/json", body)
}
